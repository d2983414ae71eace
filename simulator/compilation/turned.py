"""Tables whose rows are turned, so that one field of eight entries lies side by side and is worked on at once.

A customer's row holds a record for each brand. Turned, it holds the first field of all brands, then the second, and
so on: what a loop over brands did one by one becomes a few vector instructions, whatever the compiler makes of loops.
A row need not be of whole eights: what lies beyond its end reads as 0 and is never written. Eight numbers are read at
once even there, so that after the last row there must be room for seven more (`model.memory.aligned` sees to it).

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
from numba.core import cgutils, types
from numba.core.datamodel import StructModel
from numba.core.imputils import lower_builtin
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, lower_setattr_generic, register_model

from simulator.compilation.lanes import INDEX, LANES, NUMBERS, WORDS, as_lanes, choice_type, lanes_type
from simulator.compilation.packed import WORD_BITS, Field, Grain, packing_of
from simulator.compilation.vectors import repeat

WORD = 4
"""Bytes between two entries of a row."""
_WORD = ir.IntType(WORD_BITS)
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
        self.packing = packing_of(tuple(kind.fields))
        super().__init__(name=f"{self._word}_{kind._code}_{int(whole)}")

    def packed(self, attr: str) -> Field | None:
        """How a field is packed, None where it is not."""
        return None if self.packing is None else self.packing.fields.get(attr)

    def fields_of(self, word: str) -> list[Field]:
        """The packed fields of a word."""
        return [] if self.packing is None else [self.packing.fields[name] for name in self.packing.words[word]]

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
        size = builder.extract_value(array.strides, 0)
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
        if field := entry.packed(attr):
            return types.uint8 if field.grain.counts else types.float32
        return entry.kind.typeof(attr) if attr in entry.kind.fields else None


@infer_getattr
class _AcrossFields(AttributeTemplate):
    key = Across

    def generic_resolve(self, across: Across, attr: str) -> Any:
        if across.packed(attr):
            return lanes_type
        if across.packing is not None and attr in across.packing.words:
            return types.UniTuple(lanes_type, len(across.packing.words[attr]))
        return lanes_type if attr in across.kind.fields else None


def _word(builder: Any, value: Any, number: int, shape: Any) -> Any:
    """Pointer to a word, or to the words, of one entry or of eight."""
    place = builder.gep(
        builder.extract_value(value, 0), [builder.mul(builder.extract_value(value, 1), INDEX(number))], inbounds=True
    )
    return builder.bitcast(place, shape.as_pointer())


def _inside_word(builder: Any, value: Any, number: int, low: int, shape: Any) -> Any:
    """Pointer to a part of a word of one entry, from a bit on at which a byte begins."""
    place = _word(builder, value, number, ir.IntType(8))
    return builder.bitcast(builder.gep(place, [INDEX(low // 8)], inbounds=True), shape.as_pointer())


def _place_of_field(builder: Any, kind: Any, value: Any, attr: str, shape: Any) -> Any:
    """Pointer to a field of one entry, which may share its word with others."""
    number, inside = divmod(kind.kind.offset(attr), WORD)
    return _inside_word(builder, value, number, 8 * inside, shape)


@lower_getattr_generic(Entry)
def _get_one(context: Any, builder: Any, kind: Entry, value: Any, attr: str) -> Any:
    if field := kind.packed(attr):
        return _unpack_one(builder, value, field)
    model = context.data_model_manager[kind.kind.typeof(attr)]
    return model.from_data(builder, builder.load(_place_of_field(builder, kind, value, attr, model.get_data_type())))


@lower_setattr_generic(Entry)
def _set_one(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    kind = sig.args[0]
    if field := kind.packed(attr):
        wanted = types.uint8 if field.grain.counts else types.float32
        _pack_one(builder, args[0], field, context.cast(builder, args[1], sig.args[1], wanted))
        return
    wanted = kind.kind.typeof(attr)
    model = context.data_model_manager[wanted]
    number = context.cast(builder, args[1], sig.args[1], wanted)
    builder.store(model.as_data(builder, number), _place_of_field(builder, kind, args[0], attr, model.get_data_type()))


def _read(builder: Any, kind: Across, entries: Any, number: int, shape: Any) -> Any:
    """Eight words or numbers with 0 for those beyond the end of the row."""
    place = _word(builder, entries, number, shape)
    if kind.whole:
        return builder.load(place, align=WORD)
    return builder.select(_inside(builder, entries), builder.load(place, align=WORD), ir.Constant(shape, [0] * LANES))


@lower_getattr_generic(Across)
def _get_lanes(context: Any, builder: Any, kind: Across, value: Any, attr: str) -> Any:
    if field := kind.packed(attr):
        return _unpack_lanes(builder, kind, value, field)
    if kind.packing is not None:
        steps = [_steps_in(builder, kind, value, field) for field in kind.fields_of(attr)]
        return cgutils.pack_array(builder, [builder.sitofp(one, NUMBERS) for one in steps])
    wanted = kind.kind.typeof(attr)
    number, inside = divmod(kind.kind.offset(attr), WORD)
    if wanted == types.float32:
        return _read(builder, kind, value, number, NUMBERS)
    words = _read(builder, kind, value, number, WORDS)
    if wanted.bitwidth < WORD_BITS:  # it shares its word with others
        words = builder.lshr(words, ir.Constant(WORDS, [8 * inside] * LANES))
        words = builder.and_(words, ir.Constant(WORDS, [(1 << wanted.bitwidth) - 1] * LANES))
    return builder.sitofp(words, NUMBERS) if wanted.signed else builder.uitofp(words, NUMBERS)


def _write(builder: Any, kind: Across, entries: Any, values: Any, number: int) -> None:
    """Store the lanes that are entries."""
    place = _word(builder, entries, number, values.type)
    if kind.whole:
        builder.store(values, place, align=WORD)
        return
    arguments = [values, place, _WORD(WORD), _inside(builder, entries)]
    name = f"llvm.masked.store.{'v8f32' if values.type == NUMBERS else 'v8i32'}.p0"
    function = builder.module.globals.get(name)
    if function is None:
        kind_of_call = ir.FunctionType(ir.VoidType(), [one.type for one in arguments])
        function = ir.Function(builder.module, kind_of_call, name=name)
    builder.call(function, arguments)


@lower_setattr_generic(Across)
def _set_lanes(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    kind = sig.args[0]
    if kind.packing is not None:
        _pack_lanes(context, builder, kind, args[0], attr, args[1], sig.args[1])
        return
    wanted = kind.kind.typeof(attr)
    number = kind.kind.offset(attr) // WORD
    numbers = as_lanes(context, builder, args[1], sig.args[1])
    if wanted == types.float32:
        _write(builder, kind, args[0], numbers, number)
    elif wanted.bitwidth == WORD_BITS:
        words = builder.fptosi(numbers, WORDS) if wanted.signed else builder.fptoui(numbers, WORDS)
        _write(builder, kind, args[0], words, number)
    else:
        raise TypeError(f"{attr} shares its word with others and can be set one by one only")


# -- packed fields (see `packed`) -----------------------------------------------------------------------------------

_ROUNDING = 1.5 * 2.0**23
"""Added to a 32-bit float of less than 2^22, this leaves the nearest whole number in the lowest bits."""


def _same(shape: Any, number: float) -> Any:
    """A constant for one number or for eight."""
    return ir.Constant(shape, [number] * LANES if isinstance(shape, ir.VectorType) else number)


def _isolate(builder: Any, words: Any, low: int, grain: Grain) -> Any:
    """Whole steps of numbers, one or eight, that begin at bit ``low`` of words."""
    if grain.signed:
        above = WORD_BITS - low - grain.bits
        steps = builder.shl(words, _same(words.type, above)) if above else words
        return builder.ashr(steps, _same(words.type, WORD_BITS - grain.bits))
    steps = builder.lshr(words, _same(words.type, low)) if low else words
    return steps if low + grain.bits == WORD_BITS else builder.and_(steps, _same(words.type, (1 << grain.bits) - 1))


def _nearest(builder: Any, steps: Any) -> Any:
    """The nearest whole numbers as words, of which the lowest 16 bits are right."""
    words = WORDS if steps.type == NUMBERS else _WORD
    return builder.bitcast(builder.fadd(steps, _same(steps.type, _ROUNDING)), words)


def _steps_of(builder: Any, values: Any, grain: Grain) -> Any:
    """Numbers, one or eight, in whole steps and cut at the ends of their range."""
    steps = builder.fmul(values, _same(values.type, 1.0 / grain.step))
    for limit, beyond in ((grain.most, ">"), (grain.least, "<")):
        end = _same(values.type, float(limit))
        steps = builder.select(builder.fcmp_ordered(beyond, steps, end), end, steps)
    return _nearest(builder, steps)


def _put_in(builder: Any, words: Any, steps: Any, field: Field) -> Any:
    """Words in which a field is replaced."""
    mask = (1 << field.grain.bits) - 1 << field.low
    if field.low:
        steps = builder.shl(steps, _same(words.type, field.low))
    if field.low + field.grain.bits < WORD_BITS:
        steps = builder.and_(steps, _same(words.type, mask))
    return builder.or_(builder.and_(words, _same(words.type, ~mask & 0xFFFFFFFF)), steps)


def _alone(field: Field) -> Any:
    """Type of a number that takes up whole bytes of its word, so that it is reached by itself; None of others."""
    bits = field.grain.bits
    return ir.IntType(bits) if bits in (8, 16) and field.low % bits == 0 else None


def _unpack_one(builder: Any, value: Any, field: Field) -> Any:
    """A packed number of one entry."""
    grain, narrow = field.grain, _alone(field)
    if narrow:
        found = builder.load(_inside_word(builder, value, field.word, field.low, narrow))
        steps = builder.sext(found, _WORD) if grain.signed else builder.zext(found, _WORD)
    else:
        steps = _isolate(builder, builder.load(_word(builder, value, field.word, _WORD)), field.low, grain)
    if grain.counts:
        return builder.trunc(steps, ir.IntType(8))
    return builder.fmul(builder.sitofp(steps, ir.FloatType()), _same(ir.FloatType(), grain.step))


def _pack_one(builder: Any, value: Any, field: Field, number: Any) -> None:
    """Set a packed number of one entry."""
    if field.grain.counts:
        steps, most = builder.zext(number, _WORD), _WORD(field.grain.most)
        steps = builder.select(builder.icmp_unsigned(">", steps, most), most, steps)
    else:
        steps = _steps_of(builder, number, field.grain)
    narrow = _alone(field)
    if narrow:
        builder.store(builder.trunc(steps, narrow), _inside_word(builder, value, field.word, field.low, narrow))
        return
    place = _word(builder, value, field.word, _WORD)
    builder.store(_put_in(builder, builder.load(place), steps, field), place)


def _steps_in(builder: Any, kind: Across, entries: Any, field: Field) -> Any:
    """Whole steps of a field of eight entries."""
    return _isolate(builder, _read(builder, kind, entries, field.word, WORDS), field.low, field.grain)


def _unpack_lanes(builder: Any, kind: Across, entries: Any, field: Field) -> Any:
    """A packed number of eight entries."""
    numbers = builder.sitofp(_steps_in(builder, kind, entries, field), NUMBERS)
    return numbers if field.grain.counts else builder.fmul(numbers, _same(NUMBERS, field.grain.step))


def _pack_lanes(context: Any, builder: Any, kind: Across, entries: Any, attr: str, value: Any, given: Any) -> None:
    """Set a packed number of eight entries, or, in steps, all numbers of a word."""
    if field := kind.packed(attr):
        number = field.word
        steps = _steps_of(builder, as_lanes(context, builder, value, given), field.grain)
        words = _put_in(builder, _read(builder, kind, entries, number, WORDS), steps, field)
    else:
        words = _same(WORDS, 0)
        for one, member, sort in zip(cgutils.unpack_tuple(builder, value), kind.fields_of(attr), given, strict=True):
            number = member.word
            words = _put_in(builder, words, _nearest(builder, as_lanes(context, builder, one, sort)), member)
    _write(builder, kind, entries, words, number)


row_of = cast(Callable[[Any, Any], Any], _row_of)
"""Row of a turned table."""
whole_row = cast(Callable[[Any, Any], Any], _whole_row)
"""Row of a turned table whose entries are a whole multiple of eight, so that no care is needed at its end."""
across = cast(Callable[[Any, Any], Any], _across)
"""Eight entries of a row from one on, of which those beyond its end read as 0 and are not written."""
in_row = cast(Callable[[Any], Any], _in_row)
"""Which of eight entries there are: no in the lanes beyond the end of the row."""
