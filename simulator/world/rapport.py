"""Who relates to whom: closeness in lifestyle space, and how much of it is usual between people who meet by chance.

Bonds grow relative to the usual closeness, so that likeness moves bonds between people and makes none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.compilation import inlined
from simulator.randomness import Stream, normals
from simulator.world.population import segment_centres
from simulator.world.world import F32, F64, U64

ORDINARY_BREADTH = 1.0
"""Lifestyle distance at which ordinary people relate half as well: the unit of that space."""

_NODES = 12
"""Nodes per direction of the mean over customers: exact to four digits for breadths of a quarter unit and more."""


@inlined
def closeness(x: float, y: float, there_x: float, there_y: float, breadth: float) -> float:
    """How alike two places in lifestyle space are, 0..1: 1 / (1 + (distance / breadth)^2), a half at ``breadth``."""
    across = np.float64(x) - there_x
    along = np.float64(y) - there_y
    return 1.0 / (1.0 + (across * across + along * along) / (np.float64(breadth) * breadth))


def staff_positions(run: np.uint64, ids: U64, values: Mapping[str, float]) -> F32:
    """Where the people who serve in each store stand in lifestyle space, shape (S, 2)."""
    return (values["lifestyle_radius"] * normals(run, Stream.STAFF, 0, ids)[:, :2]).astype(np.float32)


def mean_closeness(position: F64, breadth: F64, spread: float, shares: F64, values: Mapping[str, float]) -> F32:
    """Mean closeness of people at given places and the market's customers, shape (n,).

    The customers are those the market describes, not those who happen to be born: one more moves nobody's mean.

    Parameters
    ----------
    position : (n, 2)
    breadth : (n,)
    spread : standard deviation of the difference around a segment's centre, in each direction
    shares : (G,) of the segments
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    mean = np.zeros(position.shape[0])
    for centre, share in zip(segment_centres(shares.shape[0], values["lifestyle_radius"]), shares, strict=True):
        across, along = ((centre[axis] + spread * nodes - position[:, axis, None]) ** 2 for axis in (0, 1))
        for squared, weight in zip(across.T, weights, strict=True):
            mean += share * weight * (1.0 / (1.0 + (squared[:, None] + along) / breadth[:, None] ** 2) @ weights)
    return mean.astype(np.float32)
