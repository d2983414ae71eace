"""How kernels are compiled: tuples of tables that are passed by address, and haste that leaves no trace."""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core.types.functions import BaseFunction

from simulator.compilation import beside, hold, inlined, kernel
from simulator.compilation.beside import compiled_beside, has_a_second_processor
from simulator.compilation.haste import haste
from simulator.compilation.parts import PartLibrary

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
    return total + tables.limit + tables.inner.steps.itemsize + tables.rows.itemsize + tables.grid.size


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
    assert visit(plain) == visit_held(held) == 3.5 + 7.0 + 8 + ROW.itemsize + 6
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


@kernel
def halve(x):
    return 0.5 * x


@kernel
def add_halves(values):
    total = 0.0
    for i in range(values.shape[0]):
        total += halve(values[i])
    return total


@kernel
def third(x):
    return x / 3.0


@kernel
def add_thirds(values):
    total = 0.0
    for i in range(values.shape[0]):
        total += third(values[i])
    return total


@pytest.fixture
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile although an earlier run has."""
    monkeypatch.setattr("simulator.compilation.parts.cache_folder", lambda: None)


@pytest.mark.usefixtures("uncached")
@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled beside")
def test_a_part_compiled_by_a_copy_of_the_process_is_used_here(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    of_code = PartLibrary.of_code
    monkeypatch.setattr(PartLibrary, "of_code", lambda *args: taken.append(args) or of_code(*args))
    with compiled_beside(halve, (numba.float64,)):
        assert add_halves(np.array([1.0, 2.0, 5.0])) == 4.0
    assert len(taken) == 1
    assert halve.supply is None


@pytest.mark.usefixtures("uncached")
@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled beside")
def test_where_the_copy_fails_the_part_is_compiled_here() -> None:
    with compiled_beside(third, (numba.types.unicode_type,)):  # which cannot be divided
        assert add_thirds(np.array([3.0, 6.0])) == 3.0


def test_without_a_second_processor_nothing_is_compiled_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "has_a_second_processor", lambda: False)
    monkeypatch.setattr("os.fork", lambda: pytest.fail("a copy was made"))

    with compiled_beside(third, (numba.float64,)):
        assert third.supply is None
