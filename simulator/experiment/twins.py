"""One replicate: the same customers, with the same luck, through the change and through its absence.

Everything before the first event is run once; the state is forked there. The baseline runs to the horizon first, for it
says who the base is: buyers and habitual customers at launch, as they were without the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from simulator.experiment.outcome import ArmRecord, ReplicateOutcome
from simulator.model import Base, BrandMarket
from simulator.model.changes import views_of
from simulator.model.consult import UNGATED
from simulator.model.state import level_names
from simulator.parameters import table
from simulator.scenario import Scenario

PAIR = 2
"""Consecutive replicates that share one draw of the uncertain parameters: luck within, ignorance between."""

UNTOUCHED = -32768
"""Week of the first cause where nothing of the change touched the customer."""


@dataclass(frozen=True)
class Task:
    """One replicate to run; its outcome depends on nothing else.

    Attributes
    ----------
    scenario : Scenario
    replicate : int
    seed : int
    luck_only : bool
        Hold every parameter at its central value.
    shared_population : bool
        Let every replicate have the customers of the first; only their luck differs.
    closed : frozenset of str
        Channels through which the change must not act.
    without : tuple of str
        Mechanisms switched off everywhere.
    threads : int
        Threads that share the work of a day; changes nothing in the outcome.
    """

    scenario: Scenario
    replicate: int
    seed: int = 1
    luck_only: bool = False
    shared_population: bool = False
    closed: frozenset[str] = frozenset()
    without: tuple[str, ...] = ()
    threads: int = 1


def draw_pair(task: Task) -> tuple[Scenario, Mapping[str, float], dict[str, float]]:
    """Return the scenario and parameter values of a task's pair, and what was drawn (empty when luck only)."""
    if task.luck_only:
        return task.scenario, table().central(), {}
    ranges = {path: (r.low, r.central, r.high) for path, r in task.scenario.ranges.items()}
    values = dict(table().draw(task.replicate // PAIR, task.seed, extra=ranges))
    drawn = {path: values.pop(path) for path in ranges}
    scenario = task.scenario.at(drawn) if drawn else task.scenario
    uncertain = {name: values[name] for name in table().uncertain}
    return scenario, values, uncertain | drawn


def run_twins(task: Task) -> dict[str, BrandMarket]:
    """Run both arms of a replicate to the horizon and return the models; with a gate also the arm without it.

    Examples
    --------
    >>> from simulator.scenario import load
    >>> arms = run_twins(Task(load("null_launch", overrides=["customers=400", "horizon=8 weeks"]), 0))
    >>> a, b = (arms[name].state.records.totals for name in ("baseline", "scenario"))
    >>> bool((a == b).all())
    True
    """
    scenario, values, _ = draw_pair(task)
    return twins_of(scenario, values, task)


def twins_of(
    scenario: Scenario, values: Mapping[str, float], task: Task, *, panel: bool = False
) -> dict[str, BrandMarket]:
    """Run both arms for given parameter values, see `run_twins`; ``panel`` keeps every purchase of both."""
    # talk is silenced in both arms where its channel is closed: what the change does through talk is then nothing
    both = task.closed & {"word_of_mouth"}
    baseline = lived_to(first_day(scenario), scenario, values, task, panel=panel)
    changes = forks_of(baseline, scenario, task.closed)
    if both:
        settled, baseline = baseline, baseline.fork(closed=both)
        settled.release()
    baseline.run_until(baseline.last_day)
    assert baseline.base is not None
    return {"baseline": baseline} | {name: to_the_end(arm, baseline.base) for name, arm in changes.items()}


def lived_to(
    day: int, scenario: Scenario, values: Mapping[str, float], task: Task, *, panel: bool = False
) -> BrandMarket:
    """Return the baseline of a task at the beginning of a day."""
    baseline = BrandMarket(
        scenario,
        rng=task.seed,
        replicate=task.replicate,
        arm="baseline",
        without=task.without,
        values=values,
        looks=len(views_of(scenario.events)),
        shared_population=task.shared_population,
        panel=panel,
        warm_up=False,
        threads=task.threads,
    )
    baseline.run_until(day)
    return baseline


def forks_of(baseline: BrandMarket, scenario: Scenario, closed: Iterable[str] = ()) -> dict[str, BrandMarket]:
    """Return the arms of a scenario that part from its baseline today."""
    arms = {"scenario": baseline.fork(arm="scenario", closed=closed, scenario=scenario)}
    # what a gate is worth is what would have come had nobody been asked
    if any(e.kind == "consult_reps" and e.gate is not None for e in scenario.events):
        arms[UNGATED] = baseline.fork(arm=UNGATED, closed=closed, scenario=scenario)
    return arms


def to_the_end(arm: BrandMarket, base: Base) -> BrandMarket:
    """Run an arm to the horizon; ``base`` says who its base customers are."""
    if arm.base is None:
        arm.run_until(0)
        arm.set_base(base)
    arm.run_until(arm.last_day)
    return arm


def first_day(scenario: Scenario) -> int:
    """First day on which the arms may differ: the earliest event, or the end where there is none."""
    days = [int(e.start_day) for e in scenario.events if e.kind != "rollback"]
    return min(days, default=7 * scenario.horizon_weeks)


def run_replicate(task: Task) -> ReplicateOutcome:
    """Run one replicate and return what it leaves behind."""
    scenario, values, drawn = draw_pair(task)
    arms = twins_of(scenario, values, task)
    outcome = outcome_of(task.replicate, arms, drawn)
    for model in arms.values():
        model.release()
    return outcome


def outcome_of(replicate: int, arms: Mapping[str, BrandMarket], drawn: Mapping[str, float]) -> ReplicateOutcome:
    """Copy what the arms of a replicate leave behind."""
    baseline = arms["baseline"]
    world, base = baseline.world, baseline.base
    assert base is not None
    read = set().union(*(arm.values.read for arm in arms.values()))
    return ReplicateOutcome(
        replicate=replicate,
        brands=world.brands.names,
        focal=world.focal,
        customers=world.size,
        buyers=base.buyers,
        buyers_units=base.buyers_units,
        base=world.customers.uid[base.rows].astype(np.int64),
        segment=world.customers.segment[base.rows],
        weight=world.customers.weight[base.rows],
        segments=world.segments,
        levels=level_names(world),
        parameters={name: value for name, value in drawn.items() if name in read or "." in name},
        arms={name: record_of(name, model, base) for name, model in arms.items()},
    )


def record_of(name: str, model: BrandMarket, base: Base) -> ArmRecord:
    """Copy an arm's counters into a record of its own."""
    records, mind = model.state.records, model.state.life.mind
    touched = mind["first_cause"][base.rows] > 0
    return ArmRecord(
        name=name,
        first_week=-model.observed_weeks,
        totals=records.totals[:-1].copy(),
        levels=records.levels[:-1].copy(),
        stores=records.stores[:-1].copy(),
        shelf=records.shelf[:-1].copy(),
        habitual_units=records.habitual[:-1].copy(),
        lapse=model.lapse_by_week(),
        first_cause=mind["first_cause"][base.rows].copy(),
        first_cause_week=np.where(touched, mind["cause_week"][base.rows], UNTOUCHED).astype(np.int16),
        tellers=records.tellers.copy(),
        reached=records.reached[:-1].copy(),
        reached_by=records.reached_by.copy(),
        won=records.won[:-1].copy(),
        kept=records.kept[:-1].copy(),
        positive=records.positive.copy(),
        negative=records.negative.copy(),
        rolled_back={event: day // 7 for event, day in sorted(model.state.rolled_back.items())},
        reports=dict(sorted(model.state.reports.items())),
        gated={event: gate.then for event, gate in sorted(model.state.gated.items())},
    )


def tasks_of(
    scenario: Scenario,
    replicates: Iterable[int],
    *,
    seed: int,
    luck_only: bool = False,
    shared_population: bool = False,
    threads: int = 1,
) -> list[Task]:
    """Return the tasks of a comparison, one per replicate."""
    return [
        Task(scenario, int(r), seed=seed, luck_only=luck_only, shared_population=shared_population, threads=threads)
        for r in replicates
    ]
