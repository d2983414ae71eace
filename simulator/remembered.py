"""Small results that are worth keeping from one process to the next.

One JSON file per key in the user's cache folder, beside the machine code, under a hash of all that can change them.
Without a writable folder everything is simply worked out again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.compilation import cache_folder, source_hash


@functools.cache
def code_hash(rooms: tuple[str, ...]) -> str:
    """Hash of the kernels, the parameter table and every source file of some rooms."""
    digest = hashlib.sha256(source_hash().encode())
    package = Path(str(resources.files("simulator")))
    for room in ("parameters", *rooms):
        for path in sorted((package / room).rglob("*")):
            if path.suffix in (".py", ".yaml"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


class Remembered:
    """JSON objects by key, in a folder of their own inside the user's cache folder.

    Parameters
    ----------
    kind : str
        Name of the folder.
    folder : Path, optional
        The folder itself, instead.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Remembered("sums", Path(folder)).put("a", {"two": 2})
    ...     Remembered("sums", Path(folder)).get("a"), Remembered("sums", Path(folder)).get("b")
    ({'two': 2}, None)
    """

    def __init__(self, kind: str, folder: Path | None = None) -> None:
        kernels = cache_folder()
        self.folder = folder or (kernels.parent / kind if kernels is not None else None)

    def get(self, key: str) -> dict[str, Any] | None:
        """What was kept under a key, or None."""
        if self.folder is None:
            return None
        try:
            content = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def put(self, key: str, content: dict[str, Any]) -> None:
        """Keep something; a folder that cannot be written is no error."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{key}")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            os.replace(name, self.folder / f"{key}.json")
        except OSError:
            return


def key_of(*parts: Iterable[str] | str) -> str:
    """Short key (24 hexadecimal digits) of some texts."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:24]
