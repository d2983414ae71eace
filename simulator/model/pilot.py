"""Aim a little beside the target, by as much as a pilot misses it.

Tastes and purchase rates are fitted in closed form, for full shelves and tastes that stand still. Shelves that run
empty and habits that lag behind drifting tastes move a lived market a little away from what its file states, so a few
small undisturbed worlds are run first, and the world is built for the stated figures less what those missed. Each
pilot is compared with what the closed form expects of its very customers (with their tastes of the moment), which
leaves the noise of choices alone. Markets are few, so what was learned of one is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.remembered import Remembered, code_hash, key_of
from simulator.world import WorldError
from simulator.world.population import QUARTER_DAYS, share_without_purchase, solve_rates
from simulator.world.tastes import stationary_shares

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket
    from simulator.scenario import Market, Scenario

PILOTS = 12
"""Undisturbed worlds; with their customers the correction of a large share is off by about 0.1 points."""
PILOT_CUSTOMERS = 8_000
THREADS = 2
PILOT_SEED = 7_001
"""Seed of the pilots, away from those that people choose."""
QUARTERS = 4
"""The observed year before launch, in the quarters in which penetration and frequency are stated."""
MOST = 0.25
"""Largest correction of a figure, relative to it; a market that needs more is reported as missed."""

_lock = threading.Lock()
_learned: dict[str, Any] = {}


def year_figures(
    customer: NDArray[Any], day: NDArray[Any], brand: NDArray[Any], customers: int, brands: int
) -> NDArray[np.float64]:
    """Return brand shares of purchases, mean quarterly penetration, purchases per buyer and quarter.

    Parameters
    ----------
    customer, day, brand : array, shape (P,)
        Purchases; those outside the 364 days before day 0 are left out.
    customers, brands : int
        How many there are.

    Examples
    --------
    >>> year_figures(np.array([0, 0, 1]), np.array([-3, -2, -100]), np.array([0, 1, 1]), 4, 2).round(3).tolist()
    [0.333, 0.667, 0.125, 1.5]
    """
    year = (day >= -QUARTERS * QUARTER_DAYS) & (day < 0)
    shares = np.bincount(brand[year], minlength=brands) / max(1, int(year.sum()))
    quarter = day[year].astype(np.int64) // QUARTER_DAYS + QUARTERS
    buyer_quarters = np.unique(customer[year].astype(np.int64) * QUARTERS + quarter).shape[0]
    penetration = buyer_quarters / (QUARTERS * customers)
    frequency = int(year.sum()) / max(1, buyer_quarters)
    return np.concatenate((shares, (penetration, frequency)))


@dataclass(frozen=True)
class Aim:
    """What pilots learned of a market.

    Attributes
    ----------
    market : Market
        The market with its targets moved.
    error : array, shape (B + 2,)
        Standard error of the moves, relative to the figures: shares, penetration, purchases per buyer and quarter.
    """

    market: Market
    error: NDArray[np.float64]


def aim(scenario: Scenario, values: Mapping[str, float]) -> Aim:
    """Return the scenario's market with its targets moved by what pilots miss.

    Parameters
    ----------
    scenario : Scenario
        Only its market counts.
    values : mapping
        The parameter table's central values.
    """
    market = scenario.market
    pilot = known_to_all(market.model_copy(update={"network": market.network.model_copy(update={"edges": None})}))
    size = f"{PILOTS} x {PILOT_CUSTOMERS}"
    key = key_of(code_hash(("world", "model")), size, pilot.model_dump_json(), repr(sorted(values.items())))
    with _lock:
        if key not in _learned:
            kept = Remembered("pilots")
            learned = kept.get(key)
            if learned is None:
                quiet = scenario.model_copy(update={"market": pilot, "events": (), "customers": PILOT_CUSTOMERS})
                with ThreadPoolExecutor(THREADS) as pool:
                    ratios = np.array(list(pool.map(lambda k: _run(quiet, k, values), range(PILOTS))))
                error = ratios.std(axis=0, ddof=1) / np.sqrt(PILOTS)
                learned = {"ratio": ratios.mean(axis=0).tolist(), "error": error.tolist()}
                kept.put(key, learned)
            _learned[key] = learned
        learned = _learned[key]
    return Aim(_moved(market, np.array(learned["ratio"]), values), np.array(learned["error"]))


def known_to_all(market: Market) -> Market:
    """Return the market with every brand known to everybody, in which its stated shares are those of purchases."""
    brands = {name: brand.model_copy(update={"known": None}) for name, brand in market.brands.items()}
    return market.model_copy(update={"brands": brands})


def _run(quiet: Scenario, replicate: int, values: Mapping[str, float]) -> NDArray[np.float64]:
    """Run one pilot; return what was bought relative to what the closed form expects of the same customers."""
    from simulator.model.market import BrandMarket

    model = BrandMarket(
        quiet,
        rng=PILOT_SEED,
        replicate=replicate,
        arm="baseline",
        values=values,
        panel=True,
        warm_up=False,
        aim=False,
    )
    shares = []
    for quarter in range(QUARTERS):
        model.run_until(QUARTER_DAYS * (quarter - QUARTERS) + QUARTER_DAYS // 2)
        shares.append(_closed_form(model))
    model.run_until(0)
    bought = model.purchases()
    customer, day, brand = (bought[name].to_numpy() for name in ("customer", "day", "brand"))
    lived = year_figures(customer, day, brand, model.world.size, len(model.world.brands.names))
    rate = model.world.customers.rate.astype(np.float64)
    penetration = 1.0 - float(share_without_purchase(QUARTER_DAYS * rate, model.world.regularity).mean())
    frequency = QUARTER_DAYS * float(rate.mean()) / penetration
    model.release()
    return lived / np.concatenate((np.mean(shares, axis=0), (penetration, frequency)))


def _closed_form(model: BrandMarket) -> NDArray[np.float64]:
    """Brand shares that the closed form expects of a model's customers with their tastes of today."""
    rate = model.world.customers.rate.astype(np.float64)
    shares = stationary_shares(
        model.state.life.ties["utility"].astype(np.float64),
        gamma=model.values["inertia"],
        autopilot=model.values["autopilot_ceiling"],
    )
    return np.asarray(rate @ shares.astype(np.float64) / rate.sum())


def _moved(market: Market, ratio: NDArray[np.float64], values: Mapping[str, float]) -> Market:
    """Return the market with every target divided by what pilots made of it."""
    factor = np.clip(1.0 / np.maximum(ratio, 1e-12), 1.0 - MOST, 1.0 + MOST)
    share = np.array([brand.share for brand in market.brands.values()]) * factor[:-2]
    share /= share.sum()
    brands = {
        name: brand.model_copy(update={"share": float(part)})
        for (name, brand), part in zip(market.brands.items(), share, strict=True)
    }
    category = market.category.model_copy(
        update={
            "penetration": min(market.category.penetration * float(factor[-2]), 1.0),
            "purchases_per_buyer": max(market.category.purchases_per_buyer * float(factor[-1]), 1.0),
        }
    )
    moved = market.model_copy(update={"brands": brands, "category": category})
    try:
        solve_rates(moved, values)
    except WorldError:
        # at the edge of what can be: the stated figures are met as nearly as the closed form meets them
        moved = market.model_copy(update={"brands": brands})
    return moved
