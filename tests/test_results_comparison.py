"""The comparison: its tables, summary, card and story, from replicates whose content is known."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from synthetic import Story, make_comparison, make_outcomes, make_scenario, without_change

from simulator.results import REGISTRY, Comparison, NotComputedError, RunSettings
from simulator.results.card import shown_results
from simulator.results.findings import causes_of_churn, deciding_assumption, early_signal, flow, worse_than
from simulator.results.summary import rounded, to_json

STABLE_KEYS = [
    "schema",
    "name",
    "focal_brand",
    "customers",
    "replicates",
    "horizon_weeks",
    "seed",
    "verdict",
    "metrics",
]
STABLE_METRICS = {
    "units_change", "contribution_change", "habitual_purchases_lost", "caused_churn", "churn_baseline",
    "churn_scenario", "value_change", "share_points", "complaints_per_buyer", "silent_leavers_per_complaint",
    "wom_reach", "wom_net_sentiment", "wom_reproduction", "out_of_stock_rate", "recovered",
    "wom_depth", "complaints_in_time", "complaint_wait_days", "complaints_satisfied", "trial_prevented",
    "kept_from_campaign", "kept_from_talk",
}  # fmt: skip


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return make_comparison()


def test_the_summary_has_the_stable_keys(comparison: Comparison) -> None:
    summary = comparison.summary()
    assert set(STABLE_KEYS) <= set(summary)
    assert set(summary["metrics"]) == STABLE_METRICS == set(REGISTRY)
    for metric in summary["metrics"].values():
        assert {"mean", "low", "high", "se", "unit"} <= set(metric)
    assert list(summary["fates"]) == ["stayed", "left_anyway", "caused", "saved", "too_early", "base"]
    assert summary["schema"] == "brandsim-summary/1"
    assert summary["weekly"][0] == {"week": -4} | dict.fromkeys(list(summary["weekly"][0])[1:], 0.0)
    assert [row["week"] for row in summary["weekly"]] == list(range(-4, 26))
    guardrail = summary["verdict"]["guardrails"][0]
    assert {"metric", "limit", "probability_of_breach", "interval", "breached"} <= set(guardrail)


def test_the_summary_is_valid_json_even_where_nothing_is_defined() -> None:
    silent = Comparison(make_scenario(), tuple(without_change(o) for o in make_outcomes(2)), RunSettings(1))
    metrics = json.loads(to_json(silent.summary()))["metrics"]
    assert metrics["wom_net_sentiment"]["mean"] is None
    assert metrics["silent_leavers_per_complaint"]["mean"] is None
    assert metrics["units_change"]["mean"] == 0.0


def test_the_order_in_which_replicates_arrive_changes_nothing(comparison: Comparison) -> None:
    shuffled = list(comparison.outcomes)
    np.random.default_rng(0).shuffle(shuffled)  # type: ignore[arg-type]
    other = Comparison(comparison.scenario, tuple(shuffled), comparison.settings)
    assert to_json(other.summary()) == to_json(comparison.summary())


def test_fates_are_totals_over_replicates_and_sum_to_the_base(comparison: Comparison) -> None:
    fates = comparison.summary()["fates"]
    assert sum(fates[name] for name in ("stayed", "left_anyway", "caused", "saved", "too_early")) == fates["base"]
    assert fates["base"] == 20 * 4_000
    detail = comparison.fates(detail=True)
    assert detail["fate"].value_counts().to_dict() == {name: n for name, n in fates.items() if name != "base"}
    assert comparison.fates()["customers"].sum() == fates["base"]


def test_churn_caused_is_the_scenarios_churn_less_the_baselines(comparison: Comparison) -> None:
    metrics = comparison.summary()["metrics"]
    gap = metrics["churn_scenario"]["mean"] - metrics["churn_baseline"]["mean"]
    assert metrics["caused_churn"]["mean"] == pytest.approx(gap, abs=1e-9)


def test_the_metrics_table_is_tidy_and_cannot_be_changed_through_a_copy(comparison: Comparison) -> None:
    frame = comparison.metrics
    assert list(frame["metric"]) == list(REGISTRY)
    needed = {"baseline", "scenario", "mean", "low", "high", "se", "luck", "assumptions", "n", "unit", "definition"}
    assert needed <= set(frame.columns)
    frame.loc[0, "mean"] = 99.0
    assert comparison.metrics.loc[0, "mean"] != 99.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        comparison.settings = RunSettings(2)  # type: ignore[misc]


def test_the_weekly_table_has_bands_around_every_mean(comparison: Comparison) -> None:
    weekly = comparison.weekly()
    assert (weekly["units_scenario_low"] <= weekly["units_scenario_high"]).all()
    assert (weekly.loc[weekly["week"] < 0, "units_change"] == 0).all()
    last = weekly.iloc[-1]
    assert last["caused_churn"] == pytest.approx(comparison.results["caused_churn"].value.mean)


def test_luck_only_runs_say_that_assumptions_were_held() -> None:
    held = make_comparison(8, luck_only=True)
    assert held.summary()["luck_only"] is True
    assert held.results["units_change"].value.assumptions is None
    assert "parameters held at their central values" in held._repr_html_()


def test_the_card_gives_the_decision_its_limits_and_every_difference(comparison: Comparison) -> None:
    card = comparison._repr_html_()
    assert "Ship: every limit holds" in card
    assert card.count("chance of breach") == 2
    assert all(result.metric.label in card for result in shown_results(comparison))


def test_the_card_escapes_names() -> None:
    card = make_comparison(2, name="<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card


def test_causes_that_were_not_computed_say_so_and_what_there_is_instead(comparison: Comparison) -> None:
    with pytest.raises(NotComputedError, match=r"not computed.*first_cause"):
        comparison.causes()


def test_the_story_tells_both_arms_and_the_first_cause(comparison: Comparison) -> None:
    detail = comparison.fates(detail=True)
    lost = detail[detail["fate"] == "caused"].iloc[0]
    story = comparison.story(int(lost["customer"]), int(lost["replicate"]))
    assert "left because of the change" in story
    assert "Without the change: " in story
    assert f"lapsed (weeks {lost['lapse_week_scenario']} to" in story.splitlines()[2]
    assert f"week {lost['first_cause_week']}" in story.splitlines()[3]


def test_a_stranger_has_no_story(comparison: Comparison) -> None:
    with pytest.raises(KeyError, match="not a habitual customer of Sunfield in replicate 3"):
        comparison.story(10**9, replicate=3)


def test_a_comparison_needs_replicates_and_each_only_once() -> None:
    with pytest.raises(ValueError, match="at least one finished replicate"):
        Comparison(make_scenario(), (), RunSettings(1))
    with pytest.raises(ValueError, match="given twice"):
        Comparison(make_scenario(), tuple(make_outcomes(1) * 2), RunSettings(1))


def test_leavers_per_complaint_are_hidden_under_thirty_additional_complaints() -> None:
    # 26 weeks × 6 complaints more: 156 in one replicate; a window of 4 weeks has 24.
    shown = make_comparison(1)
    hidden = make_comparison(1, Story(horizon=4))
    assert shown.results["silent_leavers_per_complaint"].value.mean is not None
    assert hidden.results["silent_leavers_per_complaint"].value.mean is None


def test_lost_units_go_to_rivals_or_are_not_bought(comparison: Comparison) -> None:
    found = flow(comparison.outcomes, 26)
    assert sum(found.shares().values()) == pytest.approx(1)
    assert found.gained["Groveland"] == pytest.approx(0.5 * found.lost, rel=0.05)
    assert flow([without_change(o) for o in comparison.outcomes], 26).shares() == {}


def test_first_causes_are_shares_of_those_who_left(comparison: Comparison) -> None:
    causes = causes_of_churn(comparison.outcomes)
    assert sum(causes.values()) == pytest.approx(1)
    assert next(iter(causes)) == "findability"


def test_an_early_effect_is_visible_only_beyond_ordinary_swings() -> None:
    small, large = (early_signal(make_outcomes(6, Story(loss=loss))) for loss in (0.02, 0.5))
    assert small is not None
    assert large is not None
    assert not small.visible
    assert large.visible


def test_the_assumption_that_drives_the_result_is_named(comparison: Comparison) -> None:
    found = deciding_assumption(comparison.outcomes, comparison.values("units_change"))
    assert found is not None
    assert found.parameter == "miss_rate"
    assert found.correlation < -0.9


def test_no_assumption_is_named_when_the_results_are_noise(comparison: Comparison) -> None:
    # A false name has a chance of 5% by design: of 40 fixed seeds, more than 6 would be named once in 300 tries.
    outcomes = comparison.outcomes
    named = 0
    for seed in range(40):
        found = deciding_assumption(outcomes, np.random.default_rng(seed).normal(size=len(outcomes)).tolist())
        assert found is not None
        named += found.parameter is not None
    assert named <= 6


def test_too_few_pairs_name_no_assumption() -> None:
    few = make_comparison(14)
    assert deciding_assumption(few.outcomes, few.values("units_change")) is None


def test_a_disaster_is_worse_than_nearly_all_redesigns_on_record() -> None:
    assert worse_than(-0.2, mean=-0.032, sd=0.061) > 0.99
    assert worse_than(-0.032, mean=-0.032, sd=0.061) == pytest.approx(0.5)


def test_numbers_in_files_have_ten_digits_and_no_minus_zero() -> None:
    assert rounded({"a": [1 / 3, -0.0, float("inf")]}) == {"a": [0.3333333333, 0.0, None]}
    assert str(rounded(-0.0)) == "0.0"
