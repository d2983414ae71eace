"""Several threads at one model's days: their start, their end, and the adding up of what each has counted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.model.columns import Records
from simulator.model.kernels.day import run_days

_SHARED = ("stores", "panel", "panel_size", "level_start")
"""Counters that threads write side by side: a store belongs to one thread, and a panel is kept by one thread alone."""


def empty_books(records: Records) -> Records:
    """Return counters of a further thread: zeroed, but for what threads share."""
    return Records(
        *(
            table if name in _SHARED else np.zeros_like(table)
            for name, table in zip(Records._fields, records, strict=True)
        )
    )


def add_books(records: Records, other: Records) -> None:
    """Add what a further thread has counted, and clear it; integers, so that the order does not matter."""
    for name, table, more in zip(Records._fields, records, other, strict=True):
        if name not in _SHARED:
            table += more
            more[...] = 0


def run_team(tasks: Sequence[tuple[Any, ...]]) -> None:
    """Run the days of each task, all at the same time; the kernels meet where they must."""
    others = [threading.Thread(target=run_days, args=task) for task in tasks[1:]]
    for thread in others:
        thread.start()
    run_days(*tasks[0])
    for thread in others:
        thread.join()
