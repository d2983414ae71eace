"""Less of what makes Numba's front end slow, while kernels are being compiled.

Half of a first compilation is Python. Types are found for thousands of operations, each by trying dozens of templates;
where variables live and die is worked out after every step, for generators and debuggers; to ask how large a type is, a
module is written and parsed; and the collector of circular garbage walks over all that is being built. Besides, where
the interpreter's stack of frames is full to the last place, every call asks the system for memory and every return
gives it back.
"""
# mypy: disable-error-code="no-untyped-call, method-assign"

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from numba.core import transforms
from numba.core.base import BaseContext
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.targetconfig import ConfigStack
from numba.core.types.functions import BaseFunction

T = TypeVar("T")

_ROOM = 1 << 17
"""Places on the stack of frames that `_with_room` is said to need: it takes memory in powers of two, so that as many
again are left to whatever is called."""
_door = threading.Lock()
_found: dict[Any, Any] = {}
_sizes: dict[str, int] = {}
_inside = 0
_collecting = False
_look_up, _measure, _process = BaseFunction.get_call_type, BaseContext.get_abi_sizeof, PostProcessor.run


def _remembering(self: Any, context: Any, args: Any, kws: Any) -> Any:
    """Find the signature of a call, once for the same function and types."""
    flags: Any = ConfigStack.top_or_none()
    # looking up also chooses what will be called, which hangs on the caller's options: so not if these have changed
    options = None if flags is None else (flags.nrt, flags.forceinline)
    key = (id(self), args, tuple(kws.items()))
    found = _found.get(key)
    if found is None or found[1] != options:
        found = (self, options, _look_up(self, context, args, kws))  # itself, so that no other gets its number
        _found[key] = found
    return found[2]


def _measuring_once(self: Any, ty: Any) -> int:
    """Find the bytes that a type takes, once for the same type."""
    name = str(ty)
    size = _sizes.get(name)
    if size is None:
        size = _sizes[name] = _measure(self, ty)
    return size


def _processing_on_demand(self: Any, emit_dels: bool = False, extend_lifetimes: bool = False) -> None:
    """Put a function's blocks in order, and leave where variables live and die to whoever asks."""
    if emit_dels or self.func_ir.is_generator:
        _process(self, emit_dels, extend_lifetimes)
        return
    self.func_ir.blocks = transforms.canonicalize_cfg(self.func_ir.blocks)
    self.func_ir.variable_lifetime = VariableLifetime(self.func_ir.blocks)
    self.func_ir.generator_info = None


def _with_room(work: Callable[[], T]) -> T:
    return work()


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=_ROOM)


def in_haste(work: Callable[[], T]) -> T:
    """Do some ``work`` in which kernels are compiled; it may do so again itself, and several threads may."""
    with _hasty():
        return _with_room(work)


@contextlib.contextmanager
def _hasty() -> Iterator[None]:
    """Spare the compiler the repeated, the unused and the circular."""
    global _inside, _collecting
    with _door:
        if _inside == 0:
            _collecting = gc.isenabled()
            gc.disable()
            BaseFunction.get_call_type = _remembering
            BaseContext.get_abi_sizeof = _measuring_once
            PostProcessor.run = _processing_on_demand
        _inside += 1
    try:
        yield
    finally:
        with _door:
            _inside -= 1
            if _inside == 0:
                BaseFunction.get_call_type = _look_up
                BaseContext.get_abi_sizeof = _measure
                PostProcessor.run = _process
                _found.clear()
                _sizes.clear()
                if _collecting:
                    gc.enable()
