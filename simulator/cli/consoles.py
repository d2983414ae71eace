"""Where output goes: answers to standard output, everything else to standard error, and no control codes in files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[int, int, str], None]
"""Called with what is done, how much there is in all, and what is being done."""

PIPE_WIDTH = 120
"""Columns of a table that goes to a file or a pipe, where there is no window to measure."""


def _plain() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def stdout() -> Console:
    """The console for answers."""
    return _console(stderr=False)


def stderr() -> Console:
    """The console for progress and messages."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(stderr=stderr, no_color=_plain(), highlight=False, width=width, markup=False, emoji=False)


def may_animate(quiet: bool) -> bool:
    """Whether a live progress bar may be drawn: it writes cursor codes even where colours are off."""
    return sys.stderr.isatty() and not (quiet or _plain() or os.environ.get("CI"))


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Progress]:
    """Show progress with the time left on standard error; plain lines, or nothing, where a bar is not welcome."""
    if not may_animate(quiet):
        yield _silent if quiet else _lines(title)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(done: int, total: int, message: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {message}" if message else title)

        yield step


def _silent(done: int, total: int, message: str) -> None:
    """Say nothing."""


def _lines(title: str) -> Progress:
    """A line at each quarter of the way, for logs; the time left is reckoned from the start of what is going on."""
    import time

    started, begun = time.monotonic(), 0
    said: set[int | str] = set()

    def step(done: int, total: int, message: str) -> None:
        nonlocal started, begun
        if message not in said:
            started, begun = time.monotonic(), done
        quarter = 4 * done // total if total else 0
        if {quarter, message} <= said:
            return
        word = f", {message}" if message and message not in said else ""
        said.update((quarter, message))
        spent = time.monotonic() - started
        left = f", about {spent * (total - done) / (done - begun):.0f} s left" if begun < done < total else ""
        print(f"{title}: {done} of {total}{left}{word}", file=sys.stderr, flush=True)

    return step
