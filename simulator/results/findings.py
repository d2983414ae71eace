"""What the runs say beyond the table: where sales went, the record of redesigns, early signs, what it hangs on.

Each finding is a small frozen record with numbers only; the wording is the report's. A finding that the runs do not
identify says so by its fields rather than by a guess.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from simulator.experiment.outcome import CAUSES, METRICS, ReplicateOutcome
from simulator.results.intervals import Floats, pair_means
from simulator.results.metrics import CAUSED, FATES, fate_counts, fates_at, horizon_of, launch_row, total

EARLY_WEEKS = 2
"""Weeks after launch that a team watches first."""

CONFIDENT = 0.95
"""Two-sided confidence at which an early reading is called visible and a correlation is called real."""

MIN_PAIRS_FOR_RANKS = 8
"""Pairs under which a rank correlation over parameters is not worth showing."""

TWO_SIDED = NormalDist().inv_cdf((1 + CONFIDENT) / 2)
"""Standard deviations that an ordinary reading stays within, at that confidence."""


@dataclass(frozen=True)
class Flow:
    """Where the focal brand's units went: means per replicate over the window, positive = the other gained."""

    lost: float
    gained: Mapping[str, float]
    not_bought: float

    def shares(self) -> dict[str, float]:
        """Part of the loss that each rival took, and the part that nobody did; empty without a loss."""
        if self.lost <= 0:
            return {}
        return {**{brand: units / self.lost for brand, units in self.gained.items()}, "": self.not_bought / self.lost}


@dataclass(frozen=True)
class EarlySignal:
    """The first weeks against ordinary noise, both relative to sales without the change."""

    weeks: int
    effect: float
    noise: float
    visible: bool
    customers: int


@dataclass(frozen=True)
class Deciding:
    """The uncertain parameter that moves with the result most closely, if one stands out from noise."""

    parameter: str | None
    correlation: float
    threshold: float
    pairs: int
    tested: int


def flow(outcomes: Sequence[ReplicateOutcome], weeks: int) -> Flow:
    """Change in units of every brand over the window, mean over replicates."""
    first = outcomes[0]

    def gain(outcome: ReplicateOutcome, brand: int) -> int:
        return total(outcome, "scenario", "units", weeks, brand) - total(outcome, "baseline", "units", weeks, brand)

    change = {name: float(np.mean([gain(o, brand) for o in outcomes])) for brand, name in enumerate(first.brands)}
    lost = -change.pop(first.brands[first.focal])
    return Flow(lost, change, lost - sum(change.values()))


def rival_changes(outcomes: Sequence[ReplicateOutcome], weeks: int) -> dict[str, float]:
    """Relative change in units of every rival over the window, ratio of means over replicates; largest loss first."""
    first = outcomes[0]
    changes = {}
    for brand, name in enumerate(first.brands):
        now, before = (sum(total(o, arm, "units", weeks, brand) for o in outcomes) for arm in ("scenario", "baseline"))
        if brand != first.focal and before:
            changes[name] = now / before - 1.0
    return dict(sorted(changes.items(), key=lambda item: (item[1], item[0])))


def causes_of_churn(outcomes: Sequence[ReplicateOutcome]) -> dict[str, float]:
    """Part of the customers lost to the change whom each cause touched first; empty when nobody was lost.

    This is the first touch, not an attribution: who was touched by two causes counts for the earlier.
    """
    counts = np.zeros(len(CAUSES), dtype=np.int64)
    for outcome in outcomes:
        lost = fates_at(outcome, horizon_of(outcome) - 1) == CAUSED
        counts += np.bincount(outcome.arms["scenario"].first_cause[lost], minlength=len(CAUSES))
    everybody = int(counts.sum())
    if not everybody:
        return {}
    order = sorted(range(len(CAUSES)), key=lambda index: (-counts[index], index))
    return {CAUSES[index]: float(counts[index] / everybody) for index in order if counts[index]}


def fate_means(outcomes: Sequence[ReplicateOutcome]) -> dict[str, float]:
    """Mean number of habitual customers by fate at the horizon."""
    counts = np.mean([fate_counts(outcome, horizon_of(outcome) - 1) for outcome in outcomes], axis=0)
    return dict(zip(FATES, counts.tolist(), strict=True))


def worse_than(units_change: float, mean: float, sd: float) -> float:
    """Share of redesigns on record that did better than this one, from the base-rate prior.

    Examples
    --------
    >>> round(worse_than(-0.10, mean=-0.032, sd=0.061), 2)
    0.87
    """
    return 1.0 - NormalDist(mean, sd).cdf(units_change)


def early_signal(outcomes: Sequence[ReplicateOutcome], weeks: int = EARLY_WEEKS) -> EarlySignal | None:
    """Would one see it in the first weeks? The effect against how far ordinary stretches of that length wander.

    The noise is the standard deviation of baseline sales over stretches of ``weeks`` weeks, relative to their mean, at
    the simulated number of customers; ``None`` when fewer than two ordinary stretches exist.
    """
    metric = METRICS.index("units")
    effects, noises = [], []
    for outcome in outcomes:
        arm = outcome.arms["baseline"]
        before = arm.totals[:, metric, outcome.focal].astype(np.float64)
        after = outcome.arms["scenario"].totals[:, metric, outcome.focal].astype(np.float64)
        start = launch_row(arm)
        rows = slice(start, start + weeks)
        stretches = before[: before.size // weeks * weeks].reshape(-1, weeks).sum(axis=1)
        if stretches.size < 2 or not before[rows].sum():
            return None
        effects.append(float(after[rows].sum() / before[rows].sum() - 1.0))
        noises.append(float(stretches.std(ddof=1) / stretches.mean()))
    effect, noise = float(np.mean(effects)), float(np.mean(noises))
    return EarlySignal(weeks, effect, noise, abs(effect) > TWO_SIDED * noise, outcomes[0].customers)


def deciding_assumption(outcomes: Sequence[ReplicateOutcome], values: Sequence[float]) -> Deciding | None:
    """The parameter whose draws rank like the results of their pairs, tested against chance over all parameters.

    Spearman's correlation between the parameter's draw and the pair's mean result; the threshold is that of a t test
    with Šidák's correction for the number of parameters tried, so that among many parameters a lucky one is not named.
    ``None`` when parameters were not drawn or fewer than eight pairs exist.

    Parameters
    ----------
    outcomes : sequence of ReplicateOutcome
        Replicates ``2k`` and ``2k + 1`` share their parameters.
    values : sequence of float
        One result per outcome.
    """
    means = pair_means(values, [outcome.replicate for outcome in outcomes])
    draws = {outcome.replicate // 2: outcome.parameters for outcome in outcomes}
    pairs = sorted(set(means) & set(draws))
    names = [name for name in sorted(outcomes[0].parameters) if len({draws[pair][name] for pair in pairs}) > 1]
    if len(pairs) < MIN_PAIRS_FOR_RANKS or not names:
        return None
    result = _ranks([means[pair] for pair in pairs])
    if np.ptp(result) == 0:
        return None
    correlations = {name: _correlation(_ranks([draws[pair][name] for pair in pairs]), result) for name in names}
    best = max(names, key=lambda name: abs(correlations[name]))
    threshold = _threshold(len(pairs), len(names))
    stands_out = abs(correlations[best]) > threshold
    return Deciding(best if stands_out else None, correlations[best], threshold, len(pairs), len(names))


def _ranks(values: Sequence[float]) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    _, where, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    ranks: Floats = middle[where]
    return ranks


def _correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _threshold(pairs: int, tried: int) -> float:
    """Size of a rank correlation that chance exceeds once in twenty over all parameters tried."""
    from scipy.special import stdtrit  # imported here: only the report needs it

    alone = 1.0 - CONFIDENT ** (1.0 / tried)
    t = float(stdtrit(pairs - 2, 1.0 - alone / 2))
    return t / math.sqrt(pairs - 2 + t * t)
