"""The measures of buying give the published figures on the published law, and the warm-up leaves nothing moving."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulator.evidence import buying
from simulator.evidence.laboratory import AS_IT_IS, Laboratory, PanelRun

SHARES = np.array([0.25, 0.19, 0.10, 0.10, 0.09, 0.08, 0.03, 0.02, 0.14])
MEAN_PER_QUARTER, NBD_SHAPE, DIRICHLET_S = 1.456, 0.78, 1.49


def panel_of(who: np.ndarray, day: np.ndarray, brand: np.ndarray, people: int, years: int) -> PanelRun:
    order = np.argsort(day, kind="stable")
    table = pd.DataFrame({"customer": who[order], "day": day[order], "brand": brand[order]})
    brands = SimpleNamespace(names=tuple("abcdefghi"), target_share=SHARES)
    world = SimpleNamespace(brands=brands, size=people)
    return PanelRun(table, world, (-364, -364 + 364 * years), pd.DataFrame())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def dirichlet() -> SimpleNamespace:
    """Six years of the NBD-Dirichlet fitted to the toothpaste panel: 15,000 households, seed 1."""
    rng = np.random.default_rng(1)
    people, years = 15_000, 6
    rate = rng.gamma(NBD_SHAPE, MEAN_PER_QUARTER / NBD_SHAPE, people)
    taste = rng.gamma(DIRICHLET_S * SHARES, 1.0, (people, SHARES.size)) + 1e-300
    cumulative = np.cumsum(taste / taste.sum(axis=1, keepdims=True), axis=1)
    who = np.repeat(np.arange(people), rng.poisson(rate * 4 * years))
    brand = (rng.random(who.size)[:, None] > cumulative[who]).sum(axis=1).clip(0, SHARES.size - 1)
    run = panel_of(who, rng.integers(-364, 364 * (years - 1), who.size), brand, people, years)
    return SimpleNamespace(panel=lambda seed, conditions: run)


# Tolerances are about four standard errors of 15,000 households, so that one run in 15,000 would fail by chance.


def test_double_jeopardy_of_the_dirichlet_is_the_published_one(dirichlet):
    found = buying.double_jeopardy(dirichlet, 1, AS_IT_IS)
    assert found["smallest to largest"] == pytest.approx(0.88, abs=0.05)
    assert found["rank correlation"] > 0.8


def test_skew_of_the_dirichlet_grows_with_the_window_as_published(dirichlet):
    found = buying.skewed_buying(dirichlet, 1, AS_IT_IS)
    assert found["quarter"] == pytest.approx(0.44, abs=0.02)
    assert found["year"] == pytest.approx(0.55, abs=0.02)
    assert found["six years"] == pytest.approx(0.66, abs=0.03)


def test_the_dirichlet_obeys_the_duplication_law(dirichlet):
    found = buying.duplication_law(dirichlet, 1, AS_IT_IS)
    assert found["correlation"] > 0.95
    assert found["variation within rows"] < 0.15


def test_repeat_in_the_dirichlet_is_polarisation_plus_share_of_the_rest(dirichlet):
    phi = 1.0 / (1.0 + DIRICHLET_S)
    found = buying.repeat_by_size(dirichlet, 1, AS_IT_IS)
    assert found["leader"] == pytest.approx(phi + (1.0 - phi) * 0.25, abs=0.02)
    small = SHARES[SHARES < 0.1]
    assert found["small brands"] == pytest.approx(phi + (1.0 - phi) * (small**2).sum() / small.sum(), abs=0.02)


def test_order_says_nothing_where_purchases_are_drawn_independently(dirichlet):
    assert buying.inertia_is_small(dirichlet, 1, AS_IT_IS)["excess"] == pytest.approx(0.0, abs=0.6)


def test_nothing_erodes_in_a_stationary_market(dirichlet):
    found = buying.erosion_of_loyalty(dirichlet, 1, AS_IT_IS)
    assert found["fall in a year"] == pytest.approx(0.0, abs=0.01)
    assert found["light less heavy"] == pytest.approx(0.0, abs=3.0)


def test_moderation_of_the_dirichlet_is_the_published_one(dirichlet):
    assert 0.60 < buying.buyer_moderation(dirichlet, 1, AS_IT_IS)["still in the top fifth"] < 0.70


def test_the_expected_shuffle_is_the_mean_over_all_orders():
    who = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    brand = np.array([0, 0, 1, 2, 1, 1, 0, 2])
    repeats = []
    for first in itertools.permutations(brand[:4]):
        for second in itertools.permutations(brand[4:7]):
            order = np.array([*first, *second, 2])
            pairs, same = buying.repeat_by_brand(who, order, 3)
            repeats.append(same.sum() / pairs.sum())
    assert buying.shuffled_repeat(who, brand, 3) == pytest.approx(np.mean(repeats))


def test_polarisation_is_one_for_the_loyal_and_nothing_for_the_alike():
    who = np.repeat(np.arange(300), 4)
    assert buying.polarisation(who, who % 3, 3) == pytest.approx(1.0)
    alike = np.tile([0, 1, 2, 0], 300)  # exactly the same basket everywhere: less repeat than chance
    assert buying.polarisation(who, alike, 3) < 0.0


def test_a_switch_that_moves_everyone_away_erodes_everything():
    counts = np.zeros((10, 8, 2), np.int64)
    counts[:, :4, 0] = 1
    counts[:, 4:, 1] = 1
    only_first = counts > 0
    only_first[:, :, 1] = False
    assert buying.erosion(counts, only_first) == 1.0


def test_members_of_the_top_fifth_fill_a_fifth_of_places():
    bought = np.array([9, 5, 5, 5, 1, 1, 1, 1, 1, 1, 0, 0])
    members = buying.membership(bought)
    assert members.sum() == pytest.approx(2.0)
    assert members[1:4].tolist() == pytest.approx([1 / 3] * 3)
    assert members[4:].sum() == 0.0


def test_nobody_is_measured_where_nobody_buys():
    assert np.isnan(buying.top_share(np.zeros(4, np.int64)))


def test_the_warm_up_leaves_habits_shares_and_stocks_stationary():
    # 6 seeds; a trend of 3% a year in habit, or of 5% in a share or the stock, would be seen: the standard error over
    # seeds is below 0.1% for habit and about 1.5% for the others, so chance fails this once in a few hundred codes.
    lab = Laboratory(years=2)
    found = pd.DataFrame([buying.stationarity(lab, seed, AS_IT_IS) for seed in range(1, 7)]).mean()
    assert abs(found["habit"]) < 3.0
    assert abs(found["autopilot share"]) < 3.0
    for name in ("leader's share", "small brands' share", "stock in stores"):
        assert abs(found[name]) < 5.0, name
