"""Customers won since the launch: how many, by what, and how many still buy four weeks by four weeks later.

A customer is won by the focal brand's first purchase in a year. The source is the last good word in the weeks before
(`source_credit_weeks`): a campaign's, a friend's, or neither, which counts as won in the shop and by the people there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiment.outcome import ArmRecord, ReplicateOutcome
from simulator.model.kernels.constants import PERIOD_DAYS
from simulator.results.reading import Metric, Reading, both, horizon_of, launch_row, ratio, window
from simulator.world.world import SOURCES

STEP_WEEKS = PERIOD_DAYS // 7
"""Weeks of one step of a retention curve."""

LATER = 3
"""Step at which single numbers read retention: the fourth four weeks, weeks 12 to 15 after the first purchase."""


def retention(arm: ArmRecord) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Customers who could be seen and who bought, by source and step since they were won, each (sources, steps).

    Only cohorts whose step has ended by the horizon are counted, so that young cohorts do not pull a curve down.
    """
    weeks = arm.won.shape[0] - launch_row(arm)
    won = arm.won[launch_row(arm) :].astype(np.int64)
    kept = arm.kept[launch_row(arm) :].astype(np.int64)
    steps = kept.shape[2]
    seen = np.zeros((won.shape[1], steps), np.int64)
    bought = np.zeros((won.shape[1], steps), np.int64)
    for step in range(steps):
        ended = max(0, weeks - STEP_WEEKS * (step + 1))
        seen[:, step] = won[:ended].sum(axis=0)
        bought[:, step] = kept[:ended, :, step].sum(axis=0)
    return seen, bought


def retention_frame(outcomes: Sequence[ReplicateOutcome]) -> pd.DataFrame:
    """One row per arm, source and step: customers won that could be seen, of them buying, and their share.

    Sums over replicates; a step is four weeks, step 0 begins with the first purchase.
    """
    rows = []
    for name in ("baseline", "scenario"):
        parts = [retention(outcome.arms[name]) for outcome in outcomes]
        seen, bought = (np.sum([part[k] for part in parts], axis=0) for k in (0, 1))
        for q, source in enumerate(SOURCES):
            for step in np.flatnonzero(seen[q]).tolist():
                won, buying = int(seen[q, step]), int(bought[q, step])
                rows.append((name, source, STEP_WEEKS * step, won, buying, buying / won))
    return pd.DataFrame(rows, columns=["arm", "source", "weeks_since", "won", "buying", "share"])


def _won(outcome: ReplicateOutcome, arm: str, weeks: int) -> float:
    record = outcome.arms[arm]
    return float(record.won[window(record, weeks)].sum())


def _first_purchases(outcome: ReplicateOutcome, weeks: int) -> Reading:
    before, after = both(lambda arm: _won(outcome, arm, weeks))
    return Reading(before, after, ratio(before - after, before))


def _kept(source: str) -> Callable[[ReplicateOutcome, int], Reading]:
    q = SOURCES.index(source)

    def read(outcome: ReplicateOutcome, weeks: int) -> Reading:
        def share(arm: str) -> float:
            if horizon_of(outcome) < STEP_WEEKS * (LATER + 1):
                return math.nan
            seen, bought = retention(outcome.arms[arm])
            return ratio(float(bought[q, LATER]), float(seen[q, LATER]))

        before, after = both(share)
        return Reading(before, after, after)

    return read


_NOTE = "whom {} won since the launch, those who bought it in weeks 12 to 15 after their first purchase."

COHORT_METRICS = (
    Metric(
        "trial_prevented",
        "First purchases prevented",
        "share",
        "share of first purchases",
        "first purchases of the focal brand in a year",
        "lower",
        "First purchases of the focal brand by customers who had not bought it for a year, that the change prevented.",
        _first_purchases,
    ),
    Metric(
        "kept_from_campaign",
        "Kept of those a campaign won",
        "share",
        "share of customers won",
        "share of customers won",
        "higher",
        "Of the customers of the focal brand " + _NOTE.format("a campaign"),
        _kept("campaign"),
        is_level=True,
    ),
    Metric(
        "kept_from_talk",
        "Kept of those a friend won",
        "share",
        "share of customers won",
        "share of customers won",
        "higher",
        "Of the customers of the focal brand " + _NOTE.format("a friend's word"),
        _kept("word_of_mouth"),
        is_level=True,
    ),
)
"""In the order in which they are shown."""
