"""Packed records: numbers kept in as few bits as they need, several to a word of four bytes.

A customer's six brands are worked on far less often than they are fetched from memory, so what counts is how many bytes
they take. A number is kept in whole steps, a power of two, and is a 32-bit float to whoever reads it; what is set is
rounded to the nearest step and cut at the ends of its range. A packed table is turned (`turned`): kernels read and set
its fields as those of any other, Python by `Unpacked`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD_BITS = 32


@dataclass(frozen=True)
class Grain:
    """How a number is kept: in ``bits``, in whole steps; with ``signed`` also below 0. Of a count the step is 1."""

    bits: int
    step: float
    signed: bool = False
    counts: bool = False

    @property
    def least(self) -> int:
        """The smallest number of steps."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def most(self) -> int:
        """The largest number of steps."""
        return (1 << (self.bits - int(self.signed))) - 1


def share(bits: int = 16) -> Grain:
    """Return the grain of a share, 0 to 1: one bit is left for the 1 itself."""
    return Grain(bits, 2.0 ** (1 - bits))


def within(limit: float, bits: int = 16) -> Grain:
    """Return the grain of a number from ``-limit`` to ``limit``, a power of two."""
    return Grain(bits, limit * 2.0 ** (1 - bits), signed=True)


def count(bits: int = 8) -> Grain:
    """Return the grain of a whole number."""
    return Grain(bits, 1.0, counts=True)


@dataclass(frozen=True)
class Field:
    """Where a number is: which word, from which bit on, and how it is kept."""

    word: int
    low: int
    grain: Grain


class Packing:
    """The fields of a packed record.

    Parameters
    ----------
    *words : mapping of str to Grain
        The fields of each word, from its lowest bit on; they fill at most 32 bits. The word itself bears their names,
        joined by underscores.

    Attributes
    ----------
    fields : dict of str to Field
    kind : dtype
        One record, as memory holds it.
    plain : dtype
        The same with a field of its own for every number, float32 or uint8.

    Examples
    --------
    >>> packing = Packing({"trust": share(), "mood": within(8.0)}, {"met": count(4)})
    >>> packing.kind.names, packing.kind.itemsize, packing.plain.itemsize
    (('trust_mood', 'met'), 8, 12)

    Raises
    ------
    ValueError
        Where the fields of a word do not go into it, or a count takes more than 8 bits.
    """

    known: dict[tuple[str, ...], Packing] = {}  # noqa: RUF012 - the compiler finds a packing by the names of its words

    def __init__(self, *words: dict[str, Grain]) -> None:
        self.fields: dict[str, Field] = {}
        for number, word in enumerate(words):
            low = 0
            for name, grain in word.items():
                self.fields[name] = Field(number, low, grain)
                low += grain.bits
                if grain.counts and grain.bits > 8:
                    raise ValueError(f"{name}: a count takes at most 8 bits, and not {grain.bits}")
            if low > WORD_BITS:
                raise ValueError(f"{', '.join(word)} take {low} bits, and a word has {WORD_BITS}")
        self.words = {"_".join(word): tuple(word) for word in words}
        self.kind = np.dtype([(name, np.uint32) for name in self.words])
        self.plain = np.dtype(
            [(name, _unpacked_kind(field.grain)) for name, field in self.fields.items()],
            align=True,
        )
        self.known[tuple(self.words)] = self


def _unpacked_kind(grain: Grain) -> type[np.generic]:
    return np.uint8 if grain.counts else np.float32


def packing_of(names: tuple[str, ...]) -> Packing | None:
    """Return the packing whose words bear these names, None where there is none."""
    return Packing.known.get(names)


class Unpacked:
    """A packed table as plain numbers, for readers and writers in Python.

    ``table["trust"]`` are the numbers of a field, shape (rows, entries): a copy, which cannot be written to.
    ``table["trust"] = numbers`` sets them, and ``table[:, 2]["trust"] = numbers`` those of one entry.

    Examples
    --------
    >>> packing = Packing({"trust": share(), "mood": within(8.0)})
    >>> table = Unpacked.of(np.zeros((1, 3), packing.kind))
    >>> table["mood"] = [[1.0, -2.0, 99.0]]
    >>> table[:, 0]["trust"] = 0.25
    >>> table["mood"].tolist(), table["trust"].tolist()
    ([[1.0, -2.0, 7.999755859375]], [[0.25, 0.0, 0.0]])
    """

    def __init__(self, packing: Packing, words: NDArray[np.uint32]) -> None:
        self._packing, self._words = packing, words

    @classmethod
    def of(cls, table: NDArray[Any]) -> Unpacked:
        """Return a turned table, shape (rows, entries), of packed records.

        Raises
        ------
        ValueError
            Where the table's records are not packed.
        """
        names = table.dtype.names or ()
        packing = packing_of(names)
        if packing is None:
            raise ValueError(f"records of {names} are not packed")
        rows, entries = table.shape
        first = table[names[0]]
        size, each = len(packing.words), first.dtype.itemsize
        strides = (table.strides[0], each, each * entries)
        return cls(packing, np.lib.stride_tricks.as_strided(first, (rows, entries, size), strides))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(self._packing.fields)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of each field."""
        return self._words.shape[:-1]

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            words = self._words[key]
            if not np.may_share_memory(words, self._words):
                words.flags.writeable = False  # of a choice by a mask, which is a copy
            return Unpacked(self._packing, words)
        field = self._packing.fields[key]
        grain = field.grain
        words = self._words[..., field.word]
        if grain.signed:  # the sign is the highest bit of the field
            above = np.int32(WORD_BITS - field.low - grain.bits)
            steps: NDArray[Any] = (words.view(np.int32) << above) >> np.int32(WORD_BITS - grain.bits)
        else:
            steps = (words >> np.uint32(field.low)) & np.uint32((1 << grain.bits) - 1)
        numbers = np.asarray(steps.astype(_unpacked_kind(grain)))
        if not grain.counts:
            numbers *= np.float32(grain.step)
        numbers.flags.writeable = False
        return numbers

    def __setitem__(self, name: str, values: Any) -> None:
        field = self._packing.fields[name]
        grain = field.grain
        steps = np.clip(np.rint(np.asarray(values, np.float32) / np.float32(grain.step)), grain.least, grain.most)
        mask = np.uint32((1 << grain.bits) - 1)
        bits = (steps.astype(np.int32).view(np.uint32) & mask) << np.uint32(field.low)
        self._words[..., field.word] = (self._words[..., field.word] & ~(mask << np.uint32(field.low))) | bits
