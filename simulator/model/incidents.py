"""Incidents as levers: goods that cause further problems, and goods that are taken off the shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.levers import DEFECT
from simulator.world.world import World


def items_of(event: Any, world: World) -> NDArray[np.int64]:
    """Items that an event is about: one by name, or all of its brand."""
    brands = world.brands
    b = brands.names.index(event.brand)
    items = np.arange(brands.first_item[b], brands.first_item[b + 1], dtype=np.int64)
    if event.item is None:
        return items
    return items[[brands.item_names[i] == f"{event.brand}/{event.item}" for i in items]]


def recall(event: Any, world: World, inside: NDArray[np.bool_], severity: NDArray[np.float32]) -> None:
    """Take the goods of an incident off the shelves of its stores: ``severity`` (S, I) becomes 1 there."""
    severity[np.ix_(np.flatnonzero(inside), items_of(event, world))] = 1.0


def defects_of(
    incidents: Sequence[Any],
    world: World,
    inside: Mapping[str, NDArray[np.bool_]],
    values: Mapping[str, float],
    by_brand: NDArray[Any],
) -> NDArray[Any]:
    """Return what today's incidents add to problems, shape (S, I), and mark the brands concerned as defective.

    Rates of several incidents add up, to 1 at most; their mixes of severity are averaged by rate. Shares of severity
    that an event does not state are those of ordinary problems.
    """
    stores, items = world.stores.region.shape[0], len(world.brands.item_names)
    defects = np.zeros((stores, items), DEFECT)
    for event in incidents:
        if event.rate <= 0.0:
            continue
        mix = event.severity
        severe = values["problem_severe_share"] if mix is None else mix.severe
        medium = values["problem_medium_share"] if mix is None else mix.medium
        where = np.ix_(np.flatnonzero(inside[event.id]), items_of(event, world))
        before = defects["rate"][where].astype(np.float64)
        total = before + event.rate
        for name, share in (("severe", severe), ("medium", medium)):
            defects[name][where] = (before * defects[name][where] + event.rate * share) / total
        defects["rate"][where] = np.minimum(1.0, total)
        lever = by_brand[world.brands.names.index(event.brand)]
        began = int(event.start_day)
        lever["defective_since"] = min(began, int(lever["defective_since"])) if lever["defective"] else began
        lever["defective"] = 1
    return defects
