"""How kernels are compiled and where the machine code is kept.

Numba's own cache does not notice an edited helper in another file, and a package installed read-only has nowhere to
write. So the cache lives in a per-user folder named by a hash of every kernel source, chosen here before the first
kernel is declared; without a writable folder the kernels are compiled in each process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_KERNEL_ROOMS = ("randomness", "world", "model/kernels")
"""Rooms whose constants and helpers end up in machine code; kernels import from nowhere else."""

F = TypeVar("F", bound=Callable[..., Any])


def sources() -> Iterator[Path]:
    """Yield every file whose text may end up in compiled code, in a fixed order."""
    package = Path(__file__).parent
    yield Path(__file__)
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


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False, "boundscheck": False}
# Without reference counts (Numba's _nrt) a kernel cannot allocate, and need not pay for counting either: rows of tables
# are passed around some fifty times per purchase, and counting them was nine tenths of its cost.
_NO_COUNTING: dict[str, Any] = {**_OPTIONS, "_nrt": False}


def allocating_kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates arrays of its own: no Python objects, no lock, IEEE sums."""
    compiled: F = numba.njit(cache=cache_folder() is not None, **_OPTIONS)(function)
    return compiled


def kernel(function: F) -> F:
    """Compile a pure function of arrays that allocates nothing: no Python objects, no lock, IEEE sums."""
    compiled: F = numba.njit(cache=cache_folder() is not None, **_NO_COUNTING)(function)
    return compiled


def typed_kernel(signature: str) -> Callable[[F], F]:
    """Compile for one signature only: constants in a call would otherwise make a new version each."""

    def compile_it(function: F) -> F:
        compiled: Any = numba.njit(signature, cache=cache_folder() is not None, **_NO_COUNTING)(function)
        return cast(F, compiled)

    return compile_it


def inlined(function: F) -> F:
    """Compile a helper into the body of every kernel that calls it, so that passing it whole tables costs nothing."""
    compiled: F = numba.njit(forceinline=True, **_NO_COUNTING)(function)
    return compiled


@intrinsic
def _fetch(typingctx: Any, address: Any) -> Any:
    """Typed half of `prefetch`: the signature and how to write the instruction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
        function = builder.module.globals.get("llvm.prefetch.p0")
        if function is None:
            function = ir.Function(builder.module, kind, name="llvm.prefetch.p0")
        # for reading and writing, to be kept in every cache, data rather than code
        builder.call(function, [pointer, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.intp), generate


prefetch = cast(Callable[[int], None], _fetch)
"""Ask for the cache line at an address (``array.ctypes.data`` and an offset) before it is needed; a hint only."""
