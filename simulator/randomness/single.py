"""Draws and series in numbers of 32 bits, for what is worked out for every brand on every trip.

Twice as many go into one vector instruction as of the 64 bits of `philox`, and seven digits are more than tastes and
noise have. Series are written out for the same reason as there: compiled code and NumPy give the same bits.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import typed_kernel
from simulator.randomness.philox import LN2, LOG2_E, MIDDLE_ABOVE, MIDDLE_BELOW, TAIL, TAIL_ABOVE, TAIL_BELOW

ROOT_HALF_BITS = 0x3F3504F3
"""Bits of sqrt(1/2)."""
ONE_BITS = 0x3F800000
"""Bits of 1."""
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
"""ln 2 in two parts, so that whole multiples of it are subtracted without loss."""
MOST = 80.0
"""Largest number, either way, of which `exp32` is the exponential function."""

_BITS_LOST = np.uint32(9)
_TO_UNIT = np.float32(2.0**-23)
_HALF, _ONE, _TWO = np.float32(0.5), np.float32(1.0), np.float32(2.0)
_LN2, _LOG2_E, _MOST, _TAIL = np.float32(LN2), np.float32(LOG2_E), np.float32(MOST), np.float32(TAIL)
_LN2_HIGH, _LN2_LOW = np.float32(LN2_HIGH), np.float32(LN2_LOW)
_3RD, _5TH, _7TH, _9TH = (np.float32(1 / n) for n in (3, 5, 7, 9))
_720TH, _120TH, _24TH, _6TH = (np.float32(1 / n) for n in (720, 120, 24, 6))
_A, _B, _C, _D = (
    tuple(np.float32(coefficient) for coefficient in polynomial)
    for polynomial in (MIDDLE_ABOVE, MIDDLE_BELOW, TAIL_ABOVE, TAIL_BELOW)
)


@typed_kernel("float32(float32)")
def log32(x):
    """Natural logarithm of a positive normal number, as `philox.log`; relative error below 3e-7."""
    shifted = np.int32(np.float32(x).view(np.int32) - ROOT_HALF_BITS + ONE_BITS)
    exponent = np.int32((shifted >> 23) - 127)
    mantissa = np.int32((shifted & 0x7FFFFF) + ROOT_HALF_BITS).view(np.float32)
    s = (mantissa - _ONE) / (mantissa + _ONE)
    z = s * s
    p = _9TH * z + _7TH
    p = p * z + _5TH
    p = p * z + _3RD
    p = p * z + _ONE
    return np.float32(exponent) * _LN2 + _TWO * s * p


@typed_kernel("float32(float32)")
def exp32(x):
    """Exponential function of a number between -80 and 80 (cut to that); relative error below 3e-7."""
    x = min(max(np.float32(x), -_MOST), _MOST)
    k = np.float32(np.floor(x * _LOG2_E + _HALF))
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = _720TH * r + _120TH
    p = p * r + _24TH
    p = p * r + _6TH
    p = p * r + _HALF
    p = p * r + _ONE
    p = p * r + _ONE
    return p * np.int32((np.int32(k) + 127) << 23).view(np.float32)


@typed_kernel("float32(uint32)")
def uniform32(word):
    """Uniform on the open interval (0, 1) from the 23 upper bits of a word."""
    return (np.float32(np.int32(word >> _BITS_LOST)) + _HALF) * _TO_UNIT


@typed_kernel("float32(uint32)")
def gumbel(word):
    """Standard Gumbel (maximum) by inversion: argmax of utility plus Gumbel noise is a logit choice.

    From the 23 upper bits of the word; it lies between -2.9 and 16.7.
    """
    return -log32(-log32(uniform32(word)))


@typed_kernel("float32(float32)")
def _tail(q):
    """Tail branch of the inverse normal distribution function; ``q`` is sqrt(-2 ln p)."""
    c = ((((_C[0] * q + _C[1]) * q + _C[2]) * q + _C[3]) * q + _C[4]) * q + _C[5]
    d = (((_D[0] * q + _D[1]) * q + _D[2]) * q + _D[3]) * q + _D[4]
    return c / d


@typed_kernel("float32(uint32)")
def normal32(word):
    """Standard normal by inversion (Acklam) of the 23 upper bits of a word; it lies between -5.3 and 5.3."""
    u = uniform32(word)
    q = u - _HALF
    r = q * q
    a = ((((_A[0] * r + _A[1]) * r + _A[2]) * r + _A[3]) * r + _A[4]) * r + _A[5]
    b = ((((_B[0] * r + _B[1]) * r + _B[2]) * r + _B[3]) * r + _B[4]) * r + _B[5]
    beyond = _tail(np.float32(np.sqrt(-_TWO * log32(min(u, _ONE - u)))))
    value = a * q / b
    if u < _TAIL:
        value = beyond
    if u > _ONE - _TAIL:
        value = -beyond
    return value
