"""Who looks after the shelves and the complaints: sales reps with territories, and a care desk per brand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simulator.randomness import Stream, normals, uniforms
from simulator.world.population import given
from simulator.world.rapport import ORDINARY_BREADTH, mean_closeness
from simulator.world.stores import Plan
from simulator.world.world import CARE_POLICIES, F64, CareDesks, Reps

if TYPE_CHECKING:
    from simulator.scenario import Market

_BRAND_ID, _REGION_ID = np.uint64(1 << 48), np.uint64(1 << 32)
"""A rep's id: brand and region by position in the market file, then the territory's number in the region."""

_YEAR_DAYS = 365.0


def hire_reps(run: np.uint64, market: Market, values: Mapping[str, float], plan: Plan, segment_share: F64) -> Reps:
    """Give each brand that has reps enough of them, with neighbouring stores of one region as a territory.

    Territories of a region differ by at most one store. Tenure is exponential, as it is where people leave at the
    given rate whenever they came.
    """
    names = list(market.brands)
    rep_of = np.full((plan.region.shape[0], len(names)), -1, np.int32)
    ids: list[np.uint64] = []
    brand: list[int] = []
    visits: list[float] = []
    territories: list[float] = []
    turnover: list[float] = []
    breadth: list[float] = []
    accounts = np.array([name in market.reps and bool(market.reps[name].accounts) for name in names], np.uint8)
    for name, spec in market.reps.items():
        b = names.index(name)
        territory = max(given(spec.stores_per_rep, values, "stores_per_rep"), 1.0)
        for region in range(len(plan.regions)):
            stores = np.arange(plan.first[region], plan.first[region + 1])
            for number, own in enumerate(np.array_split(stores, int(np.ceil(stores.shape[0] / territory)))):
                rep_of[own, b] = len(brand)
                ids.append(np.uint64(b) * _BRAND_ID + np.uint64(region) * _REGION_ID + np.uint64(number))
                brand.append(b)
                territories.append(territory)
                visits.append(given(spec.visits_per_week, values, "rep_visits_per_week"))
                turnover.append(given(spec.turnover_per_year, values, "rep_turnover_per_year"))
                breadth.append(ORDINARY_BREADTH if spec.breadth is None else spec.breadth)
    uid = np.array(ids, np.uint64)
    z = normals(run, Stream.REP, 0, uid)
    stay = uniforms(run, Stream.REP, 0, uid, draw=1)[:, 0]
    leaving = -np.log1p(-np.clip(np.array(turnover), 1e-3, 1.0 - 1e-3)) / _YEAR_DAYS
    wide = np.array(breadth, np.float64)
    # a rep may stand anywhere, and so may whoever follows: the mean is over both sides
    apart = float(np.hypot(values["lifestyle_radius"], values["lifestyle_spread"]))
    usual = mean_closeness(np.zeros((wide.shape[0], 2)), wide, apart, segment_share, values)
    return Reps(
        brand=np.array(brand, np.int32),
        skill=np.clip(values["rep_skill_mean"] + values["rep_skill_sd"] * z[:, 0], 0.0, 1.0).astype(np.float32),
        tenure_days=(-np.log(stay) / leaving).astype(np.float32),
        position=(values["lifestyle_radius"] * z[:, 1:3]).astype(np.float32),
        visits_per_week=np.array(visits, np.float32),
        stores_per_rep=np.array(territories, np.float32),
        turnover_per_year=np.array(turnover, np.float32),
        breadth=wide.astype(np.float32),
        usual=usual,
        rep_of=rep_of,
        accounts=accounts,
    )


def open_care_desks(market: Market, values: Mapping[str, float], customers: int) -> CareDesks:
    """Open a care desk per brand, with the capacity that falls to the simulated customers.

    A stated number of answers per day serves ``customers_default`` customers, and scales with the population. What is
    left out comes from the table, per thousand customers; a brand without an entry refunds.
    """
    part = customers / values["customers_default"]
    brands = len(market.brands)
    policy = np.full(brands, CARE_POLICIES.index("refund"), np.uint8)
    capacity = np.full(brands, values["care_capacity_per_1000"] * customers / 1000.0, np.float32)
    quality = np.full(brands, values["care_quality_default"], np.float32)
    relay = np.zeros(brands, np.uint8)
    outsourced = np.zeros(brands, np.uint8)
    for b, name in enumerate(market.brands):
        spec = market.care.get(name)
        if spec is None:
            continue
        if spec.policy is not None:
            policy[b] = CARE_POLICIES.index(spec.policy)
        if spec.capacity_per_day is not None:
            capacity[b] = spec.capacity_per_day * part
        if spec.quality is not None:
            quality[b] = spec.quality
        relay[b] = bool(spec.relay)
        outsourced[b] = spec.outsourced
    return CareDesks(policy=policy, capacity=capacity, quality=quality, relay=relay, outsourced=outsourced)
