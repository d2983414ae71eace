"""Metrics of voice and talk: complaints and their answers, reach, depth and balance of what is said of the change."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.experiment.outcome import CAUSES, ArmRecord, ReplicateOutcome
from simulator.results.reading import Metric, Reading, both, launch_row, ratio, total


def reproduction_by_generation(arm: ArmRecord) -> NDArray[np.float64]:
    """Tellers of each generation per teller of the one before, shape (G - 2,); NaN where nobody told.

    The last generation collects all later ones and is left out.
    """
    tellers = arm.tellers.sum(axis=0).astype(np.float64)[:-1]
    following: NDArray[np.float64] = np.full(tellers.size - 1, np.nan)
    np.divide(tellers[1:], tellers[:-1], out=following, where=tellers[:-1] > 0)
    return following


def reach_by_cause(outcome: ReplicateOutcome, arm: str = "scenario") -> dict[str, float]:
    """Share of customers whom talk about a change reached, by its cause; who heard of two causes counts for both."""
    counts = outcome.arms[arm].reached_by
    return {cause: float(counts[k]) / outcome.customers for k, cause in enumerate(CAUSES) if k and counts[k]}


def _wom_reach(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def reach(arm: str) -> float:
        record = outcome.arms[arm]
        return ratio(float(record.reached[: launch_row(record) + weeks].sum()), float(outcome.customers))

    before, after = both(reach)
    return Reading(before, after, after)


def _wom_net_sentiment(outcome: ReplicateOutcome, weeks: int) -> Reading:
    record = outcome.arms["scenario"]
    positive, negative = float(record.positive.sum()), float(record.negative.sum())
    balance = ratio(positive - negative, positive + negative)
    return Reading(math.nan, balance, balance)


def _wom_reproduction(outcome: ReplicateOutcome, weeks: int) -> Reading:
    tellers = outcome.arms["scenario"].tellers
    reproduction = ratio(float(tellers[:, 1:].sum()), float(tellers.sum()))
    return Reading(math.nan, reproduction, reproduction)


def _wom_depth(outcome: ReplicateOutcome, weeks: int) -> Reading:
    told = outcome.arms["scenario"].tellers.sum(axis=0)
    depth = float(np.flatnonzero(told)[-1] + 1) if told.any() else 0.0
    return Reading(math.nan, depth, depth)


def _counts(outcome: ReplicateOutcome, arm: str, weeks: int, *names: str) -> list[float]:
    """Totals of the focal brand's counters over the window."""
    return [float(total(outcome, arm, name, weeks, outcome.focal)) for name in names]


def _answered_in_time(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        answered, late = _counts(outcome, arm, weeks, "answered", "answered_late")
        return ratio(answered, answered + late)

    before, after = both(share)
    return Reading(before, after, after)


def _waiting_days(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def days(arm: str) -> float:
        waited, answered = _counts(outcome, arm, weeks, "waiting_days", "answered")
        return ratio(waited, answered)

    before, after = both(days)
    return Reading(before, after, after)


def _satisfied_after(outcome: ReplicateOutcome, weeks: int) -> Reading:
    def share(arm: str) -> float:
        satisfied, answered, late = _counts(outcome, arm, weeks, "satisfied_after", "answered", "answered_late")
        return ratio(satisfied, answered + late)

    before, after = both(share)
    return Reading(before, after, after)


VOICE_METRICS = (
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
        "people brought to tell per teller",
        "tellers per teller",
        "neither",
        "Those who told news of the change because they had been told, per teller; below 1 the talk dies out.",
        _wom_reproduction,
        is_level=True,
    ),
    Metric(
        "wom_depth",
        "Depth of talk",
        "steps",
        "steps from own experience",
        "steps from own experience",
        "neither",
        "How many people, one after the other, news of the change was passed through at most; the eighth stands for "
        "all later ones.",
        _wom_depth,
        is_level=True,
    ),
    Metric(
        "complaints_in_time",
        "Complaints answered in time",
        "share",
        "share of complaints settled",
        "share of the focal brand's complaints settled",
        "higher",
        "Complaints that the focal brand's care desk answered before they were given up, of all that were settled.",
        _answered_in_time,
        is_level=True,
    ),
    Metric(
        "complaint_wait_days",
        "Days to an answer",
        "days",
        "days",
        "days that complaints answered in time had waited",
        "lower",
        "Mean time that complaints to the focal brand waited, of those that were answered in time.",
        _waiting_days,
        is_level=True,
    ),
    Metric(
        "complaints_satisfied",
        "Satisfied after complaining",
        "share",
        "share of complaints settled",
        "share of the focal brand's complaints settled",
        "higher",
        "Complaints to the focal brand after which the customer was satisfied, of all that were settled.",
        _satisfied_after,
        is_level=True,
    ),
)
"""In the order in which they are shown."""
