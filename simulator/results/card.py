"""The card that a notebook shows for a comparison: the answer, then the table, with definitions on hover."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from simulator.results import wording
from simulator.results.sentences import decision_line, guardrail_line

if TYPE_CHECKING:
    from simulator.results.comparison import Comparison, MetricResult

_BOX = "border:1px solid #bbb;border-radius:6px;padding:0.8em 1em;max-width:52em"
_TABLE = "border-collapse:collapse;margin:0.6em 0;font-variant-numeric:tabular-nums"
_CELL = "text-align:right;padding:0.15em 0 0.15em 1.6em"
_QUIET = "opacity:0.7;font-size:0.9em"


def card(comparison: Comparison) -> str:
    """HTML of the card, self-contained and safe for any name."""
    rows = "".join(
        f"<tr title='{escape(result.metric.definition, quote=True)}'>{_cells(row)}</tr>"
        for result, row in zip(shown_results(comparison), table_rows(comparison), strict=True)
    )
    head = "".join(f"<th style='{_CELL}'>{name}</th>" for name in HEADINGS)
    decision, *limits = (
        decision_line(comparison.verdict),
        *(guardrail_line(result) for result in comparison.verdict.guardrails),
    )
    answers = "".join(f"<div>{escape(line)}</div>" for line in limits)
    held = ", parameters held at their central values" if comparison.settings.luck_only else ""
    return (
        f"<div style='{_BOX}'><div style='font-size:1.15em;font-weight:600'>{escape(comparison.scenario.name)}</div>"
        f"<div style='font-weight:600;margin:0.4em 0 0.2em'>{escape(decision)}</div>{answers}"
        f"<table style='{_TABLE}'><tr>{head}</tr>{rows}</table>"
        f"<div style='{_QUIET}'>{comparison.replicates} replicates of {comparison.outcomes[0].customers:,} customers, "
        f"seed {comparison.settings.seed}{held}. Ranges: 5% to 95% of replicates.</div></div>"
    )


HEADINGS = ("", "without", "with", "difference", "5% to 95%")
"""Columns of :func:`table_rows`."""


DETAILS: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        frozenset({"complaints_in_time", "complaint_wait_days", "complaints_satisfied"}),
        frozenset({"care_policy", "incident", "service"}),
    ),
    (frozenset({"wom_depth"}), frozenset({"incident", "announce"})),
    (frozenset({"kept_from_campaign", "kept_from_talk"}), frozenset({"campaign"})),
)
"""Metrics that the table shows only where events of certain kinds happen."""


def shown_results(comparison: Comparison) -> list[MetricResult]:
    """Metrics of the table; the two churn rates stand in the row of the churn caused.

    How the care desk works, how deep talk goes and whom campaigns win is shown where the scenario is about that.
    """
    kinds = {event.kind for event in comparison.scenario.events}
    hidden = {"churn_baseline", "churn_scenario"}
    for names, about in DETAILS:
        if not kinds & about:
            hidden |= names
    return [result for name, result in comparison.results.items() if name not in hidden]


def table_rows(comparison: Comparison) -> list[tuple[str, str, str, str, str]]:
    """Every metric as texts: label, baseline, scenario, difference, interval. The screen and the page show the same."""
    rows = []
    for result in shown_results(comparison):
        metric, gap = result.metric, result.difference
        shown = result.value if gap is None else gap
        rows.append(
            (
                metric.label,
                wording.level(metric, result.baseline),
                wording.level(metric, result.scenario),
                wording.NONE if gap is None else wording.difference(metric, gap.mean),
                wording.NONE if shown.mean is None else wording.spread(metric, shown, of_difference=gap is not None),
            )
        )
    return rows


def _cells(row: tuple[str, ...]) -> str:
    first, *rest = (escape(text) for text in row)
    numbers = "".join(f"<td style='{_CELL}'>{text}</td>" for text in rest)
    return f"<td style='text-align:left;padding:0.15em 0'>{first}</td>{numbers}"
