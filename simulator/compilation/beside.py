"""Let a copy of this process compile one part of a kernel, while this one compiles the others.

Only a first run needs it, and only where there is a second processor. Whatever goes wrong in the copy, the part is
compiled here in its turn.
"""
# mypy: disable-error-code="no-untyped-call, attr-defined, no-any-return"

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import llvmlite.binding as llvm
from numba.core.compiler import compile_result

from simulator.compilation.haste import haste
from simulator.compilation.parts import Part, PartLibrary

PATIENCE = 60.0
"""Seconds after which the copy is given up."""
_CHUNK = 1 << 20


def has_a_second_processor() -> bool:
    """Whether a copy could run at the same time as this process; on Linux only, where copying a process is safe."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


@contextlib.contextmanager
def compiled_beside(part: Part, kinds: tuple[Any, ...]) -> Iterator[bool]:
    """Let a copy of this process compile ``part`` for arguments of some types; inside, its callers wait for it.

    Parameters
    ----------
    part : Part
    kinds : tuple of numba types
        As the caller of the part will pass them; for any others it is compiled here.

    Yields
    ------
    bool
        Whether a copy is at work.
    """
    if not has_a_second_processor() or part.overloads:
        yield False
        return
    reader, writer = os.pipe()
    try:
        with warnings.catch_warnings():
            # of other threads: should one of them be compiling, the copy waits for ever and is given up
            warnings.simplefilter("ignore", DeprecationWarning)
            copy = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        yield False
        return
    if copy == 0:
        os.close(reader)  # or it would not notice that the other process is gone
        _run_as_copy(writer, part, kinds)
    os.close(writer)
    part.supply = lambda: _receive(part, reader)
    try:
        yield True
    finally:
        part.supply = None
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def _run_as_copy(writer: int, part: Part, kinds: tuple[Any, ...]) -> None:
    """Compile the part, send what came of it, and vanish without tidying up what belongs to the other process."""
    try:
        data = _packed(part, kinds)
        while data:
            data = data[os.write(writer, data) :]
    except BaseException:  # whatever it is, the other process does the work itself
        os._exit(1)
    os._exit(0)


def _packed(part: Part, kinds: tuple[Any, ...]) -> bytes:
    """Compile the part and return its code, its name and its signature."""
    with haste():
        part.compile(kinds)
    (found,) = part.overloads.values()
    found.fndesc.typemap = found.fndesc.calltypes = None  # long, and of no use to callers
    code = found.library._get_module_for_linking().as_bitcode()
    return pickle.dumps((code, found.library.name, found.fndesc, found.signature))


def _receive(part: Part, reader: int) -> None:
    """Wait for what the copy has compiled and give it to the part, where anything came."""
    pieces = []
    while select.select([reader], [], [], PATIENCE)[0]:
        piece = os.read(reader, _CHUNK)
        if not piece:
            break
        pieces.append(piece)
    with contextlib.suppress(Exception):  # whatever it is, the part is compiled here
        code, name, description, signature = pickle.loads(b"".join(pieces))
        context = part.targetdescr.target_context
        part.take_in(
            compile_result(
                typing_context=part.targetdescr.typing_context,
                target_context=context,
                fndesc=description,
                library=PartLibrary.of_code(context.codegen(), name, llvm.parse_bitcode(code)),
                signature=signature,
                objectmode=False,
                lifted=(),
                reload_init=[],
            )
        )
