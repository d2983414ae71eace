"""What asking the reps was worth: their reports, what the gate made of the change, the outcome with and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.experiment.outcome import ReplicateOutcome
from simulator.results.intervals import Interval, summarise
from simulator.results.metrics import REGISTRY, horizon_of

UNGATED = "ungated"
"""The arm with the change and without the consultation."""

VALUED = ("units_change", "contribution_change")
"""Metrics by which a gate is valued."""


@dataclass(frozen=True)
class GateValue:
    """One metric with the gate, had nobody been asked, and the difference: what the gate is worth."""

    metric: str
    with_gate: Interval
    without_gate: Interval
    gain: Interval


@dataclass(frozen=True)
class Consultation:
    """What the reps reported over all replicates, and what came of it.

    Attributes
    ----------
    reports : dict
        Id of the consultation -> change of purchases promised by the reports.
    acted : dict
        Id of the changed event -> share of replicates in which the gate acted on it.
    values : tuple of GateValue
        Empty where there was no gate.
    """

    reports: dict[str, Interval]
    acted: dict[str, float]
    values: tuple[GateValue, ...]


def without_gate(outcome: ReplicateOutcome) -> ReplicateOutcome:
    """The same replicate had nobody been asked."""
    return replace(outcome, arms={"baseline": outcome.arms["baseline"], "scenario": outcome.arms[UNGATED]})


def consultation_of(outcomes: Sequence[ReplicateOutcome], *, paired: bool) -> Consultation | None:
    """Read what a consultation brought; None where nobody was asked."""
    arms = [outcome.arms["scenario"] for outcome in outcomes]
    if not any(arm.reports for arm in arms):
        return None
    numbers = [outcome.replicate for outcome in outcomes]
    names = sorted({name for arm in arms for name in arm.reports})
    reports = {
        name: summarise([arm.reports.get(name, float("nan")) for arm in arms], numbers, paired=paired) for name in names
    }
    events = sorted({event for arm in arms for event in arm.gated})
    acted = {event: float(np.mean([event in arm.gated for arm in arms])) for event in events}
    values = []
    if all(UNGATED in outcome.arms for outcome in outcomes):
        weeks = horizon_of(outcomes[0])
        for metric in VALUED:
            read = REGISTRY[metric].read
            kept = [read(outcome, weeks).value for outcome in outcomes]
            unasked = [read(without_gate(outcome), weeks).value for outcome in outcomes]
            gains = [a - b for a, b in zip(kept, unasked, strict=True)]
            values.append(GateValue(metric, *(summarise(v, numbers, paired=paired) for v in (kept, unasked, gains))))
    return Consultation(reports, acted, tuple(values))
