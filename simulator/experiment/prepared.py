"""The same customers, asked again: what lies before a question is lived through once.

Worlds, warm-up, observed year and baseline do not depend on what a scenario changes. A prepared comparison keeps them
at the day on which the arms part, so that another question (a price moved by a slider) costs the life of one arm.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from simulator.experiment.compare import Progress, check_counts, compile_first, keep_quiet
from simulator.experiment.outcome import ReplicateOutcome
from simulator.experiment.processors import default_jobs
from simulator.experiment.twins import Task, draw_pair, first_day, forks_of, lived_to, outcome_of, tasks_of, to_the_end
from simulator.model import BrandMarket
from simulator.scenario import Scenario


@dataclass(frozen=True)
class _Past:
    """One replicate whose past is over.

    Attributes
    ----------
    task : Task
        The replicate.
    values : mapping
        Parameter values it lives with.
    start : BrandMarket
        The baseline on the day on which arms may part; never run on.
    baseline : BrandMarket
        The baseline at the horizon.
    """

    task: Task
    values: Mapping[str, float]
    start: BrandMarket
    baseline: BrandMarket


class Prepared:
    """Replicates that have lived up to the day on which a change may come, with their baselines.

    Parameters
    ----------
    scenario : Scenario
        Its earliest event is the day from which other scenarios may differ.
    replicates, seed, jobs, luck_only, shared_population, progress
        As in `simulator.experiment.compare.run_comparison`.

    Raises
    ------
    ValueError
        Fewer than one replicate or job.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        replicates: int,
        seed: int = 1,
        jobs: int | None = None,
        luck_only: bool = False,
        shared_population: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.scenario = scenario
        self.jobs = check_counts(replicates, default_jobs() if jobs is None else jobs)
        self.seed, self.luck_only = seed, luck_only
        self.day = first_day(scenario)
        tasks = tasks_of(
            scenario, range(replicates), seed=seed, luck_only=luck_only, shared_population=shared_population
        )
        tell = progress or keep_quiet
        compile_first(lambda word: tell(0, replicates, word))
        self._pasts = self._each(self._settle, tasks, progress, "living up to the change")

    def outcomes(self, scenario: Scenario | None = None, progress: Progress | None = None) -> list[ReplicateOutcome]:
        """Run a scenario on the same customers with the same luck; by default the one that was prepared.

        The outcome is that of `run_comparison`, to the byte.

        Raises
        ------
        ValueError
            Where the scenario is about another market, horizon or number of customers, or begins too early.
        """
        asked = self.scenario if scenario is None else scenario
        self._check(asked)
        return self._each(lambda past: self._ask(past, asked), self._pasts, progress, "running")

    def _check(self, asked: Scenario) -> None:
        for name in ("market", "customers", "focal_brand", "horizon_weeks"):
            if getattr(asked, name) != getattr(self.scenario, name):
                raise ValueError(f"{name} differs from that of the prepared scenario; prepare this scenario instead.")
        if first_day(asked) < self.day:
            raise ValueError(
                f"an event on day {first_day(asked)} lies before day {self.day}, up to which the customers have lived; "
                "prepare with the scenario that begins first."
            )

    def _settle(self, task: Task) -> _Past:
        scenario, values, _ = draw_pair(task)
        start = lived_to(first_day(scenario), scenario, values, task)
        baseline = start.fork()
        baseline.run_until(baseline.last_day)
        return _Past(task, values, start, baseline)

    def _ask(self, past: _Past, asked: Scenario) -> ReplicateOutcome:
        task = Task(asked, past.task.replicate, seed=past.task.seed, luck_only=past.task.luck_only)
        scenario, values, drawn = draw_pair(task)
        if dict(values) != dict(past.values):
            raise ValueError("this scenario lives with other parameter values; prepare it instead.")
        base = past.baseline.base
        assert base is not None
        start = copy.copy(past.start)
        start.values = past.start.values.again()  # which parameters this question reads is its own affair
        arms = {name: to_the_end(arm, base) for name, arm in forks_of(start, scenario).items()}
        outcome = outcome_of(task.replicate, {"baseline": past.baseline, **arms}, drawn)
        for arm in arms.values():
            arm.release()
        return outcome

    def _each(
        self, work: Callable[[Any], Any], things: Iterable[Any], progress: Progress | None, word: str
    ) -> list[Any]:
        """Do something for every replicate, ``jobs`` at a time, in order."""
        tell = progress or keep_quiet
        found = []
        todo = list(things)
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="replicate") as pool:
            for done, result in enumerate(pool.map(work, todo), 1):
                found.append(result)
                tell(done, len(todo), word)
        return found
