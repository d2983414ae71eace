"""Memory of the tables: where rows begin, what lies beside what, and copies in one piece."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from simulator.model.kernels.constants import CACHE_LINE

Array = NDArray[Any]


def aligned(shape: int | tuple[int, ...], kind: DTypeLike, alignment: int = CACHE_LINE) -> Array:
    """Return zeroed memory that starts at a cache line, and behind which a vector can be read.

    Vector instructions on memory that starts anywhere lie across two lines each, and take twice as long.

    Examples
    --------
    >>> aligned(3, np.float32).ctypes.data % 64
    0
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
    raw = np.zeros(size + 2 * alignment, np.uint8)
    start = -raw.ctypes.data % alignment
    return raw[start : start + size].view(kind).reshape(shape)


def copy_of(table: Array) -> Array:
    """Return a copy at a cache line, in one piece rather than field by field."""
    out = aligned(table.shape, table.dtype)
    if table.size:
        out.reshape(-1).view(np.uint8)[:] = np.ascontiguousarray(table).reshape(-1).view(np.uint8)
    return out


def joined(size: int, record: np.dtype[Any], entries: int, kind: np.dtype[Any]) -> tuple[Array, Array]:
    """Return zeroed tables, ``record`` (size,) and ``kind`` (size, entries), whose rows lie together.

    Where both go into one cache line, a row is one, so that fetching the one fetches the other.

    Examples
    --------
    >>> person, favourites = joined(3, np.dtype([("uid", np.uint64), ("rate", np.float32)]), 5, np.dtype(np.uint8))
    >>> person.strides, favourites.strides, int(favourites.ctypes.data - person.ctypes.data)
    ((64,), (64, 1), 12)
    """
    each = min(kind.itemsize & -kind.itemsize, record.alignment)
    end = max(field[1] + field[0].itemsize for field in (record.fields or {}).values())
    start = -(-end // each) * each
    row = max(CACHE_LINE, -(-(start + entries * kind.itemsize) // record.alignment) * record.alignment)
    raw = aligned(size * row, np.uint8)
    return (
        np.ndarray((size,), record, raw, 0, (row,)),
        np.ndarray((size, entries), kind, raw, start, (row, kind.itemsize)),
    )


def copy_of_joined(record: Array, beside: Array) -> tuple[Array, Array]:
    """Return copies of two tables whose rows lie together; made in one piece, unless these came apart (in a pickle)."""
    one, other = joined(record.shape[0], record.dtype, beside.shape[1], beside.dtype)
    if record.strides == one.strides:
        whole_rows(one)[:] = whole_rows(record)
    else:
        one[:], other[:] = record, beside
    return one, other


def whole_rows(record: Array) -> Array:
    """Return the rows of a table of `joined`, with all that lies in them, as numbers of the first field's kind."""
    first = record[(record.dtype.names or ())[0]]
    row, each = record.strides[0], first.dtype.itemsize
    return np.lib.stride_tricks.as_strided(first, (record.shape[0], row // each), (row, each))
