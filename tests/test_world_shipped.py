"""Every shipped market has a world, at the central parameter values and at drawn ones."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.parameters import table
from simulator.scenario import load_market, shipped
from simulator.world import build_world
from simulator.world.population import QUARTER_DAYS, solve_rates
from simulator.world.tastes import expected_shares

MARKETS = sorted(shipped("market"))


@pytest.mark.parametrize("name", MARKETS)
@pytest.mark.parametrize("draw", [None, 0, 1, 2])
def test_shipped_markets_meet_their_shares(name, draw):
    market = load_market(name)
    values = table().central() if draw is None else table().draw(draw, seed=1)
    world = build_world(market, values, focal=market.focal_brand, customers=5_000, seed=1, replicate=draw or 0)
    assert expected_shares(world, values) == pytest.approx(world.brands.target_share, abs=0.001)
    assert (world.stores.expected_demand > 0).all()
    assert np.bincount(world.stores.region).min() >= 2
    assert len(world.segments) == len(market.segments)
    assert (world.reps.rep_of.max(initial=-1) + 1) == world.reps.brand.shape[0]


@pytest.mark.parametrize("name", MARKETS)
def test_shipped_markets_meet_their_penetration_and_frequency(name):
    category = load_market(name).category
    law = solve_rates(load_market(name), table().central())
    assert law.penetration(QUARTER_DAYS, category.regularity) == pytest.approx(category.penetration, abs=1e-4)
    wanted = category.penetration * category.purchases_per_buyer / QUARTER_DAYS
    assert law.mean() == pytest.approx(wanted, rel=1e-3)
