"""Price and size facts: what is measured, on small worlds, and that the mechanisms move it the right way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.evidence import branches, prices
from simulator.evidence.laboratory import Conditions, Laboratory

SEED = 1


@pytest.fixture(autouse=True)
def small_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "CUSTOMERS", 6_000)


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()


def test_a_branch_without_events_is_the_baseline_to_the_unit(lab: Laboratory) -> None:
    market = branches.settled(lab, SEED, Conditions(), customers=1_000)
    arm = market.branch([], 6)
    for metric in ("units", "wanted_out_of_stock", "waited"):
        assert (branches.counted(arm, 0, 6, metric) == branches.counted(market.baseline, 0, 6, metric)).all()


def test_branches_leave_the_market_they_come_from_alone(lab: Laboratory) -> None:
    market = branches.settled(lab, SEED, Conditions(), customers=1_000)
    before = market.before.state.records.totals.copy()
    event = {"kind": "price", "brand": market.names[0], "change": "30%", "start": "week 0"}
    changed = market.branch([event], 6)
    assert (market.before.state.records.totals == before).all()
    assert market.before.day == 0
    assert not market.before.spec.events
    assert (branches.counted(changed, 0, 6) != branches.counted(market.branch([], 6), 0, 6)).any()


def test_a_settled_market_is_kept_and_the_oldest_is_let_go(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "KEPT_MARKETS", 1)
    first = branches.settled(lab, 1, Conditions(), customers=300)
    assert branches.settled(lab, 1, Conditions(), customers=300) is first
    branches.settled(lab, 2, Conditions(), customers=300)
    assert branches.settled(lab, 1, Conditions(), customers=300) is not first


def test_the_rest_of_the_category_is_not_a_tested_brand(lab: Laboratory) -> None:
    market = branches.settled(lab, SEED, Conditions(), customers=300)
    tested = [market.names[b] for b in branches.named_brands(market.world)]
    assert branches.REMAINDER in market.names
    assert branches.REMAINDER not in tested
    assert len(tested) == len(market.names) - 1


def test_every_brand_sells_less_at_a_higher_price_and_more_at_a_lower(lab: Laboratory) -> None:
    test = prices.price_test(lab, SEED, Conditions())
    assert (test.rise < 0).all()
    assert (test.fall < 0).all()
    assert (np.minimum(test.rise, test.fall) <= test.across).all()
    assert (test.across <= np.maximum(test.rise, test.fall)).all()


def test_without_the_price_term_nothing_moves_and_the_gradient_is_no_number(lab: Laboratory) -> None:
    blind = Conditions(values=(("price_coefficient_mean", 0.0), ("price_coefficient_sd", 0.0)))
    found = prices.price_elasticity(lab, SEED, blind)
    assert found["elasticity"] == 0.0
    assert math.isnan(found["small over large"])


def test_asymmetry_comes_from_the_reference_price(lab: Laboratory) -> None:
    usual = prices.price_asymmetry(lab, SEED, Conditions())
    without = prices.price_asymmetry(lab, SEED, Conditions(without=("reference_price",)))
    assert usual["rise over fall"] > without["rise over fall"] + 0.1


def test_a_size_everybody_notices_weighs_several_times_as_much(lab: Laboratory) -> None:
    usual = prices.size_against_price(lab, SEED, Conditions())
    seen = prices.size_against_price(lab, SEED, Conditions(values=(("notice_size", 1.0),)))
    assert 0.0 < usual["size over price"] < 0.5 * seen["size over price"]
