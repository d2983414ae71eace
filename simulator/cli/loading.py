"""Loading what a command needs, before it is needed."""

from __future__ import annotations

import atexit
import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Import inside without looking for circular garbage, which takes a fifth of the time and finds next to nothing.

    Nor is it looked for later in what was imported: that stays until the process ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # else libraries complain of what is left at the end
        if was_on:
            gc.enable()
