"""Let a copy of this process compile one kernel, while this one compiles another.

Only a first run needs it, and only where there is a second processor and a place to keep what was compiled. Whatever
goes wrong in the copy, the kernel is compiled here in its turn.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator

from simulator.compilation.cache import cache_folder

PATIENCE = 60.0
"""Seconds after which the copy is given up, from when there is nothing left to do but wait."""
_GLANCE = 0.01


def has_a_second_processor() -> bool:
    """Whether a copy could run at the same time as this process; on Linux only, where copying a process is safe."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


@contextlib.contextmanager
def compiled_beside(work: Callable[[], object]) -> Iterator[bool]:
    """Let a copy of this process do some ``work``, which is to compile a kernel and keep it; at the end wait for it.

    Yields
    ------
    bool
        Whether a copy is at work.
    """
    copy = _copy() if has_a_second_processor() and cache_folder() is not None else None
    if copy == 0:
        _work_as_copy(work)
    try:
        yield copy is not None
        if copy is not None and _has_ended(copy, PATIENCE):
            copy = None
    finally:
        if copy is not None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(copy, signal.SIGKILL)
                os.waitpid(copy, 0)


def _copy() -> int | None:
    """Copy this process; return the copy's number, 0 in the copy, and None where there can be no copy."""
    try:
        with warnings.catch_warnings():
            # of other threads: should one of them be compiling, the copy waits for ever and is given up
            warnings.simplefilter("ignore", DeprecationWarning)
            return os.fork()
    except OSError:
        return None


def _work_as_copy(work: Callable[[], object]) -> None:
    """Do the work and vanish without tidying up what belongs to the other process."""
    try:
        work()
    except BaseException:  # whatever it is, the other process does the work itself
        os._exit(1)
    os._exit(0)


def _has_ended(copy: int, patience: float) -> bool:
    """Wait until the copy has ended, but not for ever."""
    end = time.monotonic() + patience
    with contextlib.suppress(ChildProcessError):  # somebody else has taken note of its end
        while os.waitpid(copy, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                return False
            time.sleep(_GLANCE)
    return True
