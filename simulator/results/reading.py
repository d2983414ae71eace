"""Reading one replicate: windows of weeks, totals, fates. What every metric is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.experiment.outcome import BUYING, LAPSED, METRICS, TOO_EARLY, ArmRecord, ReplicateOutcome

Unit = Literal["relative", "share", "points", "per buyer", "per complaint", "balance", "ratio", "days", "steps"]

FATES = ("stayed", "left_anyway", "caused", "saved", "too_early")
"""What became of a customer of the base, comparing both arms; the five sum to the base."""

STAYED, LEFT_ANYWAY, CAUSED, SAVED, UNDECIDED = range(len(FATES))


@dataclass(frozen=True)
class Reading:
    """One metric of one replicate; NaN where it is not defined (nothing to divide by, or no such arm)."""

    baseline: float
    scenario: float
    value: float


@dataclass(frozen=True)
class Metric:
    """What a metric is called, what it means, and how it is read.

    Attributes
    ----------
    name : str
        The key in ``summary.json``, in tables and in guardrails.
    label : str
        The name in words.
    unit : str
        How the value is to be read: ``relative`` to the paired baseline, a ``share``, ``points`` …
    unit_text : str
        The unit in words.
    level : str
        What the two arms' columns hold.
    better : {"higher", "lower", "neither"}
        Which way is good for the focal brand.
    definition : str
        One sentence a brand manager can check.
    read : callable
        ``read(outcome, weeks) -> Reading`` over the window of weeks ``[0, weeks)``.
    is_level : bool
        Whether the value is one arm's own level rather than a comparison with the baseline.
    """

    name: str
    label: str
    unit: Unit
    unit_text: str
    level: str
    better: Literal["higher", "lower", "neither"]
    definition: str
    read: Callable[[ReplicateOutcome, int], Reading]
    is_level: bool = False


# --- reading the record ---------------------------------------------------------------------------------------------


def launch_row(arm: ArmRecord) -> int:
    """Row of week 0 on the week axis."""
    return -arm.first_week


def weeks_of(arm: ArmRecord) -> NDArray[np.int64]:
    """Week numbers along the week axis, launch at 0.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> weeks_of(SimpleNamespace(first_week=-2, totals=np.zeros((5, 1, 1)))).tolist()
    [-2, -1, 0, 1, 2]
    """
    return np.arange(arm.totals.shape[0], dtype=np.int64) + arm.first_week


def horizon_of(outcome: ReplicateOutcome) -> int:
    """Weeks after launch that the replicate covers."""
    return int(outcome.arms["baseline"].lapse.shape[0])


def window(arm: ArmRecord, weeks: int) -> slice:
    """Rows of the weeks ``[0, weeks)`` on the week axis."""
    start = launch_row(arm)
    if weeks < 1 or start + weeks > arm.totals.shape[0]:
        covered = arm.totals.shape[0] - start
        raise ValueError(
            f"a window of {weeks} weeks was asked for, but the run covers weeks 0 to {covered - 1} after launch; "
            f"ask for 1 to {covered} weeks or lengthen the horizon"
        )
    return slice(start, start + weeks)


def total(outcome: ReplicateOutcome, arm: str, metric: str, weeks: int, brand: int | None = None) -> int:
    """Sum of one weekly counter over the window, for one brand (default: all brands)."""
    record = outcome.arms[arm]
    rows = record.totals[window(record, weeks), METRICS.index(metric)]
    return int(rows.sum() if brand is None else rows[:, brand].sum())


def fates_at(outcome: ReplicateOutcome, week: int) -> NDArray[np.uint8]:
    """Fate of every customer of the base at the end of a week, as an index into ``FATES``.

    A customer is *too early to tell* when the clock has not run long enough in either arm; otherwise the two arms'
    states decide.
    """
    before = outcome.arms["baseline"].lapse[week]
    after = outcome.arms["scenario"].lapse[week]
    fate = np.full(before.shape, STAYED, dtype=np.uint8)
    fate[(before == LAPSED) & (after == LAPSED)] = LEFT_ANYWAY
    fate[(before == BUYING) & (after == LAPSED)] = CAUSED
    fate[(before == LAPSED) & (after == BUYING)] = SAVED
    fate[(before == TOO_EARLY) | (after == TOO_EARLY)] = UNDECIDED
    return fate


def fate_counts(outcome: ReplicateOutcome, week: int) -> NDArray[np.int64]:
    """Customers of the base by fate at the end of a week; sums to the base."""
    return np.bincount(fates_at(outcome, week), minlength=len(FATES)).astype(np.int64)


def ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan


def both(read: Callable[[str], float]) -> tuple[float, float]:
    return read("baseline"), read("scenario")
