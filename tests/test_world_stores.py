"""Where they shop and who looks after it: stores, deliveries, service, reps, distributors, care desks."""

from __future__ import annotations

import numpy as np
import pytest
from world_market import VALUES, build, category, market, stores
from world_market import rep as a_rep

from simulator.world.tastes import customer_shares
from simulator.world.world import CARE_POLICIES


def test_stores_scale_with_customers_and_a_region_has_at_least_two():
    assert np.bincount(build(customers=20_000).stores.region).tolist() == [16, 24]
    assert np.bincount(build(customers=200).stores.region).tolist() == [2, 2]


def test_customers_know_distinct_stores_of_their_own_region():
    world = build()
    store, region = world.customers.store, world.stores.region
    known = store >= 0
    count = known.sum(axis=1)
    assert np.bincount(count, minlength=5)[1:] / world.size == pytest.approx([0.3, 0.45, 0.25, 0.0], abs=0.015)
    assert (region[np.where(known, store, store[:, :1])] == region[store[:, :1]]).all()
    ordered = np.sort(store, axis=1)
    assert not ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any()


def test_stores_of_a_region_are_equally_likely_first_or_later():
    """48,000 customers of 24 stores: 2,000 main customers a store, standard error 45."""
    world = build(market(regions={"all": 1.0}, stores=stores(customers_per_store=2_000)), customers=48_000)
    for column in range(3):
        chosen = world.customers.store[:, column]
        share = np.bincount(chosen[chosen >= 0], minlength=24) / (chosen >= 0).sum()
        assert share == pytest.approx(np.full(24, 1 / 24), rel=0.15)


def test_patronage_sums_to_one_and_the_main_store_gets_its_part():
    people = build().customers
    assert people.patronage.sum(axis=1) == pytest.approx(np.ones(people.uid.shape[0]), abs=1e-6)
    alone = people.store[:, 1] < 0
    assert (people.patronage[alone, 0] == 1.0).all()
    assert people.patronage[~alone, 0] == pytest.approx(VALUES["store_loyalty"])
    assert (people.patronage[people.store < 0] == 0.0).all()


def test_a_region_with_two_stores_caps_what_its_customers_know():
    people = build(market(stores=stores(per_customer=(0.0, 0.0, 0.0, 1.0))), customers=200).customers
    assert ((people.store >= 0).sum(axis=1) == 2).all()


def test_expected_demand_is_what_the_stores_customers_buy():
    world = build(customers=3_000)
    people, brands = world.customers, world.brands
    shares = customer_shares(world, VALUES).astype(float)
    wanted = np.zeros(world.stores.expected_demand.shape)
    for i in range(world.size):
        for store, part in zip(people.store[i], people.patronage[i], strict=True):
            if store >= 0:
                wanted[store] += part * people.rate[i] * shares[i, brands.item_brand] * brands.item_share * 1.2
    assert world.stores.expected_demand == pytest.approx(wanted, rel=1e-4)


def test_trucks_come_on_the_stated_days():
    assert (build(customers=2_000).stores.delivery == [1, 0, 0, 1, 0, 0, 0]).all()
    daily = build(market(stores=stores(delivery=tuple(range(7)))), customers=2_000).stores.delivery
    assert (daily == 1).all()


def test_service_is_counted_from_the_reference_and_differs_a_little_between_stores():
    world = build(customers=100_000)
    assert world.roles == ("cashier", "shelf_stocker")
    expected = np.array([0.7, 0.6]) - VALUES["service_reference"]
    assert world.stores.service.mean(axis=0) == pytest.approx(expected, abs=0.02)
    assert world.stores.service.std(axis=0) == pytest.approx([VALUES["store_service_sd"]] * 2, rel=0.3)
    assert world.role_met == pytest.approx([0.95, 0.10])


def test_distributors_take_turns_within_a_region():
    world = build()
    assert world.distributors.names == ("central", "coastal")
    for region in range(2):
        own = world.stores.distributor[world.stores.region == region]
        assert (own[1:] != own[:-1]).all()
    assert world.distributors.fill_rate[:, 0] == pytest.approx([0.97, VALUES["fill_rate"]])
    assert world.distributors.lead_time.tolist() == [2, round(VALUES["lead_time_days"])]


def test_every_store_has_one_rep_of_a_brand_with_reps_and_none_of_others():
    world = build()
    rep_of = world.reps.rep_of
    assert (rep_of[:, 0] >= 0).all()
    assert (rep_of[:, 1:] == -1).all()
    size = np.bincount(rep_of[:, 0])
    assert size.sum() == 40
    assert size.max() <= 5
    for rep in range(size.shape[0]):
        own = np.flatnonzero(rep_of[:, 0] == rep)
        assert (np.diff(own) == 1).all()
        assert np.unique(world.stores.region[own]).shape == (1,)


def test_reps_have_stayed_as_long_as_their_turnover_lets_them():
    spec = a_rep(stores_per_rep=1, visits_per_week=None)
    reps = build(market(reps={"Grove": spec}, stores=stores(customers_per_store=50)), customers=100_000).reps
    assert (reps.brand == 1).all()
    assert (reps.tenure_days < 365).mean() == pytest.approx(0.2, abs=0.04)
    assert ((reps.skill >= 0) & (reps.skill <= 1)).all()
    assert reps.skill.mean() == pytest.approx(VALUES["rep_skill_mean"], abs=0.03)
    assert (reps.visits_per_week == np.float32(VALUES["rep_visits_per_week"])).all()


def test_one_region_more_does_not_move_the_reps_of_the_others():
    few = build(market(regions={"north": 0.5, "south": 0.5}), customers=20_000)
    more = build(market(regions={"north": 0.5, "south": 0.5, "east": 1.0}), customers=40_000)
    count = few.reps.brand.shape[0]
    assert np.array_equal(few.reps.skill, more.reps.skill[:count])


def test_a_care_desks_capacity_scales_with_the_simulated_customers_whatever_the_real_market():
    real = build(market(category=category(real_households=2_000_000)), customers=20_000).care
    assert real.capacity[0] == pytest.approx(40.0)
    stated = build(customers=10_000).care
    assert stated.capacity[0] == pytest.approx(40.0 * 10_000 / VALUES["customers_default"])
    assert stated.capacity[1] == pytest.approx(VALUES["care_capacity_per_1000"] * 10.0)
    assert [CARE_POLICIES[p] for p in stated.policy] == ["apologise_and_refund", "refund", "refund"]
    assert stated.relay.tolist() == [1, 0, 0]
