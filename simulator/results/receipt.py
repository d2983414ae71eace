"""The receipt: what made a result, and a hash of every file, so that it can be checked and repeated later."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import simulator
from simulator.parameters import table
from simulator.results.files import RunFolderError, guarded, sha256, write_text

SCHEMA = "brandsim-receipt/1"
NAME = "receipt.json"

_PACKAGES = ("numpy", "numba", "mesa", "scipy", "pandas", "duckdb", "matplotlib", "pydantic")

_MAKES_OUTCOMES = ("scenario", "parameters", "world", "model", "experiment", "randomness")
"""Rooms whose code decides what a replicate is; results and reports only read it."""


@dataclass(frozen=True)
class Verification:
    """What checking a run folder against its receipt found; sound when ``problems`` is empty."""

    files: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every file is there and unchanged."""
        return not self.problems


def version() -> str:
    """Version of the installed distribution."""
    try:
        return metadata.version("brandsim")
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def parameters_hash() -> str:
    """SHA-256 of the parameter table: every row, every field."""
    rows = [parameter.as_dict() for parameter in table().values()]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8")).hexdigest()


@cache
def code_hash(*, outcomes_only: bool = False) -> str:
    """SHA-256 of the installed source.

    Parameters
    ----------
    outcomes_only : bool
        Only the code that decides what a replicate is, so that a better report does not make replicates stale.
    """
    root = Path(simulator.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if outcomes_only and relative.parts[0] not in _MAKES_OUTCOMES:
            continue
        digest.update(relative.as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write_receipt(folder: Path, files: Iterable[str], content: dict[str, Any]) -> None:
    """Write the receipt, the last file of a run: its presence says that the folder is whole."""
    with guarded(folder, "reading back the files for the receipt"):
        hashes = {name: sha256(folder / name) for name in sorted(files)}
    receipt = {
        "schema": SCHEMA,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **content,
        "code": code_hash(),
        "versions": {"brandsim": version(), "python": platform.python_version(), **_versions()},
        "platform": platform.platform(),
        "files": hashes,
    }
    write_text(folder / NAME, json.dumps(receipt, indent=2, ensure_ascii=False) + "\n")


def read_receipt(folder: Path) -> dict[str, Any]:
    """The receipt of a finished run."""
    path = folder / NAME
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA or not isinstance(content["files"], dict):
            raise ValueError("of another kind")
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder}: there is no {NAME}, so this is not a finished run; "
            f"run the scenario again with --resume to finish it, or check the path"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(
            f"{path}: the receipt cannot be read ({error}); run the scenario again with --resume to write it anew"
        ) from error
    return content


def verify(folder: str | Path) -> Verification:
    """Check every file of a run folder against the hashes of its receipt.

    Raises
    ------
    RunFolderError
        There is no receipt, or it cannot be read.
    """
    root = Path(folder)
    hashes = read_receipt(root)["files"]
    problems = []
    for name, expected in hashes.items():
        path = root / name
        if not path.is_file():
            problems.append(f"{name}: missing")
            continue
        with guarded(path, "reading"):
            if sha256(path) != expected:
                problems.append(f"{name}: changed since the run finished")
    return Verification(len(hashes), tuple(problems))


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
