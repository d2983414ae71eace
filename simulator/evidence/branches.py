"""Many disturbances of one market: a world settled up to launch once, from which any number of arms branch off.

A price test on each of eight brands asks for sixteen arms. They share their world, their history and their luck with
one undisturbed arm, so only the disturbance can tell them apart, and the years before launch are run once.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.laboratory import MARKET, Conditions, Laboratory, scenario_of, values_of
from simulator.experiment.outcome import METRICS
from simulator.model import BrandMarket
from simulator.model.kernels.parameters import kernel_parameters
from simulator.scenario import Scenario
from simulator.world import World

F64 = NDArray[np.float64]

HORIZON_WEEKS: Final = 40
"""Weeks after launch that an arm may run: the longest experiment takes 36."""

KEPT_MARKETS: Final = 4
"""Settled markets in memory at a time, some 40 MB each; more are run again when asked for."""

LOOKS: Final = 1
"""Changed looks that an arm may bring; memory for what customers think of them is laid out before the fork."""

REMAINDER: Final = "Others"
"""What a market calls the rest of its category; it is not a brand."""


class SettledMarket:
    """One market at launch, its undisturbed future, and whatever branches off.

    Parameters
    ----------
    seed : int
    conditions : Conditions
    market : str
        A shipped market.
    customers : int
    """

    def __init__(self, seed: int, conditions: Conditions, *, market: str, customers: int) -> None:
        self._conditions, self._market, self._customers = conditions, market, customers
        self._start = BrandMarket(
            self._scenario(()),
            rng=seed,
            arm="baseline",
            without=conditions.without,
            values=values_of(conditions),
            looks=LOOKS,
            panel=True,
            warm_up=False,
        )
        self._start.run_until(0)
        self._start.set_base(self._start.find_base())
        self._door = threading.Lock()
        self._baseline: BrandMarket | None = None

    def _scenario(self, events: Sequence[Mapping[str, Any]]) -> Scenario:
        return scenario_of(
            self._conditions,
            events,
            market=self._market,
            focal=None,
            customers=self._customers,
            horizon_weeks=HORIZON_WEEKS,
        )

    @property
    def world(self) -> World:
        """The world that all arms share."""
        return self._start.world

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the brands, the rest of the category included."""
        return self.world.brands.names

    @property
    def leader(self) -> int:
        """Index of the brand with the largest stated share."""
        return int(self.world.brands.target_share.argmax())

    @property
    def before(self) -> BrandMarket:
        """The market at launch; not to be run."""
        return self._start

    @property
    def baseline(self) -> BrandMarket:
        """The undisturbed arm, run to the end."""
        with self._door:
            if self._baseline is None:
                self._baseline = self._start.fork(arm="baseline")
                self._baseline.run_until(self._baseline.last_day)
            return self._baseline

    def fork(self, events: Sequence[Mapping[str, Any]] = ()) -> BrandMarket:
        """An arm with some events, as in a scenario file, at launch and not yet run."""
        scenario = self._scenario(events)
        with self._door:
            undisturbed = self._start.spec
            self._start.spec = scenario
            arm = self._start.fork(arm="scenario")
            self._start.spec = undisturbed
        return arm

    def branch(self, events: Sequence[Mapping[str, Any]], weeks: int) -> BrandMarket:
        """Run an arm with some events for ``weeks`` after launch."""
        arm = self.fork(events)
        arm.run_until(7 * weeks)
        return arm


def run_otherwise(arm: BrandMarket, day: int, **values: float) -> None:
    """Run an arm to a day with some parameters of the kernels at other values, and put them back."""
    usual = arm.parameters
    arm.parameters = kernel_parameters({**arm.values, **values})
    arm.run_until(day)
    arm.parameters = usual


_markets: weakref.WeakKeyDictionary[Laboratory, OrderedDict[tuple[Any, ...], SettledMarket]] = (
    weakref.WeakKeyDictionary()
)
_busy: dict[tuple[Any, ...], threading.Lock] = {}
_door = threading.Lock()


def settled(
    lab: Laboratory, seed: int, conditions: Conditions, *, customers: int, market: str = MARKET
) -> SettledMarket:
    """The market of a seed at launch; kept in memory with the laboratory while several facts branch off it."""
    key = (seed, conditions, customers, market)
    with _door:
        busy = _busy.setdefault((id(lab), *key), threading.Lock())
    with busy:
        with _door:
            kept = _markets.setdefault(lab, OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = SettledMarket(seed, conditions, market=market, customers=customers)
        with _door:
            kept[key] = made
            while len(kept) > KEPT_MARKETS:
                kept.popitem(last=False)
        return made


def counted(model: BrandMarket, first: int, last: int, metric: str = "units") -> F64:
    """Sum of a weekly counter over weeks ``first`` to ``last`` (not included) after launch, by brand, shape (B,)."""
    weeks = slice(model.observed_weeks + first, model.observed_weeks + last)
    total: F64 = model.state.records.totals[weeks, METRICS.index(metric)].sum(axis=0).astype(np.float64)
    return total


def named_brands(world: World) -> NDArray[np.int64]:
    """Indices of the brands that are brands, not the rest of a category."""
    return np.array([b for b, name in enumerate(world.brands.names) if name != REMAINDER], np.int64)
