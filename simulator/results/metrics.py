"""What is measured: one registry of metrics, and how each is read from one replicate.

The table on the screen, the page, the run folder and the reference all take names, units and definitions from here, so
that a number means the same wherever it stands. A metric is read per replicate, baseline and scenario side by side,
because the two arms share their luck: only the paired difference is worth an interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.experiment.outcome import BUYING, LAPSED, METRICS, OUT_CAUSES, TOO_EARLY, ArmRecord, ReplicateOutcome

Unit = Literal["relative", "share", "points", "per buyer", "per complaint", "balance", "ratio"]

FATES = ("stayed", "left_anyway", "caused", "saved", "too_early")
"""What became of a customer of the base, comparing both arms; the five sum to the base."""

STAYED, LEFT_ANYWAY, CAUSED, SAVED, UNDECIDED = range(len(FATES))

HUNDREDTHS = 100.0
"""Money is counted in hundredths of the market's currency."""

POINTS = 100.0
"""Points in one."""

MIN_COMPLAINTS = 30
"""Leavers per complaint are not shown under this many additional complaints (definition of the metric)."""


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


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan


def _both(read: Callable[[str], float]) -> tuple[float, float]:
    return read("baseline"), read("scenario")


# --- one reader per metric ------------------------------------------------------------------------------------------


def _relative(counter: str, scale: float = 1.0) -> Callable[[ReplicateOutcome, int], Reading]:
    def read(outcome: ReplicateOutcome, weeks: int) -> Reading:
        before, after = _both(lambda arm: float(total(outcome, arm, counter, weeks, outcome.focal)))
        return Reading(before / scale, after / scale, _ratio(after - before, before))

    return read


def _share_points(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        return POINTS * _ratio(total(outcome, arm, "units", weeks, outcome.focal), total(outcome, arm, "units", weeks))

    before, after = _both(share)
    return Reading(before, after, after - before)


def _habitual_purchases_lost(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def units(arm: str) -> float:
        record = outcome.arms[arm]
        return float(record.habitual_units[window(record, weeks)].sum())

    before, after = _both(units)
    return Reading(before, after, _ratio(before - after, before))


def _churn(part: Literal["net", "baseline", "scenario"]) -> Callable[[ReplicateOutcome, int], Reading]:
    def read(outcome: ReplicateOutcome, weeks: int) -> Reading:
        window(outcome.arms["baseline"], weeks)
        counts = fate_counts(outcome, weeks - 1)
        base = float(outcome.base.shape[0])
        before = _ratio(float(counts[LEFT_ANYWAY] + counts[SAVED]), base)
        after = _ratio(float(counts[LEFT_ANYWAY] + counts[CAUSED]), base)
        if part == "net":
            return Reading(before, after, after - before)
        if part == "baseline":
            return Reading(before, math.nan, before)
        return Reading(math.nan, after, after)

    return read


def _complaints_per_buyer(outcome: ReplicateOutcome, weeks: int) -> Reading:
    before, after = _both(
        lambda arm: _ratio(float(total(outcome, arm, "complaints", weeks, outcome.focal)), float(outcome.buyers))
    )
    return Reading(before, after, after)


def _silent_leavers(outcome: ReplicateOutcome, weeks: int) -> Reading:
    leavers, complaints = leavers_and_complaints(outcome, weeks)
    return Reading(math.nan, math.nan, _ratio(leavers, complaints) if complaints > 0 else math.nan)


def leavers_and_complaints(outcome: ReplicateOutcome, weeks: int) -> tuple[int, int]:
    """Net caused leavers at the end of the window and the complaints the change added within it."""
    counts = fate_counts(outcome, weeks - 1)
    before, after = _both(lambda arm: float(total(outcome, arm, "complaints", weeks, outcome.focal)))
    return int(counts[CAUSED] - counts[SAVED]), int(after - before)


def _wom_reach(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def reach(arm: str) -> float:
        record = outcome.arms[arm]
        return _ratio(float(record.reached[: launch_row(record) + weeks].sum()), float(outcome.customers))

    before, after = _both(reach)
    return Reading(before, after, after)


def _wom_net_sentiment(outcome: ReplicateOutcome, weeks: int) -> Reading:
    record = outcome.arms["scenario"]
    positive, negative = float(record.positive.sum()), float(record.negative.sum())
    balance = _ratio(positive - negative, positive + negative)
    return Reading(math.nan, balance, balance)


def _wom_reproduction(outcome: ReplicateOutcome, weeks: int) -> Reading:
    tellers = outcome.arms["scenario"].tellers
    reproduction = _ratio(float(tellers[1:].sum()), float(tellers[:-1].sum()))
    return Reading(math.nan, reproduction, reproduction)


def _out_of_stock_rate(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def rate(arm: str) -> float:
        record = outcome.arms[arm]
        days = record.shelf[window(record, weeks), outcome.focal].sum(axis=0)
        return _ratio(float(days[1:].sum()), float(days[OUT_CAUSES.index("audits")]))

    before, after = _both(rate)
    return Reading(before, after, after)


def _recovered(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        lapsed = outcome.arms[arm].lapse[:weeks] == LAPSED
        buying = outcome.arms[arm].lapse[:weeks] == BUYING
        ever = lapsed.any(axis=0)
        back = (buying & np.logical_or.accumulate(lapsed, axis=0)).any(axis=0)
        return _ratio(float(back.sum()), float(ever.sum()))

    before, after = _both(share)
    return Reading(before, after, after)


# --- the registry ---------------------------------------------------------------------------------------------------

_BASE_SHARE = "share of habitual customers"

_ALL = (
    Metric(
        "units_change",
        "Units sold",
        "relative",
        "relative to the paired baseline",
        "units of the focal brand",
        "higher",
        "Units of the focal brand bought over the window, relative to the same customers without the change.",
        _relative("units"),
    ),
    Metric(
        "value_change",
        "Sales value",
        "relative",
        "relative to the paired baseline",
        "money paid for the focal brand",
        "higher",
        "Money paid for the focal brand over the window, relative to the same customers without the change.",
        _relative("value", HUNDREDTHS),
    ),
    Metric(
        "contribution_change",
        "Contribution",
        "relative",
        "relative to the paired baseline",
        "price paid less cost",
        "higher",
        "Price paid less cost of the focal brand over the window, relative to the same customers without the change.",
        _relative("contribution", HUNDREDTHS),
    ),
    Metric(
        "share_points",
        "Market share",
        "points",
        "points of category units",
        "per cent of category units",
        "higher",
        "The focal brand's part of all units of the category, scenario less baseline, in points.",
        _share_points,
    ),
    Metric(
        "habitual_purchases_lost",
        "Habitual purchases lost",
        "share",
        "share of the base's purchases",
        "units of the focal brand bought by habitual customers",
        "lower",
        "Focal purchases that habitual customers would have made without the change and did not make with it.",
        _habitual_purchases_lost,
    ),
    Metric(
        "caused_churn",
        "Churn caused",
        "share",
        _BASE_SHARE,
        "habitual customers lapsed at the end of the window",
        "lower",
        "Habitual customers who lapsed because of the change less those it kept, as a share of all habitual customers.",
        _churn("net"),
    ),
    Metric(
        "churn_baseline",
        "Churn without the change",
        "share",
        _BASE_SHARE,
        "habitual customers lapsed at the end of the window",
        "neither",
        "Habitual customers lapsed at the end of the window in the baseline; those too early to tell count as not.",
        _churn("baseline"),
        is_level=True,
    ),
    Metric(
        "churn_scenario",
        "Churn with the change",
        "share",
        _BASE_SHARE,
        "habitual customers lapsed at the end of the window",
        "lower",
        "Habitual customers lapsed at the end of the window in the scenario; those too early to tell count as not.",
        _churn("scenario"),
        is_level=True,
    ),
    Metric(
        "complaints_per_buyer",
        "Complaints per 1,000 buyers",
        "per buyer",
        "complaints per buyer of the year before",
        "complaints per buyer",
        "lower",
        "Complaints to the focal brand's care desk over the window, per buyer of the brand in the year before launch.",
        _complaints_per_buyer,
        is_level=True,
    ),
    Metric(
        "silent_leavers_per_complaint",
        "Leavers per complaint",
        "per complaint",
        "net caused leavers per additional complaint",
        "leavers per complaint",
        "lower",
        "Habitual customers lost to the change (net) for each complaint the change added; pooled over replicates and "
        f"not shown under {MIN_COMPLAINTS} additional complaints.",
        _silent_leavers,
        is_level=True,
    ),
    Metric(
        "wom_reach",
        "Reached by talk",
        "share",
        "share of customers",
        "customers reached by talk about the change",
        "neither",
        "Customers whom talk about the change reached at least once.",
        _wom_reach,
        is_level=True,
    ),
    Metric(
        "wom_net_sentiment",
        "Balance of talk",
        "balance",
        "(positive − negative) / all messages",
        "balance of the messages the change set off",
        "higher",
        "Positive less negative messages about the change, as a part of both, over the whole run; −1 is all negative.",
        _wom_net_sentiment,
        is_level=True,
    ),
    Metric(
        "wom_reproduction",
        "Reproduction of talk",
        "ratio",
        "tellers per teller of the generation before",
        "tellers per teller",
        "neither",
        "Those who retold news of the change, per teller of the generation before; below 1 the talk dies out.",
        _wom_reproduction,
        is_level=True,
    ),
    Metric(
        "out_of_stock_rate",
        "Out of stock",
        "share",
        "share of audits",
        "share of the focal brand's shelf audits",
        "lower",
        "Audits, at opening and closing time, that found an item of the focal brand missing from a store's shelf.",
        _out_of_stock_rate,
        is_level=True,
    ),
    Metric(
        "recovered",
        "Came back",
        "share",
        "share of customers who lapsed",
        "share of those lapsed at some week",
        "higher",
        "Of the habitual customers who had lapsed at some week since launch, those who bought the brand again.",
        _recovered,
        is_level=True,
    ),
)

REGISTRY: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Every metric by name, in the order in which they are shown."""


def measure(outcome: ReplicateOutcome, weeks: int | None = None) -> dict[str, Reading]:
    """Read every metric of one replicate over the weeks ``[0, weeks)`` (default: the horizon)."""
    length = horizon_of(outcome) if weeks is None else weeks
    return {name: metric.read(outcome, length) for name, metric in REGISTRY.items()}
