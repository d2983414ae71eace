"""What a user waits for besides the runs: command line, import, a world, a whole run, pictures and report."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import simulator as bs
from benchmarks.workload import full_model, slider
from simulator.experiment.compare import run_comparison
from simulator.experiment.prepared import Prepared
from simulator.model import BrandMarket
from simulator.report.page import render

REPEATS = 3
WORLD = 10_000
"""Customers of the world that is built."""
SHOWN = "orange_carton"
"""The scenario that is run from the command line, and whose run folder, pictures and report are made."""
FEW = 4
"""Replicates of that run: what is waited for here hardly hangs on their number."""


def median_of(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time on the clock, in seconds."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def command(*arguments: str, **environment: str) -> Callable[[], object]:
    """A command of Python in a process of its own, as a user starts it."""
    inherited = {**os.environ, **environment}

    def run() -> object:
        return subprocess.run(
            [sys.executable, *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL, env=inherited
        )

    return run


def measure_waits() -> dict[str, float]:
    """Seconds for each thing a user waits for; compiled before, but for the first run."""
    found = {
        "--help": median_of(command("-m", "simulator", "--help")),
        "check": median_of(command("-m", "simulator", "check", SHOWN)),
        "import": median_of(command("-c", "import simulator")),
        "import model": median_of(command("-c", "from simulator import BrandMarket")),
    }
    asked = full_model(WORLD).spec
    found["world"] = median_of(lambda: BrandMarket(asked, rng=1, warm_up=False))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run = "-m", "simulator", "run", SHOWN, "--out"
        first = command(*run, str(place / "first"), BRANDSIM_CACHE_DIR=str(place / "cache"))
        found["first run"] = median_of(first, repeats=1)
        found["run"] = median_of(command(*run, str(place / "run")), repeats=1)
        result = bs.compare(SHOWN, replicates=FEW, customers=1000)
        count = iter(range(REPEATS))
        found["run folder"] = median_of(lambda: result.save(place / f"run-{next(count)}"))
        found["open"] = median_of(lambda: bs.open(place / "run-0").headline())
        found["plot"] = median_of(lambda: bs.open(place / "run-0").plot())
        found["report"] = median_of(lambda: render(bs.open(place / "run-0")))
    return found


def measure_slider(customers: int, weeks: int, replicates: int) -> tuple[float, float]:
    """Seconds for a first question (worlds, warm-up and observed year included), and for a second one."""
    asked = [slider(customers, weeks, change) for change in (0.05, 0.08, 0.03, 0.10)]
    run_comparison(asked[0], replicates=1)
    first = median_of(lambda: run_comparison(asked[0], replicates=replicates))
    prepared = Prepared(asked[0], replicates=replicates)
    others = iter(asked[1:])
    return first, median_of(lambda: prepared.outcomes(next(others)))
