"""A world in which nothing is drawn: every column of the right kind and shape, and nothing in it that is true.

From its tables the compiler learns what it has to know of any world, before a world can be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simulator.world.build import assemble, assemble_brands
from simulator.world.stores import DAYS
from simulator.world.world import KNOWN_STORES, Customers, Network, Reps, Stores, World

if TYPE_CHECKING:
    from simulator.scenario import Market

PEOPLE, STORES, REPS = 8, 2, 2
"""More than one of each: of a single row nobody can tell in which order the numbers of a table lie."""


def sketch(market: Market, values: Mapping[str, float]) -> World:
    """Return a world of a few customers who are all alike and have no friends."""
    brands = assemble_brands(market, values)
    kinds, items, roles = len(brands.names), len(brands.item_names), len(market.stores.roles)
    return assemble(
        market,
        values,
        brands=brands,
        customers=Customers(
            uid=np.arange(PEOPLE, dtype=np.uint64),
            segment=np.zeros(PEOPLE, np.uint8),
            weight=np.zeros(PEOPLE, np.uint8),
            source=np.zeros(PEOPLE, np.uint8),
            position=np.zeros((PEOPLE, 2), np.float32),
            rate=np.full(PEOPLE, 0.1, np.float32),
            taste_kept=np.zeros((PEOPLE, kinds), np.float16),
            price_sensitivity=np.full(PEOPLE, -1.0, np.float32),
            favourite=np.zeros((PEOPLE, kinds), np.uint8),
            store=np.zeros((PEOPLE, KNOWN_STORES), np.int32),
            loyalty=values["store_loyalty"],
        ),
        network=Network(
            first=np.zeros(PEOPLE, np.uint32),
            degree=np.zeros(PEOPLE, np.uint32),
            friends=np.zeros(0, np.int32),
            close=np.zeros(PEOPLE, np.uint8),
        ),
        stores=Stores(
            region=np.zeros(STORES, np.uint8),
            distributor=np.zeros(STORES, np.uint8),
            expected_demand=np.ones((STORES, items), np.float32),
            delivery=np.ones((STORES, DAYS), np.uint8),
            service=np.zeros((STORES, roles), np.float32),
            staff_position=np.zeros((STORES, 2), np.float32),
            staff_usual=np.zeros(STORES, np.float32),
        ),
        reps=Reps(
            brand=np.zeros(REPS, np.int32),
            skill=np.zeros(REPS, np.float32),
            tenure_days=np.zeros(REPS, np.float32),
            position=np.zeros((REPS, 2), np.float32),
            visits_per_week=np.ones(REPS, np.float32),
            stores_per_rep=np.ones(REPS, np.float32),
            turnover_per_year=np.zeros(REPS, np.float32),
            breadth=np.ones(REPS, np.float32),
            usual=np.zeros(REPS, np.float32),
            rep_of=np.full((STORES, kinds), -1, np.int32),
            accounts=np.zeros(kinds, np.uint8),
        ),
        focal=0,
        mean_utility=np.zeros(kinds),
    )
