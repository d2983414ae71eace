"""Exit codes, and which of them an error deserves.

An error of the input names what is wrong and how to mend it, so its message stands alone. Anything else is a fault of
ours: it says so, and ``--debug`` shows where.
"""

from __future__ import annotations

import sys
import traceback
from typing import Final

FINE: Final = 0
OUR_FAULT: Final = 1
WRONG_INPUT: Final = 2
BREACHED: Final = 3
CANNOT_TELL: Final = 4
INTERRUPTED: Final = 130

_INPUT_ERRORS: Final = (
    ("simulator.scenario", "ScenarioError"),
    ("simulator.world.errors", "WorldError"),
    ("simulator.results", "RunFolderError"),
)
"""Errors that the user can mend, by module and name: looked up only where the module is loaded already."""


def input_errors() -> tuple[type[BaseException], ...]:
    """The classes of errors that are the input's fault and can have been raised so far."""
    found: list[type[BaseException]] = []
    for module, name in _INPUT_ERRORS:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            found.append(kind)
    return tuple(found)


def explain(error: Exception, *, debug: bool) -> int:
    """Print what went wrong to standard error and return the exit code."""
    if debug:
        traceback.print_exception(error)
    # Replicates that failed are reported together; what the first of them met says whose fault it was.
    met = error.__cause__ if type(error).__name__ == "ReplicatesFailed" else error
    if isinstance(met, input_errors()):
        print(f"error: {met}", file=sys.stderr)
        return WRONG_INPUT
    if isinstance(error, OSError):
        print(f"error: {_of_the_system(error)}", file=sys.stderr)
        return WRONG_INPUT
    print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
    print("This is a fault of ours, not of your input.", file=sys.stderr)
    if not debug:
        print("Add --debug to see where it happened, and please report it with that output.", file=sys.stderr)
    return OUR_FAULT


def _of_the_system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    return f"{place}{reason}. Choose a place that exists, can be written and has room (for runs: --out FOLDER)."
