"""Simple models of brand choice, fitted on half of a panel: Dirichlet, Markov, Guadagni and Little.

Each returns made-up households with as many trips as those it is to be compared with.
"""

from __future__ import annotations

from collections.abc import Sequence as Ordered
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .data import Panel, Sequence
from .measures import measure

COPIES = 20
"""Made-up households per real one, so that luck of their own hardly shows."""

SMOOTHING = np.arange(0.60, 0.96, 0.05)
"""Candidates for the part of a loyalty that a trip keeps."""


def choose(luck: np.random.Generator, probability: NDArray[np.float64]) -> Sequence:
    """One draw per row of probabilities (n, B)."""
    below = luck.random((probability.shape[0], 1)) > np.cumsum(probability, axis=1)
    return np.minimum(below.sum(axis=1), probability.shape[1] - 1)


def dirichlet(fitted: Panel, lengths: Ordered[int], seed: int = 1) -> list[Sequence]:
    """Stable tastes that differ between households, no memory: shares and polarisation of the fitted half."""
    found = measure(fitted.chosen, len(fitted.brands))
    luck = np.random.default_rng(seed)
    strength = 1.0 / found.polarisation - 1.0
    tastes = luck.dirichlet(np.maximum(strength * found.share, 1e-6), COPIES * len(lengths))
    return [choose(luck, np.tile(taste, (n, 1))) for taste, n in zip(tastes, list(lengths) * COPIES, strict=True)]


def transitions(fitted: Panel) -> NDArray[np.float64]:
    """First-order transition probabilities, each row pulled by one pair towards the shares."""
    found = measure(fitted.chosen, len(fitted.brands))
    pairs = found.switching * sum(len(one) - 1 for one in fitted.chosen)
    return np.asarray((pairs + found.share) / (pairs.sum(axis=1, keepdims=True) + 1.0))


def markov(fitted: Panel, lengths: Ordered[int], seed: int = 1) -> list[Sequence]:
    """Memory of one trip, all households alike."""
    matrix = transitions(fitted)
    start = measure(fitted.chosen, len(fitted.brands)).share
    luck = np.random.default_rng(seed)
    all_lengths = np.array(list(lengths) * COPIES)
    steps = np.empty((all_lengths.shape[0], int(all_lengths.max())), np.int64)
    steps[:, 0] = choose(luck, np.tile(start, (steps.shape[0], 1)))
    for t in range(1, steps.shape[1]):
        steps[:, t] = choose(luck, matrix[steps[:, t - 1]])
    return [row[:n] for row, n in zip(steps, all_lengths, strict=True)]


@dataclass(frozen=True)
class Loyalty:
    """A fitted logit of Guadagni and Little (1983): loyalty smoothed over past purchases, price, feature, display.

    All households are alike but for what they have bought.
    """

    keep: float  # part of a loyalty that a trip keeps
    start: NDArray[np.float64]  # (B,) loyalty before the first trip
    intercept: NDArray[np.float64]  # (B,) the first is zero
    weights: NDArray[np.float64]  # loyalty, ln price, feature, display
    log_likelihood: float


def _loyalties(chosen: Sequence, keep: float, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loyalty to each brand before each trip, shape (trips, B)."""
    out = np.empty((len(chosen), start.shape[0]))
    now = start.copy()
    for t, b in enumerate(chosen):
        out[t] = now
        now = keep * now
        now[b] += 1.0 - keep
    return out


def fit_loyalty(fitted: Panel) -> Loyalty:
    """Maximum likelihood; the smoothing constant by search over `SMOOTHING`. First trips only set loyalties."""
    brands = len(fitted.brands)
    start = measure(fitted.chosen, brands).share
    chosen = np.concatenate([one[1:] for one in fitted.chosen])
    shelf = np.stack(
        [np.concatenate([one[1:] for one in part]) for part in (fitted.log_price, fitted.feature, fitted.display)],
        axis=2,
    )
    rows = np.arange(chosen.shape[0])
    best: Loyalty | None = None
    for keep in SMOOTHING:
        loyal = np.concatenate([_loyalties(one, keep, start)[1:] for one in fitted.chosen])
        x = np.concatenate((np.tile(np.eye(brands)[:, 1:], (len(rows), 1, 1)), loyal[:, :, None], shelf), axis=2)

        def minus(beta: NDArray[np.float64], x: NDArray[np.float64] = x) -> tuple[float, NDArray[np.float64]]:
            v = x @ beta
            v -= v.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(v).sum(axis=1))
            p = np.exp(v - log_sum[:, None])
            gain = x[rows, chosen].sum(axis=0) - np.einsum("nb,nbk->k", p, x)
            ridge = 1e-6 * beta  # for a column that is all zero, such as display where there is none
            return float(log_sum.sum() - v[rows, chosen].sum() + 0.5 * beta @ ridge), ridge - gain

        found = minimize(minus, np.zeros(x.shape[2]), jac=True, method="BFGS", options={"gtol": 1e-2})
        if best is None or -found.fun > best.log_likelihood:
            intercept = np.concatenate(([0.0], found.x[: brands - 1]))
            best = Loyalty(float(keep), start, intercept, found.x[brands - 1 :], -float(found.fun))
    assert best is not None
    return best


def guadagni_little(fitted: Panel, shelves: Panel, seed: int = 1) -> list[Sequence]:
    """Sequences in front of the very shelves (prices, features, displays) of other households.

    No other model here is told those.
    """
    logit = fit_loyalty(fitted)
    luck = np.random.default_rng(seed)
    made: list[Sequence] = []
    for price, feature, display in zip(shelves.log_price, shelves.feature, shelves.display, strict=True):
        fixed = logit.intercept + np.stack((price, feature, display), axis=2) @ logit.weights[1:]
        loyal = np.tile(logit.start, (COPIES, 1))
        path = np.empty((COPIES, price.shape[0]), np.int64)
        for t in range(price.shape[0]):
            w = np.exp(fixed[t] + logit.weights[0] * loyal)
            path[:, t] = choose(luck, w / w.sum(axis=1, keepdims=True))
            loyal *= logit.keep
            loyal[np.arange(COPIES), path[:, t]] += 1.0 - logit.keep
        made.extend(path)
    return made
