"""How kernels are compiled: tuples of tables that are passed by address, and haste that leaves no trace."""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core.types.functions import BaseFunction

from simulator.compilation import hold, inlined, kernel
from simulator.compilation.haste import haste

ROW = np.dtype([("mark", np.uint8), ("worth", np.float64)], align=True)


class Inner(NamedTuple):
    steps: Any


class Tables(NamedTuple):
    rows: Any
    grid: Any
    inner: Inner
    limit: Any


@inlined
def worth_of(tables, i):
    return tables.rows[i].worth


@kernel
def visit(tables):
    """Read and change every kind of field, through as many hands as the model's kernels do."""
    total = 0.0
    for i in range(tables.rows.shape[0]):
        total += worth_of(tables, i)
        tables.rows[i].mark += 1
        for j in range(tables.grid.shape[1]):
            tables.grid[i, j] += tables.inner.steps[j]
    return total + tables.limit + tables.inner.steps.itemsize + tables.rows.itemsize


@kernel
def visit_held(tables):
    tables = hold(tables)
    return visit(tables)


@kernel
def read_what_is_not_there(tables):
    held = hold(tables)
    return held.nothing


def tables() -> Tables:
    rows = np.zeros(3, ROW)
    rows["worth"] = (0.5, 1.0, 2.0)
    return Tables(rows, np.zeros((3, 2), np.float32), Inner(np.array([1, 10], np.int64)), 7.0)


def test_a_held_tuple_is_read_and_changed_as_the_tuple_itself() -> None:
    plain, held = tables(), tables()
    assert visit(plain) == visit_held(held) == 3.5 + 7.0 + 8 + ROW.itemsize
    for one, other in ((plain.rows, held.rows), (plain.grid, held.grid)):
        assert one.tobytes() == other.tobytes()
    assert held.rows["mark"].tolist() == [1, 1, 1]
    assert held.grid[2].tolist() == [1.0, 10.0]


def test_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(numba.TypingError, match="nothing"):
        read_what_is_not_there(tables())


def test_haste_leaves_the_compiler_and_the_collector_as_they_were() -> None:
    look_up = BaseFunction.get_call_type
    assert gc.isenabled()

    def fail() -> None:
        with haste():
            with haste():
                assert BaseFunction.get_call_type is not look_up
            assert not gc.isenabled()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert BaseFunction.get_call_type is look_up
    assert gc.isenabled()
    gc.disable()
    with haste():
        pass
    assert not gc.isenabled()
    gc.enable()
