"""How sure we are: spread over replicates, its two parts, and the probability of breaking a limit.

Replicates ``2k`` and ``2k + 1`` share one draw of the uncertain parameters. What differs within such a pair is luck;
what differs between pairs, beyond luck, is what we do not know about the world. Everything here honours that pairing:
two replicates of a pair are not two independent pieces of evidence about the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOW, HIGH = 0.05, 0.95
"""The points of the spread over replicates that ``low`` and ``high`` state."""

MIN_PAIRS = 2
"""Complete pairs without which luck and assumptions cannot be told apart."""

PAIR = 2
"""Replicates that share one draw of the uncertain parameters."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Spread of one number over replicates; ``None`` where the runs do not identify it.

    Attributes
    ----------
    mean : float or None
        Mean over the replicates in which the number is defined.
    low, high : float or None
        The 5% and 95% points over replicates (linear between order statistics); needs two replicates.
    se : float or None
        Standard error of the mean.
    luck : float or None
        Standard deviation from luck: what replicates of the same pair differ by.
    assumptions : float or None
        Standard deviation from the uncertain parameters; ``None`` when they were held fixed.
    n : int
        Replicates in which the number is defined.
    """

    mean: float | None
    low: float | None
    high: float | None
    se: float | None
    luck: float | None
    assumptions: float | None
    n: int

    @property
    def assumptions_share(self) -> float | None:
        """Part of the variance that comes from the uncertain parameters."""
        if self.luck is None or self.assumptions is None:
            return None
        both = self.luck**2 + self.assumptions**2
        return self.assumptions**2 / both if both > 0 else None


@dataclass(frozen=True)
class Probability:
    """A probability over replicates with its 90% interval."""

    estimate: float
    low: float
    high: float
    n: int
    effective_n: float


NOTHING = Interval(None, None, None, None, None, None, 0)
"""The interval of a number that is defined in no replicate."""


def summarise(values: Sequence[float] | Floats, replicates: Sequence[int], *, paired: bool = True) -> Interval:
    """Mean, spread, standard error and the two parts of the spread.

    Method
    ------
    ``low`` and ``high`` are the 5% and 95% points of the replicates. The standard error groups replicates by pair
    (sums of deviations per pair, small-sample factor G / (G − 1)); with complete pairs it equals the standard error of
    the pair means, and it stays right when one pair is incomplete. Luck and assumptions are the variance components
    of a one-way random-effects analysis over complete pairs: within-pair mean square for luck, and half of what the
    between-pair mean square exceeds it by, not below zero, for assumptions. With ``paired=False`` (parameters held at
    their central values) all spread is luck.

    Parameters
    ----------
    values : sequence of float
        One value per replicate; NaN where undefined (left out).
    replicates : sequence of int
        Replicate numbers, which tell the pairs.
    paired : bool
        Whether replicates ``2k`` and ``2k + 1`` share a parameter draw.

    Examples
    --------
    >>> interval = summarise([0.0, 0.0, 2.0, 2.0], [0, 1, 2, 3])
    >>> interval.mean, interval.se, interval.luck, round(interval.assumptions, 3)
    (1.0, 1.0, 0.0, 1.414)
    >>> summarise([0.3], [0]).se is None
    True
    """
    numbers, groups = _defined(values, replicates, paired)
    n = int(numbers.size)
    if n == 0:
        return NOTHING
    mean = float(numbers.mean())
    if n == 1:
        return Interval(mean, None, None, None, None, None, 1)
    low, high = (float(point) for point in np.quantile(numbers, (LOW, HIGH)))
    luck, assumptions = _components(numbers, groups, paired)
    return Interval(mean, low, high, _standard_error(numbers, groups), luck, assumptions, n)


def summarise_ratio(
    numerators: Sequence[float], denominators: Sequence[float], replicates: Sequence[int], *, paired: bool = True
) -> Interval:
    """Interval of a ratio of sums, for counts too small to divide replicate by replicate.

    The mean is the pooled ratio; the standard error leaves out one pair at a time (jackknife); ``low`` and ``high``
    are stated only when every replicate has a positive denominator.
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    groups = _groups(np.asarray(replicates), paired)
    if top.size == 0 or bottom.sum() <= 0:
        return NOTHING
    mean = float(top.sum() / bottom.sum())
    low = high = se = None
    if top.size > 1 and bool((bottom > 0).all()):
        low, high = (float(point) for point in np.quantile(top / bottom, (LOW, HIGH)))
    labels = np.unique(groups)
    if labels.size > 1:
        rest = [(top[groups != label].sum(), bottom[groups != label].sum()) for label in labels]
        if all(total > 0 for _, total in rest):
            left_out = np.array([part / total for part, total in rest])
            se = float(math.sqrt((labels.size - 1) / labels.size * ((left_out - left_out.mean()) ** 2).sum()))
    return Interval(mean, low, high, se, None, None, int(top.size))


def intraclass_correlation(
    values: Sequence[float] | Floats, replicates: Sequence[int], *, paired: bool = True
) -> float:
    """How much two replicates of a pair resemble each other, 0..1.

    0 when parameters are held fixed; 1, the cautious end, when too few pairs are complete to estimate it.
    """
    if not paired:
        return 0.0
    numbers, groups = _defined(values, replicates, paired)
    luck, assumptions = _components(numbers, groups, paired)
    if luck is None or assumptions is None:
        return 1.0
    both = luck**2 + assumptions**2
    return assumptions**2 / both if both > 0 else 0.0


def probability(
    breaches: Sequence[bool] | NDArray[np.bool_],
    values: Sequence[float] | Floats,
    replicates: Sequence[int],
    *,
    paired: bool = True,
) -> Probability:
    """Probability that a replicate breaks a limit, with a 90% Jeffreys interval.

    Method
    ------
    The estimate is the share of replicates. Because a pair shares its parameters, its two replicates say less than two
    independent ones: the number of replicates is divided by the design effect ``1 + (m − 1) ICC``, m being the mean
    size of the pair a replicate belongs to and ICC that of the metric itself (steadier than that of the 0/1 breaches,
    and defined when all or none of them breach). The Jeffreys interval is the 5% to 95% range of a
    Beta(k + ½, n − k + ½) with the effective counts, its ends set to 0 or 1 when no replicate or every replicate
    breaches.

    Examples
    --------
    >>> held = probability([False] * 20, [0.01 * i for i in range(20)], range(20), paired=False)
    >>> held.estimate, held.low, round(held.high, 2)
    (0.0, 0.0, 0.09)
    """
    marks = np.asarray(breaches, dtype=np.float64)
    numbers = np.asarray(values, dtype=np.float64)
    numbering = np.asarray(replicates)
    defined = ~np.isnan(numbers)
    marks, numbers, numbering = marks[defined], numbers[defined], numbering[defined]
    n = int(marks.size)
    if n == 0:
        return Probability(math.nan, 0.0, 1.0, 0, 0.0)
    _, sizes = np.unique(_groups(numbering, paired), return_counts=True)
    resemblance = intraclass_correlation(numbers, numbering.tolist(), paired=paired)
    effective = n / (1.0 + (float((sizes**2).sum()) / n - 1.0) * resemblance)
    estimate = float(marks.mean())
    low, high = jeffreys(estimate, effective)
    return Probability(estimate, low, high, n, effective)


def jeffreys(share: float, n: float) -> tuple[float, float]:
    """90% Jeffreys interval of a share out of ``n`` (possibly fractional) trials.

    Examples
    --------
    >>> low, high = jeffreys(0.5, 20)
    >>> round(low, 2), round(high, 2)
    (0.32, 0.68)
    """
    from scipy.special import betaincinv  # imported here: only verdicts need it

    hits = share * n
    a, b = hits + 0.5, n - hits + 0.5
    low = 0.0 if share <= 0.0 else float(betaincinv(a, b, LOW))
    high = 1.0 if share >= 1.0 else float(betaincinv(a, b, HIGH))
    return low, high


def pair_means(values: Sequence[float] | Floats, replicates: Sequence[int]) -> dict[int, float]:
    """Mean of the defined values of each pair, by pair number."""
    numbers, groups = _defined(values, replicates, True)
    return {int(label): float(numbers[groups == label].mean()) for label in np.unique(groups)}


def _groups(replicates: NDArray[np.int64], paired: bool) -> NDArray[np.int64]:
    return replicates.astype(np.int64) // PAIR if paired else replicates.astype(np.int64)


def _defined(
    values: Sequence[float] | Floats, replicates: Sequence[int], paired: bool
) -> tuple[Floats, NDArray[np.int64]]:
    numbers = np.asarray(values, dtype=np.float64)
    groups = _groups(np.asarray(replicates, dtype=np.int64), paired)
    if numbers.shape != groups.shape:
        raise ValueError(f"{numbers.size} values were given for {groups.size} replicates; give one value per replicate")
    defined = ~np.isnan(numbers)
    return numbers[defined], groups[defined]


def _standard_error(numbers: Floats, groups: NDArray[np.int64]) -> float | None:
    labels, where = np.unique(groups, return_inverse=True)
    if labels.size < 2:
        return None
    sums = np.bincount(where, weights=numbers - numbers.mean())
    return float(math.sqrt(labels.size / (labels.size - 1) * (sums**2).sum()) / numbers.size)


def _components(numbers: Floats, groups: NDArray[np.int64], paired: bool) -> tuple[float | None, float | None]:
    if not paired:
        return (float(numbers.std(ddof=1)), None) if numbers.size > 1 else (None, None)
    _, where, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    complete = sizes == PAIR
    if int(complete.sum()) < MIN_PAIRS:
        return None, None
    pairs = np.array([numbers[where == index] for index in np.flatnonzero(complete)])
    within = float(pairs.var(axis=1, ddof=1).mean())
    between = float(PAIR * pairs.mean(axis=1).var(ddof=1))
    return math.sqrt(within), math.sqrt(max(0.0, (between - within) / PAIR))
