"""How kernels are compiled: the decorators, and `prefetch`."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from simulator.compilation.apart import Apart, call_at
from simulator.compilation.cache import cache_folder, is_warm, mark_warm, source_hash, sources
from simulator.compilation.lanes import LANES, bits_of, lane_is, lanes_at, largest, pick
from simulator.compilation.packed import Packing, Unpacked, count, share, within
from simulator.compilation.parts import Kernel, Part
from simulator.compilation.tables import hold
from simulator.compilation.turned import WORD, across, in_row, row_of, turned_view, whole_row
from simulator.compilation.vectors import repeat
from simulator.compilation.wide import WIDE, put_wide, wide_at, wide_of

__all__ = [
    "COUNTED",
    "LANES",
    "LOOKED_AT",
    "WIDE",
    "WORD",
    "Packing",
    "Unpacked",
    "across",
    "allocating_kernel",
    "apart",
    "arrive",
    "bits_of",
    "cache_folder",
    "call_at",
    "count",
    "count_below",
    "count_bits",
    "due_among",
    "give_way",
    "hold",
    "in_row",
    "inlined",
    "is_warm",
    "kernel",
    "lane_is",
    "lanes_at",
    "largest",
    "lowest_bit",
    "mark_warm",
    "peek",
    "pick",
    "prefetch",
    "put_wide",
    "row_of",
    "share",
    "source_hash",
    "sources",
    "ticks",
    "turned_view",
    "typed_kernel",
    "whole_row",
    "wide_at",
    "wide_of",
    "within",
]

_COUNTS_CYCLES = platform.machine().lower() in ("x86_64", "amd64")

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False, "boundscheck": False}
# Without reference counts (Numba's _nrt) a kernel cannot allocate, and need not pay for counting either: rows of tables
# are passed around some fifty times per purchase, and counting them was nine tenths of its cost.
_NO_COUNTING: dict[str, Any] = {**_OPTIONS, "_nrt": False}


def allocating_kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates arrays of its own: no Python objects, no lock, IEEE sums."""
    return cast(F, Kernel(function, _OPTIONS))


def kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates nothing: no Python objects, no lock, IEEE sums.

    Where other kernels call it, it stays a function of its own; what is to be copied into them is `inlined`.
    """
    return cast(F, Part(function, _NO_COUNTING))


def apart(function: Callable[..., Any]) -> Apart:
    """Compile a kernel that stands apart: for its size, it is worth the time of a processor of its own."""
    return Apart(function, _NO_COUNTING)


def typed_kernel(signature: str, *, apart: bool = False) -> Callable[[F], F]:
    """Compile for one signature only: constants in a call would otherwise make a new version each.

    It becomes part of the body of every caller, unless it is to stand ``apart``: then the code is there once.
    """

    def compile_it(function: F) -> F:
        return cast(F, Part(function, {**_NO_COUNTING, "forceinline": not apart}, signature))

    return compile_it


def inlined(function: F) -> F:
    """Compile a helper into the body of every kernel that calls it, so that passing it whole tables costs nothing."""
    return cast(F, Part(function, {**_NO_COUNTING, "forceinline": True}))


@intrinsic
def _ticks(typingctx: Any) -> Any:
    """Typed half of `ticks`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        if not _COUNTS_CYCLES:
            return word(0)
        kind = ir.FunctionType(word, [])
        function = builder.module.globals.get("llvm.readcyclecounter")
        if function is None:
            function = ir.Function(builder.module, kind, name="llvm.readcyclecounter")
        return builder.call(function, [])

    return types.int64(), generate


ticks = cast(Callable[[], int], _ticks)
"""The processor's clock, for the share of time that a phase takes; 0 on processors where programs may not read it."""


@intrinsic
def _arrive(typingctx: Any, address: Any) -> Any:
    """Typed half of `arrive`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", pointer, ir.IntType(64)(1), "seq_cst")

    return types.int64(types.intp), generate


@intrinsic
def _peek(typingctx: Any, address: Any) -> Any:
    """Typed half of `peek`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.intp), generate


@intrinsic
def _give_way(typingctx: Any) -> Any:
    """Typed half of `give_way`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if os.name == "posix":
            function = builder.module.globals.get("sched_yield")
            if function is None:
                function = ir.Function(builder.module, ir.FunctionType(ir.IntType(32), []), name="sched_yield")
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


give_way = cast(Callable[[], None], _give_way)
"""Let another thread have the processor, where the system knows how."""
arrive = cast(Callable[[int], int], _arrive)
"""Add 1 to the number at an address that threads share, and return what it was."""
peek = cast(Callable[[int], int], _peek)
"""Read a number at an address that another thread may be changing."""


LOOKED_AT = 64
"""Numbers that `due_among` compares at once."""


@intrinsic
def _due_among(typingctx: Any, address: Any, day: Any) -> Any:
    """Typed half of `due_among`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = ir.VectorType(ir.IntType(16), LOOKED_AT)
        numbers = builder.load(builder.inttoptr(args[0], row.as_pointer()), align=2)
        limit = repeat(builder, builder.trunc(args[1], ir.IntType(16)), row)
        return builder.bitcast(builder.icmp_signed("<=", numbers, limit), ir.IntType(LOOKED_AT))

    return types.uint64(types.intp, types.int64), generate


@intrinsic
def _count_bits(typingctx: Any, bits: Any) -> Any:
    """Typed half of `count_bits`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), generate


@intrinsic
def _lowest_bit(typingctx: Any, bits: Any) -> Any:
    """Typed half of `lowest_bit`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(0)), ir.IntType(64))

    return types.int64(types.uint64), generate


due_among = cast(Callable[[int, int], Any], _due_among)
"""Which of the 64 int16 at an address are at most a number: a bit each, the first in the lowest place."""
lowest_bit = cast(Callable[[Any], int], _lowest_bit)
"""Place of the lowest bit that is set in a uint64, 64 where none is."""
count_bits = cast(Callable[[Any], int], _count_bits)
"""How many bits are set in a uint64."""


@intrinsic
def _count_below(typingctx: Any, address: Any, limit: Any) -> Any:
    """Typed half of `count_below`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = ir.VectorType(ir.IntType(64), COUNTED)
        numbers = builder.load(builder.inttoptr(args[0], row.as_pointer()), align=8)
        limit = repeat(builder, args[1], row)
        found = builder.bitcast(builder.icmp_unsigned("<", numbers, limit), ir.IntType(COUNTED))
        return builder.zext(builder.ctpop(found), ir.IntType(64))

    return types.int64(types.intp, types.uint64), generate


COUNTED = 8
"""Numbers that `count_below` compares at once."""
count_below = cast(Callable[[int, Any], int], _count_below)
"""How many of the 8 uint64 at an address are below a number."""


@intrinsic
def _fetch(typingctx: Any, address: Any) -> Any:
    """Typed half of `prefetch`: the signature and how to write the instruction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
        function = builder.module.globals.get("llvm.prefetch.p0")
        if function is None:
            function = ir.Function(builder.module, kind, name="llvm.prefetch.p0")
        # for reading and writing, to be kept in every cache, data rather than code
        builder.call(function, [pointer, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.intp), generate


prefetch = cast(Callable[[int], None], _fetch)
"""Ask for the cache line at an address (``array.ctypes.data`` and an offset) before it is needed; a hint only."""
