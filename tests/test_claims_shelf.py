"""Claims of document 003 about shelves, promises and looks. One test for each falsifiable pattern.

Paired arms of small markets, central parameters, fixed seeds; where a claim is about a size, the tolerance is stated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from small_markets import CARTON, FOCAL, differences, setting

from simulator.experiment.twins import Task, run_twins, twins_of
from simulator.model import BrandMarket
from simulator.model.kernels import constants as c
from simulator.parameters import table

PURE = {**CARTON, "overlap": 0.1, "appeal": {"mean": 0.0, "sd": 0.0}}
"""A pack that nobody likes more or less, only harder to find."""

SEEDS = (1, 2, 3)


def arms(*events: dict[str, Any], seed: int = 1, customers: int = 4000, weeks: int = 12, **task: Any) -> dict[str, Any]:
    scenario = setting(*events, customers=customers, weeks=weeks)
    return run_twins(Task(scenario, replicate=0, seed=seed, luck_only=True, **task))


def counts(model: BrandMarket, metric: int = c.UNITS) -> np.ndarray[Any, Any]:
    """A counter after launch by brand."""
    return model.state.records.totals[model.observed_weeks : -1, metric].sum(axis=0).astype(float)


def effect(*events: dict[str, Any], **more: Any) -> float:
    """Mean over seeds of the log ratio of the focal brand's units, with the events to without."""
    pairs = [arms(*events, seed=seed, **more) for seed in SEEDS]
    return float(np.mean([np.log(counts(pair["scenario"])[0] / counts(pair["baseline"])[0]) for pair in pairs]))


def gaps(severity: float) -> dict[str, Any]:
    return {"kind": "stockout", "brand": FOCAL, "severity": severity, "start": "week 0", "lasts": "12 weeks"}


def test_003a_sales_fall_with_gaps_on_the_shelf_though_not_more_than_with_price() -> None:
    seldom, often = effect(gaps(0.083)), effect(gaps(0.25))
    assert often < seldom < 0.0
    # "the first reason" is not what the model says: a tenth more in price costs more than three times the usual gaps
    dearer = effect({"kind": "price", "brand": FOCAL, "change": "+10%", "start": "week 0"})
    assert dearer < seldom


def test_003b_who_finds_it_gone_takes_a_rival_the_less_the_stronger_the_brand() -> None:
    taken: dict[str, list[float]] = {"Sunfield": [], "Brightmorn": []}
    for seed in SEEDS:
        for brand, b in (("Sunfield", 0), ("Brightmorn", 2)):
            model = arms({**gaps(1.0), "brand": brand}, seed=seed)["scenario"]
            taken[brand].append(counts(model, c.TOOK_RIVAL)[b] / counts(model, c.WANTED_OUT)[b])
    assert 0.0 < np.mean(taken["Sunfield"]) < np.mean(taken["Brightmorn"])


def test_003c_longer_absence_leaves_more_with_the_rival_after_stock_returns() -> None:
    left = {}
    for weeks in (1, 8):
        event = {"kind": "stockout", "brand": FOCAL, "start": "week 0", "lasts": f"{weeks} weeks"}
        lost = []
        for seed in SEEDS:
            pair = arms(event, seed=seed, weeks=weeks + 12, customers=6000)
            after = [pair[n].state.records.totals[-9:-1, c.UNITS, 0].sum() for n in ("scenario", "baseline")]
            lost.append(1.0 - after[0] / after[1])
        left[weeks] = np.mean(lost)
    assert left[8] > left[1]
    assert left[8] > 0.005


def test_003f_a_broken_promise_costs_and_one_that_nobody_can_see_costs_nothing() -> None:
    broken = {**CARTON, "identity_break": 1.0, "appeal": {"mean": -1.0, "sd": 0.0}}
    assert effect({**broken, "overlap": 0.2}) < -0.05
    unseen = arms({**broken, "overlap": 1.0})
    assert differences(unseen["baseline"], unseen["scenario"], leave_out=["view_rows"]) == []


def test_003g_not_finding_it_is_most_of_what_a_pure_change_of_pack_costs() -> None:
    whole = effect(PURE, customers=6000)
    found = effect(PURE, customers=6000, closed=frozenset({"findability"}))
    kept = effect({**PURE, "overlap": 0.8}, customers=6000)
    assert whole < -0.01
    assert abs(found) < 0.35 * abs(whole)
    assert abs(kept) < 0.35 * abs(whole)


def test_003h_who_must_decide_anew_in_a_hurry_takes_what_is_at_hand_rather_than_the_best() -> None:
    """In a hurry second choices follow taste less, so the strongest rival gets less of what is lost."""
    best = {}
    for haste in (0.0, 1.0):
        values = {**table().central(), "search_haste": haste, "miss_rate": 1.0, "effort_loyalty": 0.0}
        gained = np.zeros(4)
        for seed in SEEDS:
            scenario = setting({**PURE, "overlap": 0.0}, customers=6000, weeks=4)
            pair = twins_of(scenario, values, Task(scenario, replicate=0, seed=seed, luck_only=True))
            gained += counts(pair["scenario"]) - counts(pair["baseline"])
        best[haste] = gained[2] / gained[1:].sum()
    # the smallest rival gains more of it when people do not look for the best
    assert best[1.0] > best[0.0] + 0.01


def test_003i_autopilot_drops_at_launch_and_comes_back_with_repetition() -> None:
    model = BrandMarket(setting({**PURE, "overlap": 0.0}, customers=4000, weeks=40), rng=1)
    model.run_until(1)
    weight = model.world.customers.rate / model.world.customers.rate.sum()
    share = []
    for week in (1, 12, 40):
        model.run_until(7 * week)
        habit = model.state.life.ties["habit"][:, 0].astype(float)
        strange = 1.0 - model.state.life.views["familiarity"][:, 0].astype(float)
        kept = 1.0 - strange * (1.0 - model.values["habit_transfer"])
        share.append(float((weight * habit * kept).sum()) / float((weight * habit).sum()))
    assert share[0] < 0.75 < share[1] < share[2]
