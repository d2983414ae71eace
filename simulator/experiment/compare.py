"""Many replicates of one comparison: submit, collect in any order, keep what is finished, say how it is going.

Replicates run in threads: the kernels hold no lock, a thread needs no start-up, and a task's outcome depends on its
own description alone, so the result is the same bytes for any number of jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from simulator.compilation import is_warm
from simulator.experiment.outcome import ReplicateOutcome
from simulator.experiment.processors import default_jobs
from simulator.experiment.twins import Task, run_replicate, tasks_of
from simulator.model.warm import warm_kernels
from simulator.scenario import Scenario

MANY_CUSTOMERS = 100_000
"""Customers from which threads that share the work of a day gain more than waiting for each other costs."""

Progress = Callable[[int, int, str], None]
"""Called with replicates done, replicates in all, and a word on what is going on."""


class TaskStore(Protocol):
    """Where finished replicates are kept, so that a run that was cut off can be resumed."""

    def has(self, replicate: int) -> bool:
        """Whether a sound outcome of this replicate is there."""

    def load(self, replicate: int) -> ReplicateOutcome:
        """Return the outcome of a finished replicate."""

    def save(self, outcome: ReplicateOutcome) -> None:
        """Keep an outcome; written whole or not at all."""


class ReplicatesFailed(RuntimeError):
    """Some replicates raised an error; the others are finished and kept.

    Attributes
    ----------
    failures : dict
        Replicate -> the error it raised.
    """

    def __init__(self, failures: dict[int, BaseException]) -> None:
        self.failures = failures
        first = min(failures)
        error = failures[first]
        super().__init__(
            f"{len(failures)} of the replicates failed; replicate {first}: {type(error).__name__}: {error}"
        )


def run_comparison(
    scenario: Scenario,
    *,
    replicates: int,
    seed: int = 1,
    jobs: int | None = None,
    luck_only: bool = False,
    shared_population: bool = False,
    tasks: TaskStore | None = None,
    progress: Progress | None = None,
) -> list[ReplicateOutcome]:
    """Run the paired baseline and scenario over replicates.

    Parameters
    ----------
    scenario : Scenario
    replicates : int
        How many; at least 1.
    seed : int
        The same seed gives the same customers and the same luck.
    jobs : int, optional
        Replicates at a time; as many as there are processors by default.
    luck_only : bool
        Hold every parameter at its central value.
    shared_population : bool
        The same customers in every replicate.
    tasks : TaskStore, optional
        Finished replicates found there are not run again; new ones are saved there as they come.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    list of ReplicateOutcome
        In order of replicate.

    Raises
    ------
    ReplicatesFailed
        After every replicate was tried.
    ValueError
        Fewer than one replicate or job.
    """
    jobs = check_counts(replicates, default_jobs() if jobs is None else jobs)
    tell = progress or keep_quiet
    outcomes: dict[int, ReplicateOutcome] = {}
    missing = []
    threads = threads_each(scenario.customers, replicates, jobs)
    for task in tasks_of(
        scenario,
        range(replicates),
        seed=seed,
        luck_only=luck_only,
        shared_population=shared_population,
        threads=threads,
    ):
        if tasks is not None and tasks.has(task.replicate):
            outcomes[task.replicate] = tasks.load(task.replicate)
        else:
            missing.append(task)
    if missing:
        compile_first(lambda word: tell(len(outcomes), replicates, word))
    tell(len(outcomes), replicates, "running")
    failures: dict[int, BaseException] = {}
    for replicate, result in run_tasks(missing, jobs):
        if isinstance(result, BaseException):
            failures[replicate] = result
            continue
        outcomes[replicate] = result
        if tasks is not None:
            tasks.save(result)
        tell(len(outcomes), replicates, "running")
    if failures:
        raise ReplicatesFailed(failures) from failures[min(failures)]
    return [outcomes[r] for r in sorted(outcomes)]


def keep_quiet(done: int, total: int, word: str) -> None:
    """Tell nobody how it is going."""


def compile_first(say: Callable[[str], None]) -> None:
    """Compile the model where no earlier run has left it compiled, and say so."""
    if not is_warm():
        say("compiling the model (first run on this machine)")
        warm_kernels()


def check_counts(replicates: int, jobs: int) -> int:
    """Return the number of jobs, or raise ValueError where there are too few replicates or jobs."""
    if replicates < 1:
        raise ValueError(f"replicates: {replicates} is too few; a comparison needs at least 1.")
    if jobs < 1:
        raise ValueError(f"jobs: {jobs} is too few; at least 1 replicate must run at a time.")
    return jobs


def threads_each(customers: int, replicates: int, jobs: int) -> int:
    """How many threads share the days of one replicate: those that would be idle, where the population is large."""
    return max(1, jobs // replicates) if customers >= MANY_CUSTOMERS else 1


def run_tasks(tasks: Iterable[Task], jobs: int) -> Iterable[tuple[int, ReplicateOutcome | BaseException]]:
    """Run tasks ``jobs`` at a time and yield (replicate, outcome or error) as they finish.

    An interrupt stops handing out tasks; those in flight are lost, those yielded are not.
    """
    if jobs == 1:
        for task in tasks:
            try:
                yield task.replicate, run_replicate(task)
            except Exception as error:
                yield task.replicate, error
        return
    queue = iter(tasks)
    with ThreadPoolExecutor(jobs, thread_name_prefix="replicate") as pool:
        running: dict[Future[ReplicateOutcome], int] = {}
        try:
            for task in queue:
                running[pool.submit(run_replicate, task)] = task.replicate
                if len(running) >= 2 * jobs:
                    yield from _finished(running)
            while running:
                yield from _finished(running)
        finally:
            for future in running:
                future.cancel()


def _finished(
    running: dict[Future[ReplicateOutcome], int],
) -> Iterable[tuple[int, ReplicateOutcome | BaseException]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        error = future.exception()
        yield running.pop(future), future.result() if error is None else error
