"""How kernels are compiled: the decorators, and `prefetch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from simulator.compilation.cache import cache_folder, is_warm, mark_warm, source_hash, sources
from simulator.compilation.parts import Part

__all__ = [
    "allocating_kernel",
    "cache_folder",
    "inlined",
    "is_warm",
    "kernel",
    "mark_warm",
    "prefetch",
    "source_hash",
    "sources",
    "typed_kernel",
]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False, "boundscheck": False}
# Without reference counts (Numba's _nrt) a kernel cannot allocate, and need not pay for counting either: rows of tables
# are passed around some fifty times per purchase, and counting them was nine tenths of its cost.
_NO_COUNTING: dict[str, Any] = {**_OPTIONS, "_nrt": False}


def allocating_kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates arrays of its own: no Python objects, no lock, IEEE sums."""
    compiled: F = numba.njit(cache=cache_folder() is not None, **_OPTIONS)(function)
    return compiled


def kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates nothing: no Python objects, no lock, IEEE sums."""
    return cast(F, Part(function, _NO_COUNTING))


def typed_kernel(signature: str) -> Callable[[F], F]:
    """Compile for one signature only: constants in a call would otherwise make a new version each."""

    def compile_it(function: F) -> F:
        return cast(F, Part(function, _NO_COUNTING, signature))

    return compile_it


def inlined(function: F) -> F:
    """Compile a helper into the body of every kernel that calls it, so that passing it whole tables costs nothing."""
    return cast(F, Part(function, {**_NO_COUNTING, "forceinline": True}))


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
