"""Writing so that nothing is ever half there: temporary name, flush to disk, rename; and errors people can act on."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20
"""Bytes read at a time when hashing."""


class RunFolderError(Exception):
    """The run folder cannot be used as asked: what is wrong, where, and how to mend it."""


_MENDS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose a folder on another disk; what is finished is kept"),
    errno.EDQUOT: ("your disk quota is used up", "free some space or choose another folder; what is finished is kept"),
    errno.EROFS: ("the file system is read-only", "choose a folder that you may write to"),
    errno.EACCES: ("permission was denied", "choose a folder that you may write to"),
    errno.EPERM: ("permission was denied", "choose a folder that you may write to"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "choose another folder"),
    errno.EEXIST: ("a file of that name is in the way", "choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.ENOENT: ("it does not exist", "check the path"),
}


@contextlib.contextmanager
def guarded(path: Path, doing: str) -> Iterator[None]:
    """Turn an error of the system or of the table writer into a :class:`RunFolderError` that names the mend."""
    import duckdb

    try:
        yield
    except (OSError, duckdb.Error) as error:
        number = error.errno if isinstance(error, OSError) else _hidden_errno(str(error))
        why, mend = _MENDS.get(number or 0, (str(error).splitlines()[0], "check the folder or choose another"))
        raise RunFolderError(f"{path}: {doing} failed because {why}; {mend}") from error


def _hidden_errno(text: str) -> int | None:
    """The operating system's error inside a message of the table writer."""
    return next((number for number in _MENDS if os.strerror(number).lower() in text.lower()), None)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; when the block ends well, flush it and rename it into place."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: it holds all of ``content`` or what it held before."""
    with guarded(path, "writing"), replacing(path) as part:
        part.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write text as UTF-8 with plain newlines, in one step."""
    write_bytes(path, content.encode("utf-8"))


def sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system allows it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
