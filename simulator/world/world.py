"""The initial world as columns: who lives there, where they shop, whom they know.

A world is built once per replicate, before any arm forks, and is read-only from then on: every arm of a replicate
shares it. Everything that changes during a run lives in the model's state instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.world.errors import WorldError

F16 = NDArray[np.float16]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

KNOWN_STORES = 4
"""Most stores one customer knows."""

SOURCES = ("relationship", "word_of_mouth", "campaign")
"""How a customer first came to the category's focal brand (acquisition source)."""

WEIGHT_CLASSES = ("light", "medium", "heavy")
"""Buyer classes by purchase rate: the lightest 50%, the next 30%, the heaviest 20% of customers."""


@dataclass(frozen=True)
class Brands:
    """Brands and their items (variants); ``B`` brands, ``I`` items, items of one brand are adjacent."""

    names: tuple[str, ...]
    list_price: F64  # (B,) currency per unit
    cost: F64  # (B,) currency per unit
    quality: F32  # (B,) logit units
    salience: F32  # (B,) probability that the brand comes to mind, 0..1
    known: F32  # (B,) share of customers who know the brand at the start, 0..1
    position: F32  # (B, 2) lifestyle space
    target_share: F64  # (B,) share of category purchases the market states
    item_names: tuple[str, ...]  # (I,) "Brand/variant"
    item_brand: I32  # (I,)
    item_share: F64  # (I,) share within the brand, sums to 1 per brand
    first_item: I32  # (B + 1,) items of brand b are first_item[b]:first_item[b + 1]


def patronage(loyalty: float) -> F64:
    """Share of trips to each known store, main one first, by the number of other known stores.

    Examples
    --------
    >>> patronage(0.5).round(3).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.5, 0.25, 0.25, 0.0], [0.5, 0.167, 0.167, 0.167]]
    """
    share = np.zeros((KNOWN_STORES, KNOWN_STORES))
    share[0, 0] = 1.0
    for others in range(1, KNOWN_STORES):
        share[others, 0] = loyalty
        share[others, 1 : others + 1] = (1.0 - loyalty) / others
    return share


@dataclass(frozen=True)
class Customers:
    """Static columns of ``N`` customers, ordered by main store (then by id)."""

    uid: U64  # (N,) stable identity; keys every random draw
    segment: U8  # (N,) index into World.segments
    weight: U8  # (N,) index into WEIGHT_CLASSES
    source: U8  # (N,) index into SOURCES
    position: F32  # (N, 2) lifestyle space
    rate: F32  # (N,) expected category purchases per day
    taste_kept: F16  # (N, B) taste in numbers of 16 bits: it differs by .1% from what was drawn
    price_sensitivity: F32  # (N,) coefficient of ln(price), negative, logit
    favourite: U8  # (N, B) favourite item within each brand, 0-based within the brand
    store: I32  # (N, KNOWN_STORES) known stores, -1 where none; column 0 is the main store
    loyalty: float  # share of trips to the main store of those who know several

    @property
    def taste(self) -> F32:
        """Taste, (N, B), logit, fitted so that the market's shares come out."""
        return self.taste_kept.astype(np.float32)

    @property
    def patronage(self) -> F32:
        """Share of trips to each known store, (N, KNOWN_STORES), which sums to 1: the others share alike."""
        others = (self.store[:, 1:] >= 0).sum(axis=1)
        share: F32 = patronage(self.loyalty).astype(np.float32)[others]
        return share


@dataclass(frozen=True)
class Network:
    """Friendships in CSR: friends of i are ``friends[indptr[i]:indptr[i + 1]]``; the first ``close[i]`` are close."""

    first: U32  # (N,) where the friends of each begin
    degree: U32  # (N,) how many there are
    friends: I32  # (E,) each friendship stands twice
    close: U8  # (N,)

    @classmethod
    def of(cls, indptr: I64, friends: I32, close: U8) -> Network:
        """Return the network of adjacency lists.

        Raises
        ------
        WorldError
            Where there are 2^32 friendships or more.
        """
        if friends.shape[0] > np.iinfo(np.uint32).max:
            raise WorldError(
                f"network: {friends.shape[0]:,} friendships are more than there is room for (4,294,967,295). Give "
                "customers fewer friends, or simulate fewer customers."
            )
        return cls(indptr[:-1].astype(np.uint32), np.diff(indptr).astype(np.uint32), friends, close)

    @property
    def indptr(self) -> I64:
        """Where the friends of each begin and those of the last end, (N + 1,)."""
        return np.append(self.first.astype(np.int64), self.friends.shape[0])


@dataclass(frozen=True)
class Stores:
    """Static columns of ``S`` stores."""

    region: U8  # (S,) index into World.regions
    distributor: U8  # (S,) index into World.distributors
    expected_demand: F32  # (S, I) units per day at stationarity
    delivery: U8  # (S, 7) 1 where a truck comes on that day of the week
    service: F32  # (S, R) quality of each touchpoint role, -1..1 around the expectation
    staff_position: F32  # (S, 2) lifestyle space, of the people who serve
    staff_usual: F32  # (S,) mean closeness of those people and the customers of the market


@dataclass(frozen=True)
class Reps:
    """Sales reps: one row per rep. ``rep_of`` is the territory map."""

    brand: I32  # (K,)
    skill: F32  # (K,) 0..1
    tenure_days: F32  # (K,) at day 0
    position: F32  # (K, 2)
    visits_per_week: F32  # (K,)
    stores_per_rep: F32  # (K,) in the real market; a small world's territories may be smaller
    turnover_per_year: F32  # (K,) probability of leaving within a year
    breadth: F32  # (K,) lifestyle distance at which a rep relates half as well
    usual: F32  # (K,) mean closeness of such reps and the customers of the market
    rep_of: I32  # (S, B) rep of the brand at the store, -1 where none
    accounts: U8  # (B,) 1 where reps hold customers as accounts


@dataclass(frozen=True)
class Distributors:
    """One row per distributor."""

    names: tuple[str, ...]
    fill_rate: F32  # (Dn, B) share of ordered units delivered
    lead_time: I32  # (Dn,) days
    relation: F32  # (Dn, B) of the people there with a brand, 0..1


@dataclass(frozen=True)
class CareDesks:
    """One care desk per brand, capacity scaled to the simulated population."""

    policy: U8  # (B,) index into CARE_POLICIES
    capacity: F32  # (B,) complaints answered per day
    quality: F32  # (B,) 0..1
    relay: U8  # (B,) 1 where complaints reach the brand team
    outsourced: U8  # (B,) 1 where a partner answers


CARE_POLICIES = ("ignore", "refund", "apologise_and_refund", "improve")


@dataclass(frozen=True)
class World:
    """Everything that exists before the first day. See the class of each part for shapes and units."""

    brands: Brands
    customers: Customers
    network: Network
    stores: Stores
    reps: Reps
    distributors: Distributors
    care: CareDesks
    focal: int  # index of the focal brand
    segments: tuple[str, ...]
    regions: tuple[str, ...]
    mean_utility: F64  # (B,) what everybody gets from a brand: fitted mean taste, quality, ln(salience)
    roles: tuple[str, ...]  # touchpoint roles
    role_met: F32  # (R,) probability of meeting the role on one purchase
    role_turnover: F32  # (R,) share of the staff who leave in a year
    units_per_purchase: float
    regularity: float  # Erlang shape of inter-purchase times
    real_customers: float  # households in the real market, 0 where the market file does not say

    @property
    def size(self) -> int:
        """Number of customers."""
        return int(self.customers.uid.shape[0])
