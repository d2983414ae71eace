"""Metrics against outcomes whose answers are known by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import FIRST_WEEK, make_outcome, without_change

from simulator.experiment.outcome import BUYING, LAPSED, METRICS, TOO_EARLY, ReplicateOutcome
from simulator.results.metrics import (
    CAUSED,
    FATES,
    REGISTRY,
    SAVED,
    fate_counts,
    fates_at,
    leavers_and_complaints,
    measure,
    total,
)
from simulator.results.voices import reproduction_by_generation


@pytest.fixture
def outcome() -> ReplicateOutcome:
    return make_outcome(0)


def with_lapse(outcome: ReplicateOutcome, before: list[list[int]], after: list[list[int]]) -> ReplicateOutcome:
    """The outcome with a small base whose weekly states are given, one inner list per week."""
    n = len(before[0])
    arms = {
        name: replace(
            outcome.arms[name],
            lapse=np.array(states, np.uint8),
            first_cause=np.zeros(n, np.uint8),
            first_cause_week=np.full(n, -32768, np.int16),
            totals=outcome.arms[name].totals[: -FIRST_WEEK + len(states)],
            shelf=outcome.arms[name].shelf[: -FIRST_WEEK + len(states)],
            habitual_units=outcome.arms[name].habitual_units[: -FIRST_WEEK + len(states)],
            reached=outcome.arms[name].reached[: -FIRST_WEEK + len(states)],
        )
        for name, states in (("baseline", before), ("scenario", after))
    }
    ids, kind = np.arange(n), np.zeros(n, np.uint8)
    return replace(outcome, arms=arms, base=ids, segment=kind, weight=kind)


def test_a_launch_that_does_nothing_measures_exactly_zero(outcome: ReplicateOutcome) -> None:
    readings = measure(without_change(outcome))
    for name in ("units_change", "value_change", "contribution_change", "share_points", "caused_churn"):
        assert readings[name].value == 0.0, name
    assert readings["habitual_purchases_lost"].value == 0.0


def test_units_change_is_relative_to_the_paired_baseline_within_the_window_only(outcome: ReplicateOutcome) -> None:
    column = METRICS.index("units")
    rows = slice(-FIRST_WEEK, -FIRST_WEEK + 8)
    before = outcome.arms["baseline"].totals[rows, column, 0].sum()
    after = outcome.arms["scenario"].totals[rows, column, 0].sum()
    assert measure(outcome, 8)["units_change"].value == (after - before) / before


def test_share_is_in_points_of_all_units_of_the_category(outcome: ReplicateOutcome) -> None:
    reading = measure(outcome)["share_points"]
    shares = [100 * total(outcome, arm, "units", 26, 0) / total(outcome, arm, "units", 26) for arm in outcome.arms]
    assert (reading.baseline, reading.scenario) == tuple(shares)
    assert reading.value == shares[1] - shares[0]
    assert -5 < reading.value < 0


def test_the_five_fates_sum_to_the_base_in_every_week(outcome: ReplicateOutcome) -> None:
    for week in range(26):
        assert fate_counts(outcome, week).sum() == outcome.base.size


def test_each_pair_of_states_has_its_fate(outcome: ReplicateOutcome) -> None:
    states = [BUYING, LAPSED, TOO_EARLY]
    before = [a for a in states for _ in states]
    after = [b for _ in states for b in states]
    fates = [FATES[code] for code in fates_at(with_lapse(outcome, [before], [after]), 0)]
    assert fates == ["stayed", "caused", "too_early", "saved", "left_anyway", *["too_early"] * 4]


def test_caused_churn_is_net_of_the_saved_and_a_share_of_the_whole_base(outcome: ReplicateOutcome) -> None:
    before = [[BUYING, BUYING, BUYING, LAPSED, TOO_EARLY, BUYING, BUYING, BUYING, BUYING, BUYING]]
    after = [[LAPSED, LAPSED, LAPSED, BUYING, LAPSED, BUYING, BUYING, BUYING, BUYING, BUYING]]
    readings = measure(with_lapse(outcome, before, after))
    assert readings["caused_churn"].value == pytest.approx((3 - 1) / 10)
    assert readings["churn_baseline"].value == 0.1
    assert readings["churn_scenario"].value == 0.3


def test_recovered_counts_those_who_bought_again_after_lapsing_even_if_they_lapsed_once_more(
    outcome: ReplicateOutcome,
) -> None:
    quiet = [[BUYING] * 4] * 4
    after = [
        [LAPSED, LAPSED, TOO_EARLY, LAPSED],
        [BUYING, LAPSED, BUYING, BUYING],
        [BUYING, LAPSED, BUYING, LAPSED],
        [BUYING, LAPSED, BUYING, LAPSED],
    ]
    assert measure(with_lapse(outcome, quiet, after))["recovered"].value == pytest.approx(2 / 3)


def test_recovered_is_undefined_when_nobody_lapsed(outcome: ReplicateOutcome) -> None:
    quiet = [[BUYING] * 3] * 2
    assert np.isnan(measure(with_lapse(outcome, quiet, quiet))["recovered"].value)


def test_leavers_are_set_against_the_complaints_that_the_change_added(outcome: ReplicateOutcome) -> None:
    counts = fate_counts(outcome, 25)
    assert leavers_and_complaints(outcome, 26) == (counts[CAUSED] - counts[SAVED], 26 * (56 - 50))


def test_talk_is_measured_from_the_messages_of_the_change(outcome: ReplicateOutcome) -> None:
    talking = replace(
        outcome.arms["scenario"],
        tellers=np.array([[0, 0, 0, 0], [60, 30, 10, 0], [40, 20, 0, 0]]),
        positive=np.array([[0, 0, 0, 0], [10, 0, 0, 0], [0, 0, 0, 0]]),
        negative=np.array([[0, 0, 0, 0], [0, 10, 0, 0], [20, 0, 0, 0]]),
    )
    readings = measure(replace(outcome, arms={**outcome.arms, "scenario": talking}))
    # of 160 tellers 60 had been told: each teller brought 60 / 160 others to tell
    assert readings["wom_reproduction"].value == 60 / 160
    assert readings["wom_depth"].value == 3
    assert reproduction_by_generation(talking).tolist() == [0.5, 0.2]
    assert readings["wom_net_sentiment"].value == (10 - 30) / 40
    silent = measure(without_change(outcome))
    assert np.isnan(silent["wom_net_sentiment"].value)
    assert np.isnan(silent["wom_reproduction"].value)


def test_out_of_stock_is_a_share_of_the_focal_brands_item_days(outcome: ReplicateOutcome) -> None:
    reading = measure(outcome)["out_of_stock_rate"]
    assert (reading.baseline, reading.value) == (9 / 112, 10 / 112)


def test_a_window_beyond_the_horizon_is_refused_rather_than_cut(outcome: ReplicateOutcome) -> None:
    with pytest.raises(ValueError, match=r"window of 27 weeks.*weeks 0 to 25"):
        measure(outcome, 27)


def test_a_brand_without_baseline_sales_gives_no_relative_change_instead_of_infinity(outcome: ReplicateOutcome) -> None:
    arms = {name: replace(arm, totals=np.zeros_like(arm.totals)) for name, arm in outcome.arms.items()}
    assert np.isnan(measure(replace(outcome, arms=arms))["units_change"].value)


def test_every_metric_says_what_it_is() -> None:
    for name, metric in REGISTRY.items():
        assert metric.name == name
        assert metric.definition.endswith(".")
        assert metric.label
        assert metric.unit_text
