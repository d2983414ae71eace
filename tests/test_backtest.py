"""Documented cases: they load, say what they hide, and are scored by a rule that a wide interval cannot pass."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from conftest import Brandsim

from simulator.evidence.backtest import (
    MEASURES,
    Backtest,
    Target,
    UnknownCase,
    all_cases,
    find_case,
    parameter_hash,
    run_case,
    score_target,
)
from simulator.evidence.backtest_document import markdown
from simulator.parameters.registry import table_text

NUMBER = Target("own units", "units", "%", "somebody", observed=-20.0, band=(-24.0, -12.0))
BAND = Target("category", "category_units", "%", "somebody", observed=None, band=(-2.0, 2.0))


def test_there_is_the_carton_and_three_controls() -> None:
    assert {case.id for case in all_cases()} == {
        "tropicana_2009",
        "kraft_2015",
        "kraft_announced_2015",
        "share_a_coke_2014",
        "gap_2010",
    }


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_every_case_says_what_is_told_and_what_is_hidden_and_where_it_is_from(case) -> None:
    assert case.told
    assert case.not_told
    for target in case.targets:
        assert target.measure in MEASURES
        assert target.source
        assert any(end is not None for end in target.band)
    if not case.missing_kinds:
        scenario = case.scenario()
        assert scenario.focal_brand == case.focal
        assert case.window[1] <= scenario.horizon_weeks
        # what happened later is not in the file: nothing is ever taken back
        assert not [event for event in scenario.events if event.kind == "rollback"]


def test_a_number_is_hit_by_a_narrow_interval_that_holds_it() -> None:
    assert score_target(NUMBER, [-18.0, -19.0, -21.0, -22.0]).passed
    assert score_target(NUMBER, [-8.0, -9.0, -10.0]).why == "predicted above what was observed"
    assert score_target(NUMBER, [-30.0, -29.0]).why == "predicted below what was observed"


def test_an_interval_that_covers_everything_is_a_miss() -> None:
    wide = score_target(NUMBER, [-40.0, -20.0, 0.0])
    assert wide.covers
    assert not wide.passed
    assert "too wide" in wide.why


def test_a_band_is_hit_where_the_whole_interval_lies_in_it() -> None:
    assert score_target(BAND, [-1.0, 0.0, 1.0]).passed
    assert score_target(BAND, [-1.0, 0.0, 9.0]).why == "the interval reaches outside the band"
    assert score_target(BAND, [5.0, 6.0]).why == "the prediction is outside the band"


def test_what_a_parameter_was_taken_from_is_not_scored() -> None:
    target = dataclasses.replace(NUMBER, not_scored="the parameter is from this case")
    score = score_target(target, [-20.0, -20.0])
    assert score.passed is None
    assert "not scored" in score.why


def test_a_case_whose_kind_of_event_is_missing_says_so() -> None:
    case = find_case("tropicana_2009")
    strange = dataclasses.replace(case, words={**case.words, "events": [{"kind": "miracle"}]})
    score = run_case(strange)
    assert score.targets == ()
    assert "miracle" in score.not_run


def test_an_unknown_case_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownCase, match="tropicana_2009"):
        find_case("pepsi_1985")


def test_the_hash_is_that_of_the_table() -> None:
    assert len(parameter_hash()) == 16
    assert "miss_rate" in table_text()


def test_the_carton_runs_and_is_read_in_its_window() -> None:
    score = run_case(find_case("tropicana_2009"), replicates=2, customers=1500, jobs=1)
    by_name = {target.target.name: target for target in score.targets}
    assert by_name["own units"].low <= by_name["own units"].median <= by_name["own units"].high
    # no price changed, so money follows units
    assert by_name["own dollars"].median == pytest.approx(by_name["own units"].median, abs=0.01)
    page = markdown(Backtest((score,), parameter_hash()))
    assert "Not told" in page
    assert parameter_hash() in page


def test_the_command_prints_hash_and_statement(brandsim: Brandsim, tmp_path: Path) -> None:
    done = brandsim("backtest", "--case", "share_a_coke_2014", "--replicates", 2, "--customers", 1000, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["parameters"] == parameter_hash()
    assert "before launch" in found["frozen"]
    assert found["cases"][0]["targets"]
    assert brandsim("backtest", "--case", "pepsi").returncode == 2
