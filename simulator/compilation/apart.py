"""Kernels that stand apart: compiled and kept by themselves, and called by their address.

What one kernel calls otherwise becomes part of it, so that all of a day's work would be turned into machine code in one
piece, by one processor. A kernel that stands apart can be compiled by a copy of the process at the same time.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, attr-defined, misc, no-any-return"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba.core import cgutils, types
from numba.extending import intrinsic

from simulator.compilation.parts import NO_WAY_IN, Kernel, plain_kind


class Apart(Kernel):
    """A kernel that other kernels call by its address; it returns an int64 and is not called from Python."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function, {**options, **NO_WAY_IN})

    def add_overload(self, cres: Any) -> None:
        """Keep the code; there is no way in from Python."""
        self.overloads[tuple(cres.signature.args)] = cres

    def compile(self, sig: Any) -> Any:
        """Compile for a tuple of types, or load what was compiled before."""
        if sig not in self.overloads:
            super().compile(sig)
        return self.overloads[sig]

    def address(self, kinds: tuple[Any, ...]) -> int:
        """Where the code for arguments of some types is in memory, compiling it where it has not been."""
        found = self.compile(kinds)
        return int(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))


@intrinsic
def _call_at(typingctx: Any, address: Any, arguments: Any) -> Any:
    """Typed half of `call_at`."""
    if not isinstance(arguments, types.BaseTuple):
        return None
    given = tuple(cast(Any, arguments))
    kinds = tuple(plain_kind(kind) for kind in given)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [
            context.cast(builder, value, was, kind)
            for value, was, kind in zip(cgutils.unpack_tuple(builder, args[1]), given, kinds, strict=True)
        ]
        call = context.call_conv
        code = builder.inttoptr(args[0], call.get_function_type(types.int64, kinds).as_pointer())
        status, result = call.call_function(builder, code, types.int64, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            call.return_status_propagate(builder, status)
        return result

    return types.int64(types.intp, arguments), generate


call_at = cast(Callable[[int, tuple[Any, ...]], int], _call_at)
"""Call the kernel at an address with a tuple of arguments, whose types must be those it was compiled for."""
