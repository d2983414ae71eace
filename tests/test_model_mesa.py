"""The model as Mesa knows it: steps, agents, data collection, batches, pickles, and decisions that people may make."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from small_markets import CARTON, FOCAL, differences, setting

from simulator.model import BrandMarket, Rep, Store
from simulator.world.world import WEIGHT_CLASSES

REPORTED = ["day", "focal_units", "focal_share", "empty_at_closing", "people_reached"]


@pytest.fixture
def model() -> BrandMarket:
    return BrandMarket(setting(CARTON), rng=1)


def test_it_is_a_mesa_model_that_counts_its_steps(model: BrandMarket) -> None:
    assert isinstance(model, mesa.Model)
    assert (model.steps, model.day, model.running) == (0, -28, True)
    for _ in range(3):
        model.step()
    assert (model.steps, model.day, model.running) == (3, -25, True)


def test_it_stops_at_the_horizon() -> None:
    model = BrandMarket(setting(CARTON, weeks=1), rng=1)
    model.run_until(5)
    model.step()
    assert model.running
    model.step()
    assert not model.running
    model.step()
    assert model.day == model.last_day == 7
    assert len(model.datacollector.get_model_vars_dataframe()) == 2


def test_each_step_collects_data(model: BrandMarket) -> None:
    units = model.state.records.totals[:, 0, model.world.focal]
    row = model.week_row(model.day)
    for _ in range(7):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == REPORTED
    assert frame["day"].tolist() == list(range(-28, -21))
    assert frame["focal_units"].sum() == units[row] > 0
    assert frame["focal_share"].between(0, 1).mean() > 0.5
    assert frame["empty_at_closing"].between(0, 1).all()


def test_a_pickled_model_lives_on_as_the_original(model: BrandMarket) -> None:
    model.run_until(10)
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        for _ in range(5):
            one.step()
        one.run_until(one.last_day)
    assert differences(model, copy) == []
    frames = [m.datacollector.get_model_vars_dataframe() for m in (model, copy)]
    assert frames[0].equals(frames[1])
    assert copy.steps == model.steps
    assert all(store.model is copy for store in copy.stores)
    fork = pickle.loads(pickle.dumps(model)).fork()
    assert fork.state.life.mind.strides == model.state.life.mind.strides
    assert differences(model, fork, leave_out=["lapse"]) == []


ELSEWHERE = """
import pickle, sys
model = pickle.load(open(sys.argv[1], "rb"))
model.run_until(model.day + 7)
print(int(model.state.records.totals.sum()))
"""


def test_a_pickled_model_lives_on_in_another_process(model: BrandMarket, tmp_path: Path) -> None:
    kept = tmp_path / "model"
    model = model.fork()
    kept.write_bytes(pickle.dumps(model))
    model.run_until(model.day + 7)
    command = [sys.executable, "-c", ELSEWHERE, str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert int(done.stdout) == int(model.state.records.totals.sum())


BATCH = """
import json
from mesa.batchrunner import batch_run
from simulator.model import BrandMarket

if __name__ == "__main__":
    rows = batch_run(
        BrandMarket,
        {"scenario": "orange_carton", "customers": 300, "rng": [1, 2]},
        number_processes=1, max_steps=5, data_collection_period=1, display_progress=False,
    )
    print(json.dumps([[row["rng"], row["Step"], row["focal_units"]] for row in rows]))
"""


def test_it_runs_in_mesas_batches(tmp_path: Path) -> None:
    script = tmp_path / "batch.py"
    script.write_text(BATCH, encoding="utf-8")
    # in a process of its own: importing the batch runner changes how every later process starts
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {seed for seed, _, _ in rows} == {1, 2}
    for seed in (1, 2):
        model = BrandMarket("orange_carton", customers=300, rng=seed)
        for _ in range(6):
            model.step()
        units = model.datacollector.get_model_vars_dataframe()["focal_units"].tolist()
        found = [count for one, _, count in rows if one == seed]
        assert found == units[: len(found)]
        assert len(found) >= 5


def test_a_dashboard_can_make_one_from_flat_optional_keywords() -> None:
    parameters = list(inspect.signature(BrandMarket.__init__).parameters.values())[1:]
    assert all(p.default is not inspect.Parameter.empty for p in parameters)
    assert all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters)
    assert all(p.kind is not inspect.Parameter.VAR_POSITIONAL for p in parameters)
    chosen = {"scenario": "logo_refresh", "customers": 200, "rng": 3, "arm": "baseline"}
    again = [BrandMarket(**chosen), BrandMarket(**chosen)]
    assert differences(*again) == []


def test_a_component_without_a_space_can_read_it(model: BrandMarket) -> None:
    for _ in range(2):
        model.step()
    assert model.running
    assert model.steps == 2
    assert isinstance(model.agents, mesa.agent.AgentSet)
    assert isinstance(model.stores, mesa.agent.AgentSet)
    assert isinstance(model.reps, mesa.agent.AgentSet)
    assert len(model.agents) == len(model.stores) + len(model.reps)
    assert set(model.stores.get("region")) == {"north", "south"}
    assert model.stores.select(lambda s: s.region == "north").agg("out_of_stock", np.mean) <= 1.0
    assert model.datacollector.get_model_vars_dataframe()["focal_units"].iloc[-1] >= 0


def test_a_seed_may_be_called_seed_as_mesa_does() -> None:
    scenario = setting(CARTON)
    assert differences(BrandMarket(scenario, seed=7), BrandMarket(scenario, rng=7)) == []


def test_a_store_shows_its_shelf(model: BrandMarket) -> None:
    store = model.stores[0]
    items = len(model.world.brands.item_names)
    assert store.shelf.shape == store.backroom.shape == store.forecast.shape == (items,)
    model.state.life.stock["shelf"][store.index] = 0
    assert store.out_of_stock == 1.0


def test_a_rep_shows_its_territory(model: BrandMarket) -> None:
    rep = model.reps[0]
    assert rep.brand == FOCAL
    assert all(model.world.reps.rep_of[s, model.world.focal] == rep.index for s in rep.territory)
    assert 0 < rep.bond <= 1
    assert rep.in_post
    before = rep.bond
    rep.leave(14)
    assert not rep.in_post
    assert rep.tenure_days == 0
    assert 0 < rep.bond < before
    model.run_until(model.day + 15)
    assert rep.in_post


# -- people who decide for themselves -------------------------------------------------------------------------------


class Hoarder(Store):
    """Orders a thousand of everything, every Monday."""

    def order(self, day: int) -> np.ndarray[Any, Any] | None:
        return np.full(self.shelf.shape, 1000, np.int32) if day % 7 == 0 else np.zeros(self.shelf.shape, np.int32)


class Idler(Store):
    """Never orders."""

    def order(self, day: int) -> np.ndarray[Any, Any] | None:
        return np.zeros(self.shelf.shape, np.int32)


class Stayer(Rep):
    """Never leaves the office."""

    def route(self, day: int) -> Sequence[int]:
        return []


class Faithful(Rep):
    """Does what the compiled rule does."""

    def route(self, day: int) -> Sequence[int]:
        return super().route(day)


class Eager(Rep):
    """Visits everything every day."""

    def route(self, day: int) -> Sequence[int]:
        return self.territory


def lived(**classes: type) -> BrandMarket:
    model = BrandMarket(setting(CARTON, customers=1200), rng=1, warm_up=False, **classes)
    model.run_until(-300)
    return model


def test_a_store_manager_who_orders_is_obeyed() -> None:
    hoarding, idle, compiled = lived(store_class=Hoarder), lived(store_class=Idler), lived()
    totals = [
        m.state.life.stock["shelf"].sum() + m.state.life.stock["backroom"].sum() for m in (hoarding, idle, compiled)
    ]
    assert totals[0] > 100 * totals[2]
    assert idle.state.life.coming.sum() == 0
    assert totals[1] < 0.5 * totals[2]


def test_a_rep_who_routes_is_obeyed() -> None:
    class Counting(Stayer):
        asked: int = 0

    staying, eager, compiled = lived(rep_class=Counting), lived(rep_class=Eager), lived()
    bonds = [m.state.life.chain["rep_bond"].sum() for m in (staying, compiled, eager)]
    assert bonds[0] < bonds[1] < bonds[2]
    assert {type(rep) for rep in staying.reps} == {Counting}


def test_the_default_route_is_the_compiled_rule_to_the_bit() -> None:
    assert differences(lived(rep_class=Faithful), lived()) == []


def test_a_fork_keeps_the_classes_of_its_people() -> None:
    model = lived(rep_class=Faithful, store_class=Hoarder)
    copy = model.fork()
    assert {type(a) for a in copy.agents} == {Faithful, Hoarder}
    assert all(a.model is copy for a in copy.agents)
    for one in (model, copy):
        one.run_until(-200)
    assert differences(model, copy) == []


# -- customers ------------------------------------------------------------------------------------------------------


def test_customers_have_mesas_verbs(model: BrandMarket) -> None:
    people = model.customers
    assert len(people) == 300
    fond = people.select(lambda c: c.get("habit")[:, model.world.focal] > 0.5)
    assert 0 < len(fond) < 300
    assert fond.agg("habit", lambda h: h[:, model.world.focal].min()) > 0.5
    groups = people.groupby("segment")
    assert sum(len(group) for group in groups.values()) == 300
    assert {model.world.segments[k] for k in groups} == set(model.world.segments)
    assert len(fond.select(fond.get("segment") == 0)) <= len(fond)
    with pytest.raises(ValueError, match="one value for each of 300 customers"):
        people.select(np.ones(3, np.bool_))


def test_a_customer_is_a_view_that_is_never_out_of_date(model: BrandMarket) -> None:
    someone = model.customers[int(np.argmax(model.customers.get("rate")))]
    trips = int(someone.trips)
    model.run_until(model.last_day)
    assert int(someone.trips) > trips
    assert someone.segment_name in model.world.segments
    assert someone.favourite_brand in model.world.brands.names
    assert someone.friends[0].index in model.world.network.friends
    assert any(name in repr(someone) for name in WEIGHT_CLASSES)
    assert model.customers[-1].index == 299
    with pytest.raises(IndexError, match="there are 300 customers"):
        model.customers[300]
    with pytest.raises(AttributeError, match="no column 'mood'"):
        someone.mood  # noqa: B018


def test_the_plan_prints_nine_phases_with_their_times(model: BrandMarket) -> None:
    assert "µs" not in str(model.plan)
    model.time_phases(5)
    lines = str(model.plan).splitlines()
    assert [line[:2] for line in lines] == [f"{n}." for n in range(1, 10)]
    assert all("µs a day" in line for line in lines)
    assert sum(seconds for _, _, seconds in model.plan.phases) > 0
    assert model.plan.days == 5
