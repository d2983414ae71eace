"""How kernels are compiled: tuples of tables that are passed by address, and haste that leaves no trace."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numba
import numpy as np
import pytest
from numba.core.base import BaseContext
from numba.core.postproc import PostProcessor
from numba.core.types.functions import BaseFunction

from simulator.compilation import apart, call_at, copies, hold, inlined, kernel
from simulator.compilation.copies import compile_in_copies, has_a_second_processor
from simulator.compilation.haste import in_haste
from simulator.compilation.parts import Part
from simulator.compilation.tables import Held
from simulator.model import BrandMarket, warm
from simulator.model.crew import TABLES, kinds_of_serve
from simulator.model.warm import sketched_market, task_of
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
    def in_use() -> list[Any]:
        return [BaseFunction.get_call_type, BaseContext.get_abi_sizeof, PostProcessor.run]

    usual = in_use()
    assert gc.isenabled()

    def fail() -> None:
        assert not set(in_haste(in_use)) & set(usual)
        assert not set(in_use()) & set(usual)
        assert not gc.isenabled()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_haste(fail)
    assert in_use() == usual
    assert gc.isenabled()
    gc.disable()
    in_haste(lambda: None)
    assert not gc.isenabled()
    gc.enable()


@numba.njit
def halves_below(limit):
    k = 0
    while k < limit:
        yield k * 0.5
        k += 1


def test_what_others_compile_meanwhile_is_compiled_as_ever() -> None:
    listed = numba.njit(lambda n: [k * 2.0 for k in halves_below(n)])
    objects = numba.jit(forceobj=True)(lambda n: {k: str(k) for k in range(n)})
    with ThreadPoolExecutor(1) as other:
        assert in_haste(lambda: other.submit(listed, 3).result()) == [0.0, 1.0, 2.0]
        assert in_haste(lambda: other.submit(objects, 2).result()) == {0: "0", 1: "1"}


@pytest.mark.skipif(sys.platform != "linux", reason="memory that is asked for is counted there")
def test_calls_in_haste_do_not_ask_the_system_for_memory() -> None:
    from resource import RUSAGE_SELF, getrusage

    def nothing(number: int) -> int:
        return number

    def call_from(depth: int) -> None:
        if depth:
            call_from(depth - 1)
            return
        for number in range(100):
            nothing(number)

    def pages() -> int:
        """Pages of memory that calls from every depth take: one a call where the stack of frames is full."""
        before = getrusage(RUSAGE_SELF).ru_minflt
        for depth in range(300):
            call_from(depth)
        return getrusage(RUSAGE_SELF).ru_minflt - before

    in_haste(pages)
    assert in_haste(pages) < 50


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


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled in copies")
def test_copies_of_the_process_work_and_are_waited_for(tmp_path: Path) -> None:
    def sign(file: Path) -> None:
        file.write_text(f"{os.getpid()} {os.getppid()}")

    files = tmp_path / "one", tmp_path / "other"
    compile_in_copies(*(partial(sign, file) for file in files))
    signed = [tuple(map(int, file.read_text().split())) for file in files]
    assert [made_by for _, made_by in signed] == [os.getpid()] * 2
    assert len({copy for copy, _ in signed} - {os.getpid()}) == 2


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled in copies")
def test_a_copy_that_fails_or_waits_for_ever_is_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fork, made = os.fork, []
    monkeypatch.setattr("os.fork", lambda: made.append(fork()) or made[-1])
    monkeypatch.setattr(copies, "PATIENCE", 0.3)
    start, late = time.monotonic(), tmp_path / "late"

    def work() -> None:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            pass
        late.touch()

    compile_in_copies(lambda: 1 / 0, lambda: time.sleep(300), work)
    assert late.exists()  # at work all the time, it was not given up, nor because another was
    monkeypatch.setattr(copies, "_has_ended", lambda copy: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        compile_in_copies(lambda: time.sleep(300))
    assert time.monotonic() - start < 100
    assert len(made) == 4
    for copy in made:  # none is left behind
        with pytest.raises(ProcessLookupError):
            os.kill(copy, 0)


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled in copies")
def test_who_interrupts_ends_all_copies_and_no_copy_goes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    fork, made = os.fork, []

    def fork_and_interrupt() -> int:
        copy = fork()
        os.kill(os.getpid(), signal.SIGINT)  # in both
        if copy:
            made.append(copy)
        return copy

    monkeypatch.setattr("os.fork", fork_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        compile_in_copies(lambda: time.sleep(300))
    (copy,) = made
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


@pytest.mark.skipif(not has_a_second_processor(), reason="nothing is compiled in copies")
def test_a_copy_does_not_wait_for_what_another_thread_was_compiling(tmp_path: Path) -> None:
    def go_on_compiling() -> None:
        while not done.is_set():
            numba.njit(lambda: 1.0)()

    done, file = threading.Event(), tmp_path / "compiled"
    with ThreadPoolExecutor(1) as other:
        other.submit(go_on_compiling)
        try:
            for number in range(5):
                compile_in_copies(lambda: file.write_text(str(numba.njit(lambda: 2)())))
                assert file.read_text() == "2", number
                file.unlink()
        finally:
            done.set()


@pytest.mark.parametrize("lacking", ["has_a_second_processor", "cache_folder", "_spent"])
def test_where_copies_could_not_help_or_be_watched_there_are_none(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setattr(copies, lacking, lambda *_: None)
    monkeypatch.setattr("os.fork", lambda: pytest.fail("a copy was made"))
    compile_in_copies(lambda: None)


def test_a_part_counts_no_references() -> None:
    with pytest.raises(ValueError, match="cannot count references"):
        Part(lambda: None, {"nogil": True})


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


def test_what_is_compiled_before_is_what_every_market_runs_on(
    monkeypatch: pytest.MonkeyPatch, sketched: tuple[list[Any], tuple[Any, ...]]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(warm.serve, "compile", asked.append)
    monkeypatch.setattr(cast(Any, warm.run_days).entry, "compile", asked.append)
    warm.compile_the_rest()
    warm.compile_days()
    assert asked == [sketched[1], tuple(sketched[0])]


def test_a_first_run_compiles_in_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(warm, "compile_in_copies", lambda *works: seen.extend(works))
    warm.warm_kernels()
    assert seen == [warm.compile_days, warm.compile_the_rest]
