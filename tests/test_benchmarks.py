"""The benchmark runs from the folder of the source, and the compiled model is faster than the plain one."""

from __future__ import annotations

import json
import math
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.model import BrandMarket
from simulator.randomness import Stream, normals, run_key

sys.path.append(str(Path(__file__).resolve().parent.parent))
from benchmarks.measure import run_year, timed
from benchmarks.workload import scenario

TURNS = 5
GUARDED_WEEKS = 26
DRAWS_OF_A_PURCHASE = 17
"""Bound of the guard, in blocks of four normal draws: twice what was measured."""

KEYS = {
    "ns_per_purchase",
    "ns_per_purchase_by_size",
    "customer_weeks_per_second_per_core",
    "growth_10k_to_1M",
    "ratio_to_pure_mesa",
    "thread_speedup",
    "bytes_per_customer",
    "seconds_million_year",
    "seconds_build_million",
    "seconds_slider",
    "seconds_twins",
    "waits",
    "largest",
}

TINY = ("--sizes", "400,1k", "--repeats", "1", "--plain", "600", "--plain-weeks", "26", "--replicates", "2")


def benchmark(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def found(root: Path) -> dict[str, Any]:
    done = benchmark(root, *TINY, "--profile", "--json")
    assert done.returncode == 0, done.stderr
    measures: dict[str, Any] = json.loads(done.stdout)
    return measures


def test_every_measure_is_there(found: dict[str, Any]) -> None:
    assert set(found) >= KEYS
    assert set(found["ns_per_purchase_by_size"]) == {"400", "1k"}
    numbers = [found[name] for name in KEYS - {"ns_per_purchase_by_size", "waits"}]
    assert all(number > 0 for number in numbers)
    assert set(found["waits"]) >= {"--help", "check", "import", "world", "first run", "run folder", "plot", "report"}
    assert all(seconds > 0 for seconds in found["waits"].values())


def test_the_compiled_model_is_several_times_as_fast_as_pure_mesa(found: dict[str, Any]) -> None:
    """A ratio of two runs in one process, not a time; thin margins belong to the benchmark itself."""
    assert found["ratio_to_pure_mesa"] > 5


def test_scalars_are_those_of_the_largest_size(found: dict[str, Any]) -> None:
    assert found["largest"] == 1000
    assert found["ns_per_purchase"] == found["ns_per_purchase_by_size"]["1k"]
    busy = found["ns_per_purchase"] * found["purchases"]["1k"] / 1e9
    assert found["customer_weeks_per_second_per_core"] == pytest.approx(1000 * 52 / busy)


def test_the_workload_buys_as_often_as_it_says(found: dict[str, Any]) -> None:
    """0.3 purchases per customer-week; a thousand customers of very different rates come within a fifth of it."""
    assert found["purchases"]["1k"] / (1000 * 52) == pytest.approx(0.3, rel=0.2)


def test_the_profile_names_every_phase(found: dict[str, Any]) -> None:
    phases = found["phases_ns_per_purchase"]["1k"]
    assert {"shop", "experience", "talk", "deliver and shelve"} <= set(phases)
    assert phases["shop"] > 0


def of(customers: int, **words: Any) -> BrandMarket:
    return BrandMarket(scenario(customers), rng=1, warm_up=False, **words)


def test_a_purchase_costs_no_more_than_it_used_to() -> None:
    """Against blocks of four keyed normal draws on the same processor, of which a purchase costs nine."""
    model, run, ids = of(20_000), run_key(1, 0), np.arange(20_000, dtype=np.uint64)
    buying = drawing = math.inf
    for _ in range(TURNS):  # in turns; the fastest of several is the least disturbed
        _, busy, bought = run_year(model, GUARDED_WEEKS)
        buying = min(buying, busy / bought)
        drawing = min(drawing, *(timed(lambda: normals(run, Stream.TASTE, 0, ids))[1] for _ in range(3)))
    assert buying / (drawing / ids.shape[0]) < DRAWS_OF_A_PURCHASE


def relative_to_shopping(without: tuple[str, ...] = ()) -> dict[str, float]:
    """Time of each phase over that of the phase in which people shop, in one run."""
    model = of(20_000, without=without)
    model.time_phases(7 * GUARDED_WEEKS)
    spent = {name: seconds for name, _, seconds in model.plan.phases}
    return {name: seconds / spent["shop"] for name, seconds in spent.items()}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="phases are timed by the processor's clock")
def test_what_is_not_in_play_is_not_paid_for() -> None:
    everything = relative_to_shopping()
    assert relative_to_shopping(("talk",))["talk"] < everything["talk"] / 5
    full = relative_to_shopping(("shelf",))
    assert full["deliver and shelve"] + full["review"] < 0.4 * (everything["deliver and shelve"] + everything["review"])
    assert everything["rep rounds"] < 0.05


def test_people_get_a_table_and_how_to_read_it(root: Path) -> None:
    few = ("--repeats", "1", "--plain", "200", "--plain-weeks", "4", "--replicates", "2")
    done = benchmark(root, "--sizes", "400", *few)
    assert done.returncode == 0, done.stderr
    assert "400" in done.stdout
    assert "cost follows purchases" in done.stdout


def test_a_wrong_size_is_refused_with_an_example(root: Path) -> None:
    done = benchmark(root, "--sizes", "10x")
    assert done.returncode == 2
    assert "10k" in done.stderr
