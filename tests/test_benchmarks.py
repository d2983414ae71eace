"""The benchmark runs from the folder of the source, and the compiled model is faster than the plain one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "ns_per_purchase",
    "ns_per_purchase_by_size",
    "customer_weeks_per_second_per_core",
    "growth_10k_to_1M",
    "ratio_to_pure_mesa",
    "bytes_per_customer",
    "seconds_million_year",
    "seconds_build_million",
    "largest",
}

TINY = ("--sizes", "400,1k", "--repeats", "1", "--plain", "600", "--plain-weeks", "26")


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
    numbers = [found[name] for name in KEYS - {"ns_per_purchase_by_size"}]
    assert all(number > 0 for number in numbers)


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


def test_people_get_a_table_and_how_to_read_it(root: Path) -> None:
    done = benchmark(root, "--sizes", "400", "--repeats", "1", "--plain", "200", "--plain-weeks", "4")
    assert done.returncode == 0, done.stderr
    assert "400" in done.stdout
    assert "cost follows purchases" in done.stdout


def test_a_wrong_size_is_refused_with_an_example(root: Path) -> None:
    done = benchmark(root, "--sizes", "10x")
    assert done.returncode == 2
    assert "10k" in done.stderr
