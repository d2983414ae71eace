"""Who lives there: stable people, the purchases the market states, and the market's spread of rates."""

from __future__ import annotations

import numpy as np
import pytest
from world_market import VALUES, brand, build, category, columns, market, stores

from simulator.randomness import run_key
from simulator.world import WorldError
from simulator.world.population import QUARTER_DAYS, draw_people, solve_rates
from simulator.world.world import SOURCES


def by_birth(world):
    order = np.argsort(world.customers.uid)
    return {name: column[order] for name, column in columns(world.customers).items()}


def test_one_customer_more_leaves_all_others_as_they_were():
    few, more = by_birth(build(customers=20_000)), by_birth(build(customers=20_001))
    assert more["uid"].shape[0] == few["uid"].shape[0] + 1
    for name, column in few.items():
        assert np.array_equal(column, more[name][:-1]), name


def test_same_seed_and_replicate_give_the_same_world_another_replicate_another():
    one, again, other = build(customers=2_000), build(customers=2_000), build(customers=2_000, replicate=1)
    for part in ("customers", "network", "stores", "reps", "care", "distributors", "brands"):
        mine, theirs = columns(getattr(one, part)), columns(getattr(again, part))
        for name, column in mine.items():
            assert np.array_equal(column, theirs[name]), (part, name)
    assert not np.array_equal(by_birth(one)["rate"], by_birth(other)["rate"])


def test_customers_are_ordered_by_main_store_then_by_id():
    people = build().customers
    assert np.array_equal(np.lexsort((people.uid, people.store[:, 0])), np.arange(people.uid.shape[0]))


@pytest.mark.parametrize(
    ("penetration", "frequency", "regularity"), [(0.7, 2.6, 1.5), (0.56, 2.6, 1.0), (0.45, 11.0, 2.0), (0.97, 3.0, 2.0)]
)
def test_simulated_quarters_show_the_stated_penetration_and_frequency(penetration, frequency, regularity):
    """200,000 customers' stationary quarters; standard error of the penetration is .001, 5 of them are allowed."""
    the_market = market(
        category=category(penetration=penetration, purchases_per_buyer=frequency, regularity=regularity)
    )
    law = solve_rates(the_market, VALUES)
    rng = np.random.default_rng(7)
    segment = rng.choice(2, size=200_000, p=law.segment_share).astype(np.uint8)
    rate = law.rates(rng.random(200_000), segment)
    # Play the process itself: start at a random moment long before the quarter.
    clock, bought = np.full(rate.shape, -3.0) / rate, np.zeros(rate.shape)
    alive = np.arange(rate.shape[0])
    stages = int(regularity)
    while alive.size:
        count = stages + (rng.random(alive.size) < regularity - stages)
        clock[alive] += rng.gamma(count) / (rate[alive] * regularity)
        alive = alive[clock[alive] < QUARTER_DAYS]
        bought[alive] += clock[alive] > 0.0
    assert (bought > 0).mean() == pytest.approx(penetration, abs=0.006)
    assert bought[bought > 0].mean() == pytest.approx(frequency, rel=0.03)


def test_segments_buy_in_the_stated_proportion():
    people = build(customers=100_000).customers
    mean = [people.rate[people.segment == s].mean() for s in range(2)]
    assert mean[0] / mean[1] == pytest.approx(1.6, rel=0.05)
    assert (people.segment == 0).mean() == pytest.approx(0.35, abs=0.01)


def test_half_of_the_customers_are_light_and_a_fifth_heavy():
    weight = build(customers=50_000).customers.weight
    assert np.bincount(weight) / weight.shape[0] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)


def test_every_customer_dislikes_higher_prices_more_in_a_price_sensitive_segment():
    people = build(customers=50_000).customers
    assert (people.price_sensitivity < 0).all()
    family, couple = (people.price_sensitivity[people.segment == s] for s in range(2))
    assert couple.mean() == pytest.approx(VALUES["price_coefficient_mean"], rel=0.03)
    assert couple.std() == pytest.approx(VALUES["price_coefficient_sd"], rel=0.1)
    assert family.mean() / couple.mean() == pytest.approx(1.2, rel=0.04)


def test_favourite_items_follow_the_item_shares():
    world = build()
    favourite = world.customers.favourite
    assert (favourite[:, 0] == 0).mean() == pytest.approx(0.6, abs=0.02)
    assert (favourite[:, 1:] == 0).all()


def test_sources_follow_the_table():
    source = build().customers.source
    wanted = [VALUES[f"source_{name}"] for name in SOURCES]
    assert np.bincount(source, minlength=3) / source.shape[0] == pytest.approx(wanted, abs=0.02)


def test_impossible_purchases_are_refused_with_a_mend():
    with pytest.raises(WorldError, match=r"category: .*95\.0%.*raise purchases_per_buyer"):
        build(market(category=category(penetration=0.95, purchases_per_buyer=1.2)))
    with pytest.raises(WorldError, match=r"category: .*lower purchases_per_buyer or raise penetration"):
        build(market(category=category(penetration=0.02, purchases_per_buyer=900.0)))


def test_what_the_market_leaves_out_comes_from_the_table():
    silent = category(
        penetration=None, purchases_per_buyer=None, regularity=None, units_per_purchase=None, real_households=None
    )
    world = build(market(category=silent, brands={"Only": brand(1.0, 2.0)}, reps={}, care={}), customers=2_000)
    assert world.regularity == VALUES["regularity_default"]
    assert world.units_per_purchase == VALUES["units_per_purchase_default"]
    assert world.real_customers == 0.0
    assert world.brands.cost[0] == pytest.approx(2.0 * VALUES["brand_cost_share"])
    assert world.brands.salience[0] == pytest.approx(VALUES["salience_default"])


def test_a_tiny_world_with_one_brand_and_nobody_to_help_stands():
    bare = market(
        brands={"Only": brand(1.0, 2.0)},
        segments={},
        regions={},
        distributors={},
        reps={},
        care={},
        stores=stores(customers_per_store=None, per_customer=None, roles={}),
    )
    for customers in (1, 3, 200):
        world = build(bare, customers=customers)
        assert world.size == customers
        assert world.reps.brand.shape == (0,)
        assert (world.reps.rep_of == -1).all()
        assert world.stores.service.shape == (2, 0)
        assert world.network.indptr[-1] == world.network.friends.shape[0]
        assert np.isfinite(world.customers.taste).all()


def test_an_unknown_focal_brand_and_an_empty_world_are_refused():
    from simulator.world import build_world

    with pytest.raises(WorldError, match="'Moon' is not a brand of the market; it has Sun, Grove, Own"):
        build_world(market(), VALUES, focal="Moon", customers=10, seed=1, replicate=0)
    with pytest.raises(WorldError, match="customers: 0 is too few"):
        build(customers=0)


def test_customers_can_be_drawn_in_any_order_and_number():
    the_market = market()
    run, law = run_key(3, 1), solve_rates(the_market, VALUES)
    place = np.zeros((3, 2), np.float32)
    everybody = draw_people(run, np.arange(500, dtype=np.uint64), the_market, VALUES, law, place)
    some = np.array([499, 3, 77], np.uint64)
    few = draw_people(run, some, the_market, VALUES, law, place)
    for name, column in columns(few).items():
        assert np.array_equal(column, getattr(everybody, name)[some.astype(int)]), name


def test_nobody_buys_more_than_once_a_day_and_the_rest_make_up_for_it():
    law = solve_rates(market(category=category(penetration=0.5, purchases_per_buyer=20.0, regularity=1.0)), VALUES)
    rate = law.rates(np.random.default_rng(2).random(200_000), np.zeros(200_000, np.uint8))
    assert rate.max() == 1.0
    assert law.scale > 10.0 / QUARTER_DAYS
    assert law.mean() == pytest.approx(10.0 / QUARTER_DAYS, rel=1e-3)
