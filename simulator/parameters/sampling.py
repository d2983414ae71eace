"""Drawing values: which point of a low-discrepancy sequence, and which value at that point.

Every uncertain number has its own base-2 sequence, scrambled and shuffled by nested random flips that are keyed by the
seed and the number's name. Any 2^k draws that start at a multiple of 2^k put exactly one value into each of 2^k equal
parts of every range, and no two numbers share a pattern. So few draws cover every range evenly, a draw can be had
without the others, more can be added later, and a new row of the table moves nobody else's values.

One joint Sobol sequence would be the textbook choice and is the wrong one here: with over a hundred columns some pairs
of its columns are correlated above 0.9 in the first 256 points, which would blame the wrong assumption.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

U64 = NDArray[np.uint64]

BITS: Final = 32
"""Binary digits of a value: finer than any range is known."""

PERT_WEIGHT: Final = 4.0
"""Weight of the central value in a PERT distribution (Malcolm, Roseboom, Clark & Fazar 1959)."""

_ONE: Final = np.uint64(1)


def points(index: int, seed: int, names: Sequence[str]) -> NDArray[np.float64]:
    """The coordinate of draw ``index`` for each of ``names``, strictly between 0 and 1.

    Examples
    --------
    >>> alone, together = points(5, 1, ("inertia",)), points(5, 1, ("clutter", "inertia"))
    >>> bool(alone[0] == together[1])
    True
    """
    if not 0 <= index < 1 << BITS:
        raise ValueError(f"a draw's index counts from 0 to {(1 << BITS) - 1:,}; got {index}")
    keys = np.array([_keys(seed, name) for name in names], dtype=np.uint64).reshape(len(names), 2)
    place = _flip(np.full(len(names), index, dtype=np.uint64), keys[:, 0])
    value = _flip(_reverse(place), keys[:, 1])
    return (value.astype(np.float64) + 0.5) / float(1 << BITS)


@functools.lru_cache(maxsize=8192)
def _keys(seed: int, name: str) -> tuple[int, int]:
    """Two keys of 64 bits: one for the order of the values, one for the values."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _flip(number: U64, key: U64) -> U64:
    """Nested scrambling: each digit is flipped, or not, by a hash of the key and all higher digits (Owen 1995)."""
    result = np.zeros_like(number)
    for position in range(BITS - 1, -1, -1):
        here = np.uint64(position)
        above = number >> (here + _ONE)
        flip = _mix(key ^ _mix((above << np.uint64(6)) | here)) & _ONE
        result |= (((number >> here) & _ONE) ^ flip) << here
    return result


def _reverse(number: U64) -> U64:
    """The digits in reverse order: van der Corput's sequence, as an integer."""
    result = np.zeros_like(number)
    for position in range(BITS):
        result |= ((number >> np.uint64(position)) & _ONE) << np.uint64(BITS - 1 - position)
    return result


def _mix(word: U64) -> U64:
    """Hash of a 64-bit word: the finaliser of SplitMix64 (Steele, Lea & Flood 2014), which wraps around on purpose."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def quantile(u: float, low: float, central: float | None, high: float) -> float:
    """The value at probability ``u``: PERT where there is a central value, uniform where there is none.

    Examples
    --------
    >>> quantile(0.25, 0.0, None, 8.0)
    2.0
    >>> round(quantile(0.5, 0.0, 4.0, 8.0), 6)
    4.0
    >>> quantile(0.9, 3.0, 3.0, 3.0)
    3.0
    """
    if low >= high:
        return float(low)
    if central is None:
        return float(low + u * (high - low))
    share = (central - low) / (high - low)
    fraction = float(betaincinv(1.0 + PERT_WEIGHT * share, 1.0 + PERT_WEIGHT * (1.0 - share), u))
    return float(min(high, max(low, low + fraction * (high - low))))
