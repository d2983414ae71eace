"""The first screen and the numbers in words."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from synthetic import Story, make_comparison, make_outcomes, make_scenario, without_change

from simulator.report import screen
from simulator.report.words import paragraphs
from simulator.results import Comparison, RunSettings

ORDER = ["Verdict", "Cost", "On record", "Made of", "Weeks 1–2", "Hangs on", "Left out"]


def shown(comparison: Comparison, width: int = 80) -> str:
    buffer = io.StringIO()
    screen.render(comparison, Console(file=buffer, width=width))
    return buffer.getvalue()


def said(comparison: Comparison) -> dict[str, str]:
    return {paragraph.heading: " ".join(paragraph.lines) for paragraph in paragraphs(comparison)}


def test_the_first_screen_answers_in_the_order_in_which_a_team_asks() -> None:
    assert [paragraph.heading for paragraph in paragraphs(make_comparison())] == ORDER


def test_the_first_screen_fits_a_screen_and_has_no_control_codes_when_it_is_no_terminal() -> None:
    text = shown(replace(make_comparison(), folder=Path("runs/carton")))
    assert "\x1b" not in text
    assert len(text.splitlines()) <= 45
    assert max(map(len, text.splitlines())) <= 80
    assert text.rstrip().endswith("Run folder: runs/carton (open report.html)")


def test_no_number_of_the_table_is_cut_at_eighty_columns() -> None:
    assert "…" not in shown(make_comparison(20, Story(loss=0.4)))


def test_names_are_printed_as_they_are_not_as_markup() -> None:
    assert "[bold]x[/bold] and [red]" in shown(make_comparison(2, name="[bold]x[/bold] and [red]"))


def test_a_broken_limit_is_called_broken_and_a_disaster_stopped() -> None:
    text = said(make_comparison(20, Story(loss=0.4)))["Verdict"]
    assert text.startswith("Stop: ")
    assert "Units sold: at most 5.0% down within 8 weeks: 100% chance of breach" in text
    assert "20% allowed: broken." in text


def test_an_open_verdict_says_how_many_replicates_would_settle_it() -> None:
    comparison = make_comparison(4)
    needed = comparison.verdict.replicates_needed
    assert f"Cannot tell: about {needed} replicates would settle it" in said(comparison)["Verdict"]


def test_without_guardrails_nothing_is_decided() -> None:
    assert "a description and not a decision" in said(make_comparison(4, guardrails=[]))["Verdict"]


def test_a_redesign_is_compared_with_the_record_and_nothing_else_is() -> None:
    assert "of 10 redesigns on record" in said(make_comparison())["On record"]
    dearer = make_comparison(events=[{"kind": "price", "brand": "Sunfield", "change": "8%"}])
    assert "On record" not in said(dearer)
    rivals = make_comparison(events=[{"kind": "redesign", "brand": "Groveland", "overlap": 0.4}])
    assert "On record" not in said(rivals)


def test_the_cost_is_scaled_to_the_real_market() -> None:
    comparison = make_comparison()
    units = comparison.results["units_change"]
    assert units.baseline is not None
    assert units.scenario is not None
    lost = (units.baseline - units.scenario) * 12e6 / 20_000
    assert lost == pytest.approx(930_000, rel=0.01)
    assert "In the real market of 12 million households: −930,000 units, " in said(comparison)["Cost"]


def test_where_the_market_has_no_size_nothing_is_scaled() -> None:
    scenario = make_scenario()
    unsized = scenario.market.model_copy(
        update={"category": scenario.market.category.model_copy(update={"real_households": None})}
    )
    comparison = make_comparison(2)
    alone = Comparison(scenario.model_copy(update={"market": unsized}), comparison.outcomes, comparison.settings)
    assert "real market" not in said(alone)["Cost"]


def test_a_launch_that_does_nothing_is_told_as_nothing() -> None:
    outcomes = tuple(without_change(outcome) for outcome in make_outcomes(4))
    text = said(Comparison(make_scenario(), outcomes, RunSettings(1)))
    assert "units 0.0% (0.0% to 0.0%)" in text["Cost"]
    assert "no habitual customer leaves because of it" in text["Cost"]
    assert "Of the lost units" not in text["Made of"]
    assert text["Weeks 1–2"].startswith("Nothing would show")


def test_a_gain_says_how_the_others_fared() -> None:
    turned = tuple(
        replace(o, arms={"baseline": o.arms["scenario"], "scenario": o.arms["baseline"]}) for o in make_outcomes(4)
    )
    text = said(Comparison(make_scenario(), turned, RunSettings(1)))["Made of"]
    assert "Of the lost units" not in text
    assert "Units of the others meanwhile: " in text


def test_the_assumption_is_named_with_its_grade_or_none_is() -> None:
    assert "Units move most with miss_rate" in said(make_comparison())["Hangs on"]
    assert "grade A" in said(make_comparison())["Hangs on"]
    assert "takes at least 16 replicates" in said(make_comparison(6))["Hangs on"]
    assert "No single assumption stands out among 5" in said(make_comparison(20, Story(assumption_sd=0.0)))["Hangs on"]


def test_luck_only_is_said_and_no_assumption_is_blamed() -> None:
    text = said(make_comparison(20, luck_only=True))
    assert "the ranges show luck alone" in text["Cost"]
    assert "Hangs on" not in text


def test_one_replicate_claims_no_range() -> None:
    text = said(make_comparison(1))["Cost"]
    assert "One replicate gives no range" in text
    assert "(no interval)" in text
