"""Build a world from a market: the one way in to this room.

Everything drawn here is keyed by the run and by who draws it, so the same market, parameter values, seed and replicate
give the same world, and every arm of a replicate can share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from simulator.randomness import run_key
from simulator.world import population, tastes
from simulator.world.edges import network_from_edges
from simulator.world.errors import WorldError
from simulator.world.network import small_world
from simulator.world.population import given
from simulator.world.reps import hire_reps, open_care_desks
from simulator.world.stores import choose_stores, furnish, hire_distributors, plan_stores, region_names
from simulator.world.world import F32, F64, U8, U64, Brands, Customers, Network, Reps, Stores, World

if TYPE_CHECKING:
    from simulator.scenario import Market


def build_world(
    market: Market, values: Mapping[str, float], *, focal: str, customers: int, seed: int, replicate: int
) -> World:
    """Build the world of one replicate.

    Parameters
    ----------
    market : Market
        Brands, category, customers, stores, reps, care and network; ``None`` takes the parameter table's value.
    values : mapping of str to float
        Parameter values by name.
    focal : str
        Name of the brand the scenario is about.
    customers : int
        Number of customers (households of the category, those who never buy it included).
    seed, replicate : int
        Nothing else enters the random draws.

    Returns
    -------
    World

    Raises
    ------
    WorldError
        Where the market asks for what cannot be: an unknown focal brand, a penetration that the purchases cannot
        reach, shares that no tastes give, an edge list that cannot be read.
    """
    if focal not in market.brands:
        raise WorldError(f"focal_brand: {focal!r} is not a brand of the market; it has {', '.join(market.brands)}.")
    if customers < 1:
        raise WorldError(f"customers: {customers} is too few; a world needs at least one customer.")
    run = run_key(seed, replicate)
    brands = assemble_brands(market, values)
    law = population.solve_rates(market, values)
    plan = plan_stores(market, values, customers)

    born = np.arange(customers, dtype=np.uint64)
    region, store = choose_stores(run, born, market, values, plan)
    order = np.argsort(store[:, 0], kind="stable")
    uid, region, store = born[order], region[order], store[order]

    people = population.draw_people(run, uid, market, values, law, brands.position)
    with ThreadPoolExecutor(1) as aside:  # who knows whom and who likes what have nothing to do with each other
        friends = aside.submit(_befriend, run, market, values, people, region, law.segment_share)
        first_born = np.arange(tastes.reference_size(customers), dtype=np.uint64)
        reference = (
            people.subset(uid < first_born.shape[0])
            if customers >= first_born.shape[0]
            else population.draw_people(run, first_born, market, values, law, brands.position)
        )
        means = _fit(reference, brands, values)
        taste = (people.leaning + means).astype(np.float16)
        shares = tastes.long_run_shares(taste, people.price_sensitivity, brands, values)
        settled = Customers(
            uid=uid,
            segment=people.segment,
            weight=people.weight,
            source=people.source,
            position=people.position,
            rate=people.rate,
            taste_kept=taste,
            price_sensitivity=people.price_sensitivity,
            favourite=people.favourite,
            store=store,
            loyalty=values["store_loyalty"],
        )
        stores = furnish(run, market, values, plan, brands, settled, shares, law.segment_share)
    return assemble(
        market,
        values,
        brands=brands,
        customers=settled,
        network=friends.result(),
        stores=stores,
        reps=hire_reps(run, market, values, plan, law.segment_share),
        focal=list(market.brands).index(focal),
        mean_utility=means + tastes.common_utility(brands),
    )


def assemble(
    market: Market,
    values: Mapping[str, float],
    *,
    brands: Brands,
    customers: Customers,
    network: Network,
    stores: Stores,
    reps: Reps,
    focal: int,
    mean_utility: F64,
) -> World:
    """Put a world together: what was drawn, and what the market states."""
    roles = market.stores.roles
    return World(
        brands=brands,
        customers=customers,
        network=network,
        stores=stores,
        reps=reps,
        distributors=hire_distributors(market, values),
        care=open_care_desks(market, values, customers.uid.shape[0]),
        focal=focal,
        segments=population.segment_names(market),
        regions=region_names(market),
        mean_utility=mean_utility,
        roles=tuple(roles),
        role_met=np.array([role.met for role in roles.values()], np.float32),
        role_turnover=np.array(
            [given(role.turnover_per_year, values, "staff_turnover_per_year") for role in roles.values()], np.float32
        ),
        units_per_purchase=given(market.category.units_per_purchase, values, "units_per_purchase_default"),
        regularity=given(market.category.regularity, values, "regularity_default"),
        real_customers=float(market.category.real_households or 0.0),
    )


def assemble_brands(market: Market, values: Mapping[str, float]) -> Brands:
    """Put the brands and their items into columns; a brand without items sells one that bears its name."""
    stated = market.brands
    price = np.array([b.price for b in stated.values()], np.float64)
    item_names: list[str] = []
    item_brand: list[int] = []
    item_share: list[float] = []
    first = [0]
    for index, (name, brand) in enumerate(stated.items()):
        items = dict(brand.items) or {"": 1.0}
        total = sum(items.values())
        for item, share in items.items():
            item_names.append(f"{name}/{item}" if item else name)
            item_brand.append(index)
            item_share.append(share / total)
        first.append(len(item_names))
    target = np.array([b.share for b in stated.values()], np.float64)
    return Brands(
        names=tuple(stated),
        list_price=price,
        cost=np.array(
            [b.price * values["brand_cost_share"] if b.cost is None else b.cost for b in stated.values()], np.float64
        ),
        quality=np.array([b.quality or 0.0 for b in stated.values()], np.float32),
        salience=np.array([given(b.salience, values, "salience_default") for b in stated.values()], np.float32),
        known=np.array([1.0 if b.known is None else b.known for b in stated.values()], np.float32),
        position=np.array([b.position or (0.0, 0.0) for b in stated.values()], np.float32),
        target_share=target / target.sum(),
        item_names=tuple(item_names),
        item_brand=np.array(item_brand, np.int32),
        item_share=np.array(item_share, np.float64),
        first_item=np.array(first, np.int32),
    )


def _fit(reference: population.People, brands: Brands, values: Mapping[str, float]) -> F32:
    """Find the brand means of the tastes, on ``reference``."""
    means = tastes.fit_means(
        tastes.utility(reference.leaning, reference.price_sensitivity, brands),
        reference.rate,
        brands.target_share,
        gamma=values["inertia"],
        autopilot=values["autopilot_ceiling"],
    )
    return means.astype(np.float32)


def _befriend(
    run: np.uint64,
    market: Market,
    values: Mapping[str, float],
    people: population.People,
    region: U8,
    segment_share: F64,
) -> Network:
    """Make friends: from the market's edge list if it has one, else a small world."""
    spec = market.network
    close = round(given(spec.close_ties, values, "close_ties"))
    uid: U64 = people.uid
    if spec.edges is not None:
        rows = np.empty(uid.shape[0], np.int32)
        rows[uid.astype(np.int64)] = np.arange(uid.shape[0], dtype=np.int32)
        return network_from_edges(spec.edges, uid.shape[0], close_ties=close, rows=rows)
    return small_world(
        run,
        uid,
        region,
        people.segment,
        segment_share,
        close_ties=close,
        wider_ties=round(given(spec.wider_ties, values, "wider_ties")),
        rewiring=given(spec.rewiring, values, "network_rewiring"),
        homophily=given(spec.homophily, values, "network_homophily"),
    )
