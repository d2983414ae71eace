"""The media as levers: which campaigns, announcements and news reach how many customers today."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.kernels.constants import BROADCAST_ANNOUNCEMENT, BROADCAST_CAMPAIGN, BROADCAST_COVERAGE
from simulator.model.levers import BROADCAST
from simulator.world.world import World

ALL_LOOKS = -1
"""A broadcast that is about every look of its brand."""


def daily(weekly: float) -> float:
    """Share reached in a day where a share is reached in a week, each day by the same chance.

    Examples
    --------
    >>> round(1.0 - (1.0 - daily(0.2)) ** 7, 10)
    0.2
    """
    return float(1.0 - (1.0 - weekly) ** (1.0 / 7.0))


def broadcasts_of(
    active: Sequence[Any],
    world: World,
    values: Mapping[str, float],
    closed: Collection[str],
    inside: Mapping[str, NDArray[np.bool_]],
    numbers: Mapping[str, int],
    changes: Sequence[Any],
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return what the media carry today (K,) BROADCAST, and whom it reaches (S, G, K).

    Parameters
    ----------
    active : sequence of events
        Those that act today.
    world, values
        Names and shapes; parameter values.
    closed : collection of str
        Closed channels: news coverage is word of mouth.
    inside : mapping
        Event id -> stores in which it acts, (S,).
    numbers : mapping
        Event id -> number that keys its draws.
    changes : sequence of events
        Changes that customers carry in mind, in the order of their rows.
    """
    carried: list[tuple[Any, int, float]] = []
    for event in active:
        if event.kind == "campaign":
            carried.append((event, BROADCAST_CAMPAIGN, event.reach))
        elif event.kind == "announce":
            carried.append((event, BROADCAST_ANNOUNCEMENT, event.reach))
        elif event.kind == "incident" and event.media > 0.0 and "word_of_mouth" not in closed:
            carried.append((event, BROADCAST_COVERAGE, event.media))
    casts = np.zeros(len(carried), BROADCAST)
    reach = np.zeros((world.stores.region.shape[0], len(world.segments), len(carried)), np.float32)
    for k, (event, kind, weekly) in enumerate(carried):
        casts[k]["number"] = numbers[event.id]
        casts[k]["kind"] = kind
        casts[k]["look"] = ALL_LOOKS
        about = next((z for z, e in enumerate(changes) if kind == BROADCAST_ANNOUNCEMENT and e.id == event.of), None)
        if about is not None:
            casts[k]["look"] = about
        brand = event.brand if about is None else changes[about].brand
        casts[k]["brand"] = world.brands.names.index(brand)
        if kind == BROADCAST_CAMPAIGN:
            casts[k]["persuasion"] = values["campaign_persuasion"] if event.persuasion is None else event.persuasion
            casts[k]["promise"] = event.promise
        names = event.where.segment
        groups = [g for g, name in enumerate(world.segments) if names is None or name in names]
        reach[np.ix_(np.flatnonzero(inside[event.id]), np.array(groups), np.array([k]))] = daily(weekly)
    return casts, reach
