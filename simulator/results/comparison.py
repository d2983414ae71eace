"""The result of comparing a change with no change: one immutable object behind every table, picture and file.

A comparison is made from the record of each replicate and the scenario that was asked; everything else is derived on
demand, always from the same counters, so a comparison that is opened from a folder says exactly what it said when it
was made.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulator.experiment.outcome import ReplicateOutcome
from simulator.parameters import table
from simulator.results import tables, wording
from simulator.results.card import card
from simulator.results.cohorts import retention_frame
from simulator.results.consultation import Consultation, consultation_of
from simulator.results.intervals import NOTHING, Interval, summarise, summarise_ratio
from simulator.results.metrics import (
    FATES,
    MIN_COMPLAINTS,
    REGISTRY,
    Metric,
    fate_counts,
    horizon_of,
    leavers_and_complaints,
    measure,
)
from simulator.results.story import tell
from simulator.results.summary import summarise_comparison
from simulator.results.verdict import Verdict, judge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simulator.scenario import Scenario

PLOTS = "simulator.report.plots"
"""What people see is bound late and by name: results never import the report."""


class NotComputedError(LookupError):
    """A part of the result that was not asked for when it was made."""


@dataclass(frozen=True)
class RunSettings:
    """How the replicates were made."""

    seed: int
    luck_only: bool = False

    @property
    def paired(self) -> bool:
        """Whether replicates ``2k`` and ``2k + 1`` share a draw of the uncertain parameters."""
        return not self.luck_only


@dataclass(frozen=True)
class MetricResult:
    """One metric over all replicates.

    ``value`` is the metric itself; ``difference`` compares the arms (the same thing for metrics that are comparisons,
    ``None`` where only one arm has the metric); ``baseline`` and ``scenario`` are means of the arms' levels.
    """

    metric: Metric
    baseline: float | None
    scenario: float | None
    value: Interval
    difference: Interval | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Baseline and scenario on the same customers and the same luck, over replicates.

    Attributes
    ----------
    scenario : Scenario
        What was asked.
    outcomes : tuple of ReplicateOutcome
        The finished replicates, in order.
    settings : RunSettings
        Seed, and whether the uncertain parameters were drawn.
    folder : Path or None
        The run folder, if it has been saved.
    """

    scenario: Scenario
    outcomes: tuple[ReplicateOutcome, ...]
    settings: RunSettings
    folder: Path | None = field(default=None)

    def __post_init__(self) -> None:
        if not self.outcomes:
            raise ValueError("a comparison needs at least one finished replicate; run at least one")
        ordered = tuple(sorted(self.outcomes, key=lambda outcome: outcome.replicate))
        numbers = [outcome.replicate for outcome in ordered]
        if len(set(numbers)) < len(numbers):
            raise ValueError("a replicate was given twice; give every replicate once")
        object.__setattr__(self, "outcomes", ordered)

    # --- what it was ------------------------------------------------------------------------------------------------

    @property
    def brand(self) -> str:
        """The focal brand."""
        return self.outcomes[0].brands[self.outcomes[0].focal]

    @property
    def replicates(self) -> int:
        """Finished replicates."""
        return len(self.outcomes)

    @property
    def horizon_weeks(self) -> int:
        """Weeks after launch."""
        return horizon_of(self.outcomes[0])

    @property
    def numbers(self) -> list[int]:
        """Replicate numbers, which tell the pairs."""
        return [outcome.replicate for outcome in self.outcomes]

    # --- what came out ----------------------------------------------------------------------------------------------

    def values(self, metric: str, weeks: int | None = None) -> list[float]:
        """One metric replicate by replicate, over the weeks ``[0, weeks)`` (default: the horizon)."""
        read = REGISTRY[metric].read
        return [read(outcome, weeks or self.horizon_weeks).value for outcome in self.outcomes]

    @cached_property
    def results(self) -> dict[str, MetricResult]:
        """Every metric over the horizon, by name."""
        readings = [measure(outcome) for outcome in self.outcomes]
        results = {}
        for name, metric in REGISTRY.items():
            baseline = [reading[name].baseline for reading in readings]
            scenario = [reading[name].scenario for reading in readings]
            value = self._summarise([reading[name].value for reading in readings])
            difference: Interval | None = value
            if name == "silent_leavers_per_complaint":
                value, difference = self._silent_leavers(), None
            elif metric.is_level:
                gaps = [late - early for early, late in zip(baseline, scenario, strict=True)]
                difference = None if all(map(math.isnan, gaps)) else self._summarise(gaps)
            after = value.mean if name == "silent_leavers_per_complaint" else _mean(scenario)
            results[name] = MetricResult(metric, _mean(baseline), after, value, difference)
        return results

    @cached_property
    def verdict(self) -> Verdict:
        """The decision and the guardrails behind it."""
        ratio = table()["decision_stop_ratio"].central
        return judge(self.scenario.guardrails, self.outcomes, stop_ratio=ratio, paired=self.settings.paired)

    @cached_property
    def consultation(self) -> Consultation | None:
        """What asking the reps brought; None where nobody was asked."""
        return consultation_of(self.outcomes, paired=self.settings.paired)

    @property
    def metrics(self) -> pd.DataFrame:
        """One row per metric: both arms, the value with its spread and parts, the difference of the arms, n, meaning.

        ``low`` and ``high`` are the 5% and 95% points over replicates, ``se`` is of the mean, ``luck`` and
        ``assumptions`` are the standard deviations of the two parts of the spread.
        """
        rows = []
        for name, result in self.results.items():
            value, gap = result.value, result.difference or NOTHING
            rows.append(
                {
                    "metric": name,
                    "label": result.metric.label,
                    "baseline": result.baseline,
                    "scenario": result.scenario,
                    "mean": value.mean,
                    "low": value.low,
                    "high": value.high,
                    "se": value.se,
                    "luck": value.luck,
                    "assumptions": value.assumptions,
                    "n": value.n,
                    "difference": gap.mean,
                    "difference_low": gap.low,
                    "difference_high": gap.high,
                    "unit": result.metric.unit_text,
                    "definition": result.metric.definition,
                }
            )
        frame = pd.DataFrame(rows)
        words = ("metric", "label", "unit", "definition")
        return frame.astype({name: "float64" for name in frame.columns if name not in (*words, "n")})

    def weekly(self) -> pd.DataFrame:
        """One row per week: units of both arms, their change, churn and access, each with 5% and 95% points."""
        return self._weekly.copy()

    def fates(self, detail: bool = False) -> pd.DataFrame:
        """What became of the habitual customers at the horizon.

        Parameters
        ----------
        detail : bool
            ``False``: one row per fate with integer totals over replicates, which sum to the base. ``True``: one row
            per habitual customer of every replicate.
        """
        if detail:
            return tables.fates_frame(self.outcomes)
        counts = np.array([fate_counts(outcome, self.horizon_weeks - 1) for outcome in self.outcomes])
        shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
        spread = [self._summarise(shares[:, index]) for index in range(len(FATES))]
        return pd.DataFrame(
            {
                "fate": FATES,
                "customers": counts.sum(axis=0),
                "share": [interval.mean for interval in spread],
                "low": [interval.low for interval in spread],
                "high": [interval.high for interval in spread],
            }
        )

    def retention(self) -> pd.DataFrame:
        """Retention curves of the customers won since the launch, by arm and acquisition source; sums over replicates.

        Columns ``arm``, ``source``, ``weeks_since`` (the first purchase, in steps of four weeks), ``won`` (customers
        who could be seen for that long), ``buying`` (of them, bought in those four weeks) and ``share``.
        """
        return retention_frame(self.outcomes)

    def causes(self) -> pd.DataFrame:
        """Churn by cause, summing exactly; only when the run was asked to attribute it.

        Raises
        ------
        NotComputedError
            This run compared two arms only.
        """
        raise NotComputedError(
            "causes were not computed: splitting churn exactly by cause takes runs with each cause switched off, and "
            "this run compared only baseline and scenario. What touched each lost customer first is in "
            "fates(detail=True), column first_cause"
        )

    def plot(self, kind: str = "units", ax: Axes | None = None) -> Axes:
        """Draw one picture and return its axes.

        Parameters
        ----------
        kind : {"units", "churn", "fates", "word_of_mouth"}
            Weekly units of both arms; churn caused; what the base became; how talk spread.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        """
        axes: Axes = importlib.import_module(PLOTS).draw(self, kind, ax)
        return axes

    def story(self, customer: int, replicate: int | None = None) -> str:
        """What became of one habitual customer, beside the twin who met no change, as text.

        Parameters
        ----------
        customer : int
            Customer id, as in ``fates(detail=True)``.
        replicate : int, optional
            Replicate to look in; by default the first in which the customer belongs to the base.
        """
        for outcome in self.outcomes:
            if replicate is None or replicate == outcome.replicate:
                where = np.flatnonzero(outcome.base == customer)
                if where.size:
                    return tell(outcome, int(where[0]))
        place = "any replicate" if replicate is None else f"replicate {replicate}"
        some = ", ".join(str(uid) for uid in self.outcomes[0].base[:3])
        raise KeyError(
            f"customer {customer} is not a habitual customer of {self.brand} in {place}; "
            f"those who are stand in fates(detail=True), for example {some}"
        )

    def summary(self) -> dict[str, Any]:
        """The content of ``summary.json``: stable keys, no times, paths or job counts."""
        return summarise_comparison(self)

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the run folder and return its path; see :mod:`simulator.results.store`."""
        from simulator.results.store import save_run

        return save_run(self, Path(folder), force=force)

    # --- how it looks -----------------------------------------------------------------------------------------------

    def headline(self) -> str:
        """The result in one line."""
        change, churn = self.results["units_change"], self.results["caused_churn"]
        units = (
            f"units {wording.value(change.metric, change.value.mean)} ({wording.spread(change.metric, change.value)})"
        )
        left = f"churn caused {wording.value(churn.metric, churn.value.mean)} of habitual customers"
        decision = self.verdict.decision
        prefix = f"{wording.DECISIONS[decision]}: " if decision else ""
        return f"{prefix}{units}, {left}, over {self.horizon_weeks} weeks"

    def __repr__(self) -> str:
        return f"<Comparison {self.scenario.name!r} of {self.brand}: {self.headline()}; {self.replicates} replicates>"

    def _repr_html_(self) -> str:
        return card(self)

    # --- parts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _weekly(self) -> pd.DataFrame:
        return tables.weekly_frame(self.outcomes)

    def _summarise(self, values: Sequence[float] | tables.Floats) -> Interval:
        return summarise(values, self.numbers, paired=self.settings.paired)

    def _silent_leavers(self) -> Interval:
        counts = [leavers_and_complaints(outcome, self.horizon_weeks) for outcome in self.outcomes]
        leavers, complaints = zip(*counts, strict=True)
        if sum(complaints) < MIN_COMPLAINTS:
            return NOTHING
        return summarise_ratio(leavers, complaints, self.numbers, paired=self.settings.paired)


def _mean(values: Sequence[float]) -> float | None:
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else None
