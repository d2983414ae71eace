"""Whether the category is bought at all, and the shape and drift of tastes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_markets import CARTON, FOCAL, differences, setting

from simulator.experiment.twins import Task, run_twins
from simulator.model import BrandMarket
from simulator.model.kernels import constants as c
from simulator.world.shape import drifted, liking, likings, moments, score_of


def category_change(events: list[dict[str, Any]], without: tuple[str, ...] = (), **task: Any) -> float:
    """Log ratio of the category's units, scenario against baseline, over twelve weeks and three worlds."""
    sums = np.zeros(2)
    for seed in (1, 2, 3):
        scenario = setting(*events, customers=3000, weeks=12)
        arms = run_twins(Task(scenario, 0, seed=seed, luck_only=True, without=without, **task))
        for k, name in enumerate(("scenario", "baseline")):
            model = arms[name]
            sums[k] += model.state.records.totals[model.observed_weeks : -1, c.UNITS].sum()
            model.release()
    return float(np.log(sums[0] / sums[1]))


def every_price(change: float) -> list[dict[str, Any]]:
    brands = setting().market.brands
    return [
        {"kind": "price", "id": f"price-{n}", "brand": name, "change": change, "start": "week 0"}
        for n, name in enumerate(brands)
    ]


def test_a_dearer_category_is_bought_less_and_a_cheaper_one_more() -> None:
    dearer, cheaper = category_change(every_price(0.2)), category_change(every_price(-0.2))
    assert -0.2 < dearer < -0.01
    assert 0.01 < cheaper < 0.2


def test_without_incidence_the_category_stands_still() -> None:
    # who finds a shelf empty may still go without; prices have no part in that but by the mix of brands
    assert abs(category_change(every_price(0.2), without=("incidence",))) < 0.004


def test_one_dear_brand_moves_the_category_less_than_its_own_sales() -> None:
    change = category_change([{"kind": "price", "id": "dear", "brand": FOCAL, "change": 0.2, "start": "week 0"}])
    assert -0.05 < change < 0.0


def test_a_disliked_look_loses_purchases_to_nobody() -> None:
    broken = {**CARTON, "overlap": 1.0, "announced": 1.0, "identity_break": 1.0}
    settings: dict[str, Any] = {"without": ("talk", "appeal", "curiosity")}
    assert category_change([broken], **settings) < 0.0
    arms = run_twins(Task(setting(broken, customers=500), 0, luck_only=True, closed=frozenset({"promise"}), **settings))
    assert not set(differences(arms["baseline"], arms["scenario"], leave_out=["view_rows"]))


@pytest.mark.parametrize("skew", [0.0, 0.13, 0.36])
def test_the_shape_of_tastes_keeps_mean_and_spread_and_can_be_undone(skew: float) -> None:
    ranks = (np.arange(200_000) + 0.5) / 200_000
    scores = stats.norm.ppf(ranks)
    values = likings(scores[:, None], skew)[:, 0]
    assert values.mean() == pytest.approx(0.0, abs=1e-3)
    assert values.std() == pytest.approx(1.0, abs=2e-3)
    if skew > 0.0:
        assert stats.skew(values) == pytest.approx(stats.lognorm(skew).stats("s"), abs=0.03)
    for score in (-3.0, -1.0, 0.0, 0.5, 4.0):
        assert score_of(liking(score, skew, *moments(skew)), skew, *moments(skew)) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("skew", [0.0, 0.01, 0.13, 0.36])
def test_a_drift_in_short_numbers_is_the_drift_of_the_score(skew: float) -> None:
    for value in (-1.5, -0.3, 0.0, 0.7, 3.0):
        for step in (-0.4, 0.0, 0.3):
            score = 0.93 * score_of(value, skew, *moments(skew)) + step
            exact = liking(score, skew, *moments(skew))
            assert drifted(value, 0.93, step, skew, *moments(skew)) == pytest.approx(exact, abs=2e-4)


def test_drifting_tastes_keep_spread_and_skew_for_years() -> None:
    model = BrandMarket(setting(customers=4000, weeks=200), arm="baseline", warm_up=False)
    people = model.world.customers

    def tastes() -> Any:
        ties = model.state.life.ties["utility"].astype(np.float64)
        # what price and lifestyle add never drifts
        fixed = start - people.taste
        return (ties - fixed - people.taste.mean(axis=0))[people.rate > 0.02]

    start = model.state.life.ties["utility"].astype(np.float64)
    before = tastes()
    model.run_until(model.last_day)
    after = tastes()
    assert after.std() == pytest.approx(before.std(), rel=0.02)
    assert stats.skew(after, axis=None) == pytest.approx(stats.skew(before, axis=None), abs=0.1)
    years = (model.last_day + 546) / 364
    keep = (1.0 - 0.5 * (model.values["taste_drift_per_year"] / model.values["taste_sd"]) ** 2) ** years
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] == pytest.approx(keep, abs=0.08)
