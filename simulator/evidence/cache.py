"""What was measured before and need not be measured again.

One small file per fact and condition holds the values by seed. It lies in the user's cache folder under a hash of all
that can change them: the code that makes outcomes, the parameter table, the markets, the code of the facts.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from simulator.compilation import cache_folder, source_hash
from simulator.evidence.facts import Fact
from simulator.evidence.laboratory import Conditions
from simulator.parameters.registry import table_text
from simulator.scenario.shipped import shipped_files

_ROOMS = ("scenario", "parameters", "model", "experiment")
"""Rooms beside those of the kernels whose code takes part in making a world."""


_PRESENTING = ("cache.py", "document.py", "scorecard.py")
"""Modules of this room that measure nothing."""


@functools.cache
def code_hash() -> str:
    """Hash of everything that makes a measured value, but for conditions and seed."""
    digest = hashlib.sha256(source_hash().encode())
    package = Path(str(resources.files("simulator")))
    files = [path for room in _ROOMS for path in sorted((package / room).rglob("*.py"))]
    files += [path for path in sorted((package / "evidence").glob("*.py")) if path.name not in _PRESENTING]
    for path in files:
        digest.update(path.read_bytes())
    digest.update(table_text().encode())
    for market in shipped_files("market").values():
        digest.update(market.read_bytes())
    return digest.hexdigest()


def fact_key(fact: Fact, conditions: Conditions) -> str:
    """Name of the file of a fact's values under some conditions (24 hexadecimal digits)."""
    return hashlib.sha256(f"{code_hash()}{fact.id}{conditions!r}".encode()).hexdigest()[:24]


class MeasureCache:
    """Values of facts by conditions and seed, on disk; without a writable folder it simply forgets.

    Parameters
    ----------
    folder : Path, optional
        Where the files are; the user's cache folder by default.

    Examples
    --------
    >>> from simulator.evidence.facts import find_facts
    >>> fact = find_facts(["V1"])[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = MeasureCache(Path(folder))
    ...     cache.put(fact, Conditions(), 1, {"ratio": 0.8})
    ...     MeasureCache(Path(folder)).get(fact, Conditions(), 1)
    {'ratio': 0.8}
    """

    def __init__(self, folder: Path | None = None) -> None:
        kernels = cache_folder()
        self.folder = folder or (kernels.parent / "evidence" if kernels is not None else None)
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
            self._save(key, known)

    def _load(self, key: str) -> dict[str, dict[str, float]]:
        if key not in self._known:
            try:
                assert self.folder is not None
                content = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            except (OSError, ValueError, AssertionError):
                content = {}
            self._known[key] = content if isinstance(content, dict) else {}
        return self._known[key]

    def _save(self, key: str, known: dict[str, dict[str, float]]) -> None:
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{key}")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(known, file)
            os.replace(name, self.folder / f"{key}.json")
        except OSError:
            return
