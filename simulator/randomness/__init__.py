"""Chance with an address: draws keyed by run, stream, time, entity, partner and draw number.

Examples
--------
>>> import numpy as np
>>> run = run_key(seed=1, replicate=0)
>>> ids = np.arange(3, dtype=np.uint64)
>>> first = uniforms(run, Stream.SEGMENT, 0, ids)
>>> bool((first[1] == uniforms(run, Stream.SEGMENT, 0, ids[1:2])[0]).all())  # nobody else changes your luck
True
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.randomness import philox
from simulator.randomness.streams import Stream

__all__ = ["Stream", "normals", "run_key", "uniforms"]


def run_key(seed: int, replicate: int) -> np.uint64:
    """Key of one replicate: a function of seed and replicate only.

    Parameters
    ----------
    seed, replicate : int
        Non-negative; ``seed`` below 2**64.
    """
    return np.uint64(philox.run_key(np.uint64(seed), np.uint64(replicate)))


def _partners(partner: int | NDArray[np.uint32], n: int) -> NDArray[np.uint32]:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(partner, np.uint32), (n,)))


def uniforms(
    run: np.uint64,
    stream: Stream,
    time: int,
    ids: NDArray[np.uint64],
    partner: int | NDArray[np.uint32] = 0,
    draw: int = 0,
) -> NDArray[np.float64]:
    """Draw four uniforms on (0, 1) for each entity.

    Parameters
    ----------
    run : np.uint64
        From `run_key`.
    stream : Stream
        What the numbers are for.
    time : int
        Day, week or trip ordinal; 0 for what is drawn once.
    ids : array of uint64, shape (n,)
        Stable ids of the entities that draw.
    partner : int or array of uint32, shape (n,)
        Ordinal of the other party (item, friend, store); 0 if none.
    draw : int
        Number of the block of four.

    Returns
    -------
    array of float64, shape (n, 4)
    """
    out = np.empty((ids.shape[0], 4))
    key = np.uint64(philox.stream_key(run, int(stream), time))
    philox.fill_uniforms(key, np.ascontiguousarray(ids), _partners(partner, ids.shape[0]), draw, out)
    return out


def normals(
    run: np.uint64,
    stream: Stream,
    time: int,
    ids: NDArray[np.uint64],
    partner: int | NDArray[np.uint32] = 0,
    draw: int = 0,
) -> NDArray[np.float64]:
    """Draw four standard normals for each entity; arguments as in `uniforms`."""
    out = np.empty((ids.shape[0], 4))
    key = np.uint64(philox.stream_key(run, int(stream), time))
    philox.fill_normals(key, np.ascontiguousarray(ids), _partners(partner, ids.shape[0]), draw, out)
    return out
