"""The scenario and market files that come with the package, found wherever it is installed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

_PACKAGES = {"scenario": "simulator.scenarios", "market": "simulator.scenarios.markets"}
HEADER = "# yaml-language-server:"


def shipped_files(kind: str) -> dict[str, Path]:
    """Return the shipped files of a kind (``scenario`` or ``market``) by name."""
    folder = resources.files(_PACKAGES[kind])
    return {
        entry.name.removesuffix(".yaml"): Path(str(entry))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }


def describe(path: Path) -> str:
    """Return the first line of a file's opening comment."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") and not line.startswith(HEADER):
                return line.lstrip("#").strip()
            if line.strip() and not line.startswith("#"):
                break
    return ""


def shipped(kind: str = "scenario") -> dict[str, str]:
    """Return the shipped scenarios (or markets) by name, each with the one line that says what it shows.

    Examples
    --------
    >>> "orange_carton" in shipped(), "orange-juice" in shipped("market")
    (True, True)
    """
    return {name: describe(path) for name, path in shipped_files(kind).items()}
