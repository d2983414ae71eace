"""Twins: the same people with the same luck. What a change does not touch does not move, to the bit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_markets import CARTON, FOCAL, differences, everyone_answered, moved_customers, names_of, setting

from simulator.experiment.twins import Task, run_twins
from simulator.model import BrandMarket
from simulator.model.kernels.constants import FINDABILITY, LAPSED, METRIC_COUNT, TOO_EARLY
from simulator.model.switches import CHANNELS
from simulator.parameters import table
from simulator.scenario import Scenario, load, shipped
from simulator.scenario.events import KINDS
from simulator.world import World, build_world

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

EVERYTHING: list[dict[str, Any]] = [
    {
        **CARTON,
        "appeal": {"mean": -0.3, "sd": 0.4},
        "identity_break": 0.4,
        "announced": 0.2,
        "rollout": {"over": "3 weeks", "by": "stock_rotation"},
    },
    {"kind": "stockout", "id": "dry", "brand": FOCAL, "severity": 0.6, "start": "day 10", "lasts": "12 days"},
    {
        "kind": "service",
        "id": "rota",
        "where": {"role": "cashier"},
        "quality": -0.5,
        "start": "day 3",
        "ramp": "5 days",
    },
    {"kind": "price", "id": "dearer", "brand": "Groveland", "change": 0.1, "start": "day 17", "lasts": "9 days"},
    {"kind": "resize", "id": "shrink", "brand": FOCAL, "change": -0.1, "start": "day 12", "where": {"region": "north"}},
    {"kind": "campaign", "id": "horn", "brand": "Own label", "reach": 0.2, "start": "week 1", "lasts": "2 weeks"},
    {"kind": "supply", "id": "late", "brand": "Groveland", "fill_rate": 0.6, "lead_time": "6 days", "start": "day 9"},
    {"kind": "delist", "id": "cut", "brand": FOCAL, "item": "smooth", "over": "9 days", "start": "day 15"},
    {"kind": "reformulate", "id": "recipe", "brand": FOCAL, "quality": -0.9, "announced": 0.5, "start": "day 8"},
    {"kind": "reposition", "id": "move", "brand": "Own label", "position": [1.5, 0.5], "start": "day 6"},
    {"kind": "loyalty_programme", "id": "card", "brand": FOCAL, "enrolled": 0.4, "reward": 0.1, "start": "day 11"},
    {"kind": "brief_reps", "id": "brief", "brand": FOCAL, "coverage": 0.8, "start": "week -2"},
    {"kind": "rep_turnover", "id": "exodus", "brand": FOCAL, "share": 0.5, "start": "day 5", "vacancy": "2 weeks"},
    {"kind": "announce", "id": "news", "of": "carton", "reach": 0.2, "start": "week -2", "lasts": "17 days"},
    {
        "kind": "incident",
        "id": "glass",
        "brand": FOCAL,
        "item": "pulp",
        "rate": 0.2,
        "media": 0.1,
        "start": "day 20",
        "lasts": "8 days",
    },
    {"kind": "care_policy", "id": "desk", "brand": FOCAL, "outsourced": True, "start": "day 9", "lasts": "3 weeks"},
    {
        "kind": "rep_staffing",
        "id": "broker",
        "brand": "Groveland",
        "outsourced": True,
        "visits": "0.5 per week",
        "start": "day 11",
        "lasts": "20 days",
    },
    {
        "kind": "consult_reps",
        "id": "ask",
        "brand": FOCAL,
        "of": "shrink",
        "start": "day -9",
        "gate": {"below": 1.0, "then": "soften", "by": 0.5},
    },
    {"kind": "rollback", "id": "back", "of": "carton", "start": "day 38", "over": "1 week"},
]
"""One event of every kind, on days that cut weeks in two."""


def busy(customers: int = 300, weeks: int = 8) -> Scenario:
    return setting(*EVERYTHING, customers=customers, weeks=weeks)


def world_of(scenario: Scenario, seed: int = 1, customers: int | None = None) -> World:
    values = {**table().central(), "review_days": float(scenario.market.stores.review_days)}
    size = customers or scenario.customers
    focal = scenario.focal_brand
    return build_world(scenario.market, values, focal=focal, customers=size, seed=seed, replicate=0)


@pytest.fixture(scope="module")
def lived() -> BrandMarket:
    """A busy market at the end of its life, never forked, never looked at."""
    model = BrandMarket(busy(), rng=3, warm_up=False)
    model.run_until(model.last_day)
    return model


def fresh(lived: BrandMarket) -> BrandMarket:
    return BrandMarket(lived.spec, rng=3, world=lived.world, warm_up=False)


def test_the_busy_market_is_busy_with_every_kind_of_event(lived: BrandMarket) -> None:
    assert {event["kind"] for event in EVERYTHING} == set(KINDS)
    baseline = BrandMarket(lived.spec, rng=3, world=lived.world, warm_up=False, arm="baseline")
    baseline.run_until(baseline.last_day)
    moved = moved_customers(lived, baseline)
    assert moved.size > 0.5 * lived.world.size
    assert lived.state.records.reached.sum() > 0


# -- nothing changed, nothing moved ---------------------------------------------------------------------------------


@few
@given(seed=st.integers(0, 2**32), customers=st.integers(100, 900), start=st.integers(-20, 20))
def test_a_null_launch_is_exactly_zero_for_every_customer_and_every_counter(
    seed: int, customers: int, start: int
) -> None:
    overrides = [f"customers={customers}", "horizon=8 weeks", f"events.same-carton.start=day {start}"]
    arms = run_twins(Task(load("null_launch", overrides=overrides), replicate=0, seed=seed))
    # customers of the scenario arm have met the new look; what they know of it is all that tells the arms apart
    assert differences(arms["baseline"], arms["scenario"], leave_out=["view_rows"]) == []
    assert arms["baseline"].state.records.totals.sum() > 0


NO_OPS: dict[str, dict[str, Any]] = {
    "a price changed by nothing": {"kind": "price", "brand": FOCAL, "change": 0.0},
    "a price put where it is": {"kind": "price", "brand": FOCAL, "to": 4.49},
    "a pack of the same size": {"kind": "resize", "brand": FOCAL, "change": 0.0},
    "a service changed by nothing": {"kind": "service", "where": {"role": "cashier"}, "quality": 0.0},
    "a campaign that persuades nobody": {
        "kind": "campaign",
        "brand": FOCAL,
        "reach": 0.5,
        "persuasion": 0.0,
        "lasts": "2 weeks",
    },
    "a supply as ever": {"kind": "supply", "fill_rate": 0.97, "lead_time": "2 days"},
    "a recipe like the old one": {"kind": "reformulate", "brand": FOCAL, "quality": 0.0},
    "news that reach nobody, of a brand that changes nothing": {
        "kind": "announce",
        "brand": FOCAL,
        "reach": 1e-9,
        "lasts": "2 weeks",
    },
    "an incident that harms nobody": {"kind": "incident", "brand": FOCAL, "rate": 1e-12, "lasts": "2 weeks"},
    "a care desk as it was": {"kind": "care_policy", "brand": FOCAL, "policy": "refund"},
    "a briefing without news": {"kind": "brief_reps", "brand": FOCAL, "coverage": 1.0},
}


@pytest.mark.parametrize("event", NO_OPS.values(), ids=NO_OPS)
def test_a_change_of_nothing_leaves_the_same_bytes(event: dict[str, Any]) -> None:
    arms = run_twins(Task(setting({**event, "start": "day 3"}, customers=500), replicate=0, luck_only=True))
    chain = ["chain"] if event["kind"] == "brief_reps" else []  # staff do remember being briefed
    assert differences(arms["baseline"], arms["scenario"], leave_out=chain) == []


def test_no_event_at_all_leaves_the_same_bytes() -> None:
    arms = run_twins(Task(setting(customers=500), replicate=0))
    assert differences(arms["baseline"], arms["scenario"]) == []


@pytest.mark.parametrize("name", [*sorted(shipped()), "one of each kind"])
def test_a_change_without_channels_is_the_silent_baseline(name: str) -> None:
    scenario = busy(600) if name == "one of each kind" else load(name, overrides=["customers=600"])
    arms = run_twins(Task(scenario, replicate=0, luck_only=True, closed=frozenset(CHANNELS)))
    # the packs on the shelves and the words of the reps are there; they do nothing
    # and an alarm may ring by chance, though there is nothing to undo
    arms["scenario"].state.rolled_back.clear()
    assert differences(arms["baseline"], arms["scenario"], leave_out=["view_rows", "chain"]) == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_carries_something_of_a_change_that_uses_all(channel: str) -> None:
    whole = run_twins(Task(busy(1200), replicate=0, luck_only=True))["scenario"]
    part = run_twins(Task(busy(1200), replicate=0, luck_only=True, closed=frozenset([channel])))["scenario"]
    assert differences(whole, part, leave_out=["view_rows"]) != []


def test_closing_a_channel_leaves_the_luck_of_the_others_alone() -> None:
    def gone(*closed: str) -> np.ndarray[Any, Any]:
        scenario = setting(*EVERYTHING, customers=20000, market="orange-juice")
        model = BrandMarket(scenario, rng=1, closed=closed, warm_up=False)
        (departure,) = model.timeline.moves(5, {})
        return departure.reps

    assert gone().tolist() == gone("price_size", "service", "word_of_mouth").tolist()


# -- one customer at a time -----------------------------------------------------------------------------------------

SCENE = ["talk", "reputation", "mending", "shelf"]
"""Switched off: without talk, public standing, mended causes and scarce goods, customers have nothing to do with each
other."""


@pytest.fixture(scope="module")
def scene() -> BrandMarket:
    scenario = busy()
    model = BrandMarket(scenario, rng=5, world=everyone_answered(world_of(scenario, 5)), without=SCENE, warm_up=False)
    model.run_until(model.last_day)
    return model


@few
@given(who=st.integers(0, 299), brand=st.integers(0, 3), push=st.sampled_from([-3.0, -0.2, 0.5, 4.0]))
def test_another_taste_of_one_customer_moves_nobody_else(scene: BrandMarket, who: int, brand: int, push: float) -> None:
    people = everyone_answered(world_of(scene.spec, 5))
    taste = people.customers.taste_kept.copy()
    taste[who, brand] += push
    changed = dataclasses.replace(people, customers=dataclasses.replace(people.customers, taste_kept=taste))
    model = BrandMarket(scene.spec, rng=5, world=changed, without=SCENE, warm_up=False)
    model.run_until(model.last_day)
    assert set(moved_customers(scene, model)) <= {who}
    assert moved_customers(scene, model).size == 1


@few
@given(more=st.integers(1, 5))
def test_more_customers_leave_the_others_as_they_were(scene: BrandMarket, more: int) -> None:
    larger = everyone_answered(world_of(scene.spec, 5, customers=300 + more))
    assert larger.stores.region.shape == scene.world.stores.region.shape
    model = BrandMarket(scene.spec, rng=5, world=larger, without=SCENE, warm_up=False)
    model.run_until(model.last_day)
    uid = larger.customers.uid
    old = np.flatnonzero(uid < 300)
    assert uid[old].tolist() == scene.world.customers.uid.tolist()
    for name in ("mind", "ties", "views"):
        one, two = getattr(scene.state.life, name), getattr(model.state.life, name)[old]
        for field in names_of(one):
            assert np.array_equal(one[field], two[field]), (name, field)


def missed_on_the_first_trip(model: BrandMarket) -> tuple[set[int], int]:
    """Customers who overlooked the focal brand on their first trip since launch, and how many went on one."""
    mind = model.state.life.mind
    start = mind["trips"].copy()
    missed: set[int] = set()
    seen = np.zeros(start.shape, np.bool_)
    while model.day < model.last_day:
        model.run_until(model.day + 1)
        first = (mind["trips"] > start) & ~seen
        missed |= set(np.flatnonzero(first & (mind["first_cause"] == FINDABILITY)).tolist())
        seen |= first
    return missed, int(seen.sum())


@few
@given(seed=st.integers(0, 1000), low=st.floats(0.0, 0.6), more=st.floats(0.02, 0.4))
def test_a_closer_pack_only_spares_and_never_adds_a_miss(seed: int, low: float, more: float) -> None:
    found = []
    for overlap in (low, low + more):
        scenario = setting({**CARTON, "overlap": overlap}, customers=900, weeks=6)
        # without habit nobody reaches for a brand unseen, and without salience a strange pack comes to mind as readily,
        # so both arms want the same brand
        model = BrandMarket(scenario, rng=seed, without=[*SCENE, "habit", "salience"], closed=["promise"])
        model.run_until(0)
        found.append(missed_on_the_first_trip(model))
    (far, trips), (close, trips_close) = found
    assert trips == trips_close > 100
    assert close <= far
    assert len(far) > 0 or low > 0.5


@pytest.mark.parametrize("name", ["staff_help", "effort_loyalty", "miss_rate"])
def test_help_only_spares_and_never_adds_a_miss(name: str) -> None:
    scenario = setting({**CARTON, "overlap": 0.1}, customers=1500, weeks=6)
    central = table().central()
    found = []
    for value in (0.4, 0.1) if name == "miss_rate" else (0.0, 0.6):
        values = {**central, name: value}
        model = BrandMarket(scenario, rng=2, values=values, without=SCENE, closed=["promise"])
        model.run_until(0)
        found.append(missed_on_the_first_trip(model)[0])
    assert found[1] < found[0]


@few
@given(seed=st.integers(0, 1000), severity=st.floats(0.05, 0.5), more=st.floats(0.1, 0.5))
def test_a_worse_stockout_empties_the_same_shelves_and_more(seed: int, severity: float, more: float) -> None:
    blocked = []
    for share in (severity, severity + more):
        event = {"kind": "stockout", "brand": FOCAL, "severity": share, "start": "week 0", "lasts": "2 weeks"}
        model = BrandMarket(setting(event, customers=400), rng=seed)
        model.run_until(1)
        blocked.append(model.state.life.stock["blocked"].copy())
    assert (blocked[0] <= blocked[1]).all()


# -- how it is run does not matter ----------------------------------------------------------------------------------


@few
@given(day=st.sampled_from([-546, -545, -365, -100, -14, -1, 0, 1, 6, 7, 10, 11, 21, 38, 40, 55]))
def test_a_fork_at_any_day_lives_on_as_if_never_forked(lived: BrandMarket, day: int) -> None:
    model = fresh(lived)
    model.run_until(day)
    copy = model.fork()
    copy.run_until(copy.last_day)
    assert differences(lived, copy) == []
    assert model.day == max(day, -546)
    model.run_until(model.last_day)
    assert differences(lived, model) == []


@pytest.mark.parametrize("day", [14, 18, 25])
def test_a_fork_in_the_middle_of_a_week_remembers_what_was_set_on_monday(day: int) -> None:
    event = {"kind": "campaign", "brand": FOCAL, "reach": 0.2, "persuasion": 0.3, "salience": 3.0, "lasts": "6 weeks"}
    model = BrandMarket(setting({**event, "start": "week 1"}, customers=4000, weeks=6), rng=2, warm_up=False)
    model.run_until(day)
    copy = model.fork()
    other = model.fork(arm="baseline")
    for one in (model, copy, other):
        one.run_until(one.last_day)
    assert differences(model, copy) == []
    assert "tie_rows" in differences(model, other)


def test_a_fork_shares_no_memory_that_changes() -> None:
    model = BrandMarket(busy(), rng=1, warm_up=False)
    copy = model.fork()
    for part in ("life", "records"):
        for one, two in zip(getattr(model.state, part), getattr(copy.state, part), strict=True):
            assert not np.shares_memory(one, two) or one.size == 0
    seats = zip(model.scratch.seats, copy.scratch.seats, strict=True)
    lists = zip(model.scratch[:-1], copy.scratch[:-1], strict=True)
    for one, two in (*lists, *seats):
        assert not np.shares_memory(one, two)


@pytest.mark.parametrize("stretch", [1, 2, 5, 30])
def test_looking_often_changes_nothing(lived: BrandMarket, stretch: int) -> None:
    model = fresh(lived)
    while model.day < model.last_day:
        model.run_until(model.day + stretch)
        model.customers.agg("bond", np.mean)
    assert differences(lived, model) == []


def test_a_base_that_is_named_again_keeps_its_history_and_a_new_one_has_none() -> None:
    model = BrandMarket(setting(CARTON, customers=2000, weeks=26), rng=4, arm="baseline", warm_up=False)
    model.run_until(7 * 20)
    before, base = model.lapse_by_week(), model.base
    assert base is not None
    assert (before == LAPSED).any()
    model.set_base(base)
    assert (model.lapse_by_week() == before).all()
    model.set_base(dataclasses.replace(base, rows=base.rows[::2], limit=base.limit[::2]))
    assert (model.lapse_by_week() == TOO_EARLY).all()
    model.run_until(7 * 21)
    assert (model.lapse_by_week()[:20] == TOO_EARLY).all()
    assert (model.lapse_by_week()[20] != TOO_EARLY).any()


def test_a_long_undisturbed_stretch_is_its_weeks_one_after_the_other() -> None:
    whole = BrandMarket(setting(customers=500, weeks=4), rng=4, warm_up=False)
    pieces = whole.fork()
    whole.run_until(0)
    while pieces.day < 0:
        pieces.run_until(min(0, pieces.day + 5))
    assert differences(whole, pieces) == []


def test_single_steps_and_timed_phases_change_nothing(lived: BrandMarket) -> None:
    stepped, timed = fresh(lived), fresh(lived)
    stepped.run_until(-30)
    while stepped.running:
        stepped.step()
    timed.run_until(-30)
    timed.time_phases(10_000)
    assert differences(lived, stepped) == []
    assert differences(lived, timed) == []


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_the_number_of_threads_changes_nothing(lived: BrandMarket, threads: int) -> None:
    model = BrandMarket(lived.spec, rng=3, world=lived.world, warm_up=False, threads=threads)
    model.run_until(-14)
    copy = model.fork()
    for one in (model, copy):
        one.run_until(one.last_day)
        assert differences(lived, one) == []


def test_a_panel_is_kept_by_one_thread(lived: BrandMarket) -> None:
    model = BrandMarket(lived.spec, rng=3, world=lived.world, warm_up=False, panel=True, threads=3)
    assert model.threads == model.fork(threads=2).threads == 1
    assert lived.fork(threads=2).threads == 2


def test_the_order_of_arms_changes_nothing(lived: BrandMarket) -> None:
    trunk = fresh(lived)
    trunk.run_until(-14)

    def arms() -> tuple[BrandMarket, BrandMarket]:
        return trunk.fork(arm="baseline"), trunk.fork(arm="scenario")

    (a, b), (c, d), (e, f) = arms(), arms(), arms()
    for model in (a, b, d, c):
        model.run_until(model.last_day)
    while e.day < e.last_day:
        e.run_until(e.day + 3)
        f.run_until(f.day + 2)
    f.run_until(f.last_day)
    assert differences(a, c) == differences(a, e) == []
    assert differences(b, d) == differences(b, f) == []
    assert differences(lived, b) == []


def test_two_models_in_one_process_do_not_touch_each_other(lived: BrandMarket) -> None:
    model = fresh(lived)
    other = BrandMarket("service_meltdown", rng=9, customers=500, warm_up=False)
    while model.day < model.last_day:
        model.run_until(model.day + 11)
        other.run_until(other.day + 17)
    assert differences(lived, model) == []


def test_a_triggered_rollback_survives_a_fork() -> None:
    bad = {**CARTON, "overlap": 0.0, "appeal": {"mean": -3.0}}
    back = {"kind": "rollback", "of": "carton", "when": {"units_vs_before": "below -10%", "for": "2 weeks"}}
    model = BrandMarket(setting(bad, back, customers=900, weeks=12), rng=1)
    model.run_until(24)
    assert model.state.rolled_back
    copy = model.fork()
    for one in (model, copy):
        one.run_until(one.last_day)
    assert differences(model, copy) == []


def test_a_seed_and_a_replicate_make_the_luck() -> None:
    one, same = (BrandMarket(busy(), rng=4) for _ in range(2))
    assert differences(one, same) == []
    assert differences(one, BrandMarket(busy(), rng=4, replicate=1)) != []
    assert differences(one, BrandMarket(busy(), seed=4)) == []


@pytest.mark.slow
def test_a_null_launch_is_exactly_zero_for_every_customer_at_a_million() -> None:
    scenario = load("null_launch", overrides=["customers=1000000", "horizon=8 weeks"])
    arms = run_twins(Task(scenario, replicate=0, luck_only=True))
    assert differences(arms["baseline"], arms["scenario"], leave_out=["view_rows"]) == []
    assert arms["baseline"].state.records.totals.shape[1] == METRIC_COUNT
