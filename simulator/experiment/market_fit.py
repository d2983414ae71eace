"""Whether a market, left alone, is the market that its file states: shares, penetration, frequency.

The verdict compares a change with the undisturbed market, so that market had better be the stated one. A few worlds run
through the warm-up and the observed year without any event, at the central values of all parameters; what their
customers bought is set beside the targets. What differs between the worlds is luck alone, so their spread says how far
a figure may be off by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulator.experiment.processors import default_jobs
from simulator.model import BrandMarket
from simulator.model.pilot import aim, known_to_all, year_figures
from simulator.parameters import table
from simulator.scenario import Scenario, load, load_market

REPLICATES = 8
"""Worlds where nothing is said: enough for a spread between them, few enough for seconds."""

FALSE_ALARM = 0.05
"""Chance that a market which is right to the letter has any of its figures called off target."""


@dataclass(frozen=True)
class Figure:
    """One thing the market file states, and what its customers did.

    Attributes
    ----------
    name : str
        Such as ``"share of Sunfield"``.
    target : float
        What the market states.
    values : tuple of float
        The figure in each replicate.
    margin : float
        How far the mean over replicates may be off by sampling error.
    """

    name: str
    target: float
    values: tuple[float, ...]
    margin: float

    @property
    def simulated(self) -> float:
        """Mean over replicates."""
        return float(np.mean(self.values))

    @property
    def missed(self) -> bool:
        """Whether the figure is off by more than sampling error allows."""
        return abs(self.simulated - self.target) > self.margin

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return {
            "name": self.name,
            "target": self.target,
            "simulated": self.simulated,
            "margin": self.margin,
            "missed": self.missed,
        }


@dataclass(frozen=True)
class MarketFit:
    """Targets of a market against its undisturbed year."""

    market: str
    customers: int
    replicates: int
    seed: int
    figures: tuple[Figure, ...]

    @property
    def missed(self) -> tuple[Figure, ...]:
        """The figures that are off by more than sampling error allows."""
        return tuple(figure for figure in self.figures if figure.missed)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "market": self.market,
            "customers": self.customers,
            "replicates": self.replicates,
            "seed": self.seed,
            "figures": [figure.as_dict() for figure in self.figures],
            "missed": len(self.missed),
        }


def fit_of(
    market: str | Path | Mapping[str, Any],
    *,
    customers: int | None = None,
    replicates: int = REPLICATES,
    seed: int = 1,
    overrides: Sequence[str] = (),
    values: Mapping[str, float] | None = None,
    without: Sequence[str] = (),
    progress: Callable[[int, int, str], None] | None = None,
) -> MarketFit:
    """Run a market undisturbed and compare it with what its file states.

    Parameters
    ----------
    market : path, name of a shipped market, or mapping
    customers : int, optional
        Customers per replicate; the parameter table's number by default.
    replicates : int
        Independent worlds, two at least.
    seed : int
    overrides : sequence of str
        Changes of the market such as ``category.penetration=60%``.
    values : mapping, optional
        Parameter values; the central ones by default.
    without : sequence of str
        Mechanisms switched off.
    progress : callable, optional
        Called with replicates done, replicates in all, and a message.

    Raises
    ------
    ValueError
        Fewer than two replicates, from which no sampling error can be told.

    Examples
    --------
    >>> fit = fit_of("orange-juice", customers=500, replicates=2)
    >>> fit.figures[0].name, fit.figures[0].target, len(fit.figures)
    ('share of Sunfield', 0.42, 6)
    """
    if replicates < 2:
        raise ValueError(f"replicates: {replicates} is too few; their spread is the sampling error, so run 2 at least.")
    scenario = _undisturbed(market, customers, overrides)
    # the share that is stated of a new brand is what it would have if everybody knew it
    scenario = scenario.model_copy(update={"market": known_to_all(scenario.market)})

    def measure(replicate: int) -> NDArray[np.float64]:
        # horizon and events play no part: the year before launch is all that is looked at
        model = BrandMarket(
            scenario,
            rng=seed,
            replicate=replicate,
            arm="baseline",
            without=without,
            values=values,
            panel=True,
            warm_up=False,
        )
        model.run_until(0)
        bought = model.purchases()
        return year_figures(
            bought["customer"].to_numpy(),
            bought["day"].to_numpy(),
            bought["brand"].to_numpy(),
            model.world.size,
            len(model.world.brands.names),
        )

    measured: list[NDArray[np.float64]] = []
    with ThreadPoolExecutor(min(default_jobs(), replicates)) as pool:
        for result in pool.map(measure, range(replicates)):
            measured.append(result)
            if progress is not None:
                progress(len(measured), replicates, "undisturbed years")
    return _report(scenario, np.array(measured), aim(scenario, table().central()).error, seed)


def _undisturbed(market: str | Path | Mapping[str, Any], customers: int | None, overrides: Sequence[str]) -> Scenario:
    """Return a scenario without events in the market."""
    words: Any
    if isinstance(market, Mapping):
        brands, words = market["brands"], dict(market)
    else:
        # read by itself first, so that what is wrong with the file is told in the file's own words
        brands, words = load_market(market, overrides=overrides).brands, str(market)
    focal = next(iter(brands))  # whose it is plays no part where nothing changes
    asked: dict[str, Any] = {
        "name": "Undisturbed",
        "market": words,
        "focal_brand": focal,
        "horizon": "1 week",
        "events": [],
    }
    if customers is not None:
        asked["customers"] = customers
    return load(asked, overrides=[f"market.{change}" for change in overrides])


def _report(
    scenario: Scenario, measured: NDArray[np.float64], pilot_error: NDArray[np.float64], seed: int
) -> MarketFit:
    """Set targets beside means, with a margin that keeps the chance of any false alarm at `FALSE_ALARM`.

    Two sampling errors add up: that of these worlds, and that of the pilots which the market was fitted with.
    """
    market = scenario.market
    total = sum(brand.share for brand in market.brands.values())
    targets = {f"share of {name}": brand.share / total for name, brand in market.brands.items()}
    targets["penetration per quarter"] = market.category.penetration
    targets["purchases per buyer and quarter"] = market.category.purchases_per_buyer
    count = measured.shape[0]
    quantile = float(stats.t.ppf(1.0 - FALSE_ALARM / (2.0 * len(targets)), count - 1))
    own = measured.std(axis=0, ddof=1) / np.sqrt(count)
    margins = quantile * np.hypot(own, pilot_error * np.array(list(targets.values())))
    figures = tuple(
        Figure(name, float(target), tuple(measured[:, k].tolist()), float(margins[k]))
        for k, (name, target) in enumerate(targets.items())
    )
    return MarketFit(market.name, int(scenario.customers), count, seed, figures)
