"""Where facts are measured: undisturbed panels and paired twins, in the model as it is or with a part of it taken out.

Every world here takes the central parameter values, so that what varies from seed to seed is luck. Panels are kept in
memory while several facts read them.
"""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from simulator.experiment.twins import Task, twins_of
from simulator.model import BrandMarket
from simulator.parameters import Values, table
from simulator.scenario import Scenario, load
from simulator.world import World

if TYPE_CHECKING:
    import pandas as pd

MARKET = "toothpaste"
"""The shipped market that the published facts are held to."""

PANEL_CUSTOMERS = 10_000
"""Enough that the smallest brand (2%) has some five hundred buyers a year; a run takes about half a second."""

PANEL_YEARS = 6
"""Length of the longest published window (top buyers' share over six years)."""

WEEKS_PER_YEAR = 52
DAYS_PER_QUARTER = 91
KEPT_PANELS = 4
"""Panels in memory at a time; more are run again when asked for."""


@dataclass(frozen=True)
class Conditions:
    """What is changed about the model; ``Conditions()`` is the model as it is.

    Attributes
    ----------
    without : tuple of str
        Mechanisms switched off, see `simulator.model.switches`.
    values : tuple of (str, float)
        Parameter values other than the central ones.
    market : tuple of (str, float)
        Numbers of the market file other than the stated ones, by dotted path, such as ``category.regularity``.
    """

    without: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()
    market: tuple[tuple[str, float], ...] = ()


AS_IT_IS = Conditions()


@dataclass(frozen=True, eq=False)
class PanelRun:
    """An undisturbed market over six years.

    Attributes
    ----------
    purchases : DataFrame
        One row per purchase, in order of day: customer, day, store, brand, item, units, price.
    world : World
    days : (int, int)
        First day and the day after the last; the first of them is the first of the observed year.
    weekly : DataFrame
        One row per week: ``week``; ``autopilot`` (expected share of trips decided by habit: ceiling times strongest
        habit, customers weighted by trips); ``habit`` (strongest habit, so weighted); ``shelf`` and ``backroom``
        (units per item and store).
    """

    purchases: pd.DataFrame
    world: World
    days: tuple[int, int]
    weekly: pd.DataFrame

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Purchases of each brand by each customer in each quarter of 13 weeks, shape (N, quarters, B)."""
        brands, people = len(self.world.brands.names), self.world.size
        quarters = (self.days[1] - self.days[0]) // DAYS_PER_QUARTER
        quarter = (self.purchases["day"].to_numpy(np.int64) - self.days[0]) // DAYS_PER_QUARTER
        who, brand = (self.purchases[name].to_numpy(np.int64) for name in ("customer", "brand"))
        inside = quarter < quarters
        place = (who[inside] * quarters + quarter[inside]) * brands + brand[inside]
        flat = np.bincount(place, minlength=people * quarters * brands).astype(np.int64)
        return flat.reshape(people, quarters, brands)


class Laboratory:
    """Runs worlds for facts; may be used from several threads at once.

    Parameters
    ----------
    kept : int
        Panels kept in memory.
    customers : int
        Customers of a panel.
    years : int
        Length of a panel, the observed year included.

    Examples
    --------
    >>> run = Laboratory(customers=500, years=2).panel(seed=1)
    >>> run.days, set(run.purchases.columns) >= {"customer", "day", "brand"}
    ((-364, 364), True)
    """

    def __init__(self, *, kept: int = KEPT_PANELS, customers: int = PANEL_CUSTOMERS, years: int = PANEL_YEARS) -> None:
        self.customers, self.years = customers, years
        self._kept = kept
        self._panels: OrderedDict[tuple[int, Conditions], PanelRun] = OrderedDict()
        self._door = threading.Lock()
        self._busy: dict[tuple[int, Conditions], threading.Lock] = {}

    def panel(self, seed: int, conditions: Conditions = AS_IT_IS) -> PanelRun:
        """Every purchase of an undisturbed toothpaste market, see `PanelRun`."""
        key = (seed, conditions)
        with self._door:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            with self._door:
                if key in self._panels:
                    self._panels.move_to_end(key)
                    return self._panels[key]
            run = self._run_panel(seed, conditions)
            with self._door:
                self._panels[key] = run
                while len(self._panels) > self._kept:
                    old, _ = self._panels.popitem(last=False)
                    self._busy.pop(old, None)
            return run

    def twins(
        self,
        seed: int,
        conditions: Conditions,
        events: Sequence[Mapping[str, Any]],
        *,
        market: str = MARKET,
        focal: str,
        customers: int,
        horizon_weeks: int,
        panel: bool = False,
    ) -> dict[str, BrandMarket]:
        """Run both arms, "baseline" and "scenario", to the horizon from one fork at the earliest event.

        Parameters
        ----------
        seed : int
        conditions : Conditions
        events : sequence of mapping
            As in a scenario file.
        market : str
            A shipped market.
        focal : str
            Brand the scenario is about.
        customers, horizon_weeks : int
        panel : bool
            Keep every purchase of both arms, for `BrandMarket.purchases`.

        Returns
        -------
        dict of str to BrandMarket
        """
        scenario = scenario_of(
            conditions, events, market=market, focal=focal, customers=customers, horizon_weeks=horizon_weeks
        )
        task = Task(scenario, replicate=0, seed=seed, without=conditions.without)
        return twins_of(scenario, values_of(conditions), task, panel=panel)

    def _run_panel(self, seed: int, conditions: Conditions) -> PanelRun:
        import pandas as pd

        scenario = scenario_of(
            conditions,
            (),
            market=MARKET,
            focal=None,
            customers=self.customers,
            horizon_weeks=WEEKS_PER_YEAR * (self.years - 1),
        )
        model = BrandMarket(
            scenario,
            rng=seed,
            arm="baseline",
            without=conditions.without,
            values=values_of(conditions),
            panel=True,
            warm_up=False,
        )
        first = -7 * model.observed_weeks
        model.run_until(first)
        rate = model.world.customers.rate.astype(np.float64)
        weight = rate / rate.sum()
        ceiling = model.values["autopilot_ceiling"]
        rows = []
        for day in range(first, model.last_day, 7):
            habit = float(weight @ model.state.life.ties["habit"].max(axis=1).astype(np.float64))
            stock = model.state.life.stock
            shelves = (float(stock["shelf"].mean()), float(stock["backroom"].mean()))
            rows.append((day // 7, ceiling * habit, habit, *shelves))
            model.run_until(day + 7)
        purchases = model.purchases()
        kept = purchases[purchases["day"] >= first].reset_index(drop=True)
        weekly = pd.DataFrame(rows, columns=["week", "autopilot", "habit", "shelf", "backroom"])
        return PanelRun(kept, model.world, (first, model.last_day), weekly)


def release_models() -> None:
    """Let models go that nobody uses any more.

    Some versions of Mesa count agents in a table of the class that holds every model for ever, and a model and its
    agents refer to each other. All agents of a `BrandMarket` are made with it, so its counter is not needed again.
    """
    counters = getattr(mesa.Agent, "_ids", None)
    if isinstance(counters, dict):
        for model in list(counters):
            if isinstance(model, BrandMarket):
                counters.pop(model, None)
    gc.collect()


def values_of(conditions: Conditions) -> Values:
    """Central parameter values with those of the conditions; a name that is not in the table is refused."""
    return table().central().replace(dict(conditions.values))


def scenario_of(
    conditions: Conditions,
    events: Sequence[Mapping[str, Any]],
    *,
    market: str,
    focal: str | None,
    customers: int,
    horizon_weeks: int,
) -> Scenario:
    """The scenario of some events in a shipped market, its numbers changed as the conditions say."""
    words: dict[str, Any] = {
        "schema": "brandsim/1",
        "name": "Laboratory",
        "market": market,
        "customers": customers,
        "horizon": f"{horizon_weeks} weeks",
        "events": [dict(event) for event in events],
    }
    if focal is not None:
        words["focal_brand"] = focal
    scenario = load(words)
    changes = {f"market.{path}": value for path, value in conditions.market}
    return scenario.at(changes) if changes else scenario
