"""The verdict: when a limit holds, is broken, or cannot be told, and what is decided."""

from __future__ import annotations

import pytest
from synthetic import Story, make_comparison, make_outcomes, make_scenario

from simulator.results.intervals import Interval, Probability
from simulator.results.verdict import GuardrailResult, Verdict, decide, judge, replicates_needed, status_of
from simulator.scenario import Guardrail


def rail(status: str, mean: float = -0.06, limit: float = -0.05, needed: int | None = None) -> GuardrailResult:
    value = Interval(mean, None, None, None, None, None, 20)
    side = "min" if limit < 0 else "max"
    return GuardrailResult(
        "units_change",
        side,
        limit,
        8,
        0.8,
        value,
        Probability(0.5, 0.3, 0.7, 20, 15.0),
        status,
        needed,  # type: ignore[arg-type]
    )


def guardrail(**words: object) -> Guardrail:
    asked = {"metric": "units_change", "within": "8 weeks", "confidence": "80%", **words}
    return make_scenario(guardrails=[asked]).guardrails[0]


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(0.0, 0.2, "pass"), (0.0, 0.21, "cannot_tell"), (0.2, 0.6, "cannot_tell"), (0.21, 0.6, "breached")],
)
def test_the_whole_interval_must_lie_on_one_side_of_what_is_allowed(low: float, high: float, status: str) -> None:
    assert status_of(Probability(0.2, low, high, 20, 15.0), allowed=0.2) == status


def test_no_runs_that_define_the_metric_tell_nothing() -> None:
    assert status_of(Probability(float("nan"), 0.0, 1.0, 0, 0.0), allowed=0.9) == "cannot_tell"


def test_ship_needs_every_limit_to_hold() -> None:
    assert decide([rail("pass"), rail("pass")], stop_ratio=2) == "ship"
    assert decide([rail("pass"), rail("cannot_tell")], stop_ratio=2) == "cannot_tell"


def test_a_broken_limit_means_fix_and_a_loss_beyond_the_ratio_means_stop() -> None:
    assert decide([rail("pass"), rail("breached", mean=-0.09)], stop_ratio=2) == "fix"
    assert decide([rail("cannot_tell"), rail("breached", mean=-0.11)], stop_ratio=2) == "stop"
    assert decide([rail("breached", mean=0.11, limit=0.05)], stop_ratio=2) == "stop"
    assert decide([rail("breached", mean=0.09, limit=0.05)], stop_ratio=2) == "fix"


def test_a_demanded_gain_that_turns_into_a_loss_is_measured_from_the_demand() -> None:
    wanted = rail("breached", mean=0.01, limit=0.05)
    gain = GuardrailResult(**{**wanted.__dict__, "side": "min"})
    assert not gain.exceeds(2)
    assert GuardrailResult(**{**gain.__dict__, "value": rail("pass", mean=-0.01).value}).exceeds(2)


def test_without_guardrails_there_is_no_decision_and_the_exit_is_fine() -> None:
    assert decide([], stop_ratio=2) is None
    assert Verdict(None, ()).exit_code == 0


@pytest.mark.parametrize(("decision", "code"), [("ship", 0), ("fix", 3), ("stop", 3), ("cannot_tell", 4)])
def test_exit_codes_let_a_pipeline_gate_a_launch(decision: str, code: int) -> None:
    assert Verdict(decision, ()).exit_code == code  # type: ignore[arg-type]


def test_a_harmless_change_ships_a_bad_one_is_fixed_and_a_disaster_stopped() -> None:
    decisions = [make_comparison(20, Story(loss=loss)).verdict.decision for loss in (0.01, 0.13, 0.4)]
    assert decisions == ["ship", "fix", "stop"]


def test_four_replicates_cannot_promise_eighty_percent() -> None:
    verdict = make_comparison(4, Story(loss=0.01)).verdict
    assert verdict.decision == "cannot_tell"
    assert all(result.probability.estimate == 0 for result in verdict.guardrails)
    assert verdict.replicates_needed is not None
    assert 4 < verdict.replicates_needed <= 20


def test_the_needed_number_of_replicates_settles_it_if_the_estimate_stays() -> None:
    open_one = Probability(0.1, 0.02, 0.3, 20, 15.0)
    needed = replicates_needed(open_one, allowed=0.2)
    assert needed is not None
    assert needed > 20
    assert needed % 2 == 0
    assert replicates_needed(Probability(0.2, 0.1, 0.3, 20, 15.0), allowed=0.2) is None


def test_a_guardrail_looks_at_its_own_window() -> None:
    outcomes = make_outcomes(20, Story(loss=0.1))
    early = judge([guardrail(min="-5%", within="2 weeks")], outcomes, stop_ratio=2).guardrails[0]
    late = judge([guardrail(min="-5%", within="8 weeks")], outcomes, stop_ratio=2).guardrails[0]
    assert early.probability.estimate < late.probability.estimate
    assert early.value.mean is not None
    assert late.value.mean is not None
    assert early.value.mean > late.value.mean


def test_a_maximum_is_broken_from_above() -> None:
    outcomes = make_outcomes(20, Story(loss=0.2))
    result = judge([guardrail(metric="habitual_purchases_lost", max="2%")], outcomes, stop_ratio=2).guardrails[0]
    assert (result.side, result.status) == ("max", "breached")
