"""The model as a model of a panel: a market file from summary figures of half of the households.

The file knows shares, mean prices and how often people buy; the spread of tastes follows from how polarised the half
is, within the range that the parameter table holds plausible. Nothing else of the panel enters.
"""

from __future__ import annotations

from collections.abc import Sequence as Ordered
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from simulator.model import BrandMarket
from simulator.parameters import table
from simulator.scenario import load

from .data import Panel, Sequence
from .measures import measure

QUARTERS = 8
"""The panels ran for about two years."""
WEEKS = 13 * QUARTERS

CUSTOMERS = 6000
COPIES = 12
"""Simulated customers per household that they are compared with."""
ROUNDS = 5
"""Halvings of the range of the taste spread: to 2% of it, where polarisation moves by less than .005."""


@dataclass(frozen=True)
class Simulated:
    """Made-up households, and the spread of tastes that was chosen."""

    sequences: list[Sequence]
    taste_sd: float
    at_bound: bool


def market_of(fitted: Panel) -> dict[str, Any]:
    """A market file as a mapping, from summary figures of the panel.

    Counts of trips are taken to be negative binomial (mean and variance), over `QUARTERS` quarters.
    """
    found = measure(fitted.chosen, len(fitted.brands))
    counts = np.array(fitted.lengths, np.float64)
    shape = counts.mean() ** 2 / max(counts.var(ddof=1) - counts.mean(), 1e-3)
    rate = counts.mean() / QUARTERS
    penetration = 1.0 - (1.0 + rate / shape) ** -shape
    return {
        "schema": "brandsim-market/1",
        "name": fitted.name,
        "category": {
            "penetration": float(penetration),
            "purchases_per_buyer": f"{rate / penetration} per quarter",
        },
        "brands": {
            brand: {"share": float(share), "price": float(price)}
            for brand, share, price in zip(fitted.brands, found.share, fitted.mean_price, strict=True)
        },
    }


def live(market: dict[str, Any], taste_sd: float, seed: int) -> list[Sequence]:
    """Run the market undisturbed for as long as the panels; return each customer's choices in order."""
    weeks = WEEKS - int(table()["observed_weeks"].central)
    focal = next(iter(market["brands"]))
    asked = {"name": market["name"], "market": market, "focal_brand": focal, "customers": CUSTOMERS, "events": []}
    values = dict(table().central()) | {"taste_sd": taste_sd}
    model = BrandMarket(
        load({**asked, "horizon": f"{weeks} weeks"}), rng=seed, arm="baseline", values=values, panel=True, warm_up=False
    )
    model.run_until(model.last_day)
    bought = model.purchases()
    bought = bought[bought["day"] >= 7 * (weeks - WEEKS)].sort_values(["customer", "day"], kind="stable")
    ends = np.cumsum(np.bincount(bought["customer"], minlength=CUSTOMERS))
    return np.split(bought["brand"].to_numpy(np.int64), ends[:-1])


def as_long_as(sequences: Ordered[Sequence], lengths: Ordered[int]) -> list[Sequence]:
    """For each length `COPIES` customers of their own, with the fewest trips that suffice, cut to it.

    Panels hold households of some minimum number of trips; comparing like with like takes out who was selected.
    """
    ordered = sorted(sequences, key=len)
    sizes = np.array([len(one) for one in ordered])
    made: list[Sequence] = []
    taken = 0
    for rank, n in enumerate(sorted(lengths)):
        last_start = len(ordered) - COPIES * (len(lengths) - rank)  # leaves enough for the longer ones
        first = min(max(int(np.searchsorted(sizes, n)), taken), last_start)
        taken = first + COPIES
        made.extend(one[:n] for one in ordered[first:taken])
    return made


def plausible() -> tuple[float, float]:
    """The parameter table's range of the spread of tastes."""
    row = table()["taste_sd"]
    return row.low, row.high


def simulate(fitted: Panel, lengths: Ordered[int], bounds: tuple[float, float], seed: int = 1) -> Simulated:
    """Choose the taste spread by the polarisation of the fitted half; return households with ``lengths`` trips."""
    market = market_of(fitted)
    brands = len(fitted.brands)
    wanted = measure(fitted.chosen, brands).polarisation
    low, high = bounds

    def excess(taste_sd: float) -> float:
        return measure(as_long_as(live(market, taste_sd, seed), fitted.lengths), brands).polarisation - wanted

    if excess(high) <= 0.0:
        spread, bound = high, True
    elif excess(low) >= 0.0:
        spread, bound = low, True
    else:
        spread = float(brentq(excess, low, high, xtol=(high - low) / 2**ROUNDS))
        bound = False
    return Simulated(as_long_as(live(market, spread, seed), lengths), spread, bound)
