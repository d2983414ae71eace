"""When a trigger rolls a change back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.model.kernels.constants import UNITS

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket

BEFORE_WEEKS = 12
"""Weeks before launch that a rollback's trigger compares with."""


def alarm(model: BrandMarket, rollback: Any, week: int) -> bool:
    """Whether the brand's units have been below the limit for the last weeks, against its own twelve before."""
    event = next((e for e in model.timeline.events if e.id == rollback.of), None)
    weeks = int(rollback.when.for_weeks)
    if event is None or 7 * (week + 1) - event.start_day < 7 * weeks:
        return False
    brand = model.world.brands.names.index(event.brand) if event.brand else model.world.focal
    units = model.state.records.totals[:, UNITS, brand]
    launch = model.observed_weeks + min(0, event.start_day // 7)
    before = units[max(0, launch - BEFORE_WEEKS) : launch].mean()
    row = model.week_row(7 * week)
    recent = units[row - weeks + 1 : row + 1]
    return bool(before > 0 and (recent / before - 1.0 < rollback.when.below).all())
