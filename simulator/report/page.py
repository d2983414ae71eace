"""The page: one HTML file with everything in it, to be mailed, archived and opened without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import jinja2

from simulator.report.plots import pictures as draw_pictures
from simulator.report.words import paragraphs
from simulator.results import wording
from simulator.results.card import HEADINGS, shown_results, table_rows
from simulator.results.intervals import Interval

if TYPE_CHECKING:
    from simulator.results import Comparison

CAPTIONS = {
    "units": "Units of the focal brand per week, with and without the change.",
    "churn": "Habitual customers who have lapsed, with and without the change.",
    "fates": "What became of the habitual customers.",
    "word_of_mouth": "How far talk about the change spread.",
}
"""Text for those who do not see the picture."""


def render(comparison: Comparison, pictures: Mapping[str, bytes] | None = None) -> str:
    """The page as text.

    Parameters
    ----------
    comparison : Comparison
        What to report.
    pictures : mapping, optional
        PNG pictures by kind, if they are already drawn.
    """
    drawn = draw_pictures(comparison) if pictures is None else pictures
    rows = [
        {"cells": row, "definition": result.metric.definition, "parts": _parts(result.value)}
        for result, row in zip(shown_results(comparison), table_rows(comparison), strict=True)
    ]
    return _template().render(
        comparison=comparison,
        customers=f"{comparison.outcomes[0].customers:,}",
        decision=comparison.verdict.decision or "none",
        paragraphs=paragraphs(comparison),
        pictures=[
            {"kind": kind, "caption": CAPTIONS[kind], "data": base64.b64encode(content).decode("ascii")}
            for kind, content in drawn.items()
        ],
        headings=HEADINGS,
        rows=rows,
        explained=comparison.scenario.explain(),
    )


def _parts(interval: Interval) -> str:
    """How much of the variance is luck and how much assumptions."""
    share = interval.assumptions_share
    return wording.NONE if share is None else wording.percent(share, 0)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("simulator.report", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("report.html")
