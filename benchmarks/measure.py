"""Time and memory of the workload.

Every timed run starts from a fork of the same unused model, so that the same year is run again and again; the median
of the runs is reported, since other work on the machine can only make a run slower, and now and then does. For the same
reason the cost of a purchase is counted in processor time, which leaves out the waiting for a processor; the seconds of
a year are those on the clock.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.workload import WEEKS, full_model, plain_model
from simulator.model import BrandMarket
from simulator.model.kernels.constants import UNITS

REPEATS_BELOW = ((20_000, 9), (200_000, 5), (2_000_000, 3))
"""Timed runs by number of customers; larger populations are run once."""

PLAIN_REPEATS = 3
BUILDS = 3
THREADS = 2
"""Threads that share the days of a large population."""

Tell = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Speed:
    """What one size took.

    Attributes
    ----------
    customers, purchases : int
        Size, and purchases in the year.
    seconds, busy : tuple of float
        Time of each run of the year, on the clock and on the processor.
    build_seconds : float
        World, network, columns and working memory, on the clock; median of a few where that is quick.
    bytes_shared, bytes_arm : int
        Memory that all arms of a replicate share, and memory of each arm.
    phases : dict
        Seconds by phase, where asked for.
    shared_seconds : tuple of float
        Time on the clock of runs whose days are shared by ``THREADS`` threads, in turns with those of one.
    """

    customers: int
    purchases: int
    seconds: tuple[float, ...]
    busy: tuple[float, ...]
    build_seconds: float
    bytes_shared: int
    bytes_arm: int
    phases: dict[str, float]
    shared_seconds: tuple[float, ...]

    @property
    def year_seconds(self) -> float:
        """Median time of the year on the clock, by all threads."""
        return statistics.median(self.shared_seconds)

    @property
    def thread_speedup(self) -> float:
        """How many times faster the year is with all threads than with one, on the clock."""
        return statistics.median(self.seconds) / self.year_seconds

    @property
    def ns_per_purchase(self) -> float:
        """Nanoseconds of processor time per purchase."""
        return 1e9 * statistics.median(self.busy) / self.purchases

    @property
    def ns_per_purchase_best(self) -> float:
        """The same for the fastest run, the one least disturbed."""
        return 1e9 * min(self.busy) / self.purchases

    @property
    def customer_weeks_per_second(self) -> float:
        """Customer-weeks a second of one core; a run uses one."""
        return self.customers * WEEKS / statistics.median(self.busy)

    @property
    def bytes_per_customer(self) -> float:
        """Memory of the world and one arm per customer."""
        return (self.bytes_shared + self.bytes_arm) / self.customers


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The compiled and the plain model side by side, at the same size, in turns."""

    customers: int
    weeks: int
    compiled_ns: float
    plain_ns: float

    @property
    def ratio(self) -> float:
        """How many times longer a purchase takes in pure Mesa."""
        return self.plain_ns / self.compiled_ns


def arrays_of(thing: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Every array in nested dataclasses and tuples."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from arrays_of(getattr(thing, field.name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from arrays_of(part)


def bytes_of(*things: Any) -> int:
    """Memory of all arrays, each counted once; of a view, the memory that it looks at."""
    owners = {}
    for thing in things:
        for array in arrays_of(thing):
            while isinstance(array.base, np.ndarray):
                array = array.base
            owners[id(array)] = array.nbytes
    return sum(owners.values())


def purchases(model: BrandMarket) -> int:
    """Purchases so far; a purchase of the benchmark market is one unit."""
    return int(model.state.records.totals[:, UNITS].sum())


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a run takes, on the clock and on the processor."""
    clock, busy = time.perf_counter(), time.thread_time()
    run()
    return time.perf_counter() - clock, time.thread_time() - busy


def run_year(start: BrandMarket, weeks: int = WEEKS, threads: int = 1) -> tuple[float, float, int]:
    """Run a fork of an unused model; return its two times and its purchases."""
    model = start.fork(threads=threads)
    last = model.day + 7 * weeks
    clock, busy = timed(lambda: model.run_until(last))
    return clock, busy, purchases(model)


def run_plain_year(start: BrandMarket, weeks: int) -> float:
    """Run the pure-Mesa model from the same population; return nanoseconds per purchase."""
    twin = plain_model(start)
    last = start.day + 7 * weeks
    _, busy = timed(lambda: twin.run_until(last))
    return 1e9 * busy / sum(twin.total("units", start.day, last))


def measure_size(customers: int, repeats: int | None, profile: bool, tell: Tell) -> Speed:
    """Build one size, run its year several times, and look at its memory."""
    tell(f"{customers:,} customers: building")
    builds = []
    for _ in range(BUILDS if customers < REPEATS_BELOW[-1][0] else 1):
        begun = time.perf_counter()
        model = full_model(customers)
        builds.append(time.perf_counter() - begun)
    runs = repeats or next((n for below, n in REPEATS_BELOW if customers < below), 1)
    seconds, busy, shared = [], [], []
    bought = 0
    for run in range(runs):
        tell(f"{customers:,} customers: year {run + 1} of {runs}")
        on_clock, on_processor, bought = run_year(model)
        seconds.append(on_clock)
        busy.append(on_processor)
        shared.append(run_year(model, threads=THREADS)[0])
    phases: dict[str, float] = {}
    if profile:
        tell(f"{customers:,} customers: phase by phase")
        watched = model.fork()
        watched.time_phases(7 * WEEKS)
        phases = {name: spent for name, _, spent in watched.plan.phases}
    return Speed(
        customers=customers,
        purchases=bought,
        seconds=tuple(seconds),
        busy=tuple(busy),
        build_seconds=statistics.median(builds),
        bytes_shared=bytes_of(model.world, model.town),
        bytes_arm=bytes_of(model.state, model.scratch, model.levers),
        phases=phases,
        shared_seconds=tuple(shared),
    )


def measure_ratio(customers: int, weeks: int, tell: Tell) -> Ratio:
    """Run the compiled and the plain model in turns and compare the medians of time per purchase."""
    model = full_model(customers)
    compiled, plain = [], []
    for run in range(PLAIN_REPEATS):
        tell(f"pure Mesa, {customers:,} customers, {weeks} weeks: {run + 1} of {PLAIN_REPEATS}")
        _, busy, bought = run_year(model, weeks)
        compiled.append(1e9 * busy / bought)
        plain.append(run_plain_year(model, weeks))
    return Ratio(customers, weeks, statistics.median(compiled), statistics.median(plain))
