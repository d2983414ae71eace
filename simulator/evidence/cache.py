"""What was measured before and need not be measured again.

One small file per fact and condition holds the values by seed, under a hash of all that can change them: the code that
makes outcomes, the parameter table, the markets, the code of the facts.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from simulator.evidence.facts import Fact
from simulator.evidence.laboratory import Conditions
from simulator.remembered import Remembered, code_hash, key_of
from simulator.scenario.shipped import shipped_files

_ROOMS = ("scenario", "world", "model", "experiment")
"""Rooms whose code takes part in making an outcome."""

_PRESENTING = ("cache.py", "document.py", "scorecard.py")
"""Modules of this room that measure nothing."""


@functools.cache
def measuring_hash() -> str:
    """Hash of everything that makes a measured value, but for conditions and seed."""
    own = Path(str(resources.files("simulator"))) / "evidence"
    files = [path for path in sorted(own.glob("*.py")) if path.name not in _PRESENTING]
    texts = [path.read_text(encoding="utf-8") for path in (*files, *shipped_files("market").values())]
    return key_of(code_hash(_ROOMS), *texts)


def fact_key(fact: Fact, conditions: Conditions) -> str:
    """Name of the file of a fact's values under some conditions (24 hexadecimal digits)."""
    return key_of(measuring_hash(), fact.id, repr(conditions))


class MeasureCache:
    """Values of facts by conditions and seed, on disk; without a writable folder it forgets with the process.

    Parameters
    ----------
    folder : Path, optional
        Where the files are; the user's cache folder by default.

    Examples
    --------
    >>> import tempfile
    >>> from simulator.evidence.facts import find_facts
    >>> fact = find_facts(["V1"])[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = MeasureCache(Path(folder))
    ...     cache.put(fact, Conditions(), 1, {"ratio": 0.8})
    ...     MeasureCache(Path(folder)).get(fact, Conditions(), 1)
    {'ratio': 0.8}
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._files = Remembered("evidence", folder)
        self._door = threading.Lock()
        self._known: dict[str, dict[str, dict[str, float]]] = {}

    def get(self, fact: Fact, conditions: Conditions, seed: int) -> dict[str, float] | None:
        """Values measured before, or None."""
        key = fact_key(fact, conditions)
        with self._door:
            return self._load(key).get(str(seed))

    def put(self, fact: Fact, conditions: Conditions, seed: int, values: Mapping[str, float]) -> None:
        """Remember values; a folder that cannot be written is no error."""
        key = fact_key(fact, conditions)
        with self._door:
            known = self._load(key)
            known[str(seed)] = dict(values)
            self._files.put(key, known)

    def _load(self, key: str) -> dict[str, dict[str, float]]:
        if key not in self._known:
            self._known[key] = self._files.get(key) or {}
        return self._known[key]
