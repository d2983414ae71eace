"""Packed tables: what kernels and Python read and set, against the same numbers rounded to whole steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.compilation import (
    LANES,
    Packing,
    Unpacked,
    across,
    count,
    kernel,
    lane_is,
    pick,
    row_of,
    share,
    whole_row,
    within,
)
from simulator.model.memory import aligned

PACKING = Packing(
    {"trust": share(), "mood": within(4.0)},
    {"debt": within(8.0), "hope": share()},
    {"met": count(4), "few": share(12), "seen": count(), "marks": count()},
)
quick = settings(max_examples=40, deadline=None, derandomize=True)
numbers = st.floats(-9.0, 9.0, width=32)
factors = st.floats(0.0, 1.0, width=32)
lengths = st.integers(2, 19)


def table_of(entries: int, seed: int, rows: int = 3) -> np.ndarray[Any, Any]:
    """A packed table with something in every field."""
    luck = np.random.default_rng(seed)
    table = aligned((rows, entries), PACKING.kind)
    unpacked = Unpacked.of(table)
    for name, field in PACKING.fields.items():
        size = (rows, entries)
        low, high = field.grain.least * field.grain.step, field.grain.most * field.grain.step
        unpacked[name] = luck.integers(0, high, size) if field.grain.counts else luck.uniform(low, high, size)
    return table


def kept(name: str, values: Any) -> np.ndarray[Any, Any]:
    """Numbers as a field keeps them."""
    grain = PACKING.fields[name].grain
    steps = np.rint(np.asarray(values, np.float32) / np.float32(grain.step))
    return np.asarray(np.clip(steps, grain.least, grain.most) * grain.step, np.float32)


def all_of(table: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Every field of a table."""
    return {name: Unpacked.of(table)[name] for name in PACKING.fields}


@kernel
def reckon(table, row, scale):
    """Read all fields of eight entries, and set one of each word."""
    mine = row_of(table, row)
    for first in range(0, len(mine), LANES):
        here = across(mine, first)
        sums = here.trust + here.hope + here.few + scale * here.mood - here.debt
        counts = here.met + here.seen
        here.mood = sums
        here.hope = pick(lane_is(3 - first), 1.0, 0.5 * here.hope)
        here.few = counts * 0.01


@quick
@given(entries=lengths, seed=st.integers(0, 99), scale=numbers)
def test_eight_at_once_are_read_and_set_as_one_by_one_and_no_other_row_moves(
    entries: int, seed: int, scale: float
) -> None:
    table = table_of(entries, seed)
    before = {name: values.copy() for name, values in all_of(table).items()}
    reckon(table, 1, scale)
    after = all_of(table)
    for name, values in after.items():
        assert (values[[0, 2]] == before[name][[0, 2]]).all()
    old = {name: values[1].astype(np.float32) for name, values in before.items()}
    sums = old["trust"] + old["hope"] + old["few"] + np.float32(scale) * old["mood"] - old["debt"]
    assert after["mood"][1].tolist() == kept("mood", sums).tolist()
    halved = np.where(np.arange(entries) == 3, np.float32(1.0), np.float32(0.5) * old["hope"])
    assert after["hope"][1].tolist() == kept("hope", halved).tolist()
    assert after["few"][1].tolist() == kept("few", (old["met"] + old["seen"]) * np.float32(0.01)).tolist()
    for name in ("trust", "debt", "met", "seen", "marks"):
        assert (after[name][1] == before[name][1]).all()


@kernel
def fade(table, row, trust, mood):
    """Set a whole word at once, in steps."""
    mine = row_of(table, row)
    for first in range(0, len(mine), LANES):
        here = across(mine, first)
        trusts, moods = here.trust_mood
        here.trust_mood = trusts * trust, moods * mood


@quick
@given(
    entries=lengths, seed=st.integers(0, 99), trust=st.floats(0.0, 1.0, width=32), mood=st.floats(0.0, 1.0, width=32)
)
def test_a_word_is_set_at_once_and_shrinks_to_the_nearest_step(
    entries: int, seed: int, trust: float, mood: float
) -> None:
    table = table_of(entries, seed)
    before = {name: values.copy() for name, values in all_of(table).items()}
    fade(table, 1, trust, mood)
    after = all_of(table)
    for name, factor in (("trust", trust), ("mood", mood)):
        assert after[name][1].tolist() == kept(name, before[name][1] * np.float32(factor)).tolist()
        assert (after[name][[0, 2]] == before[name][[0, 2]]).all()
    for name in ("debt", "hope", "met", "few", "seen", "marks"):
        assert (after[name] == before[name]).all()


@kernel
def set_one(table, row, entry, value):
    """Change every field of one entry; return what was read of it before."""
    here = row_of(table, row)[entry]
    was = here.trust + here.mood + here.debt + here.few
    here.mood += value
    here.debt -= value
    here.few = abs(value)
    here.met = 9
    here.seen = here.seen + 1
    return was


@quick
@given(entries=lengths, seed=st.integers(0, 99), value=numbers, data=st.data())
def test_one_entry_is_read_and_set_alone(entries: int, seed: int, value: float, data: st.DataObject) -> None:
    entry = data.draw(st.integers(0, entries - 1))
    table = table_of(entries, seed)
    before = {name: values.copy() for name, values in all_of(table).items()}
    was = set_one(table, 2, entry, value)
    old = {name: values[2, entry] for name, values in before.items()}
    assert was == pytest.approx(old["trust"] + old["mood"] + old["debt"] + old["few"], abs=1e-5)
    after = {name: values.copy() for name, values in all_of(table).items()}
    assert after["mood"][2, entry] == kept("mood", np.float64(old["mood"]) + value)
    assert after["debt"][2, entry] == kept("debt", np.float64(old["debt"]) - value)
    assert after["few"][2, entry] == kept("few", abs(value))
    assert after["met"][2, entry] == 9
    assert after["seen"][2, entry] == old["seen"] + 1
    for name in ("mood", "debt", "few", "met", "seen"):
        after[name][2, entry] = old[name]
    for name, values in after.items():
        assert (values == before[name]).all()


@kernel
def fill(table):
    """Rows of whole eights, which need no care at their end."""
    here = across(whole_row(table, 0), 0)
    here.debt = here.trust * 2.0


def test_whole_rows_are_read_and_written_as_they_are() -> None:
    table = aligned((1, LANES), PACKING.kind)
    Unpacked.of(table)["trust"] = np.arange(LANES) / 8.0
    fill(table)
    assert Unpacked.of(table)["debt"][0].tolist() == (np.arange(LANES) / 4.0).tolist()


def test_readers_get_copies_that_they_cannot_take_for_the_table() -> None:
    unpacked = Unpacked.of(table_of(4, 1))
    with pytest.raises(ValueError, match="read-only"):
        unpacked["trust"][:, 0] = 0.5
    unpacked[:, 0]["trust"] = 0.5
    assert (unpacked["trust"][:, 0] == 0.5).all()
    assert unpacked[1:].shape == (2, 4)
    with pytest.raises(ValueError, match="read-only"):
        unpacked[np.array([True, False, True])]["trust"] = 0.5
    unpacked[2, 3]["mood"] = -1.0
    assert unpacked[2, 3]["mood"] == unpacked["mood"][2, 3] == -1.0


def test_what_cannot_be_packed_is_refused() -> None:
    with pytest.raises(ValueError, match="take 40 bits"):
        Packing({"a": share(), "b": within(2.0), "c": count()})
    with pytest.raises(ValueError, match="at most 8 bits"):
        Packing({"a": count(9)})
    with pytest.raises(ValueError, match="are not packed"):
        Unpacked.of(np.zeros((2, 2), np.dtype([("other", np.uint32)])))
