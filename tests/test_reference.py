"""The compiled model and its plain twin agree in distribution.

Both live in the same worlds with the same numbers, but one is compiled, keyed and columnar, the other a few hundred
lines of Mesa agents with Python's ``random``. An error in an equation, in the order of a day or in a draw that is used
twice shows as a difference between them that luck does not explain.

**Tolerance.** Per seed both models run in one world, and each measure gives one difference. Over the seeds these are
independent, so their mean divided by its standard error follows Student's t. With ``FALSE_ALARM`` shared out over all
measures (Bonferroni), two equal models fail a test with a probability of at most one in a thousand. Seeds are fixed,
so a verdict can only change when the code does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import Redesign, ReferenceMarket
from scipy.stats import t as student

from simulator.experiment.outcome import METRICS
from simulator.model import BrandMarket
from simulator.model.kernels.constants import SHOPPERS
from simulator.model.switches import switch_off
from simulator.scenario import Scenario

FALSE_ALARM = 1e-3
"""Probability that two equal models fail one of these tests."""

SETTLE_WEEKS = 4
"""Weeks at the start that are not compared."""
WEEKS_BEFORE, WEEKS_AFTER = 26, 13
"""Length of a run before and after the new look comes (at the earliest week an event may have)."""
LOOK_WEEK = -52
FIRST_DAY = 7 * (LOOK_WEEK - WEEKS_BEFORE)
COUNTED_DAY = FIRST_DAY + 7 * SETTLE_WEEKS
LOOK_DAY = 7 * LOOK_WEEK
LAST_DAY = LOOK_DAY + 7 * WEEKS_AFTER

OVERLAP, IDENTITY_BREAK, ANNOUNCED = 0.2, 0.5, 0.2

PER_PURCHASE = ("positive_messages", "negative_messages", "problems", "complaints", "wanted_out_of_stock")
PER_EMPTY_SHELF = ("took_variant", "took_rival", "took_other_store", "waited", "went_without")

Measures = dict[str, float]
Total = Callable[[str, int, int], NDArray[np.float64]]
"""(metric, first day, last day) -> count by brand."""


def measures(
    total: Total, purchases: Mapping[int, list[tuple[int, int]]], empty: NDArray[np.float64], model: BrandMarket
) -> Measures:
    """What is compared, from counts and from each customer's list of (day, brand)."""
    focal, names = model.world.focal, model.world.brands.names
    units = total("units", COUNTED_DAY, LOOK_DAY)
    found = {f"share of {name}": float(share) for name, share in zip(names, units / units.sum(), strict=True)}
    found["units per customer and week"] = units.sum() / model.world.size / (WEEKS_BEFORE - SETTLE_WEEKS)
    found |= {f"{m} per unit": total(m, COUNTED_DAY, LOOK_DAY).sum() / units.sum() for m in PER_PURCHASE}
    wanted = total("wanted_out_of_stock", COUNTED_DAY, LOOK_DAY).sum()
    found |= {f"{m} per empty shelf": total(m, COUNTED_DAY, LOOK_DAY).sum() / wanted for m in PER_EMPTY_SHELF}
    found |= dict(zip(("ordering", "shelving", "upstream"), empty[1:] / empty[0], strict=True))
    pairs = [
        first == second
        for days in purchases.values()
        for (when, first), (_, second) in pairwise(days)
        if COUNTED_DAY <= when < LOOK_DAY
    ]
    found["repeat rate"] = float(np.mean(pairs))
    after = total("units", LOOK_DAY, LAST_DAY)
    found["focal share after the look"] = after[focal] / after.sum()
    found["not found per focal unit"] = total("not_found", LOOK_DAY, LAST_DAY)[focal] / after[focal]
    for metric in ("positive_messages", "negative_messages", "complaints"):
        found[f"focal {metric} after the look"] = total(metric, LOOK_DAY, LAST_DAY)[focal] / after[focal]
    return found


def scenario(market: str, customers: int) -> Scenario:
    look = {
        "kind": "redesign",
        "brand": {"benchmark": "Alder", "orange-juice": "Sunfield"}[market],
        "overlap": OVERLAP,
        "identity_break": IDENTITY_BREAK,
        "announced": ANNOUNCED,
        "start": f"week {LOOK_WEEK}",
    }
    return Scenario(name="Reference", market=market, customers=customers, events=[look])


def compiled(market: str, customers: int, seed: int) -> tuple[BrandMarket, Measures]:
    model = BrandMarket(scenario(market, customers), rng=seed, warm_up=False)
    assert model.day == FIRST_DAY
    purchases: dict[int, list[tuple[int, int]]] = {}
    after = np.zeros((0,))
    counts: list[tuple[int, NDArray[np.int64]]] = []
    shelf = model.state.records.shelf
    totals = model.state.records.totals
    while model.day < LAST_DAY:
        if model.day == COUNTED_DAY:
            after = shelf.sum(axis=(0, 1))
        if model.day == LOOK_DAY:
            after = shelf.sum(axis=(0, 1)) - after
        if model.day in (COUNTED_DAY, LOOK_DAY):
            counts.append((model.day, totals.sum(axis=0)))
        today = model.day
        model.run_until(today + 1)
        trips = model.scratch.trips[: model.scratch.counts[SHOPPERS]]
        for who, brand in zip(trips["who"].tolist(), trips["bought"].tolist(), strict=True):
            if brand >= 0:
                purchases.setdefault(who, []).append((today, brand))
    counts.append((LAST_DAY, totals.sum(axis=0)))
    by_day = dict(counts)

    def total(metric: str, first: int, last: int) -> NDArray[np.float64]:
        return (by_day[last] - by_day[first])[METRICS.index(metric)].astype(np.float64)

    return model, measures(total, purchases, after[:4].astype(np.float64), model)


def plain(model: BrandMarket, seed: int, values: Mapping[str, float]) -> Measures:
    look = Redesign(
        brand=model.world.focal,
        start_day=LOOK_DAY,
        overlap=OVERLAP,
        appeal_sd=values["appeal_sd"],
        identity_break=IDENTITY_BREAK,
        announced=ANNOUNCED,
    )
    twin = ReferenceMarket(model.world, values, seed=seed, first_day=FIRST_DAY, redesign=look)
    twin.run_until(LAST_DAY)

    def total(metric: str, first: int, last: int) -> NDArray[np.float64]:
        return np.array(twin.total(metric, first, last), np.float64)

    purchases = {row: customer.purchases for row, customer in enumerate(twin.customers)}
    names = ("item_days", "empty_ordering", "empty_shelving", "empty_upstream")
    empty = np.array([total(name, COUNTED_DAY, LOOK_DAY).sum() for name in names])
    return measures(total, purchases, empty, model)


@cache
def compiled_runs(market: str, customers: int, seeds: int) -> list[tuple[BrandMarket, Measures]]:
    return [compiled(market, customers, seed) for seed in range(1, seeds + 1)]


@cache
def plain_runs(market: str, customers: int, seeds: int, without: tuple[str, ...]) -> list[Measures]:
    runs = compiled_runs(market, customers, seeds)
    return [plain(model, seed, switch_off(model.values, without)) for seed, (model, _) in enumerate(runs, 1)]


def compare(market: str, customers: int, seeds: int, without: Iterable[str] = ()) -> tuple[dict[str, float], Measures]:
    """Return each measure's difference in standard errors, and its standard error; plain less compiled."""
    runs = compiled_runs(market, customers, seeds)
    pairs = zip(plain_runs(market, customers, seeds, tuple(without)), (ours for _, ours in runs), strict=True)
    differences = np.array([[theirs[name] - ours[name] for name in ours] for theirs, ours in pairs])
    error = np.maximum(differences.std(axis=0, ddof=1) / np.sqrt(seeds), 1e-12)
    names = list(runs[0][1])
    return dict(zip(names, differences.mean(axis=0) / error, strict=True)), dict(zip(names, error, strict=True))


def limit(measured: int, seeds: int) -> float:
    """Standard errors beyond which a difference is no luck."""
    return float(student.isf(FALSE_ALARM / measured / 2.0, seeds - 1))


def assert_agreement(market: str, customers: int, seeds: int) -> None:
    deviations, errors = compare(market, customers, seeds)
    worst = limit(len(deviations), seeds)
    apart = {
        name: f"{z:+.1f} standard errors of {errors[name]:.4f}" for name, z in deviations.items() if abs(z) > worst
    }
    assert not apart, f"beyond {worst:.1f} standard errors, plain less compiled: {apart}"


CUSTOMERS, SEEDS = 1000, 16
FEW_SEEDS = 10
"""Enough where the difference is large."""


def test_the_plain_and_the_compiled_model_agree_in_distribution() -> None:
    """Shares, units, repeat buying, empty shelves and what shoppers do then, talk, complaints, and a redesign."""
    assert_agreement("benchmark", CUSTOMERS, SEEDS)


def test_they_agree_in_another_market() -> None:
    """More than one unit a trip, other regions and stores, own-brand variants of unequal shares."""
    assert_agreement("orange-juice", CUSTOMERS, SEEDS)


@pytest.mark.slow
def test_they_agree_to_less_than_half_of_that_tolerance() -> None:
    """Three times the customers, half as many seeds again."""
    assert_agreement("benchmark", 3 * CUSTOMERS, 24)


@pytest.mark.parametrize(
    ("mechanism", "measure"),
    [
        ("inertia", "repeat rate"),
        ("findability", "not found per focal unit"),
        ("shelf", "shelving"),
    ],
)
def test_a_missing_mechanism_is_noticed(mechanism: str, measure: str) -> None:
    """The agreement means something: a plain model that lacks one mechanism is told apart by the measure it moves."""
    deviations, _ = compare("benchmark", CUSTOMERS, FEW_SEEDS, without=[mechanism])
    assert abs(deviations[measure]) > limit(len(deviations), FEW_SEEDS)


def test_the_tolerances_are_narrow_enough_to_matter() -> None:
    """A share off by two points, or repeat buying by two, is told apart."""
    _, errors = compare("benchmark", CUSTOMERS, SEEDS)
    worst = limit(len(errors), SEEDS)
    assert max(worst * errors[name] for name in errors if name.startswith("share of")) < 0.02
    assert worst * errors["repeat rate"] < 0.02
    assert worst * errors["units per customer and week"] < 0.01


def test_the_plain_model_shares_no_code_with_the_compiled_one(root: Path) -> None:
    """It may read the world, not the rules or the luck."""
    allowed = {"simulator.world", "simulator.world.tastes"}
    for path in sorted((root / "tests" / "reference").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            bad = [m for m in modules if m.split(".")[0] in ("simulator", "numba", "numpy") and m not in allowed]
            assert not bad, f"{path.name} imports {bad}"


def test_the_same_seed_gives_the_same_plain_run() -> None:
    model, _ = compiled_runs("benchmark", CUSTOMERS, SEEDS)[0]
    runs = []
    for _ in range(2):
        twin = ReferenceMarket(model.world, model.values, seed=5, first_day=0)
        twin.run_until(14)
        runs.append(dict(twin.counts))
    assert runs[0] == runs[1]
