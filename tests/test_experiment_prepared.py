"""Customers who are asked again answer as if they were asked for the first time, to the byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_markets import CARTON, setting

import simulator as bs
from simulator.experiment.compare import run_comparison, threads_each
from simulator.experiment.outcome import ReplicateOutcome
from simulator.experiment.prepared import Prepared

PRICE = {"kind": "price", "brand": "Sunfield", "change": 0.05, "start": "week 1"}


def same(one: Any, two: Any) -> bool:
    """Whether two outcomes hold the same bytes."""
    if isinstance(one, np.ndarray):
        return bool(one.tobytes() == two.tobytes())
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f), getattr(two, f)) for f in one.__dataclass_fields__)
    return bool(one == two)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared(setting(PRICE, customers=500, weeks=10), replicates=3, seed=4, jobs=2)


def asked_first(scenario: bs.Scenario) -> list[ReplicateOutcome]:
    return run_comparison(scenario, replicates=3, seed=4, jobs=1)


@pytest.mark.parametrize(
    "events",
    [
        (PRICE,),
        ({**PRICE, "change": 0.2},),
        ({**PRICE, "change": "0.01..0.1"},),
        (
            {**CARTON, "start": "week 2"},
            {"kind": "stockout", "brand": "Sunfield", "severity": 0.5, "start": "week 3", "lasts": "2 weeks"},
        ),
        (),
    ],
    ids=["itself", "a higher price", "an uncertain price", "other events", "nothing"],
)
def test_an_answer_is_that_of_a_comparison_of_its_own(prepared: Prepared, events: tuple[Any, ...]) -> None:
    scenario = setting(*events, customers=500, weeks=10)
    for one, two in zip(prepared.outcomes(scenario), asked_first(scenario), strict=True):
        assert same(one, two)


def test_asking_leaves_the_customers_as_they_were(prepared: Prepared) -> None:
    first = prepared.outcomes()
    prepared.outcomes(setting({**PRICE, "change": 0.5}, customers=500, weeks=10))
    assert all(same(one, two) for one, two in zip(first, prepared.outcomes(), strict=True))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"customers": 600, "weeks": 10}, "customers"),
        ({"customers": 500, "weeks": 12}, "horizon_weeks"),
        ({"customers": 500, "weeks": 10, "market": "toothpaste", "focal_brand": "Brightwell"}, "market"),
    ],
)
def test_customers_say_which_questions_are_not_for_them(prepared: Prepared, words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"{said} differs"):
        prepared.outcomes(setting(**words))


def test_an_event_before_the_prepared_day_is_refused_with_what_to_do(prepared: Prepared) -> None:
    with pytest.raises(ValueError, match="prepare with the scenario that begins first"):
        prepared.outcomes(setting({**PRICE, "start": "week 0"}, customers=500, weeks=10))


def test_people_prepare_and_ask_with_two_words() -> None:
    customers = bs.prepare("orange_carton", replicates=2, customers=400)
    result = customers.compare()
    assert result.headline() == bs.compare("orange_carton", replicates=2, customers=400).headline()


def test_idle_processors_share_the_days_of_large_populations_only() -> None:
    assert threads_each(1_000_000, replicates=1, jobs=4) == 4
    assert threads_each(1_000_000, replicates=8, jobs=4) == 1
    assert threads_each(10_000, replicates=1, jobs=4) == 1
