"""Let copies of this process compile kernels, each a part of them at the same time.

Only a first run needs it, and only where there is a second processor and a place to keep what was compiled. Whatever
goes wrong in a copy, its kernels are compiled here in their turn. What the compiler leaves behind, some hundred
megabytes, vanishes with the copies.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from simulator.compilation.cache import cache_folder

PATIENCE = 10.0
"""Seconds without any work after which a copy is given up: it waits for what will never come."""
_GLANCE = 0.01
_SPENT = slice(11, 13)
"""Where the time spent is in a line of ``/proc``, counted from behind the program's name: as a user, as the system."""


def has_a_second_processor() -> bool:
    """Whether copies could run at the same time; on Linux only, where copying a process is safe."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def compile_in_copies(*works: Callable[[], object]) -> int:
    """Let a copy of this process do each of some ``works``, which are to compile kernels and keep them, and wait.

    Returns
    -------
    int
        How many copies have done their work.
    """
    if not has_a_second_processor() or cache_folder() is None:
        return 0
    copies: list[int] = []
    done = 0
    try:
        for work in works:
            copy = _copy()
            if copy == 0:
                _work_as_copy(work)
            elif copy is not None:
                copies.append(copy)
        while copies:
            ended = _has_ended(copies[0])
            if ended is None:
                break
            copies.pop(0)
            done += ended
    finally:
        for copy in copies:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(copy, signal.SIGKILL)
                os.waitpid(copy, 0)
    return done


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


def _has_ended(copy: int) -> bool | None:
    """Wait until a copy has ended; return whether all was well with it, None where it is given up."""
    spent, since = _spent(copy), time.monotonic()
    try:
        while (end := os.waitpid(copy, os.WNOHANG)) == (0, 0):
            if (now := _spent(copy)) != spent:
                spent, since = now, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                return None
            time.sleep(_GLANCE)
    except ChildProcessError:  # somebody else has taken note of its end
        return True
    return end[1] == 0


def _spent(copy: int) -> list[str]:
    """Processor time that a copy has spent, in whatever unit."""
    try:
        return Path(f"/proc/{copy}/stat").read_text().rpartition(")")[2].split()[_SPENT]
    except OSError:
        return []
