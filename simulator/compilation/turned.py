"""Tables whose rows are turned, so that one field of eight entries lies side by side and is worked on at once.

A customer's row holds a record for each brand. Turned, it holds the first field of all brands, then the second, and
so on: what a loop over brands did one by one becomes a few vector instructions, whatever the compiler makes of loops.
A row need not be of whole eights: what lies beyond its end reads as 0 and is never written. Eight numbers are read at
once even there, so that after the last row there must be room for seven more (`columns.aligned` sees to it).

In a kernel `row_of` gives a row, ``len`` says how many entries it has, ``row[b]`` is one of them, whose fields are
read and set as those of a record, and ``across(row, b)`` eight of them from ``b`` on, whose fields are lanes: eight
numbers of 32 bits that are added and compared as one (`lanes`). To read lanes right after others were
written beside them makes the processor wait: read first, then write.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, override, attr-defined, misc"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import StructModel
from numba.core.imputils import lower_builtin
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, lower_setattr_generic, register_model

from simulator.compilation.lanes import BITS, INDEX, LANES, NUMBERS, WORDS, as_lanes, choice_type, lanes_type, repeat

WORD = 4
"""Bytes between two entries of a row."""
_ADDRESS = ir.IntType(8).as_pointer()


def turned_view(table: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a turned table as an array of records, to be read and changed.

    Parameters
    ----------
    table : array of records, shape (rows, entries)
        Of fields that lie within words of four bytes, which the records fill.

    Raises
    ------
    ValueError
        Where the table is not of that kind.

    Examples
    --------
    >>> table = np.zeros((1, 3), np.dtype([("price", np.float32), ("size", np.float32)]))
    >>> turned_view(table)["size"][0] = 1, 2, 3
    >>> table.view(np.float32).tolist()
    [[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]]
    """
    rows, entries = table.shape
    fields = table.dtype.fields or {}
    within = all(field[1] % WORD + field[0].itemsize <= WORD for field in fields.values())
    if not within or not table.flags.c_contiguous:
        raise ValueError("a turned table is contiguous, and each of its fields lies within four bytes")
    places = {name: field[1] // WORD * WORD * entries + field[1] % WORD for name, field in fields.items()}
    kind = np.dtype(
        {
            "names": list(fields),
            "formats": [field[0] for field in fields.values()],
            "offsets": list(places.values()),
            "itemsize": (table.dtype.itemsize - WORD) * entries + WORD,
        }
    )
    strides = (entries * table.dtype.itemsize, WORD)
    return np.ndarray((rows, entries), kind, table.reshape(-1).view(np.uint8), 0, strides)


# -- types ----------------------------------------------------------------------------------------------------------


class _Placed(types.Type):
    """Address within a turned row and the bytes from one field to the next; ``kind`` is the record type."""

    _word = "placed"

    def __init__(self, kind: Any, whole: bool = False) -> None:
        self.kind, self.whole = kind, whole
        super().__init__(name=f"{self._word}_{kind._code}_{int(whole)}")

    @property
    def key(self) -> Any:
        """What tells two of them apart."""
        return self.kind._code, self.whole


class Row(_Placed):
    """A row."""

    _word = "row"


class Entry(_Placed):
    """One entry of a row."""

    _word = "entry"


class Across(_Placed):
    """Eight entries of a row."""

    _word = "across"


@register_model(Row)
@register_model(Entry)
class _PlacedModel(StructModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, [("place", types.voidptr), ("step", types.int64)])


@register_model(Across)
class _AcrossModel(StructModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, [("place", types.voidptr), ("step", types.int64), ("left", types.int64)])


# -- reading and writing ----------------------------------------------------------------------------------------------


def _find_row(table: Any, row: Any, whole: bool) -> Any:
    """Signature and code of `row_of` and `whole_row`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(table)(context, builder, args[0])
        entries = builder.extract_value(array.shape, 1)
        size = builder.mul(entries, INDEX(table.dtype.size))
        start = builder.bitcast(array.data, _ADDRESS)
        index = context.cast(builder, args[1], row, types.int64)
        place = builder.gep(start, [builder.mul(index, size)], inbounds=True)
        return _pack(builder, place, builder.mul(entries, INDEX(WORD)))

    return Row(table.dtype, whole)(table, row), generate


@intrinsic
def _row_of(typingctx: Any, table: Any, row: Any) -> Any:
    """Typed half of `row_of`."""
    return _find_row(table, row, False)


@intrinsic
def _whole_row(typingctx: Any, table: Any, row: Any) -> Any:
    """Typed half of `whole_row`."""
    return _find_row(table, row, True)


def _pack(builder: Any, place: Any, *numbers: Any) -> Any:
    packed = ir.Constant(ir.LiteralStructType([_ADDRESS, *([INDEX] * len(numbers))]), None)
    for position, value in enumerate((place, *numbers)):
        packed = builder.insert_value(packed, value, position)
    return packed


def _place_of(builder: Any, row: Any, index: Any) -> Any:
    """Address of an entry."""
    return builder.gep(builder.extract_value(row, 0), [builder.mul(index, INDEX(WORD))], inbounds=True)


@infer_global(operator.getitem)
class _OneEntry(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Row) and isinstance(args[1], types.Integer):
            return signature(Entry(args[0].kind, args[0].whole), *args)
        return None


@lower_builtin(operator.getitem, Row, types.Integer)
def _get_entry(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    index = context.cast(builder, args[1], sig.args[1], types.int64)
    return _pack(builder, _place_of(builder, args[0], index), builder.extract_value(args[0], 1))


@infer_global(len)
class _Length(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.intp, *args) if isinstance(args[0], Row) else None


@lower_builtin(len, Row)
def _get_length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _entries(builder, args[0])


def _entries(builder: Any, row: Any) -> Any:
    return builder.udiv(builder.extract_value(row, 1), INDEX(WORD))


@intrinsic
def _across(typingctx: Any, row: Any, first: Any) -> Any:
    """Typed half of `across`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        index = context.cast(builder, args[1], first, types.int64)
        left = builder.sub(_entries(builder, args[0]), index)
        return _pack(builder, _place_of(builder, args[0], index), builder.extract_value(args[0], 1), left)

    return Across(row.kind, row.whole)(row, first), generate


@intrinsic
def _in_row(typingctx: Any, entries: Any) -> Any:
    """Typed half of `in_row`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _inside(builder, args[0])

    return choice_type(entries), generate


def _inside(builder: Any, entries: Any) -> Any:
    """Which of eight entries there are."""
    left = repeat(builder, builder.trunc(builder.extract_value(entries, 2), ir.IntType(32)), WORDS)
    return builder.icmp_signed("<", ir.Constant(WORDS, list(range(LANES))), left)


@infer_getattr
class _EntryFields(AttributeTemplate):
    key = Entry

    def generic_resolve(self, entry: Entry, attr: str) -> Any:
        return entry.kind.typeof(attr) if attr in entry.kind.fields else None


@infer_getattr
class _AcrossFields(AttributeTemplate):
    key = Across

    def generic_resolve(self, across: Across, attr: str) -> Any:
        return lanes_type if attr in across.kind.fields else None


def _word(builder: Any, kind: Any, value: Any, attr: str, shape: Any) -> Any:
    """Pointer to the word, or the words, in which a field lies."""
    word = kind.kind.offset(attr) // WORD
    place = builder.gep(
        builder.extract_value(value, 0), [builder.mul(builder.extract_value(value, 1), INDEX(word))], inbounds=True
    )
    return builder.bitcast(place, shape.as_pointer())


def _byte(builder: Any, kind: Any, value: Any, attr: str, shape: Any) -> Any:
    """Pointer to a field of one entry, which may share its word with others."""
    inside = kind.kind.offset(attr) % WORD
    place = _word(builder, kind, value, attr, ir.IntType(8))
    return builder.bitcast(builder.gep(place, [INDEX(inside)], inbounds=True), shape.as_pointer())


@lower_getattr_generic(Entry)
def _get_one(context: Any, builder: Any, kind: Entry, value: Any, attr: str) -> Any:
    model = context.data_model_manager[kind.kind.typeof(attr)]
    return model.from_data(builder, builder.load(_byte(builder, kind, value, attr, model.get_data_type())))


@lower_setattr_generic(Entry)
def _set_one(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    kind = sig.args[0]
    wanted = kind.kind.typeof(attr)
    model = context.data_model_manager[wanted]
    number = context.cast(builder, args[1], sig.args[1], wanted)
    builder.store(model.as_data(builder, number), _byte(builder, kind, args[0], attr, model.get_data_type()))


@lower_getattr_generic(Across)
def _get_lanes(context: Any, builder: Any, kind: Across, value: Any, attr: str) -> Any:
    wanted = kind.kind.typeof(attr)
    if wanted == types.float32:
        found = builder.load(_word(builder, kind, value, attr, NUMBERS), align=WORD)
        if kind.whole:
            return found
        return builder.select(_inside(builder, value), found, ir.Constant(NUMBERS, [0.0] * LANES))
    words = builder.load(_word(builder, kind, value, attr, WORDS), align=WORD)
    if wanted.bitwidth < 32:  # it shares its word with others
        words = builder.lshr(words, ir.Constant(WORDS, [8 * (kind.kind.offset(attr) % WORD)] * LANES))
        words = builder.and_(words, ir.Constant(WORDS, [(1 << wanted.bitwidth) - 1] * LANES))
    if not kind.whole:
        words = builder.select(_inside(builder, value), words, ir.Constant(WORDS, [0] * LANES))
    return builder.sitofp(words, NUMBERS) if wanted.signed else builder.uitofp(words, NUMBERS)


def _write(builder: Any, kind: Across, entries: Any, values: Any, place: Any, name: str) -> None:
    """Store the lanes that are entries."""
    if kind.whole:
        builder.store(values, place, align=WORD)
        return
    word = ir.IntType(32)
    write = ir.FunctionType(ir.VoidType(), [values.type, place.type, word, BITS])
    name = f"llvm.masked.store.{name}.p0"
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, write, name=name)
    builder.call(function, [values, place, word(WORD), _inside(builder, entries)])


@lower_setattr_generic(Across)
def _set_lanes(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    kind = sig.args[0]
    wanted = kind.kind.typeof(attr)
    numbers = as_lanes(context, builder, args[1], sig.args[1])
    if wanted == types.float32:
        _write(builder, kind, args[0], numbers, _word(builder, kind, args[0], attr, NUMBERS), "v8f32")
    elif wanted.bitwidth == 32:
        words = builder.fptosi(numbers, WORDS) if wanted.signed else builder.fptoui(numbers, WORDS)
        _write(builder, kind, args[0], words, _word(builder, kind, args[0], attr, WORDS), "v8i32")
    else:
        raise TypeError(f"{attr} shares its word with others and can be set one by one only")


row_of = cast(Callable[[Any, Any], Any], _row_of)
"""Row of a turned table."""
whole_row = cast(Callable[[Any, Any], Any], _whole_row)
"""Row of a turned table whose entries are a whole multiple of eight, so that no care is needed at its end."""
across = cast(Callable[[Any, Any], Any], _across)
"""Eight entries of a row from one on, of which those beyond its end read as 0 and are not written."""
in_row = cast(Callable[[Any], Any], _in_row)
"""Which of eight entries there are: no in the lanes beyond the end of the row."""
