"""What is wrong with a file, where, why and how to mend it.

A wrong file is read to its end before anything is said: every problem carries the place of the key or value that
caused it, so that one look at the message is enough to mend the whole file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TEXT_WIDTH = 120
"""Longest piece of a source line that a message repeats."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file (or ``--set path=…``), a line and a column counted from one; line 0 is no line."""

    file: str
    line: int = 0
    column: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its place, the offending text, the reason and the mend."""

    file: str
    line: int
    column: int
    text: str
    reason: str
    mend: str = ""

    @classmethod
    def at(cls, place: Place, reason: str, mend: str = "") -> Problem:
        """Return the problem of something that stands at ``place``."""
        return cls(place.file, place.line, place.column, place.text, reason, mend)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{where}: {self.reason}"]
        if self.text:
            lines.append(f"    {shorten(self.text)}")
        if self.mend:
            lines.append(f"    {self.mend}")
        return "\n".join(lines)


class ScenarioError(ValueError):
    """The input is wrong. ``problems`` holds everything that was found; the message prints all of it.

    Examples
    --------
    >>> print(ScenarioError([Problem("a.yaml", 3, 5, "sart: week 3", 'unknown key "sart"', 'did you mean "start"?')]))
    a.yaml:3:5: unknown key "sart"
        sart: week 3
        did you mean "start"?
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def shorten(text: str) -> str:
    """Return the text on one line, cut to a width that a terminal shows, without control characters."""
    line = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    return line if len(line) <= TEXT_WIDTH else line[: TEXT_WIDTH - 1] + "…"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return the mend for an unknown word: the nearest known one, or the list of all of them.

    Examples
    --------
    >>> did_you_mean("Sunfeild", ["Sunfield", "Groveland"])
    'did you mean "Sunfield"?'
    >>> did_you_mean("x", ["north", "south"])
    'known here: north, south'
    """
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    if near:
        return f'did you mean "{by_lower[near[0]]}"?'
    if not known:
        return "there are none in this market"
    return f"known here: {', '.join(known)}"
