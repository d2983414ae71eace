"""Lanes: eight numbers of 32 bits that kernels add, compare and choose from as one.

They become vector instructions whatever the compiler makes of loops, and are the same to the bit on every machine:
each lane is an IEEE operation of its own.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, override, attr-defined, misc"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from simulator.compilation.vectors import Vector, as_vector, define, held_as, repeat, takes_plain

LANES = 8
"""Numbers that are worked on at once."""
INDEX = ir.IntType(64)
WORDS = ir.VectorType(ir.IntType(32), LANES)
NUMBERS = ir.VectorType(ir.FloatType(), LANES)
BITS = ir.VectorType(ir.IntType(1), LANES)


@held_as(NUMBERS)
class _Lanes(Vector):
    """Eight numbers of 32 bits."""

    shape, one, plain = NUMBERS, types.float32, types.Number


@held_as(BITS)
class _Choice(types.Type):
    """Eight times yes or no."""


lanes_type = _Lanes("lanes")
choice_type = _Choice("choice")
takes_plain(_Lanes)


def as_lanes(context: Any, builder: Any, value: Any, kind: Any) -> Any:
    """A value as lanes: itself, or a number eight times."""
    return as_vector(context, builder, value, kind, _Lanes)


@intrinsic
def _lanes_at(typingctx: Any, table: Any, first: Any, column: Any) -> Any:
    """Typed half of `lanes_at`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(table)(context, builder, args[0])
        width = builder.extract_value(array.shape, 1)
        row, place = (context.cast(builder, args[k], sig.args[k], types.int64) for k in (1, 2))
        numbers = ir.Constant(NUMBERS, ir.Undefined)
        for lane in range(LANES):
            index = builder.add(builder.mul(builder.add(row, INDEX(lane)), width), place)
            one = builder.load(builder.gep(array.data, [index], inbounds=True))
            numbers = builder.insert_element(numbers, one, ir.IntType(32)(lane))
        return numbers

    return lanes_type(table, first, column), generate


for _plain, _in_place, _name in (
    (operator.add, operator.iadd, "fadd"),
    (operator.sub, operator.isub, "fsub"),
    (operator.mul, operator.imul, "fmul"),
    (operator.truediv, operator.itruediv, "fdiv"),
):
    for _symbol in (_plain, _in_place):
        define(_symbol, _Lanes, lanes_type, lambda builder, a, b, name=_name: getattr(builder, name)(a, b))
for _symbol, _name in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    define(_symbol, _Lanes, choice_type, lambda builder, a, b, name=_name: builder.fcmp_ordered(name, a, b))


@intrinsic
def _pick(typingctx: Any, choice: Any, a: Any, b: Any) -> Any:
    """Typed half of `pick`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = (as_lanes(context, builder, args[k], sig.args[k]) for k in (1, 2))
        return builder.select(args[0], x, y)

    return lanes_type(choice, a, b), generate


@intrinsic
def _lane_is(typingctx: Any, lane: Any) -> Any:
    """Typed half of `lane_is`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wanted = repeat(builder, context.cast(builder, args[0], lane, types.int32), WORDS)
        return builder.icmp_signed("==", wanted, ir.Constant(WORDS, list(range(LANES))))

    return choice_type(lane), generate


@intrinsic
def _largest(typingctx: Any, numbers: Any) -> Any:
    """Typed half of `largest`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        most = args[0]
        half = LANES // 2
        while half:
            order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [(k + half) % LANES for k in range(LANES)])
            other = builder.shuffle_vector(most, ir.Constant(NUMBERS, ir.Undefined), order)
            most = builder.select(builder.fcmp_ordered(">", most, other), most, other)
            half //= 2
        return builder.extract_element(most, ir.IntType(32)(0))

    return types.float32(numbers), generate


@intrinsic
def _bits_of(typingctx: Any, choice: Any) -> Any:
    """Typed half of `bits_of`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(64))

    return types.uint64(choice), generate


lanes_at = cast(Callable[[Any, Any, Any], Any], _lanes_at)
"""Eight numbers of a column of a table (rows, columns) of float32, from a row on."""
pick = cast(Callable[[Any, Any, Any], Any], _pick)
"""In each lane the first number where the choice is yes, the second where it is no."""
lane_is = cast(Callable[[int], Any], _lane_is)
"""Yes in the lane of a number from 0 to 7, no in all others, and in all lanes for any other number."""
largest = cast(Callable[[Any], Any], _largest)
"""The largest of the eight numbers."""
bits_of = cast(Callable[[Any], Any], _bits_of)
"""What a comparison of lanes found: a bit each, the first lane in the lowest place (uint64)."""
