"""Many runs: a replicate's outcome depends on its own description alone, whatever runs beside it."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

import numpy as np
import pytest
from small_markets import CARTON, content, setting

import simulator.experiment.compare as compare
from simulator.experiment.compare import ReplicatesFailed, run_comparison, run_tasks
from simulator.experiment.outcome import CAUSES, METRICS, OUT_CAUSES, ReplicateOutcome
from simulator.experiment.twins import UNTOUCHED, Task, draw_pair, run_replicate, run_twins, tasks_of
from simulator.model import BrandMarket
from simulator.model.switches import CHANNELS
from simulator.parameters import table
from simulator.scenario import Scenario, load

RANGED = {**CARTON, "appeal": {"mean": {"low": -0.6, "high": 0.2}}}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return setting(RANGED, customers=600, weeks=6)


@pytest.fixture(scope="module")
def four(scenario: Scenario) -> list[ReplicateOutcome]:
    return run_comparison(scenario, replicates=4, seed=5, jobs=1)


@pytest.mark.parametrize("jobs", [2, 3])
def test_any_number_of_jobs_gives_the_same_bytes(scenario: Scenario, four: list[ReplicateOutcome], jobs: int) -> None:
    assert content(run_comparison(scenario, replicates=4, seed=5, jobs=jobs)) == content(four)


@pytest.mark.parametrize("replicates", [1, 3, 6])
def test_a_replicate_does_not_depend_on_how_many_there_are(
    scenario: Scenario, four: list[ReplicateOutcome], replicates: int
) -> None:
    for one, two in zip(run_comparison(scenario, replicates=replicates, seed=5, jobs=1), four, strict=False):
        assert content(one) == content(two)


def test_content_tells_outcomes_apart(four: list[ReplicateOutcome]) -> None:
    assert content(four[0]) != content(four[1])
    record = four[0].arms["scenario"]
    changed = dataclasses.replace(record, totals=record.totals + 1)
    other = dataclasses.replace(four[0], arms={**four[0].arms, "scenario": changed})
    assert content(other) != content(four[0])


def test_pairs_share_a_draw_of_what_is_uncertain(four: list[ReplicateOutcome]) -> None:
    drawn = [one.parameters for one in four]
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]
    path = "events.carton.appeal.mean"
    assert path in drawn[0]
    assert 10 < len(drawn[0]) <= 1 + len(table().uncertain)
    assert set(drawn[0]) <= {*table().uncertain, path}
    assert all(-0.6 <= one[path] <= 0.2 for one in drawn)


def test_luck_only_holds_every_parameter(scenario: Scenario) -> None:
    for replicate in (0, 5):
        task = Task(scenario, replicate, luck_only=True)
        same, values, drawn = draw_pair(task)
        assert same == scenario
        assert dict(values) == dict(table().central())
        assert drawn == {}


def test_what_is_drawn_reaches_the_scenario_that_runs(scenario: Scenario) -> None:
    changed, values, drawn = draw_pair(Task(scenario, 3))
    assert changed.events[0].appeal.mean == drawn["events.carton.appeal.mean"]
    assert "events.carton.appeal.mean" not in values
    assert values["inertia"] != table().central()["inertia"]


def test_a_shared_population_has_the_same_customers_with_another_luck(scenario: Scenario) -> None:
    models = [
        run_twins(Task(scenario, replicate, luck_only=True, shared_population=True))["baseline"] for replicate in (0, 1)
    ]
    one, two = (model.world for model in models)
    assert content(one) == content(two)
    totals = [model.state.records.totals for model in models]
    assert (totals[0] != totals[1]).any()
    apart = run_twins(Task(scenario, 1, luck_only=True))["baseline"].world
    assert content(apart.customers) != content(one.customers)


def test_arms_are_the_same_up_to_the_first_event_and_part_there() -> None:
    late = setting({**CARTON, "overlap": 0.0, "start": "week 3"}, customers=2000, weeks=8)
    outcome = run_replicate(Task(late, 0, luck_only=True))
    baseline, scenario = (outcome.arms[name].totals for name in ("baseline", "scenario"))
    assert (baseline[: 52 + 3] == scenario[: 52 + 3]).all()
    assert (baseline[52 + 3 :] != scenario[52 + 3 :]).any()
    early = setting({**CARTON, "overlap": 0.0, "start": "week -5"}, customers=2000, weeks=4)
    outcome = run_replicate(Task(early, 0, luck_only=True))
    baseline, scenario = (outcome.arms[name].totals for name in ("baseline", "scenario"))
    assert (baseline[: 52 - 5] == scenario[: 52 - 5]).all()
    assert (baseline[52 - 5 : 52] != scenario[52 - 5 : 52]).any()


@pytest.mark.parametrize("start", ["week -5", "week 0", "week 3"])
def test_both_arms_have_the_base_of_the_baseline(start: str) -> None:
    scenario = setting({**CARTON, "overlap": 0.0, "start": start}, customers=1500, weeks=8)
    arms = run_twins(Task(scenario, 0, luck_only=True))
    alone = BrandMarket(scenario, rng=1, arm="baseline", warm_up=False)
    alone.run_until(alone.last_day)
    assert alone.base is not None
    for model in arms.values():
        assert model.base is not None
        assert content(model.base) == content(alone.base)
        assert model.lapse_by_week().shape == (8, alone.base.rows.size)
        assert np.flatnonzero(model.state.life.mind["base"]).tolist() == alone.base.rows.tolist()
    assert (arms["baseline"].lapse_by_week() == alone.lapse_by_week()).all()
    assert (arms["baseline"].state.records.totals == alone.state.records.totals).all()


def test_the_base_bought_at_least_half_of_at_least_four_purchases_from_the_brand(scenario: Scenario) -> None:
    baseline = run_twins(Task(scenario, 0, luck_only=True))["baseline"]
    mind = baseline.state.life.mind
    values = table().central()
    assert baseline.base is not None
    habitual = [
        row
        for row in range(baseline.world.size)
        if mind["year_category"][row] >= values["base_purchases"]
        and mind["year_focal"][row] >= values["base_share"] * mind["year_category"][row]
    ]
    assert baseline.base.rows.tolist() == habitual
    assert baseline.base.limit == pytest.approx(2 * 364 / mind["year_focal"][habitual])
    assert baseline.base.buyers == (mind["year_focal"] > 0).sum() > len(habitual)


def test_an_outcome_has_the_shapes_it_promises(four: list[ReplicateOutcome]) -> None:
    one = four[0]
    people, brands, weeks = one.base.size, len(one.brands), 52 + 6
    for record in one.arms.values():
        assert record.first_week == -52
        assert record.totals.shape == (weeks, len(METRICS), brands)
        assert record.levels.shape == (weeks, len(one.levels), brands)
        assert record.shelf.shape == (weeks, brands, len(OUT_CAUSES))
        assert record.habitual_units.shape == record.reached.shape == (weeks,)
        assert record.lapse.shape == (6, people)
        touched = record.first_cause > 0
        assert (record.first_cause_week[~touched] == UNTOUCHED).all()
        assert (record.first_cause_week[touched] >= 0).all()
        assert record.first_cause.max(initial=0) < len(CAUSES)
    assert one.arms["baseline"].first_cause.sum() == 0 < one.arms["scenario"].first_cause.sum()
    assert one.segment.shape == one.weight.shape == (people,)
    assert one.buyers >= people
    assert one.arms["baseline"].stores.shape[1] > 1


def test_habitual_purchases_are_those_of_the_base(four: list[ReplicateOutcome]) -> None:
    record = four[0].arms["baseline"]
    assert record.habitual_units[:52].sum() == 0  # nobody is in the base before it is known
    focal = record.totals[52:, 0, four[0].focal]
    assert (record.habitual_units[52:] <= focal).all()
    assert record.habitual_units[52:].sum() > 0.3 * focal.sum()


def test_closing_everything_leaves_no_difference(scenario: Scenario) -> None:
    task = Task(scenario, 0, closed=frozenset(CHANNELS))
    outcome = run_replicate(task)
    baseline, change = outcome.arms["baseline"], outcome.arms["scenario"]
    assert content(dataclasses.replace(change, name="baseline")) == content(baseline)


# -- the running of many --------------------------------------------------------------------------------------------


class Shelf:
    """A store of finished replicates, in memory."""

    def __init__(self) -> None:
        self.kept: dict[int, ReplicateOutcome] = {}

    def has(self, replicate: int) -> bool:
        return replicate in self.kept

    def load(self, replicate: int) -> ReplicateOutcome:
        return self.kept[replicate]

    def save(self, outcome: ReplicateOutcome) -> None:
        self.kept[outcome.replicate] = outcome


def test_finished_replicates_are_kept_and_not_run_again(
    scenario: Scenario, four: list[ReplicateOutcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    run_comparison(scenario, replicates=2, seed=5, jobs=2, tasks=shelf)
    ran: list[int] = []

    def counted(task: Task) -> ReplicateOutcome:
        ran.append(task.replicate)
        return run_replicate(task)

    monkeypatch.setattr(compare, "run_replicate", counted)
    resumed = run_comparison(scenario, replicates=4, seed=5, jobs=1, tasks=shelf)
    assert ran == [2, 3]
    assert content(resumed) == content(four)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_replicate_that_fails_does_not_take_the_others_with_it(
    scenario: Scenario, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clumsy(task: Task) -> ReplicateOutcome:
        if task.replicate == 1:
            raise ArithmeticError("a dropped ball")
        return run_replicate(task)

    monkeypatch.setattr(compare, "run_replicate", clumsy)
    shelf = Shelf()
    with pytest.raises(ReplicatesFailed, match="1 of the replicates failed; replicate 1: ArithmeticError") as caught:
        run_comparison(scenario, replicates=4, seed=5, jobs=jobs, tasks=shelf)
    assert set(caught.value.failures) == {1}
    assert set(shelf.kept) == {0, 2, 3}


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_counts_up_to_the_end(scenario: Scenario, jobs: int) -> None:
    heard: list[tuple[int, int]] = []
    run_comparison(scenario, replicates=3, jobs=jobs, progress=lambda done, total, _: heard.append((done, total)))
    assert heard[-1] == (3, 3)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_tasks_come_back_whatever_the_order(scenario: Scenario) -> None:
    tasks = tasks_of(scenario, range(7), seed=1, luck_only=True)
    assert sorted(replicate for replicate, _ in run_tasks(tasks, 2)) == list(range(7))


@pytest.mark.parametrize(("given", "message"), [({"replicates": 0}, "at least 1"), ({"jobs": 0}, "at least 1")])
def test_too_few_are_refused(scenario: Scenario, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_comparison(scenario, **{"replicates": 1, **given})


def test_shipped_scenarios_run_in_both_arms() -> None:
    for name in ("guarded_launch", "rival_campaign", "rep_turnover"):
        outcome = run_replicate(Task(load(name, overrides=["customers=600"]), 0))
        assert set(outcome.arms) == {"baseline", "scenario"}
        assert outcome.arms["baseline"].rolled_back == {}


def models_alive() -> int:
    """How many models there are; of the type itself, since a proxy of something that is gone cannot be asked."""
    gc.collect()
    return sum(issubclass(type(thing), BrandMarket) for thing in gc.get_objects())


def test_a_finished_replicate_leaves_no_model_behind() -> None:
    before = models_alive()
    run_replicate(Task(load("orange_carton", overrides=["customers=300", "horizon=26 weeks"]), replicate=0))
    assert models_alive() <= before
