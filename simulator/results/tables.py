"""The tables of a run: week by week, customer by customer, and the rows of the run folder's data files.

Everything is computed from integer counters in a fixed order (replicate, then arm, then week), so that the tables are
the same to the last bit however many jobs made the replicates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiment.outcome import (
    BUYING,
    CAUSES,
    LAPSED,
    METRICS,
    OUT_CAUSES,
    TOO_EARLY,
    ArmRecord,
    ReplicateOutcome,
)
from simulator.results.intervals import HIGH, LOW
from simulator.results.metrics import CAUSED, FATES, SAVED, fate_counts, fates_at, horizon_of, launch_row, weeks_of
from simulator.world.world import WEIGHT_CLASSES

ARMS = ("baseline", "scenario")

STATES = ("buying", "lapsed", "too_early")
"""Names of BUYING, LAPSED and TOO_EARLY."""

NO_WEEK = -32768
"""Stands for "never" in columns of weeks."""

Floats = NDArray[np.float64]
_Columns = dict[str, Any]


class _Coded(NamedTuple):
    """A column of few different texts: the number of each row's text, and the texts."""

    codes: NDArray[np.integer[Any]]
    names: Sequence[str]


def weekly_series(outcomes: Sequence[ReplicateOutcome]) -> dict[str, Floats]:
    """Per-replicate weekly series, each of shape (replicates, weeks): the raw material of bands.

    Keys: ``units_baseline``, ``units_scenario``, ``units_change``, ``caused_churn``, ``churn_baseline``,
    ``churn_scenario``, ``out_of_stock_baseline``, ``out_of_stock_scenario``, ``reached``. Shares of the base are 0
    before the launch.
    """
    units = METRICS.index("units")
    series: dict[str, list[Floats]] = {}
    for outcome in outcomes:
        rows: dict[str, Floats] = {}
        start = launch_row(outcome.arms["baseline"])
        for name in ARMS:
            arm = outcome.arms[name]
            shelf = arm.shelf[:, outcome.focal].astype(np.float64)
            rows[f"units_{name}"] = arm.totals[:, units, outcome.focal].astype(np.float64)
            rows[f"out_of_stock_{name}"] = _divide(shelf[:, 1:].sum(axis=1), shelf[:, 0])
        rows["units_change"] = _divide(rows["units_scenario"] - rows["units_baseline"], rows["units_baseline"])
        counts = np.array([fate_counts(outcome, week) for week in range(horizon_of(outcome))], dtype=np.float64)
        base = max(1, outcome.base.shape[0])
        before = np.zeros(start)
        left = counts[:, FATES.index("left_anyway")]
        rows["churn_baseline"] = np.concatenate((before, (left + counts[:, SAVED]) / base))
        rows["churn_scenario"] = np.concatenate((before, (left + counts[:, CAUSED]) / base))
        rows["caused_churn"] = np.concatenate((before, (counts[:, CAUSED] - counts[:, SAVED]) / base))
        rows["reached"] = np.cumsum(outcome.arms["scenario"].reached) / max(1, outcome.customers)
        for name, values in rows.items():
            series.setdefault(name, []).append(values)
    return {name: np.array(values) for name, values in series.items()}


def weekly_frame(outcomes: Sequence[ReplicateOutcome]) -> pd.DataFrame:
    """One row per week: mean of each series with its 5% and 95% points over replicates."""
    columns: dict[str, NDArray[np.int64] | Floats] = {"week": weeks_of(outcomes[0].arms["baseline"])}
    for name, values in weekly_series(outcomes).items():
        columns[name] = values.mean(axis=0)
        columns[f"{name}_low"], columns[f"{name}_high"] = np.quantile(values, (LOW, HIGH), axis=0)
    return pd.DataFrame(columns)


def fates_frame(outcomes: Sequence[ReplicateOutcome]) -> pd.DataFrame:
    """One row per habitual customer of each replicate: fate at the horizon, state in each arm, first cause and weeks.

    Columns of weeks are missing (``<NA>``) where the thing never happened.
    """
    return pd.concat([fate_rows(outcome) for outcome in outcomes], ignore_index=True)


def fate_rows(outcome: ReplicateOutcome) -> pd.DataFrame:
    """The rows of :func:`fates_frame` for one replicate."""
    last = horizon_of(outcome) - 1
    before, after = (outcome.arms[name] for name in ARMS)
    n = outcome.base.shape[0]
    return pd.DataFrame(
        {
            "replicate": np.full(n, outcome.replicate, dtype=np.int32),
            "customer": outcome.base.astype(np.uint64),
            "segment": _named(outcome.segment, outcome.segments),
            "weight": _named(outcome.weight, WEIGHT_CLASSES),
            "fate": _named(fates_at(outcome, last), FATES),
            "baseline": _named(before.lapse[last], STATES),
            "scenario": _named(after.lapse[last], STATES),
            "first_cause": _named(after.first_cause, CAUSES),
            "first_cause_week": _weeks(after.first_cause_week),
            "lapse_week_baseline": _weeks(_first_lapse(before)),
            "lapse_week_scenario": _weeks(_first_lapse(after)),
        }
    )


def weekly_rows(outcome: ReplicateOutcome) -> pd.DataFrame:
    """The rows of ``weekly.parquet`` for one replicate: (arm, replicate, week, brand, dimension, level, metric, value).

    Dimension ``all`` holds every counter per brand, audits of the shelf and absences by cause, and, for the
    focal brand, what the base bought and its states; the other dimensions (store, region, segment, source, weight)
    hold units.
    """
    parts = [part for name in ARMS for part in _parts(outcome, name)]
    return pd.DataFrame({column: _joined([part[column] for part in parts]) for column in parts[0]})


def _parts(outcome: ReplicateOutcome, name: str) -> Iterator[_Columns]:
    """Columns of the rows of one arm, part by part."""
    arm = outcome.arms[name]
    weeks = weeks_of(arm)
    yield _cube(outcome, name, weeks, arm.totals, METRICS, "all")
    shelf = np.ascontiguousarray(arm.shelf.transpose(0, 2, 1))
    yield _cube(outcome, name, weeks, shelf, [f"item_days_{cause}" for cause in _shelf_names()], "all")
    yield _focal(outcome, name, weeks, arm)
    for index, (dimension, level) in enumerate(outcome.levels):
        yield _cube(outcome, name, weeks, arm.levels[:, index : index + 1], ("units",), dimension, (level,))
    stores = arm.stores.astype(np.int64)
    yield _cube(outcome, name, weeks, stores, ("units",), "store", [str(i) for i in range(stores.shape[1])])


def _joined(parts: list[Any]) -> Any:
    """A column of all parts, one after the other."""
    if not isinstance(parts[0], _Coded):
        return np.concatenate(parts)
    places: dict[str, int] = {}
    codes = []
    for part in parts:
        here = [places.setdefault(name, len(places)) for name in part.names]
        codes.append(np.array(here, np.int32)[part.codes])
    return _named(np.concatenate(codes), list(places))


def _shelf_names() -> list[str]:
    return ["all", *(f"out_{cause}" for cause in OUT_CAUSES[1:])]


def _cube(
    outcome: ReplicateOutcome,
    arm: str,
    weeks: NDArray[np.int64],
    values: NDArray[np.int64],
    metrics: Sequence[str],
    dimension: str,
    levels: Sequence[str] = ("all",),
) -> _Columns:
    """Rows of a (week, metric or level, brand) array."""
    n_weeks, n_middle, n_brands = values.shape
    middle = np.tile(np.repeat(np.arange(n_middle), n_brands), n_weeks)
    by_metric = len(metrics) == n_middle and len(levels) == 1
    nothing = np.zeros_like(middle)
    return _rows(
        outcome,
        arm,
        np.repeat(weeks, n_middle * n_brands),
        np.tile(np.arange(n_brands), n_weeks * n_middle),
        dimension,
        _Coded(nothing if by_metric else middle, levels),
        _Coded(middle if by_metric else nothing, metrics),
        values.reshape(-1),
    )


def _focal(outcome: ReplicateOutcome, name: str, weeks: NDArray[np.int64], arm: ArmRecord) -> _Columns:
    """Rows that only the focal brand has: purchases and states of its base, and talk about the change."""
    horizon = arm.lapse.shape[0]
    counters = {"habitual_units": (weeks, arm.habitual_units), "reached": (weeks, arm.reached)}
    for state in (BUYING, LAPSED, TOO_EARLY):
        counters[f"base_{STATES[state]}"] = (weeks[-horizon:], (arm.lapse == state).sum(axis=1))
    labels = tuple(counters)
    length = [part[0].shape[0] for part in counters.values()]
    metric = np.repeat(np.arange(len(labels)), length)
    when = np.concatenate([part[0] for part in counters.values()])
    value = np.concatenate([part[1].astype(np.int64) for part in counters.values()])
    brand = np.full(when.shape, outcome.focal)
    return _rows(
        outcome, name, when, brand, "all", _Coded(np.zeros_like(metric), ("all",)), _Coded(metric, labels), value
    )


def _rows(
    outcome: ReplicateOutcome,
    arm: str,
    week: NDArray[np.int64],
    brand: NDArray[np.int64],
    dimension: str,
    level: _Coded,
    metric: _Coded,
    value: NDArray[np.int64],
) -> _Columns:
    n = value.shape[0]
    one = np.zeros(n, dtype=np.int8)
    return {
        "arm": _Coded(one, (arm,)),
        "replicate": np.full(n, outcome.replicate, dtype=np.int32),
        "week": week.astype(np.int32),
        "brand": _Coded(brand, outcome.brands),
        "dimension": _Coded(one, (dimension,)),
        "level": level,
        "metric": metric,
        "value": value.astype(np.int64),
    }


def _named(codes: NDArray[np.integer[Any]], names: Sequence[str]) -> pd.Categorical[str]:
    named: pd.Categorical[str] = pd.Categorical.from_codes(codes.astype(np.int32), pd.Index(names))
    return named


def _weeks(weeks: NDArray[np.integer[Any]]) -> pd.Series[int]:
    return pd.Series(weeks.astype(np.int64), dtype="Int32").mask(weeks == NO_WEEK)


def _first_lapse(arm: ArmRecord) -> NDArray[np.int64]:
    lapsed = arm.lapse == LAPSED
    first: NDArray[np.int64] = np.where(lapsed.any(axis=0), lapsed.argmax(axis=0), NO_WEEK)
    return first


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    result: Floats = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator != 0)
    return result
