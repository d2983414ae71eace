"""A small market with the attributes that building a world reads, for the tests of the world."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

from simulator.parameters import table
from simulator.world import World, build_world

VALUES = dict(table().central())


def brand(share: float, price: float, **stated: Any) -> SimpleNamespace:
    left_out = {"cost": None, "quality": None, "items": {}, "salience": None, "known": None, "position": None}
    return SimpleNamespace(share=share, price=price, **(left_out | stated))


def market(**changes: Any) -> Any:
    """Three brands, two segments, two regions; ``changes`` replace whole parts."""
    parts = {
        "category": category(),
        "brands": {
            "Sun": brand(0.42, 4.49, cost=2.7, quality=0.1, items={"pulp": 0.6, "smooth": 0.4}, salience=0.9),
            "Grove": brand(0.22, 4.29, items={"original": 1.0}, position=(0.5, -0.5)),
            "Own": brand(0.36, 3.19),
        },
        "segments": {
            "families": SimpleNamespace(share=0.35, rate=1.6, price_sensitivity=1.2),
            "couples": SimpleNamespace(share=0.65, rate=1.0, price_sensitivity=1.0),
        },
        "regions": {"north": 0.4, "south": 0.6},
        "stores": stores(),
        "distributors": {
            "central": SimpleNamespace(fill_rate=0.97, lead_time_days=2, relations={}),
            "coastal": SimpleNamespace(fill_rate=None, lead_time_days=None, relations={}),
        },
        "reps": {"Sun": rep()},
        "care": {
            "Sun": SimpleNamespace(
                policy="apologise_and_refund", capacity_per_day=40.0, quality=None, outsourced=False, relay=True
            )
        },
        "network": network(),
    }
    return SimpleNamespace(**(parts | changes))


def category(**changes: Any) -> SimpleNamespace:
    parts = {
        "penetration": 0.7,
        "purchases_per_buyer": 2.6,
        "regularity": 1.5,
        "units_per_purchase": 1.2,
        "real_households": None,
    }
    return SimpleNamespace(**(parts | changes))


def stores(**changes: Any) -> SimpleNamespace:
    parts = {
        "customers_per_store": 500,
        "per_customer": (0.3, 0.45, 0.25, 0.0),
        "review_days": 1,
        "delivery": (0, 3),
        "roles": {
            "cashier": role(0.95, 0.7),
            "shelf_stocker": role(0.10, 0.6),
        },
    }
    return SimpleNamespace(**(parts | changes))


def role(met: float, quality: float) -> SimpleNamespace:
    return SimpleNamespace(met=met, quality=quality, turnover_per_year=None)


def rep(**changes: Any) -> SimpleNamespace:
    parts = {
        "stores_per_rep": 5,
        "visits_per_week": 1.0,
        "turnover_per_year": 0.2,
        "accounts": None,
        "breadth": None,
    }
    return SimpleNamespace(**(parts | changes))


def network(**changes: Any) -> SimpleNamespace:
    parts = {"close_ties": 4, "wider_ties": 6, "rewiring": 0.1, "homophily": 0.3, "edges": None}
    return SimpleNamespace(**(parts | changes))


def build(
    the_market: Any = None, *, customers: int = 20_000, seed: int = 1, replicate: int = 0, **values: float
) -> World:
    the_market = the_market or market()
    focal = next(iter(the_market.brands))
    return build_world(the_market, VALUES | values, focal=focal, customers=customers, seed=seed, replicate=replicate)


def columns(part: Any) -> dict[str, Any]:
    """Columns of one part of a world by name."""
    found = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return {name: value for name, value in found.items() if not isinstance(value, float)}
