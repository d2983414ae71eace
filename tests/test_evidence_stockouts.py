"""Stock-out facts: what is measured, on small worlds, and that the mechanisms move it the right way."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.evidence import stockouts
from simulator.evidence.branches import counted, settled
from simulator.evidence.laboratory import Conditions, Laboratory

SEED = 1


@pytest.fixture(autouse=True)
def small_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stockouts, "CUSTOMERS", 6_000)
    monkeypatch.setattr(stockouts, "GROCERY_CUSTOMERS", 5_000)


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()


def panel() -> stockouts.Bought:
    """Customer 0 buys brand 0 in weeks -3, 0 and 1; customer 1 buys brand 1 in week 0 and brand 0 in week 1."""
    rows = np.array([[0, -3, 0, 1, 5], [0, 0, 0, 2, 5], [1, 0, 1, 2, 6], [0, 1, 0, 1, 6], [1, 1, 0, 1, 5]])
    return stockouts.Bought(*rows.T)


def test_shares_are_of_units_in_the_window_with_customers_weighted() -> None:
    assert panel().share(0, 0, 1, np.ones(2)) == 0.5
    assert panel().share(0, 0, 1, np.array([1.0, 0.0])) == 1.0
    assert panel().share(0, 0, 2, np.array([1.0, 0.5])) == pytest.approx(3.5 / 4.5)


def test_buyers_are_told_apart_by_brand_and_week() -> None:
    assert panel().buyers(0, [1], 2).tolist() == [True, True]
    assert panel().buyers(0, [0], 2).tolist() == [True, False]
    assert panel().last_store(0, 0, 2).tolist() == [5, -1]
    assert panel().last_store(0, 1, 2).tolist() == [6, 5]
    assert panel().purchases_before(0, 2).tolist() == [1, 0]
    assert panel().purchases_before(None, 2).tolist() == [1, 0]


def test_ordinary_gaps_empty_the_published_share_of_item_days(lab: Laboratory) -> None:
    market = settled(lab, SEED, Conditions(without=("shelf",)), customers=5_000, market=stockouts.GROCERIES)
    arm = market.branch(stockouts.ordinary_gaps(market.names[0]), stockouts.ECONOMY_WEEKS)
    weeks = slice(arm.observed_weeks, arm.observed_weeks + stockouts.ECONOMY_WEEKS)
    audits = arm.state.records.shelf[weeks].sum(axis=0)
    # 10 stores x 3 items x 26 draws of a share of .194: standard error .006 of the rate, three of them allowed
    assert audits[0, 1:].sum() / audits[0, 0] == pytest.approx(stockouts.RATE, abs=0.018)
    assert audits[1, 1:].sum() == 0


def test_the_answers_to_an_empty_shelf_are_all_there_are(lab: Laboratory) -> None:
    mix = stockouts.response_mix(lab, SEED, Conditions())
    assert sum(mix.values()) == pytest.approx(1.0)
    assert min(mix.values()) > 0.0


def test_nobody_waits_with_nothing_at_home(lab: Laboratory) -> None:
    mix = stockouts.response_mix(lab, SEED, Conditions(values=(("home_stock_days", 0.0),)))
    assert mix["delay"] == 0.0


def test_the_retailer_and_the_brand_lose_less_than_what_was_out(lab: Laboratory) -> None:
    found = stockouts.economics(lab, SEED, Conditions())
    assert 0.0 < found["brand loss"] < 100.0 * stockouts.RATE
    assert 0.0 < found["retailer loss"] < 100.0 * stockouts.RATE


def test_an_absent_leader_sells_nothing_and_rivals_gain(lab: Laboratory) -> None:
    market = settled(lab, SEED, Conditions(), customers=stockouts.CUSTOMERS)
    arm = market.branch([stockouts.stockout(market.names[market.leader], 0, 2)], 2)
    usual, without = counted(market.baseline, 0, 2), counted(arm, 0, 2)
    rival = np.arange(usual.size) != market.leader
    assert without[market.leader] == 0.0
    assert without[rival].sum() > usual[rival].sum()


def test_a_long_absence_leaves_more_than_a_short_one_and_both_fade(lab: Laboratory) -> None:
    # one world is too few to tell how a scar of a few percent fades
    worlds = [stockouts.scars(lab, seed, Conditions()) for seed in range(SEED, SEED + 6)]
    found = {name: float(np.mean([world[name] for world in worlds])) for name in worlds[0]}
    assert found["6 weeks, 4 after"] > 2.0 * found["1 week, 4 after"]
    assert found["6 weeks, 26 after"] < found["6 weeks, 4 after"]


def test_doubt_about_availability_is_what_dependability_leaves(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stockouts, "CUSTOMERS", 30_000)  # few buy the leader in another store
    strong = Conditions(values=(("availability_fall", 1.0), ("availability_weight", 2.0)))
    doubtful = stockouts.repeated_absence(lab, SEED, strong)
    careless = stockouts.repeated_absence(lab, SEED, Conditions(without=("dependability",)))
    assert doubtful["doubt"] > careless["doubt"] + 0.1
