"""Intervals: spread, standard error and variance parts against their textbook values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.results.intervals import (
    NOTHING,
    intraclass_correlation,
    jeffreys,
    pair_means,
    probability,
    summarise,
    summarise_ratio,
)


def test_low_and_high_are_the_5_and_95_points_over_replicates() -> None:
    values = np.linspace(0, 1, 21)
    interval = summarise(values, range(21), paired=False)
    assert (interval.low, interval.high) == pytest.approx((0.05, 0.95))
    assert interval.n == 21


def test_standard_error_of_complete_pairs_is_that_of_the_pair_means() -> None:
    values = np.random.default_rng(5).normal(size=20)
    means = values.reshape(-1, 2).mean(axis=1)
    assert summarise(values, range(20)).se == pytest.approx(means.std(ddof=1) / np.sqrt(10))


def test_standard_error_without_pairs_is_the_usual_one() -> None:
    values = np.random.default_rng(5).normal(size=21)
    assert summarise(values, range(21), paired=False).se == pytest.approx(values.std(ddof=1) / np.sqrt(21))


def test_luck_and_assumptions_are_recovered_from_many_pairs() -> None:
    # 4,000 pairs, sd 1 within and 2 between: both estimates lie within 5% in more than 99.9% of seeds.
    rng = np.random.default_rng(11)
    values = np.repeat(rng.normal(0, 2, 4000), 2) + rng.normal(0, 1, 8000)
    interval = summarise(values, range(8000))
    assert interval.luck == pytest.approx(1, rel=0.05)
    assert interval.assumptions == pytest.approx(2, rel=0.05)
    assert interval.assumptions_share == pytest.approx(0.8, rel=0.05)


def test_assumptions_are_never_a_negative_variance() -> None:
    interval = summarise([1.0, -1.0, 1.0, -1.0, 1.0, -1.0], range(6))
    assert interval.assumptions == 0.0
    assert interval.luck == pytest.approx(np.sqrt(2))


def test_an_odd_replicate_counts_for_the_spread_but_not_for_the_parts() -> None:
    even = summarise([0.0, 1.0, 4.0, 5.0], range(4))
    odd = summarise([0.0, 1.0, 4.0, 5.0, 100.0], range(5))
    assert odd.n == 5
    assert odd.mean == 22.0
    assert (odd.luck, odd.assumptions) == (even.luck, even.assumptions)


def test_one_replicate_has_a_mean_and_nothing_else() -> None:
    interval = summarise([0.25], [0])
    assert interval.mean == 0.25
    assert (interval.low, interval.high, interval.se, interval.luck, interval.assumptions) == (None,) * 5


def test_two_replicates_of_one_pair_show_a_spread_but_no_standard_error() -> None:
    interval = summarise([0.0, 1.0], [0, 1])
    assert interval.low is not None
    assert interval.se is None
    assert interval.luck is None


def test_parameters_held_fixed_leave_only_luck() -> None:
    interval = summarise([0.0, 1.0, 2.0], range(3), paired=False)
    assert interval.luck == 1.0
    assert interval.assumptions is None


def test_undefined_replicates_are_left_out_and_counted_out() -> None:
    interval = summarise([np.nan, 1.0, 3.0, np.nan], range(4))
    assert interval.n == 2
    assert interval.mean == 2.0
    assert summarise([np.nan], [0]) == NOTHING


def test_values_and_replicates_must_match() -> None:
    with pytest.raises(ValueError, match="2 values were given for 3 replicates"):
        summarise([1.0, 2.0], range(3))


def test_the_pooled_ratio_divides_sums() -> None:
    interval = summarise_ratio([1, 3], [2, 2], [0, 2])
    assert interval.mean == 1.0
    assert (interval.low, interval.high) == pytest.approx((0.55, 1.45))
    assert summarise_ratio([1, 3], [5, 0], [0, 2]).low is None
    assert summarise_ratio([1, 3], [0, 0], [0, 2]) == NOTHING


def test_replicates_that_share_assumptions_count_for_less_in_a_probability() -> None:
    pairs = np.repeat(np.random.default_rng(3).normal(size=10), 2)
    alike = probability(pairs > 0, pairs, range(20))
    apart = probability(pairs > 0, pairs, range(20), paired=False)
    assert alike.effective_n == pytest.approx(10)
    assert apart.effective_n == 20
    assert alike.high - alike.low > apart.high - apart.low


def test_too_few_pairs_take_the_cautious_end() -> None:
    assert intraclass_correlation([0.0, 1.0], [0, 1]) == 1.0
    assert probability([False, False], [0.0, 1.0], [0, 1]).effective_n == pytest.approx(1.0)


def test_a_probability_of_nothing_is_anything() -> None:
    chance = probability([False], [np.nan], [0])
    assert (chance.low, chance.high, chance.n) == (0.0, 1.0, 0)


def test_the_jeffreys_interval_covers_about_as_often_as_it_says() -> None:
    # Exact coverage over all outcomes of 20 trials, averaged over p: Jeffreys is known to average near its level.
    from scipy.stats import binom

    grid = np.linspace(0.02, 0.98, 97)
    ends = [jeffreys(k / 20, 20) for k in range(21)]
    covered = [sum(binom.pmf(k, 20, p) for k, (low, high) in enumerate(ends) if low <= p <= high) for p in grid]
    assert np.mean(covered) == pytest.approx(0.90, abs=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.booleans())
def test_the_mean_lies_between_the_ends_and_parts_are_not_negative(values: list[float], paired: bool) -> None:
    interval = summarise(values, range(len(values)), paired=paired)
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low <= interval.high
    assert min(values) <= interval.low
    assert interval.high <= max(values)
    assert interval.luck is None or interval.luck >= 0
    assert interval.assumptions is None or interval.assumptions >= 0


def test_pair_means_are_by_pair_number() -> None:
    assert pair_means([1.0, 3.0, np.nan, 5.0], [0, 1, 2, 3]) == {0: 2.0, 1: 5.0}
