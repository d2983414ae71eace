"""How kernels are compiled: tuples of tables that are passed by address, and haste that leaves no trace."""

from __future__ import annotations

import gc
import os
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core.types.functions import BaseFunction

from simulator.compilation import apart, beside, call_at, hold, inlined, kernel
from simulator.compilation.beside import compiled_beside, has_a_second_processor
from simulator.compilation.haste import haste
from simulator.compilation.tables import Held
from simulator.model import BrandMarket
from simulator.model.crew import TABLES, kinds_of_serve
from simulator.model.warm import compile_serving, sketched_market, task_of
from simulator.scenario import shipped

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


@apart
def count_up(k, values, tables):
    """A kernel that changes a table, and counts."""
    tables.rows[0].worth += k
    return k + values.shape[0]


@kernel
def call_it(address, k, values, tables):
    tables = hold(tables)
    return call_at(address, (k, values, tables)) + call_at(address, (2, values, tables))


def kinds_of(tables: Tables) -> tuple[Any, ...]:
    """Types of the arguments of `count_up`."""
    return numba.types.int64, numba.types.Array(numba.types.uint64, 1, "C"), Held(numba.typeof(tables))


def test_a_kernel_that_stands_apart_is_called_by_its_address() -> None:
    mine = tables()
    address = count_up.address(kinds_of(mine))
    assert count_up.address(kinds_of(mine)) == address
    assert call_it(address, 5, np.zeros(7, np.uint64), mine) == 5 + 7 + 2 + 7
    assert mine.rows["worth"][0] == 0.5 + 5 + 2


def test_what_is_not_a_tuple_of_arguments_is_refused() -> None:
    @kernel
    def wrong(address):
        return call_at(address, 3)

    with pytest.raises(numba.TypingError):
        wrong(0)


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled beside")
def test_a_copy_of_the_process_works_beside_it_and_is_waited_for(tmp_path: Path) -> None:
    left, ours = tmp_path / "left", os.getpid()
    with compiled_beside(lambda: left.write_text(str(os.getpid()))) as at_work:
        assert at_work
    assert int(left.read_text()) != ours == os.getpid()


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled beside")
def test_a_copy_that_fails_or_takes_too_long_is_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    with compiled_beside(lambda: 1 / 0) as at_work:
        assert at_work
    fork, copies = os.fork, []
    monkeypatch.setattr("os.fork", lambda: copies.append(fork()) or copies[-1])
    monkeypatch.setattr(beside, "PATIENCE", 0.05)
    start = time.monotonic()
    with compiled_beside(lambda: time.sleep(300)) as at_work:
        assert at_work
    with pytest.raises(KeyError), compiled_beside(lambda: time.sleep(300)):
        raise KeyError
    assert time.monotonic() - start < 100
    assert len(copies) == 2
    for copy in copies:  # none is left behind
        with pytest.raises(ProcessLookupError):
            os.kill(copy, 0)


@pytest.mark.parametrize("lacking", ["has_a_second_processor", "cache_folder"])
def test_without_a_second_processor_or_a_place_to_keep_it_nothing_is_compiled_beside(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setattr(beside, lacking, lambda: None)
    monkeypatch.setattr("os.fork", lambda: pytest.fail("a copy was made"))
    with compiled_beside(lambda: None) as at_work:
        assert not at_work


@kernel
def half_of(number):
    """Called by others, and not copied into them."""
    return number // 2


@inlined
def double_of(number):
    """Copied into whoever calls it."""
    return 2 * number


@kernel
def quarters(number):
    """Calls one twice and the other once."""
    return half_of(half_of(number)) + double_of(number)


def test_a_kernel_stays_a_function_of_its_own_unless_it_is_inlined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.compilation.parts.cache_folder", lambda: None)  # what was kept cannot be looked into
    assert quarters(8) == 2 + 16
    (library,) = [found.library for found in quarters.entry.overloads.values()]
    code = library.get_llvm_str()
    assert len(re.findall(r"^define .*half_of", code, re.MULTILINE)) == 1
    assert len(re.findall(r"call .*half_of", code)) == 2
    assert "call" not in "".join(line for line in code.splitlines() if "double_of" in line)


# -- what a first run compiles -------------------------------------------------------------------------------------


def kinds_in(model: BrandMarket) -> tuple[list[Any], tuple[Any, ...]]:
    """Types that a model's days, and those who serve on them, are compiled for."""
    task = task_of(model)
    return [numba.typeof(argument) for argument in task], kinds_of_serve(task[TABLES])


@pytest.fixture(scope="module")
def sketched() -> tuple[list[Any], tuple[Any, ...]]:
    """The same of a world in which nothing is drawn."""
    return kinds_in(sketched_market())


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_market_runs_on_what_was_compiled_before_there_was_a_world(
    name: str, sketched: tuple[list[Any], tuple[Any, ...]]
) -> None:
    assert kinds_in(BrandMarket(name, rng=1, customers=300, warm_up=False, aim=False)) == sketched


def test_a_copy_compiles_what_serves_shoppers_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, sketched: tuple[list[Any], tuple[Any, ...]]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("simulator.model.warm.serve.compile", asked.append)
    compile_serving()
    assert asked == [sketched[1]]
