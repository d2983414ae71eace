"""The shape of tastes: more liking far above the middle than far below it.

A customer's leaning to a brand is a standard normal score, which drifts, seen through a curve: a shifted lognormal with
mean 0 and standard deviation 1, skewed towards liking. Normal tastes give small brands too few buyers of their own, and
with them too steep a double jeopardy. Scores are normal so that a first-order autoregression keeps their distribution.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import kernel, typed_kernel
from simulator.randomness.philox import exp, log
from simulator.randomness.single import exp32, log32
from simulator.world.world import F64

_LEAST = 1e-9
"""Smallest relative distance to the lower end of the distribution: six standard deviations of the score and more."""
_LEAST_32 = np.float32(_LEAST)
_NO_SKEW = np.float32(0.0)


def moments(skew: float) -> tuple[float, float]:
    """Mean and standard deviation of the lognormal ``exp(skew z)``; (0, 1) where there is no skew."""
    if skew == 0.0:
        return 0.0, 1.0
    variance = float(np.exp(skew * skew))
    return variance**0.5, (variance * (variance - 1.0)) ** 0.5


@typed_kernel("float64(float64, float64, float64, float64)")
def liking(score: float, skew: float, mean: float, sd: float) -> float:
    """Standardised lognormal value of a standard normal ``score``; the score itself where ``skew`` is 0.

    ``mean`` and ``sd`` are the `moments` of the skew, worked out once.
    """
    value = score
    if skew > 0.0:
        value = (exp(skew * score) - mean) / sd
    return value


@typed_kernel("float64(float64, float64, float64, float64)")
def score_of(value: float, skew: float, mean: float, sd: float) -> float:
    """Standard normal score of a standardised lognormal ``value``: the inverse of `liking`."""
    score = value
    if skew > 0.0:
        score = log(max(value * sd + mean, _LEAST)) / skew
    return score


@typed_kernel("float32(float32, float32, float32, float32, float32, float32)")
def drifted(
    value: np.float32, keep: np.float32, step: np.float32, skew: np.float32, mean: np.float32, sd: np.float32
) -> np.float32:
    """`liking` of the score ``keep x score_of(value) + step``, in numbers of 32 bits."""
    after = keep * value + step
    if skew > _NO_SKEW:
        after = (exp32(keep * log32(max(value * sd + mean, _LEAST_32)) + skew * step) - mean) / sd
    return after


@kernel
def _fill(scores: F64, skew: float, mean: float, sd: float, out: F64) -> None:
    for i in range(scores.shape[0]):
        for j in range(scores.shape[1]):
            out[i, j] = liking(scores[i, j], skew, mean, sd)


def likings(scores: F64, skew: float) -> F64:
    """`liking` of every entry of ``scores`` (n, k).

    Examples
    --------
    >>> likings(np.array([[-2.0, 0.0, 2.0]]), 0.3).round(2).tolist()
    [[-1.55, -0.14, 2.42]]
    >>> likings(np.array([[-2.0, 0.0, 2.0]]), 0.0).tolist()
    [[-2.0, 0.0, 2.0]]
    """
    out = np.empty(scores.shape)
    _fill(np.ascontiguousarray(scores, np.float64), float(skew), *moments(skew), out)
    return out
