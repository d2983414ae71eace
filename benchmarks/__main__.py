"""``python -m benchmarks``: measure, and say how to read the numbers."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.measure import THREADS, Ratio, Speed, measure_ratio, measure_size
from benchmarks.waits import measure_slider, measure_waits
from benchmarks.workload import WEEKS
from simulator.model.warm import warm_kernels

SIZES = "10k,100k,1M"
PLAIN_CUSTOMERS = 10_000
PLAIN_WEEKS = 26
SLIDER = (10_000, 26, 20)
"""Customers, weeks and replicates of the question that a slider asks."""
_FACTORS = {"k": 1_000, "M": 1_000_000}

READ = {
    "ns": "nanoseconds of processor time per purchase: cost follows purchases, so this is the measure of speed",
    "weeks/s": "customer-weeks: simulated customers times weeks in a second of one core (a run uses one)",
    "bytes": "memory of the world, its network and one arm; in brackets what another arm adds",
    "year": f"seconds on the clock for 52 weeks by {THREADS} threads, the median of the runs",
    "best": "ns per purchase of the fastest run, the one least disturbed by other work",
    "build": "seconds for the population, its tastes, stores and friends",
    "growth": "ns per purchase at the largest size over that at the smallest: 1 would mean that memory costs nothing",
    "pure Mesa": "the same model with an object per customer and Python's random, in the same process, in turns",
}


def parse_sizes(text: str) -> list[int]:
    """Read ``10k,1M`` as numbers of customers, smallest first.

    Examples
    --------
    >>> parse_sizes("1M, 10k,500")
    [500, 10000, 1000000]
    """
    sizes = set()
    for part in text.split(","):
        word = part.strip()
        factor = _FACTORS.get(word[-1:], 1)
        digits = word if factor == 1 else word[:-1]
        if not digits.isdecimal() or int(digits) * factor < 100:
            raise click.BadParameter(f"{word!r} is no size; write 100 or more, such as 10k, 250000 or 1M, with commas")
        sizes.add(int(digits) * factor)
    return sorted(sizes)


def short(customers: int) -> str:
    """Write a number of customers as it is read.

    Examples
    --------
    >>> short(1_000_000), short(10_000), short(2_500)
    ('1M', '10k', '2500')
    """
    for letter, factor in (("M", 1_000_000), ("k", 1_000)):
        if customers % factor == 0:
            return f"{customers // factor}{letter}"
    return str(customers)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    packages = {name: version(name) for name in ("brandsim", "numba", "numpy", "mesa")}
    return {"processor": cpu, "cores": os.cpu_count(), "python": platform.python_version(), **packages}


def as_json(speeds: list[Speed], ratio: Ratio, slider: tuple[float, float], waits: dict[str, float]) -> dict[str, Any]:
    """The measures by name; scalars are those of the largest size, which ``largest`` names."""
    first, last = speeds[0], speeds[-1]
    found: dict[str, Any] = {
        "workload": f"benchmark market, {WEEKS} weeks, redesign halfway",
        "largest": last.customers,
        "ns_per_purchase": last.ns_per_purchase,
        "ns_per_purchase_by_size": {short(s.customers): s.ns_per_purchase for s in speeds},
        "ns_per_purchase_best_by_size": {short(s.customers): s.ns_per_purchase_best for s in speeds},
        "customer_weeks_per_second_per_core": last.customer_weeks_per_second,
        "growth_10k_to_1M": last.ns_per_purchase / first.ns_per_purchase,
        "growth_between": [first.customers, last.customers],
        "thread_speedup": last.thread_speedup,
        "threads": THREADS,
        "ratio_to_pure_mesa": ratio.ratio,
        "ratio_measured_at": {"customers": ratio.customers, "weeks": ratio.weeks},
        "ns_per_purchase_pure_mesa": ratio.plain_ns,
        "bytes_per_customer": last.bytes_per_customer,
        "bytes_per_customer_arm": last.bytes_arm / last.customers,
        "seconds_million_year": last.year_seconds,
        "seconds_build_million": last.build_seconds,
        "seconds_twins": slider[0],
        "seconds_slider": slider[1],
        "waits": waits,
        "purchases": {short(s.customers): s.purchases for s in speeds},
        "machine": machine(),
    }
    if last.phases:
        found["phases_ns_per_purchase"] = {
            short(s.customers): {name: 1e9 * spent / s.purchases for name, spent in s.phases.items()} for s in speeds
        }
    return found


def show(
    console: Console, speeds: list[Speed], ratio: Ratio, slider: tuple[float, float], waits: dict[str, float]
) -> None:
    """Print the tables and how to read them."""
    table = Table(title=f"Benchmark market, {WEEKS} weeks, a redesign halfway")
    for name in ("customers", "ns", "best", "weeks/s", "bytes", "year", "build"):
        table.add_column(name, justify="right")
    for s in speeds:
        table.add_row(
            f"{s.customers:,}",
            f"{s.ns_per_purchase:,.0f}",
            f"{s.ns_per_purchase_best:,.0f}",
            f"{s.customer_weeks_per_second:,.0f}",
            f"{s.bytes_per_customer:,.0f} ({s.bytes_arm / s.customers:,.0f})",
            f"{s.year_seconds:,.2f} s",
            f"{s.build_seconds:,.2f} s",
        )
    console.print(table)
    first, last = speeds[0], speeds[-1]
    if last is not first:
        growth = last.ns_per_purchase / first.ns_per_purchase
        console.print(f"growth {short(first.customers)} to {short(last.customers)}: {growth:.2f}")
    console.print(f"{THREADS} threads against one at {short(last.customers)}: {last.thread_speedup:.2f} times as fast")
    console.print(
        f"pure Mesa at {ratio.customers:,} customers: {ratio.plain_ns:,.0f} ns per purchase against "
        f"{ratio.compiled_ns:,.0f} compiled, {ratio.ratio:,.0f} times as long"
    )
    customers, weeks, replicates = SLIDER
    console.print(
        f"{customers:,} customers, {weeks} weeks, {replicates} replicates of two arms: {slider[0]:.2f} s; "
        f"a second question to the same customers: {slider[1]:.2f} s"
    )
    for s in speeds:
        if s.phases:
            console.print(phase_table(s))
    console.print(waits_table(waits))
    facts = machine()
    console.print(f"\nmeasured on {facts['processor']}, {facts['cores']} cores, Python {facts['python']}\n")
    for name, meaning in READ.items():
        console.print(f"[bold]{name}[/bold]: {meaning}")


def phase_table(speed: Speed) -> Table:
    """Where the time goes; timed phase by phase, each day, which costs a little by itself."""
    table = Table(title=f"{speed.customers:,} customers, phase by phase")
    table.add_column("phase")
    table.add_column("share", justify="right")
    table.add_column("ns per purchase", justify="right")
    total = sum(speed.phases.values())
    for name, spent in speed.phases.items():
        table.add_row(name, f"{spent / total:.1%}", f"{1e9 * spent / speed.purchases:,.0f}")
    table.add_row("all", "100%", f"{1e9 * total / speed.purchases:,.0f}")
    return table


def waits_table(waits: dict[str, float]) -> Table:
    """What a user waits for besides the runs."""
    table = Table(title="Waits")
    table.add_column("for")
    table.add_column("seconds", justify="right")
    for name, seconds in waits.items():
        table.add_row(name, f"{seconds:.2f}")
    return table


@click.command()
@click.option("--sizes", default=SIZES, show_default=True, help="Numbers of customers.")
@click.option("--repeats", type=click.IntRange(1), help="Runs of each size; by default more for small ones.")
@click.option(
    "--plain",
    default=PLAIN_CUSTOMERS,
    show_default=True,
    type=click.IntRange(100),
    help="Customers of the pure-Mesa model.",
)
@click.option(
    "--plain-weeks",
    default=PLAIN_WEEKS,
    show_default=True,
    type=click.IntRange(1, WEEKS),
    help="Weeks of the pure-Mesa model.",
)
@click.option(
    "--replicates", default=SLIDER[2], show_default=True, type=click.IntRange(2), help="Replicates behind the slider."
)
@click.option("--profile", is_flag=True, help="Also time each phase of the day.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def main(
    sizes: str, repeats: int | None, plain: int, plain_weeks: int, replicates: int, profile: bool, json_wanted: bool
) -> None:
    """Measure the speed and the memory of the model on its named workload."""
    wanted = parse_sizes(sizes)
    quiet = Console(stderr=True, highlight=False)
    tell = quiet.print if quiet.is_terminal else lambda message: None
    tell("compiling, unless an earlier run has")
    warm_kernels()
    ratio = measure_ratio(plain, plain_weeks, tell)
    tell("a slider, and what users wait for")
    slider = measure_slider(*SLIDER[:2], replicates)
    waits = measure_waits()
    speeds = [measure_size(customers, repeats, profile, tell) for customers in wanted]
    if json_wanted:
        click.echo(json.dumps(as_json(speeds, ratio, slider, waits), indent=1))
    else:
        show(Console(highlight=False), speeds, ratio, slider, waits)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
