"""Several threads at one model's days: their start, their end, and the adding up of what each has counted."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numba import types
from numba._dispatcher import compute_fingerprint

from simulator.compilation.tables import Held
from simulator.model.columns import Records, Scratch
from simulator.model.kernels.constants import SERVE
from simulator.model.kernels.day import run_days
from simulator.model.kernels.shop import serve

TABLES = slice(4, 11)
"""Where the tables are among the arguments of `run_days`: from the town to the records."""

_addresses: dict[bytes, int] = {}

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


def tasks_of_team(
    before: tuple[Any, ...], p: Any, crew: Sequence[Scratch], books: Sequence[Records], own: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    """Return for each thread the arguments of `run_days`, all but working memory and counters the same for all."""
    return [
        (*before, p, scratch, records, *own, worker, len(crew))
        for worker, (scratch, records) in enumerate(zip(crew, books, strict=True))
    ]


def kinds_of_serve(tables: Sequence[Any]) -> tuple[Any, ...]:
    """Types of the arguments of `shop.serve`, whose tables `run_days` is given as named tuples and records."""
    number = types.int64
    held = (Held(numba.typeof(table)) for table in tables)
    return (number, number, number, types.Array(types.uint64, 1, "C"), number, number, number, *held)


def address_of_serve(tables: Sequence[Any]) -> int:
    """Where `shop.serve` for these tables is in memory; their types are spelt out once only, which takes a while."""
    look = compute_fingerprint(tuple(tables))
    if look not in _addresses:
        _addresses[look] = serve.address(kinds_of_serve(tables))
    return _addresses[look]


def run_team(tasks: Sequence[tuple[Any, ...]]) -> None:
    """Run the days of each task (arguments of `run_days`), all at the same time; the kernels meet where they must."""
    tables = tasks[0][TABLES]
    addresses = tables[-2].addresses  # which all of the team share
    if addresses[SERVE] == 0:
        addresses[SERVE] = address_of_serve(tables)
    others = [threading.Thread(target=run_days, args=task) for task in tasks[1:]]
    for thread in others:
        thread.start()
    run_days(*tasks[0])
    for thread in others:
        thread.join()
