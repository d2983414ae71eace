"""What people like: the closed form is the long run of the choice rule, and the market's shares come out."""

from __future__ import annotations

import numpy as np
import pytest
from world_market import VALUES, brand, build, market

from simulator.parameters import table
from simulator.world import WorldError
from simulator.world.tastes import customer_shares, expected_shares, fit_means, stationary_shares


def test_without_autopilot_the_closed_form_is_the_stationary_chain():
    v = np.array([0.4, -0.3, 1.1, 0.0])
    gamma = 0.8
    bonus = np.exp(v[None, :] + gamma * np.eye(4))
    chain = np.linalg.matrix_power(bonus / bonus.sum(axis=1, keepdims=True), 200)
    assert stationary_shares(v[None, :], gamma=gamma, autopilot=0.0)[0] == pytest.approx(chain[0], abs=1e-6)


def test_with_autopilot_the_closed_form_is_the_long_run_of_habit():
    """One customer's 400,000 purchases under the habit rule; habit grows slowly, so it stays near the shares."""
    v, gamma, ceiling, growth = np.array([0.6, 0.0, -0.4]), 0.35, 0.45, 0.01
    share = stationary_shares(v[None, :], gamma=gamma, autopilot=ceiling)[0].astype(float)
    rng = np.random.default_rng(3)
    n = 400_000
    luck, noise = rng.random(n), rng.gumbel(size=(n, 3))
    habit, last, count = share.copy(), 0, np.zeros(3)
    for t in range(n):
        top = int(habit.argmax())
        if luck[t] < ceiling * habit[top]:
            pick = top
        else:
            u = v + noise[t]
            u[last] += gamma
            pick = int(u.argmax())
        habit *= 1.0 - growth
        habit[pick] += growth
        last = pick
        count[pick] += 1
    assert count / n == pytest.approx(share, abs=0.01)


def test_each_customers_shares_sum_to_one():
    rng = np.random.default_rng(1)
    shares = stationary_shares(rng.normal(0.0, 6.0, (5_000, 5)), gamma=0.5, autopilot=0.6)
    assert (shares >= 0).all()
    assert shares.sum(axis=1) == pytest.approx(np.ones(5_000), abs=1e-5)


@pytest.mark.parametrize(("customers", "within"), [(1_000, 0.003), (20_000, 0.0005)])
def test_expected_shares_are_the_markets(customers, within):
    world = build(customers=customers)
    assert expected_shares(world, VALUES) == pytest.approx(world.brands.target_share, abs=within)


@pytest.mark.parametrize("index", range(6))
def test_expected_shares_hold_for_drawn_parameters(index):
    drawn = dict(table().draw(index, seed=5))
    world = build(customers=5_000, **drawn)
    assert expected_shares(world, VALUES | drawn) == pytest.approx(world.brands.target_share, abs=0.001)


def test_small_and_dear_brands_get_their_share_too():
    brands = {
        "Giant": brand(0.70, 2.0),
        "Small": brand(0.02, 2.5),
        "Dear": brand(0.08, 6.0, quality=0.5),
        "Quiet": brand(0.20, 1.5, salience=0.2),
    }
    world = build(market(brands=brands, reps={}, care={}))
    assert expected_shares(world, VALUES) == pytest.approx([0.70, 0.02, 0.08, 0.20], abs=0.001)


def test_customers_differ_in_taste_as_much_as_the_table_says():
    plain = build(lifestyle_fit_weight=0.0).customers.taste
    assert plain.std(axis=0) == pytest.approx([VALUES["taste_sd"]] * 3, rel=0.03)


def test_wider_tastes_make_customers_more_exclusive():
    def concentration(taste_sd: float) -> float:
        world = build(customers=5_000, taste_sd=taste_sd)
        return float((customer_shares(world, VALUES | {"taste_sd": taste_sd}) ** 2).sum(axis=1).mean())

    assert concentration(0.5) < concentration(1.5) < concentration(3.0)


def test_a_brand_close_in_lifestyle_is_liked_better():
    world = build(lifestyle_fit_weight=2.0)
    distance = np.hypot(*(world.customers.position - world.brands.position[1]).T)
    assert np.corrcoef(distance, world.customers.taste[:, 1])[0, 1] < -0.3


def test_shares_that_no_tastes_give_are_refused():
    v = np.column_stack((np.full(50, 1e6), np.zeros(50)))
    v[25:] *= -1.0  # half can only buy the first brand, half only the second
    with pytest.raises(WorldError, match="no tastes give the stated shares"):
        fit_means(v, np.ones(50, np.float32), np.array([0.9, 0.1]), gamma=0.3, autopilot=0.4)
