"""Care desks: the queue against a slow one, what answers are worth, what a relay mends, what outsourcing costs."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

import numpy as np
import pytest
from small_markets import FOCAL, differences, setting

from simulator.experiment.twins import Task, run_twins, twins_of
from simulator.model import BrandMarket
from simulator.model.columns import TIES
from simulator.model.kernels import constants as c
from simulator.model.kernels.care import reconcile
from simulator.model.memory import aligned
from simulator.parameters import table
from simulator.scenario import load
from simulator.world.world import CARE_POLICIES

CHAIN = "Copper Kettle"
BROKEN: dict[str, Any] = {"kind": "incident", "id": "broken", "brand": CHAIN, "rate": 1.0, "severity": {"severe": 1.0}}


def arms(*events: dict[str, Any], values: dict[str, float] | None = None, **more: Any) -> dict[str, BrandMarket]:
    scenario = setting(*events, **{"market": "coffee-shops", "customers": 2000, "weeks": 12, **more})
    task = Task(scenario, replicate=0, luck_only=True)
    return twins_of(scenario, {**table().central(), **(values or {})}, task)


def since_launch(model: BrandMarket, metric: int, brand: int = 0) -> int:
    return int(model.state.records.totals[model.observed_weeks : -1, metric, brand].sum())


# -- the queue ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [0.6, 0.95, 1.5])
def test_waiting_times_are_those_of_a_queue_with_c_hands(load: float) -> None:
    # Poisson arrivals, c answers a day in order of arrival, gone after care_answer_days: the discrete M/D/c queue
    # with impatience, worked out one by one beside the kernel
    hands, days = 3, 120
    model = BrandMarket(setting(customers=2000), rng=1, without=["talk"])
    world = model.world
    care = dataclasses.replace(world.care, capacity=np.full_like(world.care.capacity, hands))
    model = BrandMarket(model.spec, rng=1, without=["talk"], world=dataclasses.replace(world, care=care), warm_up=False)
    life, records = model.state.life, model.state.records
    patience = int(model.values["care_answer_days"])
    arrivals = np.random.default_rng(7).poisson(load * hands, days)
    line: deque[int] = deque()
    waited = answered = late = 0
    for day in range(days):
        for _ in range(arrivals[day]):
            n = int(life.heads[c.WAITING])
            life.complaints[n] = (n % 2000, day, 0, 2, 0, c.NO_CAUSE)
            life.heads[c.WAITING] = n + 1
            line.append(day)
        model.scratch.counts[c.EVENTS] = 0
        model._run(day, day + 1, c.PHASE_VOICE)
        while line and day - line[0] > patience:
            line.popleft()
            late += 1
        for _ in range(min(hands, len(line))):
            waited += day - line.popleft()
            answered += 1
    found = [int(records.totals[:, metric, 0].sum()) for metric in (c.ANSWERED, c.ANSWERED_LATE, c.WAITING_DAYS)]
    assert found == [answered, late, waited]
    assert int(life.heads[c.WAITING]) == len(line)
    assert late == 0 if load < 0.9 else late > 0 or load < 1.0


# -- what an answer is worth ----------------------------------------------------------------------------------------


def test_no_problem_beats_recovered_beats_silent_beats_ignored() -> None:
    # everybody who bought in the first week had a severe problem; the arms differ in who complains and is answered.
    # Nothing else goes wrong and nobody talks; 4,000 customers with the same luck
    quiet = {"problem_rate": 0.0, "talk_base_rate": 0.0, "talk_satisfied_slope": 0.0, "talk_dissatisfied_slope": 0.0}
    quiet |= {"public_post_share": 0.0, "retell_share": 0.0, "satisfied_ignore": 0.0, "satisfied_apologise": 1.0}
    desk = {"kind": "care_policy", "brand": CHAIN, "capacity": "90000 per day", "relay": False, "start": "week 0"}
    hit = {**BROKEN, "start": "week 0", "lasts": "1 week"}
    bought = {}
    for name, complains, policy in (
        ("recovered", 1.0, "apologise_and_refund"),
        ("silent", 0.0, "ignore"),
        ("ignored", 1.0, "ignore"),
    ):
        pair = arms({**desk, "policy": policy}, hit, values={**quiet, "complain_severe": complains}, customers=4000)
        bought[name] = since_launch(pair["scenario"], c.UNITS)
        bought["no problem"] = since_launch(pair["baseline"], c.UNITS)
    assert bought["no problem"] > bought["recovered"] > bought["silent"] > bought["ignored"]


def test_improvement_is_worth_more_than_money() -> None:
    hit = {**BROKEN, "rate": 0.3, "start": "week 0", "lasts": "26 weeks"}
    desk = {"kind": "care_policy", "brand": CHAIN, "capacity": "90000 per day", "start": "week 0"}
    bought = {
        policy: since_launch(
            arms(hit, {**desk, "policy": policy, "relay": policy == "improve"}, weeks=30)["scenario"], c.UNITS
        )
        for policy in ("refund", "improve")
    }
    assert bought["improve"] > bought["refund"]


def test_whose_staff_failed_is_no_excuse() -> None:
    # the partner fails everybody: the brand is blamed as for its own desk, unless the table says less
    hit = {**BROKEN, "start": "week 0", "lasts": "2 weeks"}
    desk = {"kind": "care_policy", "brand": CHAIN, "policy": "ignore", "start": "week 0"}
    central = table().central()
    assert central["outsourced_blame"] == 1.0
    own = arms(hit, {**desk, "relay": False}, values={"satisfied_ignore": 0.0})["scenario"]
    partner = arms(hit, {**desk, "outsourced": True}, values={"satisfied_ignore": 0.0})["scenario"]
    assert differences(own, partner) == []
    blamed_less = arms(hit, {**desk, "outsourced": True}, values={"satisfied_ignore": 0.0, "outsourced_blame": 0.5})
    assert blamed_less["scenario"].state.life.ties["belief"][:, 0].mean() > own.state.life.ties["belief"][:, 0].mean()


def test_a_partner_satisfies_fewer() -> None:
    hit = {**BROKEN, "rate": 0.2, "start": "week 0", "lasts": "10 weeks"}
    desk = {"kind": "care_policy", "brand": CHAIN, "quality": 0.9, "capacity": "90000 per day", "start": "week 0"}
    shares = []
    for outsourced in (False, True):
        model = arms(hit, {**desk, "outsourced": outsourced})["scenario"]
        shares.append(since_launch(model, c.SATISFIED_AFTER) / since_launch(model, c.ANSWERED))
    # some 350 answers each: a standard error of 0.025 on 0.67 and 0.53
    assert shares[1] < shares[0] - 0.05


# -- the relay ------------------------------------------------------------------------------------------------------


def test_a_relay_mends_ordinary_problems_up_to_its_limit_and_without_it_nothing_improves() -> None:
    # Harbour Bean does not relay; from launch on it does, or not. A third of purchases cause a severe problem.
    often = {"problem_rate": 0.3, "problem_severe_share": 1.0, "problem_medium_share": 0.0}
    desk = {"kind": "care_policy", "brand": "Harbour Bean", "capacity": "90000 per day", "start": "week 0"}
    told = arms({**desk, "relay": True}, values=often, weeks=40)
    kept = arms({**desk, "relay": False}, values=often, weeks=40)
    for model in (told["baseline"], *kept.values()):
        assert (model.state.life.firms["mended"] == 0.0).all()
        assert since_launch(model, c.RELAYED, 1) == 0
    mended = told["scenario"].state.life.firms["mended"]
    central = table().central()
    assert mended[[0, 2, 3]].tolist() == [0.0, 0.0, 0.0]
    assert 0.5 * central["improve_share"] < mended[1] < central["improve_share"]
    problems = {name: model.state.records.totals[-11:-1, c.PROBLEMS, 1].sum() for name, model in told.items()}
    units = {name: model.state.records.totals[-11:-1, c.UNITS, 1].sum() for name, model in told.items()}
    rate = {name: problems[name] / units[name] for name in told}
    # ten weeks of some 70 purchases each: a standard error of 3% of the rate
    assert rate["scenario"] / rate["baseline"] == pytest.approx(1.0 - mended[1], abs=0.12)


def test_the_first_weeks_of_a_relay_mend_nothing_and_lag_is_counted_in_whole_weeks() -> None:
    often = {"problem_rate": 0.3, "problem_severe_share": 1.0, "problem_medium_share": 0.0, "improve_lag_weeks": 4.0}
    desk = {
        "kind": "care_policy",
        "brand": "Harbour Bean",
        "capacity": "90000 per day",
        "relay": True,
        "start": "week 0",
    }
    scenario = setting(desk, market="coffee-shops", customers=1500, weeks=8)
    model = BrandMarket(scenario, rng=1, values={**table().central(), **often}, warm_up=False)
    for day, mends in ((21, False), (29, True)):
        model.run_until(day)
        assert bool(model.state.life.firms["mended"][1] > 0) is mends


def test_a_market_whose_desk_has_always_relayed_stays_as_it_is() -> None:
    model = BrandMarket(setting(market="coffee-shops", customers=4000), rng=1)
    model.run_until(model.last_day)
    assert model.world.care.relay[0] == 1
    assert since_launch(model, c.RELAYED) > 0
    assert (model.state.life.firms["mended"] == 0.0).all()
    assert model.state.life.heads[c.RELAYED_WAITING] == 0


def test_you_said_we_did_closes_a_grievance_and_makes_no_windfall() -> None:
    record = BrandMarket(setting(customers=200), rng=1, warm_up=False).parameters
    ties = aligned(2, TIES.plain)
    ties["belief"] = (-0.4, 0.2)
    for tie in ties:
        reconcile(tie, record)
    assert ties["belief"] == pytest.approx([-0.4 * (1.0 - record["improved_credit"]), 0.2], rel=1e-6)
    assert (ties["bond"] > 0).all()


def test_what_has_been_mended_of_one_incident_does_not_help_in_the_next() -> None:
    first = {**BROKEN, "rate": 0.5, "start": "week 0", "lasts": "10 weeks"}
    second = {**first, "id": "again", "start": "week 14"}
    desk = {"kind": "care_policy", "brand": CHAIN, "capacity": "90000 per day", "relay": True, "start": "week 0"}
    scenario = setting(first, second, desk, market="coffee-shops", customers=1500, weeks=20)
    model = BrandMarket(scenario, rng=1, warm_up=False)
    cured = []
    for week in (10, 13, 15):
        model.run_until(7 * week)
        cured.append(float(model.state.life.firms["cured"][0]))
    assert cured[0] > 0.2
    assert cured[1:] == [0.0, 0.0]


# -- events and channels --------------------------------------------------------------------------------------------


def test_a_policy_acts_through_service_and_vanishes_with_it() -> None:
    events = (
        {**BROKEN, "rate": 0.2, "start": "week 0", "lasts": "6 weeks"},
        {"kind": "care_policy", "brand": CHAIN, "policy": "ignore", "capacity": "1 per day", "start": "week 0"},
    )
    scenario = setting(*events, market="coffee-shops", customers=800)
    pair = run_twins(Task(scenario, replicate=0, luck_only=True, closed=frozenset({"service"})))
    assert differences(pair["baseline"], pair["scenario"]) == []
    pair = run_twins(Task(scenario, replicate=0, luck_only=True))
    assert since_launch(pair["scenario"], c.ANSWERED_LATE) > 0 == since_launch(pair["baseline"], c.ANSWERED_LATE)


def test_a_policy_sets_the_desk_while_it_lasts() -> None:
    event = {"kind": "care_policy", "brand": FOCAL, "policy": "apologise_and_refund", "capacity": "20 per day"}
    event |= {"quality": 0.5, "outsourced": True, "start": "week 1", "lasts": "2 weeks"}
    model = BrandMarket(setting(event, customers=1000), rng=1)
    for day, policy, outsourced in ((6, "refund", 0), (8, "apologise_and_refund", 1), (22, "refund", 0)):
        model.run_until(day)
        desk = model.levers.brands[0]
        assert CARE_POLICIES[desk["care_policy"]] == policy
        assert desk["care_outsourced"] == desk["care_changed"] == outsourced
        assert desk["care_relay"] == 1 - outsourced
        expected = 20.0 * 1000 / 20000 if outsourced else model.world.care.capacity[0]
        assert desk["care_capacity"] == pytest.approx(expected)
        assert desk["care_quality"] == pytest.approx(0.5 if outsourced else 1.0)


def test_a_markets_own_desk_is_as_the_file_says() -> None:
    words = ["policy=improve", "quality=60%", "outsourced=true", "capacity=60 per day"]
    scenario = load("null_launch", overrides=["customers=1000", *(f"market.care.Sunfield.{word}" for word in words)])
    desk = BrandMarket(scenario, rng=1, warm_up=False).levers.brands[0]
    assert CARE_POLICIES[desk["care_policy"]] == "improve"
    assert (desk["care_outsourced"], desk["care_relay"], desk["relay_new"], desk["care_changed"]) == (1, 1, 0, 0)
    assert desk["care_quality"] == pytest.approx(0.6)
    assert desk["care_capacity"] == pytest.approx(60.0 * 1000 / 20000)
