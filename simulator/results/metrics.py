"""What is measured: one registry of metrics, and how each is read from one replicate.

The table on the screen, the page, the run folder and the reference all take names, units and definitions from here, so
that a number means the same wherever it stands. A metric is read per replicate, baseline and scenario side by side,
because the two arms share their luck: only the paired difference is worth an interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from simulator.experiment.outcome import BUYING, LAPSED, OUT_CAUSES, ReplicateOutcome
from simulator.results.cohorts import COHORT_METRICS
from simulator.results.reading import (
    CAUSED,
    FATES,
    LEFT_ANYWAY,
    SAVED,
    STAYED,
    UNDECIDED,
    Metric,
    Reading,
    Unit,
    both,
    fate_counts,
    fates_at,
    horizon_of,
    launch_row,
    ratio,
    total,
    weeks_of,
    window,
)
from simulator.results.voices import VOICE_METRICS

__all__ = [
    "CAUSED",
    "FATES",
    "LEFT_ANYWAY",
    "MIN_COMPLAINTS",
    "REGISTRY",
    "SAVED",
    "STAYED",
    "UNDECIDED",
    "Metric",
    "Reading",
    "Unit",
    "fate_counts",
    "fates_at",
    "horizon_of",
    "launch_row",
    "leavers_and_complaints",
    "measure",
    "total",
    "weeks_of",
    "window",
]

HUNDREDTHS = 100.0
"""Money is counted in hundredths of the market's currency."""

POINTS = 100.0
"""Points in one."""

MIN_COMPLAINTS = 30
"""Leavers per complaint are not shown under this many additional complaints (definition of the metric)."""


# --- one reader per metric ------------------------------------------------------------------------------------------


def _relative(counter: str, scale: float = 1.0) -> Callable[[ReplicateOutcome, int], Reading]:
    def read(outcome: ReplicateOutcome, weeks: int) -> Reading:
        before, after = both(lambda arm: float(total(outcome, arm, counter, weeks, outcome.focal)))
        return Reading(before / scale, after / scale, ratio(after - before, before))

    return read


def _share_points(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        return POINTS * ratio(total(outcome, arm, "units", weeks, outcome.focal), total(outcome, arm, "units", weeks))

    before, after = both(share)
    return Reading(before, after, after - before)


def _habitual_purchases_lost(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def units(arm: str) -> float:
        record = outcome.arms[arm]
        return float(record.habitual_units[window(record, weeks)].sum())

    before, after = both(units)
    return Reading(before, after, ratio(before - after, before))


def _churn(part: Literal["net", "baseline", "scenario"]) -> Callable[[ReplicateOutcome, int], Reading]:
    def read(outcome: ReplicateOutcome, weeks: int) -> Reading:
        window(outcome.arms["baseline"], weeks)
        counts = fate_counts(outcome, weeks - 1)
        base = float(outcome.base.shape[0])
        before = ratio(float(counts[LEFT_ANYWAY] + counts[SAVED]), base)
        after = ratio(float(counts[LEFT_ANYWAY] + counts[CAUSED]), base)
        if part == "net":
            return Reading(before, after, after - before)
        if part == "baseline":
            return Reading(before, math.nan, before)
        return Reading(math.nan, after, after)

    return read


def _complaints_per_buyer(outcome: ReplicateOutcome, weeks: int) -> Reading:
    before, after = both(
        lambda arm: ratio(float(total(outcome, arm, "complaints", weeks, outcome.focal)), float(outcome.buyers))
    )
    return Reading(before, after, after)


def _silent_leavers(outcome: ReplicateOutcome, weeks: int) -> Reading:
    leavers, complaints = leavers_and_complaints(outcome, weeks)
    return Reading(math.nan, math.nan, ratio(leavers, complaints) if complaints > 0 else math.nan)


def leavers_and_complaints(outcome: ReplicateOutcome, weeks: int) -> tuple[int, int]:
    """Net caused leavers at the end of the window and the complaints the change added within it."""
    counts = fate_counts(outcome, weeks - 1)
    before, after = both(lambda arm: float(total(outcome, arm, "complaints", weeks, outcome.focal)))
    return int(counts[CAUSED] - counts[SAVED]), int(after - before)


def _out_of_stock_rate(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def rate(arm: str) -> float:
        record = outcome.arms[arm]
        days = record.shelf[window(record, weeks), outcome.focal].sum(axis=0)
        return ratio(float(days[1:].sum()), float(days[OUT_CAUSES.index("audits")]))

    before, after = both(rate)
    return Reading(before, after, after)


def _recovered(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        lapsed = outcome.arms[arm].lapse[:weeks] == LAPSED
        buying = outcome.arms[arm].lapse[:weeks] == BUYING
        ever = lapsed.any(axis=0)
        back = (buying & np.logical_or.accumulate(lapsed, axis=0)).any(axis=0)
        return ratio(float(back.sum()), float(ever.sum()))

    before, after = both(share)
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
    *VOICE_METRICS,
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
    *COHORT_METRICS,
)

REGISTRY: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Every metric by name, in the order in which they are shown."""


def measure(outcome: ReplicateOutcome, weeks: int | None = None) -> dict[str, Reading]:
    """Read every metric of one replicate over the weeks ``[0, weeks)`` (default: the horizon)."""
    length = horizon_of(outcome) if weeks is None else weeks
    return {name: metric.read(outcome, length) for name, metric in REGISTRY.items()}
