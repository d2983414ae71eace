"""The same draws in plain NumPy: slow, readable, and bit for bit what the kernels return.

Tests compare the two; nothing else should import this module.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.randomness import philox as p
from simulator.randomness import single

U32 = NDArray[np.uint32]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

# Acklam's coefficients a second time, so that the test of equal bits is one of them too
_A = (-3.969683028665376e01, 2.209460984245205e02, -2.759285104469687e02, 1.383577518672690e02,
      -3.066479806614716e01, 2.506628277459239e00)  # fmt: skip
_B = (-5.447609879822406e01, 1.615858368580409e02, -1.556989798598866e02, 6.680131188771972e01,
      -1.328068155288572e01, 1.0)  # fmt: skip
_C = (-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e00, -2.549732539343734e00,
      4.374664141464968e00, 2.938163982698783e00)  # fmt: skip
_D = (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00, 1.0)


def mix(z: int) -> int:
    """SplitMix64 finaliser on Python integers."""
    mask = (1 << 64) - 1
    z = ((z ^ (z >> 30)) * int(p._MIX1)) & mask
    z = ((z ^ (z >> 27)) * int(p._MIX2)) & mask
    return z ^ (z >> 31)


def run_key(seed: int, replicate: int) -> int:
    """Key of a run."""
    mask = (1 << 64) - 1
    golden = int(p._GOLDEN)
    return mix((mix((seed + golden) & mask) + replicate * golden) & mask)


def stream_key(run: int, stream: int, time: int) -> int:
    """Key of a stream at a time."""
    mask = (1 << 64) - 1
    place = (stream << 32) | (time & 0xFFFFFFFF)
    return mix(run ^ mix((place + int(p._GOLDEN)) & mask))


def block(key: int, entity: ArrayLike, partner: ArrayLike, draw: int) -> tuple[U32, U32, U32, U32]:
    """Four words per entity, arrays in, arrays out."""
    entity = np.asarray(entity, np.uint64)
    low = np.uint64(0xFFFFFFFF)
    c0 = (entity & low).astype(np.uint64)
    c1 = (entity >> np.uint64(32)).astype(np.uint64)
    c2 = np.broadcast_to(np.asarray(partner, np.uint64), c0.shape).copy()
    c3 = np.full(c0.shape, draw, np.uint64)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = c0 * p._M0, c2 * p._M1
        c0, c2 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & low, p0 & low
        k0 = (k0 + int(p._W0)) & 0xFFFFFFFF
        k1 = (k1 + int(p._W1)) & 0xFFFFFFFF
    return c0.astype(np.uint32), c1.astype(np.uint32), c2.astype(np.uint32), c3.astype(np.uint32)


def uniform(word: U32) -> F64:
    """Uniform on (0, 1)."""
    return (word.astype(np.float64) + 0.5) * p.TO_UNIT


def log(x: F64) -> F64:
    """Natural logarithm by the same series as the kernel."""
    shifted = np.asarray(x, np.float64).view(np.int64) - p.ROOT_HALF_BITS + p.ONE_BITS
    exponent = (shifted >> 52) - 1023
    mantissa = ((shifted & 0xFFFFFFFFFFFFF) + p.ROOT_HALF_BITS).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    series = np.full_like(z, 1.0 / 15.0)
    for odd in (13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        series = series * z + 1.0 / odd
    series = series * z + 1.0
    return np.asarray(exponent.astype(np.float64) * p.LN2 + 2.0 * s * series, np.float64)


def exp(x: F64) -> F64:
    """Exponential function by the same series as the kernel."""
    x = np.clip(np.asarray(x, np.float64), -700.0, 700.0)
    k = np.floor(x * p.LOG2_E + 0.5)
    r = (x - k * p.LN2_HIGH) - k * p.LN2_LOW
    series = np.full_like(r, 1.0 / 39916800.0)
    for factorial in (3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0):
        series = series * r + 1.0 / factorial
    return np.asarray(series * ((k.astype(np.int64) + 1023) << 52).view(np.float64), np.float64)


def exponential(word: U32) -> F64:
    """Standard exponential."""
    return -log(uniform(word))


def log32(x: F32) -> F32:
    """Natural logarithm of numbers of 32 bits."""
    shifted = np.asarray(x, np.float32).view(np.int32) - np.int32(single.ROOT_HALF_BITS) + np.int32(single.ONE_BITS)
    exponent = (shifted >> 23) - 127
    mantissa = ((shifted & 0x7FFFFF) + np.int32(single.ROOT_HALF_BITS)).view(np.float32)
    one = np.float32(1.0)
    s = (mantissa - one) / (mantissa + one)
    z = s * s
    series = np.full_like(z, np.float32(1 / 9))
    for odd in (7, 5, 3, 1):
        series = series * z + np.float32(1 / odd)
    return np.asarray(exponent.astype(np.float32) * np.float32(p.LN2) + np.float32(2.0) * s * series, np.float32)


def exp32(x: F32) -> F32:
    """Exponential function of numbers of 32 bits."""
    short = np.float32
    x = np.clip(np.asarray(x, np.float32), short(-single.MOST), short(single.MOST))
    k = np.floor(x * short(p.LOG2_E) + short(0.5))
    r = (x - k * short(single.LN2_HIGH)) - k * short(single.LN2_LOW)
    series = np.full_like(r, short(1 / 720))
    for factorial in (120, 24, 6, 2, 1, 1):
        series = series * r + short(1 / factorial)
    return np.asarray(series * ((k.astype(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32), np.float32)


def uniform32(word: U32) -> F32:
    """Uniform on (0, 1), of numbers of 32 bits."""
    return np.asarray(((np.asarray(word) >> 9).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23))


def normal32(word: U32) -> F32:
    """Standard normal by Acklam's inversion, of numbers of 32 bits."""
    one, two = np.float32(1.0), np.float32(2.0)
    u = uniform32(word)
    q = u - np.float32(0.5)
    r = q * q
    middle = _horner(r, *map(np.float32, _A)) * q / _horner(r, *map(np.float32, _B))
    t = np.sqrt(-two * log32(np.minimum(u, one - u)))
    beyond = _horner(t, *map(np.float32, _C)) / _horner(t, *map(np.float32, _D))
    edge = np.float32(0.02425)
    value: F32 = np.where(u < edge, beyond, np.where(u > one - edge, -beyond, middle))
    return value


def gumbel(word: U32) -> F32:
    """Standard Gumbel, of numbers of 32 bits."""
    return -log32(-log32(uniform32(word)))


def bernoulli(word: U32, probability: float) -> NDArray[np.bool_]:
    """True with the given probability."""
    return uniform(word) < probability


def normal(word: U32) -> F64:
    """Standard normal by Acklam's inversion."""
    u = uniform(word)
    q = u - 0.5
    r = q * q
    low = _tail(np.sqrt(-2.0 * log(u)))
    high = -_tail(np.sqrt(-2.0 * log(1.0 - u)))
    return np.where(u < 0.02425, low, np.where(u > 0.97575, high, _horner(r, *_A) * q / _horner(r, *_B)))


def _tail(q: F64) -> F64:
    tail: F64 = _horner(q, *_C) / _horner(q, *_D)
    return tail


def _horner(x: Any, first: Any, *rest: Any) -> Any:
    total = np.full_like(x, first)
    for coefficient in rest:
        total = total * x + coefficient
    return total


def poisson(word: U32, mean: float) -> NDArray[np.int64]:
    """Poisson counts by inversion, one by one."""
    counts = np.zeros(word.shape, np.int64)
    for i, u in enumerate(uniform(word)):
        term = total = float(exp(np.array([-mean]))[0])
        count = 0
        while u > total and count < 1000:
            count += 1
            term *= mean / count
            total += term
        counts[i] = count
    return counts
