"""Less of what makes Numba's front end slow, while kernels are being compiled.

Two thirds of a first compilation are Python: types are found for thousands of operations, each by trying dozens of
templates, and the collector of circular garbage walks over all that is being built.
"""
# mypy: disable-error-code="no-untyped-call, method-assign"

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator
from typing import Any

from numba.core.targetconfig import ConfigStack
from numba.core.types.functions import BaseFunction

_door = threading.Lock()
_found: dict[Any, Any] = {}
_inside = 0
_collecting = False
_look_up = BaseFunction.get_call_type


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


@contextlib.contextmanager
def haste() -> Iterator[None]:
    """Compile quickly inside; may be entered again inside, and by several threads."""
    global _inside, _collecting
    with _door:
        if _inside == 0:
            _collecting = gc.isenabled()
            gc.disable()
            BaseFunction.get_call_type = _remembering
        _inside += 1
    try:
        yield
    finally:
        with _door:
            _inside -= 1
            if _inside == 0:
                BaseFunction.get_call_type = _look_up
                _found.clear()
                if _collecting:
                    gc.enable()
