"""Small worlds for the tests of the model: a few hundred customers, a few weeks, and ways to compare two runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compilation import Unpacked
from simulator.model import BrandMarket
from simulator.scenario import Scenario, load
from simulator.world import World

FOCAL = "Sunfield"

CARTON: dict[str, Any] = {"kind": "redesign", "id": "carton", "brand": FOCAL, "overlap": 0.3, "start": "week 0"}
"""A plain pack redesign: most cues lost, nothing else."""


def setting(
    *events: Mapping[str, Any], market: str = "orange-juice", customers: int = 300, weeks: int = 8, **more: Any
) -> Scenario:
    """A scenario in a shipped market."""
    words = {"schema": "brandsim/1", "name": "Test", "market": market, "customers": customers}
    return load({**words, "horizon": f"{weeks} weeks", "events": [dict(e) for e in events], **more})


def names_of(table: Any) -> tuple[str, ...]:
    """Names of the fields of a table of records, packed or not."""
    return tuple(table.names if isinstance(table, Unpacked) else table.dtype.names or ())


def field_bytes(table: NDArray[Any]) -> bytes:
    """The bytes of an array, without the padding between the fields of its records."""
    if table.dtype.names is None:
        return table.tobytes()
    return b"".join(np.ascontiguousarray(table[name]).tobytes() for name in table.dtype.names)


def differences(a: BrandMarket, b: BrandMarket, leave_out: Iterable[str] = ()) -> list[str]:
    """Names of the parts of the state in which two models differ by at least a bit."""
    found = []
    for name in (*a.state.life._fields, *a.state.records._fields):
        part = "life" if name in a.state.life._fields else "records"
        one, two = (getattr(getattr(m.state, part), name) for m in (a, b))
        if name not in leave_out and (one.shape != two.shape or field_bytes(one) != field_bytes(two)):
            found.append(name)
    if a.state.reference.tobytes() != b.state.reference.tobytes():
        found.append("reference")
    if a.state.day != b.state.day or a.state.rolled_back != b.state.rolled_back:
        found.append("day")
    if a.lapse_by_week().tobytes() != b.lapse_by_week().tobytes():
        found.append("lapse")
    return [name for name in found if name not in leave_out]


def moved_customers(a: BrandMarket, b: BrandMarket) -> NDArray[np.int64]:
    """Rows of the customers who are not the same to the bit in two models of the same people."""
    size = a.world.size
    moved = np.zeros(size, np.bool_)
    for name in ("mind", "ties", "views"):
        one, two = (getattr(m.state.life, name) for m in (a, b))
        for field in names_of(one):
            moved |= (one[field] != two[field]).reshape(size, -1).any(axis=1)
    return np.flatnonzero(moved)


def everyone_answered(world: World) -> World:
    """The world with care desks that never run out of hands, so that customers do not queue for them."""
    capacity = np.full_like(world.care.capacity, 1e6)
    return dataclasses.replace(world, care=dataclasses.replace(world.care, capacity=capacity))


def content(value: Any) -> Any:
    """An outcome as nested tuples of bytes and plain values, for comparing to the bit."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, field_bytes(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple((f.name, content(getattr(value, f.name))) for f in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return tuple((key, content(item)) for key, item in value.items())
    if isinstance(value, tuple | list):
        return tuple(content(item) for item in value)
    return value
