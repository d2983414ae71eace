"""Documented cases of brand changes, told to the model as they could be known before launch, scored as it stands.

Parameters are those of the table, drawn over their ranges; none was set on a case. A number that was observed is hit
where it lies in the 80% prediction interval and that interval is narrower than what is known of any redesign (±8
points): an interval that covers everything is a miss. Where only a band is known, the whole interval must lie in it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray

from simulator.experiment.compare import Progress, run_comparison
from simulator.experiment.outcome import METRICS, ReplicateOutcome
from simulator.parameters.registry import table_text
from simulator.scenario import Scenario, load
from simulator.scenario.events import KINDS

F64 = NDArray[np.float64]

INTERVAL: Final = (0.10, 0.90)
"""Quantiles of the prediction interval: 80%."""
SHARP: Final = 16.0
"""Points (±8): the width of the base rate of redesigns, N(-3.2, 6.1), which any forecast must be narrower than."""
REPLICATES: Final = 60
"""Thirty draws of the uncertain parameters, each with two worlds."""
FROZEN: Final = (
    "Parameters are the table's, set on sections of the evidence other than the cases, and changed only for facts of "
    "the scorecard, never for a case. Inputs are what could be known before launch."
)
_CASES: Final = "simulator.evidence.cases"


@dataclass(frozen=True)
class Target:
    """One number that was observed.

    Attributes
    ----------
    name, measure, unit, source : str
        ``measure`` is a key of `MEASURES`.
    observed : float, optional
        What was observed, where it is a number.
    band : (float, float)
        Where a prediction is acceptable; an end that is None is open.
    not_scored : str
        Why it is only reported; empty where it is scored.
    """

    name: str
    measure: str
    unit: str
    source: str
    observed: float | None
    band: tuple[float | None, float | None]
    not_scored: str = ""


@dataclass(frozen=True)
class Case:
    """A documented case, see the files in ``simulator/evidence/cases``.

    ``reading`` is a word on why it is missed, written after it had been run.
    """

    id: str
    name: str
    told: tuple[str, ...]
    not_told: tuple[str, ...]
    focal: str
    window: tuple[int, int]
    targets: tuple[Target, ...]
    words: Mapping[str, Any]
    reading: str = ""

    @property
    def missing_kinds(self) -> tuple[str, ...]:
        """Kinds of events that the case needs and the scenario language does not have."""
        return tuple(sorted({event["kind"] for event in self.words["events"]} - set(KINDS)))

    def scenario(self, customers: int | None = None) -> Scenario:
        """The scenario, with another number of customers where one is given."""
        return load({**self.words, **({} if customers is None else {"customers": customers})})


class UnknownCase(KeyError):
    """A name that no case has, with those that do."""

    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        self.message = f"no case is called {wanted!r}; there are {', '.join(known)}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


def all_cases() -> tuple[Case, ...]:
    """Every documented case, in order of name."""
    files = [entry for entry in resources.files(_CASES).iterdir() if entry.name.endswith(".yaml")]
    return tuple(
        _case(entry.name.removesuffix(".yaml"), yaml.safe_load(entry.read_text(encoding="utf-8")))
        for entry in sorted(files, key=lambda entry: entry.name)
    )


def find_case(name: str) -> Case:
    """The case of that name.

    Raises
    ------
    UnknownCase
        Where there is none.

    Examples
    --------
    >>> find_case("tropicana_2009").window
    (-1, 7)
    """
    cases = {case.id: case for case in all_cases()}
    if name not in cases:
        raise UnknownCase(name, tuple(cases))
    return cases[name]


def _case(name: str, words: Mapping[str, Any]) -> Case:
    targets = tuple(
        Target(
            name=row["name"],
            measure=row["measure"],
            unit=row["unit"],
            source=row["source"],
            observed=row.get("observed"),
            band=(row["band"][0], row["band"][1]),
            not_scored=row.get("not scored", ""),
        )
        for row in words["targets"]
    )
    window = (words["window"]["first"], words["window"]["last"])
    told, hidden = tuple(words["told"]), tuple(words["not told"])
    reading = words.get("reading", "")
    return Case(name, words["name"], told, hidden, words["focal"], window, targets, words["scenario"], reading)


def parameter_hash() -> str:
    """First 16 hexadecimal digits of the hash of the parameter table that the cases are scored with."""
    return hashlib.sha256(table_text().encode()).hexdigest()[:16]


# -- measures --------------------------------------------------------------------------------------------------------

Window = tuple[int, int]
Reader = Callable[[ReplicateOutcome, Window], float]


def _weekly(outcome: ReplicateOutcome, arm: str, metric: str, window: Window) -> F64:
    """A counter by week and brand within a window of weeks from launch, shape (weeks, B)."""
    record = outcome.arms[arm]
    first = window[0] - record.first_week
    rows = record.totals[first : first + window[1] - window[0], METRICS.index(metric)]
    return rows.astype(np.float64)


def _both(outcome: ReplicateOutcome, metric: str, window: Window) -> tuple[F64, F64]:
    """The counter's sum in both arms by brand: with the change, without it; shape (B,) each."""
    scenario, baseline = (_weekly(outcome, arm, metric, window).sum(axis=0) for arm in ("scenario", "baseline"))
    return scenario, baseline


def _percent(new: float, old: float) -> float:
    return 100.0 * (new / old - 1.0) if old > 0.0 else math.nan


def _own(metric: str) -> Reader:
    def read(outcome: ReplicateOutcome, window: Window) -> float:
        new, old = _both(outcome, metric, window)
        return _percent(float(new[outcome.focal]), float(old[outcome.focal]))

    return read


def _category(outcome: ReplicateOutcome, window: Window) -> float:
    new, old = _both(outcome, "units", window)
    return _percent(float(new.sum()), float(old.sum()))


def _rivals(outcome: ReplicateOutcome, window: Window) -> float:
    new, old = _both(outcome, "units", window)
    rival = np.arange(new.size) != outcome.focal
    return _percent(float(new[rival].sum()), float(old[rival].sum()))


def _worst_below_mean(outcome: ReplicateOutcome, window: Window) -> float:
    new, old = (_weekly(outcome, arm, "units", window)[:, outcome.focal] for arm in ("scenario", "baseline"))
    weeks = 100.0 * (new / np.maximum(old, 1.0) - 1.0)
    return float(_percent(float(new.sum()), float(old.sum())) - weeks.min())


def _complaints(outcome: ReplicateOutcome, window: Window) -> float:
    """Complaints beyond those that follow from ordinary problems, per buyer of the year before, percent."""
    (new, old), (problems, usual) = (_both(outcome, metric, window) for metric in ("complaints", "problems"))
    b = outcome.focal
    beyond = float(new[b]) - float(old[b]) * float(problems[b]) / max(float(usual[b]), 1.0)
    return 100.0 * beyond / max(outcome.buyers, 1)


def _public(outcome: ReplicateOutcome, window: Window) -> float:
    new, old = _both(outcome, "complaints_public", window)
    return 100.0 * float(new[outcome.focal] - old[outcome.focal]) / outcome.customers


MEASURES: Final[Mapping[str, Reader]] = {
    "units": _own("units"),
    "value": _own("value"),
    "category_units": _category,
    "rival_units": _rivals,
    "worst_below_mean": _worst_below_mean,
    "complaints_per_buyer": _complaints,
    "public_per_customer": _public,
}
"""What a target may ask for, within the case's window of weeks, against the twin without the change."""


# -- scores ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TargetScore:
    """A target and what was predicted of it: median and 80% interval over replicates."""

    target: Target
    median: float
    low: float
    high: float

    @property
    def covers(self) -> bool:
        """Whether what was observed lies in the interval (for a band: whether the interval lies in it)."""
        if self.target.observed is not None:
            return self.low <= self.target.observed <= self.high
        below, above = self.target.band
        return (below is None or self.low >= below) and (above is None or self.high <= above)

    @property
    def sharp(self) -> bool:
        """Whether the interval says more than the base rate of redesigns does."""
        return self.high - self.low < SHARP

    @property
    def in_band(self) -> bool:
        """Whether the median lies in the band."""
        below, above = self.target.band
        return (below is None or self.median >= below) and (above is None or self.median <= above)

    @property
    def passed(self) -> bool | None:
        """Whether the target is hit; None where it is not scored."""
        return None if self.target.not_scored else self.covers and self.sharp

    @property
    def why(self) -> str:
        """A word on a miss, or on why nothing is scored; empty on a hit."""
        if self.target.not_scored:
            return f"not scored: {self.target.not_scored}"
        if self.passed:
            return ""
        if not self.covers:
            goal = self.target.observed
            if goal is None:
                return "the interval reaches outside the band" if self.in_band else "the prediction is outside the band"
            side = "above" if self.low > goal else "below"
            return f"predicted {side} what was observed"
        return "the interval covers it but is too wide to say anything"

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.target.name,
            "unit": self.target.unit,
            "observed": self.target.observed,
            "band": list(self.target.band),
            "median": self.median,
            "interval 80%": [self.low, self.high],
            "covers": self.covers,
            "sharp": self.sharp,
            "in band": self.in_band,
            "passed": self.passed,
            "why": self.why,
            "source": self.target.source,
        }


@dataclass(frozen=True)
class CaseScore:
    """A case and its targets; none where the case could not be run."""

    case: Case
    targets: tuple[TargetScore, ...]
    replicates: int
    not_run: str = ""

    @property
    def reading(self) -> str:
        """Why the case is missed, where something of it is."""
        return self.case.reading if any(score.passed is False for score in self.targets) else ""

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "case": self.case.id,
            "name": self.case.name,
            "replicates": self.replicates,
            "told": list(self.case.told),
            "not told": list(self.case.not_told),
            "not run": self.not_run or None,
            "reading": self.reading or None,
            "targets": [score.as_dict() for score in self.targets],
        }


@dataclass(frozen=True)
class Backtest:
    """Scores of some cases."""

    cases: tuple[CaseScore, ...]
    parameters: str

    @property
    def scored(self) -> tuple[TargetScore, ...]:
        """Targets that count."""
        return tuple(score for case in self.cases for score in case.targets if score.passed is not None)

    @property
    def passed(self) -> int:
        """How many of them are hit."""
        return sum(bool(score.passed) for score in self.scored)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "parameters": self.parameters,
            "frozen": FROZEN,
            "cases": [case.as_dict() for case in self.cases],
            "passed": self.passed,
            "total": len(self.scored),
            "not run": [case.case.id for case in self.cases if case.not_run],
        }


def score_target(target: Target, values: Sequence[float]) -> TargetScore:
    """Median and 80% interval of the values of some replicates.

    Examples
    --------
    >>> target = Target("units", "units", "%", "", observed=-20.0, band=(-24.0, -12.0))
    >>> score = score_target(target, [-18.0, -19.0, -20.0, -21.0])
    >>> score.passed, score_target(target, [-8.0, -9.0]).why, score_target(target, [-60.0, 10.0]).passed
    (True, 'predicted above what was observed', False)
    """
    finite = np.array([value for value in values if math.isfinite(value)])
    if finite.size == 0:
        return TargetScore(target, math.nan, math.nan, math.nan)
    low, median, high = (float(point) for point in np.quantile(finite, (INTERVAL[0], 0.5, INTERVAL[1])))
    return TargetScore(target, median, low, high)


def run_case(
    case: Case,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    jobs: int | None = None,
    customers: int | None = None,
    progress: Progress | None = None,
) -> CaseScore:
    """Run a case over replicates that draw every uncertain parameter, and score its targets.

    Parameters
    ----------
    case : Case
    replicates, seed, jobs
        As in `simulator.experiment.compare.run_comparison`.
    customers : int, optional
        Instead of the number that the case states.
    progress : callable, optional
    """
    if case.missing_kinds:
        missing = ", ".join(case.missing_kinds)
        return CaseScore(case, (), 0, f"the scenario language has no event of kind {missing}")
    outcomes = run_comparison(case.scenario(customers), replicates=replicates, seed=seed, jobs=jobs, progress=progress)
    scores = tuple(
        score_target(target, [MEASURES[target.measure](outcome, case.window) for outcome in outcomes])
        for target in case.targets
    )
    return CaseScore(case, scores, len(outcomes))


def run_backtest(
    cases: Sequence[Case],
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    jobs: int | None = None,
    customers: int | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Run several cases; arguments as in `run_case`."""
    scores = [
        run_case(case, replicates=replicates, seed=seed, jobs=jobs, customers=customers, progress=progress)
        for case in cases
    ]
    return Backtest(tuple(scores), parameter_hash())
