"""Let copies of this process compile kernels, each a part of them at the same time.

Only a first run needs it, and only where there is a second processor and a place to keep what was compiled. Whatever
goes wrong in a copy, its kernels are compiled here in their turn. What the compiler leaves behind, some hundred
megabytes, vanishes with the copies.
"""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from numba.core.compiler_lock import global_compiler_lock

from simulator.compilation.cache import cache_folder

PATIENCE = 10.0
"""Seconds without any work after which a copy is given up: it waits for what will never come."""
_GLANCE = 0.01
_SPENT = slice(11, 13)
"""Where the time spent is in a line of ``/proc``, counted from behind the program's name: as a user, as the system."""
_DIE_WITH_PARENT = 1
"""The number that Linux has for it, ``PR_SET_PDEATHSIG``."""


def has_a_second_processor() -> bool:
    """Whether copies could run at the same time; on Linux only, where copying a process is safe."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def compile_in_copies(*works: Callable[[], object]) -> None:
    """Let a copy of this process do each of some ``works``, which are to compile kernels and keep them, and wait."""
    if not has_a_second_processor() or cache_folder() is None or not _spent(os.getpid()):
        return
    copies: list[int] = []
    try:
        for work in works:
            with _undisturbed():  # until it is known which copies there are
                copy = _copy()
                if copy == 0:
                    _work_as_copy(work)
                elif copy is not None:
                    copies.append(copy)
        while copies:
            if not _has_ended(copies[0]):
                _end(copies[0])
            copies.pop(0)
    finally:
        for copy in copies:
            _end(copy)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off a user's interruption until the end of the block; it only ever meets the main thread."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def _copy() -> int | None:
    """Copy this process; return the copy's number, 0 in the copy, and None where there can be no copy."""
    try:
        # while no other thread compiles: a copy would wait for it for ever
        with warnings.catch_warnings(), global_compiler_lock:
            warnings.simplefilter("ignore", DeprecationWarning)  # of other threads
            return os.fork()
    except OSError:
        return None


def _work_as_copy(work: Callable[[], object]) -> None:
    """Do the work and vanish without tidying up what belongs to the other process."""
    try:
        # who is interrupted is the other process, which ends its copies; and they end if it is ended
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the thread that was copied is the copy's main thread
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        work()
    except BaseException:  # whatever it is, the other process does the work itself
        os._exit(1)
    os._exit(0)


def _has_ended(copy: int) -> bool:
    """Wait until a copy has ended; False if it has not done anything for so long that it is given up."""
    spent, since = _spent(copy), time.monotonic()
    with contextlib.suppress(ChildProcessError):  # somebody else has taken note of its end
        while os.waitpid(copy, os.WNOHANG) == (0, 0):
            if (now := _spent(copy)) != spent:
                spent, since = now, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                return False
            time.sleep(_GLANCE)
    return True


def _end(copy: int) -> None:
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def _spent(copy: int) -> list[str]:
    """Processor time that a process has spent, in whatever unit; empty where that cannot be read."""
    try:
        return Path(f"/proc/{copy}/stat").read_text().rpartition(")")[2].split()[_SPENT]
    except OSError:
        return []
