"""The shape of tastes: more liking far above the middle than far below it.

A customer's leaning to a brand is a standard normal score, which drifts, seen through a curve: the standardised Gumbel
distribution (mean 0, sd 1, skewed towards liking). Normal tastes give small brands too few loyal buyers of their own,
and with them too steep a double jeopardy; the multiplicative law behind Dirichlet choice probabilities has the longer
upper tail. Scores are normal so that a first-order autoregression keeps the distribution as it is.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.compilation import kernel, typed_kernel
from simulator.randomness.philox import log, normal_quantile
from simulator.world.world import F64

EULER = 0.5772156649015329
"""Mean of the standard Gumbel distribution (the Euler-Mascheroni constant)."""
GUMBEL_SD = math.pi / math.sqrt(6.0)
"""Standard deviation of the standard Gumbel distribution."""
_EDGE = 1e-12
"""Probabilities closer to 0 or 1 are taken as this close: seven standard deviations."""
_ROOT_HALF = math.sqrt(0.5)


@typed_kernel("float64(float64)")
def liking(score):
    """Standardised Gumbel value at the rank of a standard normal ``score``."""
    rank = min(max(0.5 * math.erfc(-score * _ROOT_HALF), _EDGE), 1.0 - _EDGE)
    return (-log(-log(rank)) - EULER) / GUMBEL_SD


@typed_kernel("float64(float64)")
def score_of(value):
    """Standard normal score at the rank of a standardised Gumbel ``value``: the inverse of `liking`."""
    rank = np.exp(-np.exp(-(GUMBEL_SD * value + EULER)))
    return normal_quantile(min(max(rank, _EDGE), 1.0 - _EDGE))


@kernel
def _fill(scores, out):
    for i in range(scores.shape[0]):
        for j in range(scores.shape[1]):
            out[i, j] = liking(scores[i, j])


def likings(scores: F64) -> F64:
    """`liking` of every entry of ``scores`` (n, k).

    Examples
    --------
    >>> likings(np.array([[-2.0, 0.0, 2.0]])).round(2).tolist()
    [[-1.49, -0.16, 2.49]]
    """
    out = np.empty(scores.shape)
    _fill(np.ascontiguousarray(scores, np.float64), out)
    return out
