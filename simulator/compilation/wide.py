"""Wide words: many words of 64 bits that kernels add, multiply and shift as one.

More than a processor takes at a time, so that while one part waits for its product the next is under way: random words
are a long chain of products, and a chain at a time leaves most of the processor idle. Each lane is the same to the bit
as the scalar would be.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, override, attr-defined, misc"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import binding, ir
from numba.core import types
from numba.extending import intrinsic

from simulator.compilation.vectors import Vector, as_vector, define, held_as, takes_plain

WIDE = 32 if binding.get_host_cpu_features().get("avx512dq", False) else 8
"""Words that are worked on at once. Drawing takes six vectors of them, which should find room in the registers."""
_WORDS = ir.VectorType(ir.IntType(64), WIDE)


@held_as(_WORDS)
class _Wide(Vector):
    """Words of 64 bits, `WIDE` of them."""

    shape, one, plain = _WORDS, types.uint64, types.Integer


wide_type = _Wide("wide")
takes_plain(_Wide)

for _symbol, _name in (
    (operator.add, "add"),
    (operator.mul, "mul"),
    (operator.xor, "xor"),
    (operator.or_, "or_"),
    (operator.and_, "and_"),
    (operator.rshift, "lshr"),
):
    define(_symbol, _Wide, wide_type, lambda builder, a, b, name=_name: getattr(builder, name)(a, b))


def _start(context: Any, builder: Any, table: Any, value: Any, place: Any, kind: Any) -> tuple[Any, Any]:
    """Where in a column (N,) the lanes begin, and the alignment of its numbers."""
    array = context.make_array(table)(context, builder, value)
    first = context.cast(builder, place, kind, types.int64)
    return builder.gep(array.data, [first], inbounds=True), table.dtype.bitwidth // 8


@intrinsic
def _wide_at(typingctx: Any, column: Any, first: Any) -> Any:
    """Typed half of `wide_at`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start, size = _start(context, builder, column, args[0], args[1], first)
        row = ir.VectorType(ir.IntType(8 * size), WIDE)
        words = builder.load(builder.bitcast(start, row.as_pointer()), align=size)
        return builder.zext(words, _WORDS) if size < 8 else words

    return wide_type(column, first), generate


@intrinsic
def _put_wide(typingctx: Any, column: Any, first: Any, words: Any) -> Any:
    """Typed half of `put_wide`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start, size = _start(context, builder, column, args[0], args[1], first)
        row = ir.VectorType(ir.IntType(8 * size), WIDE)
        words = builder.trunc(args[2], row) if size < 8 else args[2]
        builder.store(words, builder.bitcast(start, row.as_pointer()), align=size)
        return context.get_dummy_value()

    return types.void(column, first, words), generate


@intrinsic
def _wide_of(typingctx: Any, number: Any) -> Any:
    """Typed half of `wide_of`."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return as_vector(context, builder, args[0], number, _Wide)

    return wide_type(number), generate


wide_at = cast(Callable[[Any, int], Any], _wide_at)
"""The words of a column (N,) of integers from a place on; those of 32 bits as they are, without a sign."""
put_wide = cast(Callable[[Any, int, Any], None], _put_wide)
"""Write the lower bits of wide words into a column (N,) of integers from a place on."""
wide_of = cast(Callable[[Any], Any], _wide_of)
"""Wide words of one number again and again."""
