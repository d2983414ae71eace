"""Turned tables: eight entries of a row at once against the same arithmetic one by one."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba.extending import intrinsic

from simulator.compilation import (
    COUNTED,
    LANES,
    across,
    bits_of,
    count_below,
    count_bits,
    in_row,
    kernel,
    lane_is,
    lanes_at,
    largest,
    lowest_bit,
    pick,
    row_of,
    turned_view,
    whole_row,
)
from simulator.model.memory import aligned

KIND = np.dtype(
    [("a", np.float32), ("b", np.float32), ("whole", np.int32), ("low", np.uint8), ("high", np.uint8)], align=True
)
quick = settings(max_examples=30, deadline=None, derandomize=True)
numbers = st.floats(-8.0, 8.0, width=32)
lengths = st.integers(1, 19)


def table_of(entries: int, seed: int, rows: int = 3) -> np.ndarray[Any, Any]:
    """A turned table with something in every field."""
    luck = np.random.default_rng(seed)
    table = aligned((rows, entries), KIND)
    view = turned_view(table)
    for name in ("a", "b"):
        view[name] = luck.normal(size=(rows, entries))
    view["whole"] = luck.integers(-9, 9, (rows, entries))
    view["low"], view["high"] = luck.integers(0, 255, (2, rows, entries))
    return table


@kernel
def reckon(table, row, scale):
    """All operators and choices, in place."""
    mine = row_of(table, row)
    for first in range(0, len(mine), LANES):
        here = across(mine, first)
        sums, parts = here.a + scale * here.b - 1.0, here.a / (2.0 + here.b * here.b)
        most = pick(here.a > here.b, sums, parts)
        here.a = most
        here.b = pick(lane_is(3 - first), 5.0, here.high - here.low)
        here.whole = here.whole * 2


@quick
@given(entries=lengths, seed=st.integers(0, 99), scale=numbers)
def test_eight_at_once_reckon_as_one_by_one_and_touch_no_other_row(entries: int, seed: int, scale: float) -> None:
    table = table_of(entries, seed)
    before = turned_view(table).copy()
    reckon(table, 1, scale)
    after = turned_view(table)
    for row in (0, 2):
        for name in KIND.names or ():
            assert (after[name][row] == before[name][row]).all()
    a, b = before["a"][1], before["b"][1]
    one, two, scale32 = np.float32(1.0), np.float32(2.0), np.float32(scale)
    expected = np.where(a > b, a + scale32 * b - one, a / (two + b * b))
    assert after["a"][1].tolist() == expected.tolist()
    spread = before["high"][1].astype(np.float32) - before["low"][1]
    assert after["b"][1].tolist() == np.where(np.arange(entries) == 3, 5.0, spread).tolist()
    assert after["whole"][1].tolist() == (2 * before["whole"][1]).tolist()
    assert (after["low"][1] == before["low"][1]).all()
    assert (after["high"][1] == before["high"][1]).all()


@kernel
def find_top(table, row):
    """Place of the first of the largest numbers, and how many entries there are."""
    mine = row_of(table, row)
    best, top, count = 0, np.float32(-1e30), 0
    for first in range(0, len(mine), LANES):
        here = across(mine, first)
        found = bits_of(in_row(here))
        while found != 0:
            found &= found - np.uint64(1)
            count += 1
        score = pick(in_row(here), here.a, -1e30)
        most = largest(score)
        if most > top:
            top = most
            best = first + lowest_bit(bits_of(score == most))
    return best, count


@quick
@given(entries=lengths, data=st.data())
def test_the_largest_of_a_row_is_found_at_its_first_place(entries: int, data: st.DataObject) -> None:
    table = table_of(entries, 1)
    chosen = data.draw(arrays(np.float32, entries, elements=st.sampled_from([-3.0, -1.0, 0.0, 2.0])))
    turned_view(table)["a"][1] = chosen
    assert find_top(table, 1) == (int(np.argmax(chosen)), entries)


@kernel
def set_one(table, row, entry, value):
    """Change one entry."""
    here = row_of(table, row)[entry]
    here.a += value
    here.low = 7
    return here.b


@quick
@given(entries=lengths, data=st.data())
def test_one_entry_is_read_and_changed_like_a_record(entries: int, data: st.DataObject) -> None:
    entry = data.draw(st.integers(0, entries - 1))
    table = table_of(entries, 2)
    before = turned_view(table).copy()
    assert set_one(table, 2, entry, 1.5) == before["b"][2, entry]
    after = turned_view(table)
    assert after["a"][2, entry] == before["a"][2, entry] + np.float32(1.5)
    assert after["low"][2, entry] == 7
    after["a"][2, entry], after["low"][2, entry] = before["a"][2, entry], before["low"][2, entry]
    for name in KIND.names or ():
        assert (after[name] == before[name]).all()


@kernel
def fill(table, limit, column, numbers, out):
    """Write whole eights from a column of a plain table, and name those above a limit by bits."""
    here = across(whole_row(table, 0), 0)
    here.a = lanes_at(numbers, 0, column)
    out[0] = bits_of(here.a > limit)


def test_bits_name_lanes_from_the_lowest_place() -> None:
    table, out = aligned((1, LANES), KIND), np.zeros(1, np.int64)
    numbers = np.arange(2.0 * LANES, dtype=np.float32).reshape(LANES, 2)
    for limit in (-1.0, 0.5, 6.0, 14.5, 99.0):
        fill(table, limit, 1, numbers, out)
        assert turned_view(table)["a"][0].tolist() == numbers[:, 1].tolist()
        assert out[0] == sum(1 << k for k in range(LANES) if numbers[k, 1] > limit)


def test_what_cannot_be_turned_is_refused() -> None:
    wide = np.zeros((2, 3), np.dtype([("a", np.float64)]))
    for table in (wide, aligned((4, 6), KIND)[:, ::2]):
        with pytest.raises(ValueError, match="contiguous"):
            turned_view(table)


@kernel
def below(numbers, limit):
    """How many of eight numbers are below another."""
    return count_below(numbers.ctypes.data, limit)


def test_counting_below_is_of_unsigned_numbers() -> None:
    numbers = np.array([0, 1, 5, 5, 2**40, 2**63, 2**64 - 1, 9], np.uint64)
    assert numbers.size == COUNTED
    for limit in (0, 5, 6, 2**63 + 1, 2**64 - 1):
        assert below(numbers, np.uint64(limit)) == (numbers < np.uint64(limit)).sum()


@kernel
def bits_in(word):
    """How many bits are set, and where the lowest is."""
    return count_bits(word), lowest_bit(word)


def test_bits_are_counted_and_found_also_where_there_are_none() -> None:
    for word in (0, 1, 0b1011000, 2**63, 2**64 - 1):
        lowest = (word & -word).bit_length() - 1 if word else 64
        assert bits_in(np.uint64(word)) == (word.bit_count(), lowest)


def test_a_part_of_a_word_cannot_be_set_for_eight_at_once() -> None:
    @kernel
    def set_bytes(table):
        across(row_of(table, 0), 0).low = 1

    with pytest.raises(TypeError, match="set one by one only"):
        set_bytes(table_of(4, 3))


@intrinsic
def last_of(typingctx: Any, values: Any) -> Any:
    """The last entry, by a helper that is compiled while its caller is being written."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.compile_internal(builder, lambda some: some[-1], signature, args)

    return values.dtype(values), generate


@kernel
def first_and_last(values):
    """A part that needs a helper."""
    return values[0] + last_of(values)


@kernel
def by_way_of_a_part(values):
    """A kernel that needs a part."""
    return first_and_last(values)


def test_helpers_that_are_compiled_on_the_way_count_from_the_end() -> None:
    assert by_way_of_a_part(np.array([3, 5, 7])) == 10


def test_other_compiled_functions_still_count_from_the_end() -> None:
    """Kernels count from the start alone; whoever compiles functions beside them is none the worse for it."""

    @numba.njit
    def last(values: Any, place: int) -> Any:
        return values[place]

    assert last(np.arange(5), -2) == 3
