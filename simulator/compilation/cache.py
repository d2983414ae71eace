"""Where machine code is kept.

Numba's own cache does not notice an edited helper in another file, and a package installed read-only has nowhere to
write. So the cache lives in a per-user folder named by a hash of every kernel source, chosen here before the first
kernel is declared; without a writable folder the kernels are compiled in each process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numba

_KERNEL_ROOMS = ("compilation", "randomness", "world", "model/kernels")
"""Rooms whose constants and helpers end up in machine code; kernels import from nowhere else."""


def sources() -> Iterator[Path]:
    """Yield every file whose text may end up in compiled code, in a fixed order."""
    package = Path(__file__).parents[1]
    for room in _KERNEL_ROOMS:
        yield from sorted((package / room).rglob("*.py"))


@functools.cache
def source_hash() -> str:
    """Hash of the kernel sources and the compiler's version (16 hexadecimal digits)."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sources():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _candidates() -> Iterator[Path]:
    chosen = os.environ.get("BRANDSIM_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen)
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brandsim"
    yield Path(tempfile.gettempdir()) / f"brandsim-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


@functools.cache
def cache_folder() -> Path | None:
    """Folder of the compiled kernels of these very sources, or None where nothing can be written."""
    for candidate in _candidates():
        folder = candidate / f"kernels-{source_hash()}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
        except (OSError, RuntimeError):
            continue
        return folder
    return None


def is_warm() -> bool:
    """Whether an earlier run has left compiled kernels, so that nothing needs compiling now."""
    folder = cache_folder()
    return folder is not None and (folder / "warm").exists()


def mark_warm() -> None:
    """Remember that the kernels have been compiled and stored."""
    folder = cache_folder()
    if folder is not None:
        (folder / "warm").touch()


if cache_folder() is not None:
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]  # set by name inside Numba
