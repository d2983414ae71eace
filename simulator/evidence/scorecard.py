"""The scorecard: every fact over many seeds, pass or fail, and whether it fails when its mechanism is knocked out.

A fact passes where the mean over seeds of each of its parts lies in its range. One that also passes without the
mechanism that is said to make it is reported as proving nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simulator.compilation import is_warm
from simulator.evidence.cache import MeasureCache
from simulator.evidence.facts import KINDS, Fact, Kind, Knockout, Part
from simulator.evidence.laboratory import AS_IT_IS, Conditions, Laboratory, release_models
from simulator.model.warm import warm_kernels

Progress = Callable[[int, int, str], None]

KNOCKOUT_SEEDS: Final = 6
"""Seeds of a knock-out: what it must show is coarse, a fact that fails by a lot."""

NORMAL_95: Final = 1.96
"""Standard errors on each side of a 95% interval."""

FIRST_SEED: Final = 2001
"""Seeds from here on are for the scorecard alone: no number was ever chosen by looking at them."""

Values = Mapping[str, float]


@dataclass(frozen=True)
class PartScore:
    """One number of a fact: mean over seeds, 95% interval of the mean, and whether it lies in its range."""

    part: Part
    value: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether the mean lies in the range."""
        return self.part.holds(self.value)

    def as_dict(self) -> dict[str, Any]:
        """As plain values; what could not be measured is None."""
        return {
            "name": self.part.name,
            "value": _plain(self.value),
            "low": _plain(self.low),
            "high": _plain(self.high),
            "target": [self.part.low, self.part.high],
            "unit": self.part.unit,
            "passed": self.passed,
        }


@dataclass(frozen=True)
class KnockoutScore:
    """A fact without its mechanism."""

    knockout: Knockout
    parts: tuple[PartScore, ...]
    seeds: int

    @property
    def passed(self) -> bool:
        """Whether the fact survives, which means that it proves nothing about the mechanism."""
        must_fail = self.knockout.fails
        if must_fail is None:
            return all(score.passed for score in self.parts)
        return any(score.passed for score in self.parts if score.part.name in must_fail)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "mechanism": self.knockout.mechanism,
            "passed": self.passed,
            "seeds": self.seeds,
            "parts": [score.as_dict() for score in self.parts],
        }


@dataclass(frozen=True)
class FactScore:
    """A fact over all seeds; ``knockouts`` is empty where none was run."""

    fact: Fact
    parts: tuple[PartScore, ...]
    seeds: int
    knockouts: tuple[KnockoutScore, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every part lies in its range."""
        return all(score.passed for score in self.parts)

    @property
    def proves_nothing(self) -> bool:
        """Whether the fact survives one of its knock-outs."""
        return self.passed and any(score.passed for score in self.knockouts)

    def as_dict(self) -> dict[str, Any]:
        """As plain values; value, interval and target are those of the first part."""
        first = self.parts[0].as_dict()
        shown: dict[str, Any] = {
            "id": self.fact.id,
            "kind": self.fact.kind,
            "name": self.fact.name,
            "metric": self.fact.metric,
            **{key: first[key] for key in ("value", "low", "high", "target")},
            "passed": self.passed,
            "source": self.fact.source,
            "knockout": None,
            "parts": [score.as_dict() for score in self.parts],
        }
        if self.fact.knockouts:
            mechanism = "; ".join(knockout.mechanism for knockout in self.fact.knockouts)
            shown["knockout"] = {
                "mechanism": mechanism,
                "passed": any(score.passed for score in self.knockouts) if self.knockouts else None,
            }
            if self.knockouts:
                shown["knockout"]["each"] = [score.as_dict() for score in self.knockouts]
        return shown


@dataclass(frozen=True)
class Scorecard:
    """Scores of the facts that were asked for, in the order of the suite."""

    facts: tuple[FactScore, ...]

    @property
    def counted(self) -> tuple[FactScore, ...]:
        """Scores of the facts about markets that must emerge, without verifications, guards and checks."""
        return tuple(score for score in self.facts if score.fact.counted)

    def of_kind(self, kind: Kind) -> tuple[FactScore, ...]:
        """Scores of one kind, in the order of the suite."""
        return tuple(score for score in self.facts if score.fact.kind == kind)

    @property
    def passed(self) -> int:
        """How many facts about markets pass."""
        return sum(score.passed for score in self.counted)

    @property
    def total(self) -> int:
        """How many facts about markets there are."""
        return len(self.counted)

    @property
    def fine(self) -> bool:
        """Whether everything passes and nothing that was knocked out survives."""
        return all(score.passed and not score.proves_nothing for score in self.facts)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        apart = {
            kind: {"passed": sum(score.passed for score in scores), "total": len(scores)}
            for kind in KINDS[1:]
            if (scores := self.of_kind(kind))
        }
        return {
            "facts": [score.as_dict() for score in self.facts],
            "passed": self.passed,
            "total": self.total,
            "not counted": apart,
        }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def score_parts(fact: Fact, measured: Sequence[Values]) -> tuple[PartScore, ...]:
    """Mean and 95% interval of each part over seeds.

    Raises
    ------
    KeyError
        Where the measure leaves a part out.
    """
    scores = []
    for part in fact.parts:
        values = np.array([values[part.name] for values in measured], np.float64)
        mean = float(values.mean())
        error = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else float("nan")
        scores.append(PartScore(part, mean, mean - NORMAL_95 * error, mean + NORMAL_95 * error))
    return tuple(scores)


@dataclass(frozen=True)
class _Work:
    """One world and the facts to be measured in it; small enough to hand out, large enough to share a panel."""

    conditions: Conditions
    seed: int
    facts: tuple[Fact, ...]


def _plan(facts: Iterable[Fact], *, seeds: range, knockouts: bool, cache: MeasureCache | None) -> list[_Work]:
    wanted: dict[tuple[Conditions, int], list[Fact]] = {}
    for fact in facts:
        for seed in seeds:
            wanted.setdefault((AS_IT_IS, seed), []).append(fact)
        for knockout in fact.knockouts if knockouts else ():
            for seed in seeds[:KNOCKOUT_SEEDS]:
                sharing = wanted.setdefault((knockout.conditions, seed), [])
                if fact not in sharing:
                    sharing.append(fact)
    work = []
    for (conditions, seed), sharing in wanted.items():
        missing = tuple(f for f in sharing if cache is None or cache.get(f, conditions, seed) is None)
        if missing:
            work.append(_Work(conditions, seed, missing))
    return work


def run_scorecard(
    facts: Sequence[Fact],
    *,
    replicates: int,
    knockouts: bool = False,
    jobs: int = 1,
    cache: MeasureCache | None = None,
    laboratory: Laboratory | None = None,
    progress: Progress | None = None,
) -> Scorecard:
    """Measure facts over seeds 1, 2, … and score them.

    Parameters
    ----------
    facts : sequence of Fact
    replicates : int
        Seeds for each fact; knock-outs take the first `KNOCKOUT_SEEDS` of them.
    knockouts : bool
        Run the knock-outs as well.
    jobs : int
        Worlds at a time; changes nothing in the result.
    cache : MeasureCache, optional
        Where values measured before are found and new ones are kept.
    laboratory : Laboratory, optional
        A small one, for tests.
    progress : callable, optional
        Called with worlds done, worlds in all, and a message.

    Returns
    -------
    Scorecard

    Raises
    ------
    ValueError
        Fewer than one replicate or job.
    """
    if replicates < 1 or jobs < 1:
        raise ValueError(f"replicates ({replicates}) and jobs ({jobs}) must be at least 1")
    lab = laboratory or Laboratory()
    seeds = range(FIRST_SEED, FIRST_SEED + replicates)
    work = _plan(facts, seeds=seeds, knockouts=knockouts, cache=cache)
    measured: dict[tuple[str, Conditions, int], Values] = {}
    done = 0
    tell = progress or (lambda done, total, message: None)
    if work and not is_warm():
        tell(0, len(work), "compiling the model (first run on this machine)")
        warm_kernels()
    if work:
        tell(0, len(work), "measuring")

    def measure(item: _Work) -> list[tuple[Fact, Values]]:
        found = []
        for fact in item.facts:
            found.append((fact, fact.measure(lab, item.seed, item.conditions)))
            release_models()
        return found

    def keep(item: _Work, found: list[tuple[Fact, Values]]) -> None:
        nonlocal done
        for fact, values in found:
            measured[fact.id, item.conditions, item.seed] = values
            if cache is not None:
                cache.put(fact, item.conditions, item.seed, values)
        done += 1
        tell(done, len(work), "measuring")

    if jobs == 1:
        for item in work:
            keep(item, measure(item))
    else:
        with ThreadPoolExecutor(jobs, thread_name_prefix="facts") as pool:
            running = {pool.submit(measure, item): item for item in work}
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        keep(running.pop(future), future.result())
            finally:
                for future in running:
                    future.cancel()

    def values_of(fact: Fact, conditions: Conditions, some: range) -> tuple[PartScore, ...]:
        rows = []
        for seed in some:
            values = measured.get((fact.id, conditions, seed))
            if values is None and cache is not None:
                values = cache.get(fact, conditions, seed)
            assert values is not None, f"{fact.id} was not measured with seed {seed}"
            rows.append(values)
        return score_parts(fact, rows)

    few = seeds[:KNOCKOUT_SEEDS]
    return Scorecard(
        tuple(
            FactScore(
                fact,
                values_of(fact, AS_IT_IS, seeds),
                len(seeds),
                tuple(
                    KnockoutScore(knockout, values_of(fact, knockout.conditions, few), len(few))
                    for knockout in (fact.knockouts if knockouts else ())
                ),
            )
            for fact in facts
        )
    )
