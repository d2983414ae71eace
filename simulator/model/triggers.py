"""When a trigger rolls a change back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.kernels.constants import COMPLAINTS, UNITS

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket

BEFORE_WEEKS = 12
"""Weeks before launch that a rollback's trigger compares with."""


def alarm(model: BrandMarket, rollback: Any, week: int) -> bool:
    """Whether what a rollback watches has been beyond its limit for the last weeks, against the twelve before."""
    event = next((e for e in model.timeline.events if e.id == rollback.of), None)
    weeks = int(rollback.when.for_weeks)
    if event is None or 7 * (week + 1) - event.start_day < 7 * weeks:
        return False
    brand = model.world.brands.names.index(event.brand) if event.brand else model.world.focal
    watched = _by_week(rollback.when.metric, model.state.records.totals, brand)
    launch = model.observed_weeks + min(0, event.start_day // 7)
    before = watched[max(0, launch - BEFORE_WEEKS) : launch].mean()
    row = model.week_row(7 * week)
    change = watched[row - weeks + 1 : row + 1] / max(before, 1e-12) - 1.0
    if rollback.when.metric == "complaints_vs_before":
        return bool((change > rollback.when.limit).all())
    return bool(before > 0 and (change < rollback.when.limit).all())


def _by_week(metric: str, totals: NDArray[np.int64], brand: int) -> NDArray[np.float64]:
    """What is watched, by week, shape (W + 1,): units, share of the category's units, or complaints per unit."""
    units = totals[:, UNITS, brand].astype(np.float64)
    if metric == "share_vs_before":
        return np.asarray(units / np.maximum(totals[:, UNITS].sum(axis=1), 1))
    if metric == "complaints_vs_before":
        return np.asarray(totals[:, COMPLAINTS, brand] / np.maximum(units, 1.0))
    return units
