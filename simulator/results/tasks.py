"""One finished replicate, one file: what survives when a run is killed, and what a result is rebuilt from.

A file that is cut short, altered or from another run counts as missing, so resuming simply makes it again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.experiment.outcome import METRICS, ArmRecord, ReplicateOutcome
from simulator.results.files import RunFolderError, guarded, write_bytes

SCHEMA = "brandsim-task/1"
LIGHTLY = 1
"""Level of compression."""

_ARM_WORDS = ("name", "first_week", "rolled_back", "reports", "gated")
_ARM_ARRAYS = tuple(f.name for f in fields(ArmRecord) if f.name not in _ARM_WORDS)
_ARRAYS = ("base", "segment", "weight")


class DamagedTaskError(Exception):
    """The file is not a whole, unaltered record of a replicate of this run."""


def save_outcome(outcome: ReplicateOutcome, path: Path, *, run: str = "") -> None:
    """Write one replicate to a compressed file in one step.

    Parameters
    ----------
    outcome : ReplicateOutcome
        The finished replicate.
    path : Path
        Where to write; the folder must exist.
    run : str
        Identity of the run it belongs to; a file of another run is not read back.
    """
    arrays: dict[str, NDArray[Any]] = {name: getattr(outcome, name) for name in _ARRAYS}
    for arm_name, arm in outcome.arms.items():
        arrays.update({f"{arm_name}.{name}": getattr(arm, name) for name in _ARM_ARRAYS})
    meta = {
        "schema": SCHEMA,
        "run": run,
        "metrics": len(METRICS),
        "replicate": outcome.replicate,
        "brands": list(outcome.brands),
        "focal": outcome.focal,
        "customers": outcome.customers,
        "buyers": outcome.buyers,
        "buyers_units": outcome.buyers_units,
        "segments": list(outcome.segments),
        "levels": [list(level) for level in outcome.levels],
        "parameters": dict(outcome.parameters),
        "arms": {
            name: {
                "name": arm.name,
                "first_week": arm.first_week,
                "rolled_back": dict(arm.rolled_back),
                "reports": dict(arm.reports),
                "gated": dict(arm.gated),
            }
            for name, arm in outcome.arms.items()
        },
    }
    text = json.dumps(meta, ensure_ascii=False).encode("utf-8")
    about = {
        "meta": np.frombuffer(text, dtype=np.uint8),
        "digest": np.frombuffer(_digest(text, arrays), dtype=np.uint8),
    }
    write_bytes(path, _packed({**about, **arrays}))


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return the content of an ``.npz``, compressed lightly: four times as fast as by default, for a third more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=LIGHTLY) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return buffer.getvalue()


def load_outcome(path: Path, *, run: str = "") -> ReplicateOutcome:
    """Read one replicate back.

    Raises
    ------
    DamagedTaskError
        The file is cut short, altered, of another version or of another run.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        text = content.pop("meta").tobytes()
        digest = content.pop("digest").tobytes()
        if digest != _digest(text, content):
            raise DamagedTaskError(f"{path}: the content does not match its checksum")
        meta = json.loads(text)
        if meta["schema"] != SCHEMA or meta["metrics"] != len(METRICS) or meta["run"] != run:
            raise DamagedTaskError(f"{path}: belongs to another run or version")
        return _outcome(meta, content)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedTaskError(f"{path}: not a readable record of a replicate ({error})") from error


def _outcome(meta: dict[str, Any], content: dict[str, NDArray[Any]]) -> ReplicateOutcome:
    arms = {}
    for name, about in meta["arms"].items():
        parts: dict[str, Any] = {array: content[f"{name}.{array}"] for array in _ARM_ARRAYS}
        arms[name] = ArmRecord(**about, **parts)
    return ReplicateOutcome(
        replicate=meta["replicate"],
        brands=tuple(meta["brands"]),
        focal=meta["focal"],
        customers=meta["customers"],
        buyers=meta["buyers"],
        buyers_units=meta["buyers_units"],
        segments=tuple(meta["segments"]),
        levels=tuple((dimension, level) for dimension, level in meta["levels"]),
        parameters=meta["parameters"],
        arms=arms,
        **{name: content[name] for name in _ARRAYS},
    )


def _digest(text: bytes, arrays: dict[str, NDArray[Any]]) -> bytes:
    digest = hashlib.sha256(text)
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


@dataclass(frozen=True)
class TaskFiles:
    """The finished replicates of one run, as files ``replicate-0000.npz`` in a folder.

    Serves the running of replicates as its store: ``has``, ``load`` and ``save`` by replicate number.
    """

    folder: Path
    run: str
    _sound: set[int] = field(default_factory=set, repr=False, compare=False)

    def path(self, replicate: int) -> Path:
        """File of one replicate."""
        return self.folder / f"replicate-{replicate:04d}.npz"

    @staticmethod
    def number(name: str) -> int:
        """Replicate number of a file name.

        Examples
        --------
        >>> TaskFiles.number("tasks/replicate-0012.npz")
        12
        """
        return int(name.rsplit("-", 1)[1].removesuffix(".npz"))

    def has(self, replicate: int) -> bool:
        """Whether the replicate is finished: its file is there, whole, and of this run."""
        if replicate not in self._sound and self.path(replicate).exists():
            try:
                load_outcome(self.path(replicate), run=self.run)
            except DamagedTaskError:
                return False
            self._sound.add(replicate)
        return replicate in self._sound

    def load(self, replicate: int) -> ReplicateOutcome:
        """The finished replicate; raises :class:`DamagedTaskError` when it is not there or not whole."""
        return load_outcome(self.path(replicate), run=self.run)

    def save(self, outcome: ReplicateOutcome) -> None:
        """Keep a finished replicate."""
        with guarded(self.folder, "creating the folder"):
            self.folder.mkdir(parents=True, exist_ok=True)
        save_outcome(outcome, self.path(outcome.replicate), run=self.run)
        self._sound.add(outcome.replicate)

    def load_all(self, replicates: Iterable[int]) -> list[ReplicateOutcome]:
        """The replicates of these numbers; a missing or damaged one is an error that names the way out."""
        outcomes = []
        for replicate in replicates:
            try:
                outcomes.append(self.load(replicate))
            except DamagedTaskError as error:
                raise RunFolderError(
                    f"{self.path(replicate)}: replicate {replicate} is missing or damaged; "
                    f"run the scenario again with --resume to make it anew"
                ) from error
        return outcomes
