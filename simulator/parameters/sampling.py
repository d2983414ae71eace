"""Drawing values: which point of the Sobol sequence, and which value at that point.

Scrambled Sobol points fill the space of assumptions more evenly than independent draws, and any point can be had
without the others, so a replicate's parameters depend on its number and the seed alone.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, qmc

COLUMNS: Final = 1024
"""Columns of every sequence, used or not: the scrambling of a column depends on how many there are."""

PERT_WEIGHT: Final = 4.0
"""Weight of the central value in a PERT distribution (Malcolm, Roseboom, Clark & Fazar 1959)."""

SEED_MASK: Final = (1 << 64) - 1


@functools.lru_cache(maxsize=256)
def _point(index: int, seed: int) -> NDArray[np.float64]:
    try:
        engine = qmc.Sobol(COLUMNS, scramble=True, rng=seed)
    except TypeError:  # scipy before 1.15 calls it seed
        engine = qmc.Sobol(COLUMNS, scramble=True, seed=seed)
    if index:  # scipy refuses to go forward by nothing
        engine.fast_forward(index)
    point: NDArray[np.float64] = engine.random(1)[0]
    point.setflags(write=False)
    return point


def sobol_point(index: int, seed: int, columns: int) -> NDArray[np.float64]:
    """The first ``columns`` coordinates of point ``index`` of the sequence scrambled by ``seed``; each in [0, 1).

    Examples
    --------
    >>> bool((sobol_point(5, 1, 3) == sobol_point(5, 1, 200)[:3]).all())
    True
    """
    if index < 0:
        raise ValueError(f"a draw's index counts from 0; got {index}")
    if columns > COLUMNS:
        raise ValueError(
            f"{columns} uncertain numbers are more than the {COLUMNS} columns of a draw; fix some of the ranges"
        )
    return _point(int(index), int(seed) & SEED_MASK)[:columns]


def quantile(u: float, low: float, central: float | None, high: float) -> float:
    """The value at probability ``u``: PERT where there is a central value, uniform where there is none.

    Examples
    --------
    >>> quantile(0.25, 0.0, None, 8.0)
    2.0
    >>> round(quantile(0.5, 0.0, 4.0, 8.0), 6)
    4.0
    >>> quantile(0.9, 3.0, 3.0, 3.0)
    3.0
    """
    if low >= high:
        return float(low)
    if central is None:
        return float(low + u * (high - low))
    share = (central - low) / (high - low)
    fraction = beta.ppf(u, 1.0 + PERT_WEIGHT * share, 1.0 + PERT_WEIGHT * (1.0 - share))
    return float(min(high, max(low, low + float(fraction) * (high - low))))
