"""Kernels that take a customer's turned row, for callers in Python, which have tables only."""

from __future__ import annotations

from typing import Any

from simulator.compilation import kernel, row_of
from simulator.model.kernels.experience import grow_habit
from simulator.model.kernels.mind import refresh
from simulator.model.kernels.weigh import weigh


@kernel
def refresh_of(me: Any, ties: Any, views: Any, day: int, fade: Any) -> None:
    """`refresh` for the first rows of turned tables."""
    refresh(me, row_of(ties, 0), row_of(views, 0), day, fade)


@kernel
def grow_habit_of(ties: Any, row: int, b: int, p: Any) -> None:
    """`grow_habit` for a row of a turned table."""
    grow_habit(row_of(ties, row), b, p)


@kernel
def weigh_for(trip: Any, i: int, town: Any, life: Any, levers: Any, setting: Any, p: Any, scratch: Any) -> int:
    """`weigh` for a customer."""
    mine = row_of(life.tie_rows, i)
    sees = row_of(life.view_rows, i)
    return weigh(trip, town.people[i], life.mind[i], mine, sees, False, town, life, levers, setting, p, scratch)
