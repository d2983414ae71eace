"""Where they shop: stores by region, who knows which, what they should sell, who delivers, how staff serve.

The number of stores follows the number of customers (it is the one thing that must); which of them a customer knows is
the customer's own draw. A region has at least two stores, so that there is always another one to go to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.compilation import allocating_kernel
from simulator.randomness import Stream, normals, uniforms
from simulator.world.population import choose, given
from simulator.world.rapport import ORDINARY_BREADTH, mean_closeness, staff_positions
from simulator.world.world import F32, F64, I32, KNOWN_STORES, U8, U64, Brands, Customers, Distributors, Stores

if TYPE_CHECKING:
    from simulator.scenario import Market

LEAST_PER_REGION = 2
DAYS = 7

_KNOWN = ("known_stores_one", "known_stores_two", "known_stores_three", "known_stores_four")
_REGION_ID = np.uint64(1 << 32)
"""A store's id is its region's index times this, plus its number in the region: stable when another region grows."""


@dataclass(frozen=True)
class Plan:
    """How many stores stand in each region; stores of one region are adjacent."""

    regions: tuple[str, ...]
    share: F64  # (Q,) of customers
    first: I32  # (Q + 1,) stores of region q are first[q]:first[q + 1]

    @property
    def region(self) -> U8:
        """Region of each store, shape (S,)."""
        return np.repeat(np.arange(len(self.regions), dtype=np.uint8), np.diff(self.first))

    @property
    def ids(self) -> U64:
        """Stable id of each store, shape (S,)."""
        region = self.region
        number = np.arange(region.shape[0]) - self.first[region]
        return region.astype(np.uint64) * _REGION_ID + number.astype(np.uint64)


def plan_stores(market: Market, values: Mapping[str, float], customers: int) -> Plan:
    """Decide how many stores each region has."""
    share = np.array(list(market.regions.values()) or [1.0], np.float64)
    share /= share.sum()
    per_store = given(market.stores.customers_per_store, values, "customers_per_store")
    count = np.maximum(np.rint(customers * share / per_store).astype(np.int64), LEAST_PER_REGION)
    first = np.concatenate(([0], np.cumsum(count))).astype(np.int32)
    return Plan(region_names(market), share, first)


def region_names(market: Market) -> tuple[str, ...]:
    """Names of the regions; a market without regions has one."""
    return tuple(market.regions) or ("everywhere",)


@allocating_kernel
def fill_known(u: F64, region: U8, count: I32, first: I32, store: I32) -> None:
    """Draw each customer's stores without repetition, the main one first.

    Parameters
    ----------
    u : (n, 4) uniforms
    region, count : (n,) where the customer lives and how many stores the customer knows
    first : (Q + 1,) stores by region
    store : (n, 4) filled
    """
    for i in range(u.shape[0]):
        low = first[region[i]]
        size = first[region[i] + 1] - low
        known = min(count[i], size)
        for k in range(known):
            pick = min(int(u[i, k] * (size - k)), size - k - 1)
            # The pick counts the stores not yet taken: step over the taken ones, lowest first.
            last = -1
            while True:
                nearest = size
                for j in range(k):
                    taken = store[i, j] - low
                    if last < taken < nearest:
                        nearest = taken
                if nearest > pick:
                    break
                pick += 1
                last = nearest
            store[i, k] = low + pick


def choose_stores(run: np.uint64, uid: U64, market: Market, values: Mapping[str, float], plan: Plan) -> tuple[U8, I32]:
    """Draw where customers live and shop: region (n,) and known stores (n, 4)."""
    shares = market.stores.per_customer
    known = np.array(shares if shares is not None else [values[name] for name in _KNOWN], np.float64)
    where = uniforms(run, Stream.STORE, 0, uid)
    which = uniforms(run, Stream.STORE, 0, uid, draw=1)
    region = choose(where[:, 0], plan.share).astype(np.uint8)
    count = (choose(where[:, 1], known / known.sum()) + 1).astype(np.int32)
    store = np.full((uid.shape[0], KNOWN_STORES), -1, np.int32)
    fill_known(which, region, count, plan.first, store)
    return region, store


@allocating_kernel
def add_demand(store: I32, patronage: F32, rate: F32, shares: F32, out: F64) -> None:
    """Add up expected purchases per day by store and brand, ``out`` (S, B), from (N, 4), (N, 4), (N,), (N, B)."""
    for i in range(store.shape[0]):
        for k in range(store.shape[1]):
            if store[i, k] >= 0:
                purchases = patronage[i, k] * rate[i]
                for b in range(shares.shape[1]):
                    out[store[i, k], b] += purchases * shares[i, b]


def furnish(
    run: np.uint64,
    market: Market,
    values: Mapping[str, float],
    plan: Plan,
    brands: Brands,
    people: Customers,
    shares: F32,
    segment_share: F64,
) -> Stores:
    """Put demand, deliveries, distributors and staff into the planned stores.

    Service is the market's quality of the role (0..1) less ``service_reference``, the quality that customers expect of
    any store, with a spread between stores.
    """
    ids = plan.ids
    stores = ids.shape[0]
    sold = np.zeros((stores, len(brands.names)))
    add_demand(people.store, people.patronage, people.rate, shares, sold)
    units = given(market.category.units_per_purchase, values, "units_per_purchase_default")
    demand = sold[:, brands.item_brand] * brands.item_share * units
    roles = list(market.stores.roles.values())
    service = np.empty((stores, len(roles)), np.float32)
    for r, role in enumerate(roles):
        spread = values["store_service_sd"] * normals(run, Stream.STORE_SERVICE, 0, ids, partner=r)[:, 0]
        service[:, r] = np.clip(role.quality - values["service_reference"] + spread, -1.0, 1.0)
    delivery = np.zeros((stores, DAYS), np.uint8)
    delivery[:, list(market.stores.delivery)] = 1
    position = staff_positions(run, ids, values)
    breadth = np.full(stores, ORDINARY_BREADTH)
    usual = mean_closeness(position.astype(np.float64), breadth, values["lifestyle_spread"], segment_share, values)
    return Stores(
        region=plan.region,
        distributor=_assign_distributors(run, plan, len(market.distributors) or 1),
        expected_demand=demand.astype(np.float32),
        delivery=delivery,
        service=service,
        staff_position=position,
        staff_usual=usual,
    )


def _assign_distributors(run: np.uint64, plan: Plan, count: int) -> U8:
    """Deal distributors to the stores of each region in turn, from a drawn start."""
    regions = np.arange(len(plan.regions), dtype=np.uint64)
    start = (uniforms(run, Stream.STORE, 1, regions)[:, 0] * count).astype(np.int64)
    region = plan.region
    number = np.arange(region.shape[0]) - plan.first[region]
    return ((start[region] + number) % count).astype(np.uint8)


def hire_distributors(market: Market, values: Mapping[str, float]) -> Distributors:
    """Set up the market's distributors; a market without any is served by one with the table's values."""
    stated = list(market.distributors.values())
    middling = values["relation_default"]
    relation = [[d.relations.get(name, middling) for name in market.brands] for d in stated] or [
        [middling] * len(market.brands)
    ]
    fill = [given(d.fill_rate, values, "fill_rate") for d in stated] or [values["fill_rate"]]
    lead = [given(d.lead_time_days, values, "lead_time_days") for d in stated] or [values["lead_time_days"]]
    return Distributors(
        names=tuple(market.distributors) or ("distributor",),
        fill_rate=np.repeat(np.array(fill, np.float32)[:, None], len(market.brands), axis=1),
        lead_time=np.rint(lead).astype(np.int32),
        relation=np.array(relation, np.float32),
    )
