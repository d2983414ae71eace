"""The content of ``summary.json``: keys that other programs rely on, and nothing that varies between machines."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.results.intervals import Interval
from simulator.results.metrics import FATES, fate_counts
from simulator.results.voices import reach_by_cause

if TYPE_CHECKING:
    from simulator.results.comparison import Comparison, MetricResult
    from simulator.results.consultation import Consultation
    from simulator.results.verdict import GuardrailResult

SCHEMA = "brandsim-summary/1"

DIGITS = 10
"""Significant digits of numbers in files: enough for every use, few enough to be the same on every machine."""

WEEKS_BEFORE_SHOWN = 4
"""Weeks before launch in the weekly list."""


def summarise_comparison(comparison: Comparison) -> dict[str, Any]:
    """Everything a program needs of a comparison, in a fixed order."""
    first = comparison.outcomes[0]
    content = {
        "schema": SCHEMA,
        "name": comparison.scenario.name,
        "focal_brand": comparison.brand,
        "customers": first.customers,
        "replicates": comparison.replicates,
        "horizon_weeks": comparison.horizon_weeks,
        "seed": comparison.settings.seed,
        "luck_only": comparison.settings.luck_only,
        "verdict": {
            "decision": comparison.verdict.decision,
            "guardrails": [_guardrail(result) for result in comparison.verdict.guardrails],
            "replicates_needed": comparison.verdict.replicates_needed,
        },
        "metrics": {name: _metric(result) for name, result in comparison.results.items()},
        "fates": _fates(comparison),
        "weekly": _weekly(comparison),
        "reach_by_cause": _reach_by_cause(comparison),
        "retention": comparison.retention().to_dict("records"),
    }
    if comparison.consultation is not None:
        content["consultation"] = _consultation(comparison.consultation)
    result: dict[str, Any] = rounded(content)
    return result


def to_json(content: dict[str, Any]) -> str:
    """Canonical text: given order, two spaces, no NaN, a newline at the end."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def rounded(value: Any) -> Any:
    """Floats to ten significant digits, undefined numbers to ``None``, NumPy numbers to Python's, all the way down.

    Examples
    --------
    >>> rounded({"a": [1 / 3, float("nan"), np.int64(3)]})
    {'a': [0.3333333333, None, 3]}
    """
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
    return value


def _reach_by_cause(comparison: Comparison) -> dict[str, float]:
    """Share of customers whom talk about a change with each cause reached, mean over replicates."""
    parts = [reach_by_cause(outcome) for outcome in comparison.outcomes]
    causes = sorted({cause for part in parts for cause in part})
    return {cause: float(np.mean([part.get(cause, 0.0) for part in parts])) for cause in causes}


def _guardrail(result: GuardrailResult) -> dict[str, Any]:
    return {
        "metric": result.metric,
        "side": result.side,
        "limit": result.limit,
        "within_weeks": result.within_weeks,
        "confidence": result.confidence,
        "probability_of_breach": result.probability.estimate,
        "interval": [result.probability.low, result.probability.high],
        "breached": result.status == "breached",
        "status": result.status,
        "replicates_needed": result.replicates_needed,
        "value": _interval(result.value),
    }


def _metric(result: MetricResult) -> dict[str, Any]:
    gap = result.difference
    return {
        **_interval(result.value),
        "unit": result.metric.unit_text,
        "baseline": result.baseline,
        "scenario": result.scenario,
        "difference": None if gap is None else {"mean": gap.mean, "low": gap.low, "high": gap.high, "se": gap.se},
    }


def _consultation(consultation: Consultation) -> dict[str, Any]:
    return {
        "reports": {name: _interval(report) for name, report in consultation.reports.items()},
        "acted": dict(consultation.acted),
        "value": {
            value.metric: {
                "with_gate": _interval(value.with_gate),
                "without_gate": _interval(value.without_gate),
                "gain": _interval(value.gain),
            }
            for value in consultation.values
        },
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "se": interval.se,
        "luck": interval.luck,
        "assumptions": interval.assumptions,
        "n": interval.n,
    }


def _fates(comparison: Comparison) -> dict[str, int]:
    last = comparison.horizon_weeks - 1
    counts = np.sum([fate_counts(outcome, last) for outcome in comparison.outcomes], axis=0)
    return {**dict(zip(FATES, counts.tolist(), strict=True)), "base": int(counts.sum())}


def _weekly(comparison: Comparison) -> list[dict[str, Any]]:
    frame = comparison.weekly()
    shown = frame[frame["week"] >= -WEEKS_BEFORE_SHOWN]
    columns = [f"{name}{end}" for name in ("units_change", "caused_churn") for end in ("", "_low", "_high")]
    return [
        {"week": int(row["week"]), **{name: float(row[name]) for name in columns}}
        for row in shown[["week", *columns]].to_dict("records")
    ]
