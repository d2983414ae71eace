"""Keyed randomness: every number is a pure function of who draws it, what for, and when.

``Philox4x32-10`` (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") maps a 64-bit key
and a 128-bit counter to four 32-bit words. The key mixes the run (seed and replicate), the stream and the time (day or
trip ordinal); the counter holds the entity's 64-bit id, its partner's ordinal and the draw number. Nothing is ever
"next", so one customer more, another order or another thread changes nobody else's luck.

``reference`` holds the same functions in plain NumPy; a test demands the same bits of both.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import WIDE, inlined, kernel, put_wide, typed_kernel, wide_at, wide_of

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE = np.uint64(1)

TO_UNIT = 2.0**-32
LN2 = 0.6931471805599453
LN2_HIGH = 0.693147180369123816490
LN2_LOW = 1.90821492927058770002e-10
"""ln 2 in two parts, so that whole multiples of it are subtracted without loss."""
LOG2_E = 1.4426950408889634
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
"""Bits of sqrt(1/2)."""
ONE_BITS = 0x3FF0000000000000
"""Bits of 1.0."""
TAIL = 0.02425
"""Share beyond which Acklam's approximation of the normal quantile changes its form."""
MIDDLE_ABOVE = (-3.969683028665376e01, 2.209460984245205e02, -2.759285104469687e02,
                1.383577518672690e02, -3.066479806614716e01, 2.506628277459239e00)  # fmt: skip
MIDDLE_BELOW = (-5.447609879822406e01, 1.615858368580409e02, -1.556989798598866e02,
                6.680131188771972e01, -1.328068155288572e01, 1.0)  # fmt: skip
TAIL_ABOVE = (-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e00,
              -2.549732539343734e00, 4.374664141464968e00, 2.938163982698783e00)  # fmt: skip
TAIL_BELOW = (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00, 1.0)
"""Its polynomials above and below the line, highest power first, in the middle and in the tails."""


@inlined
def _mix(z):
    """SplitMix64 finaliser, of one word or of wide words."""
    z = (z ^ (z >> _30)) * _MIX1
    z = (z ^ (z >> _27)) * _MIX2
    return z ^ (z >> _31)


@typed_kernel("uint64(uint64)")
def mix(z):
    """SplitMix64 finaliser (Steele, Lea & Flood 2014): a bijection of 64-bit words that scatters every bit."""
    return _mix(z)


@kernel
def run_key(seed, replicate):
    """Key of a run: a function of seed and replicate only, never of scenario, arm, job or parameters."""
    return mix(mix(np.uint64(seed) + _GOLDEN) + np.uint64(replicate) * _GOLDEN)


@inlined
def _key_at(run, stream, time):
    """Key of a stream at a time given as 32 bits, of one or of wide words."""
    place = (np.uint64(stream) << _32) | time
    return _mix(run ^ _mix(place + _GOLDEN))


@typed_kernel("uint64(uint64, int64, int64)")
def stream_key(run, stream, time):
    """Key of a stream at a time (a day, a week or a trip ordinal; negative days are fine)."""
    return _key_at(run, stream, np.uint64(time) & _LOW)


@inlined
def _ten_rounds(key, entity, partner, draw):
    """Return four words, in the lower 32 bits of what is in the upper ones of no use; of one or of wide words."""
    k0, k1 = key, key >> _32
    c0, c1, c2, c3 = entity, entity >> _32, partner, draw
    for _ in range(10):
        p0 = (c0 & _LOW) * _M0
        p1 = (c2 & _LOW) * _M1
        c0 = (p1 >> _32) ^ c1 ^ k0
        c2 = (p0 >> _32) ^ c3 ^ k1
        c1, c3 = p1, p0
        k0 = k0 + _W0
        k1 = k1 + _W1
    return c0, c1, c2, c3


@typed_kernel("UniTuple(uint32, 4)(uint64, uint64, uint32, uint32)", apart=True)
def block(key, entity, partner, draw):
    """Return four 32-bit words for an entity (64-bit id), its partner (32-bit ordinal) and a draw number."""
    a, b, c, d = _ten_rounds(np.uint64(key), np.uint64(entity), np.uint64(partner), np.uint64(draw))
    return np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)


@typed_kernel("float64(uint32)")
def uniform(word):
    """Uniform on the open interval (0, 1) from a 32-bit word."""
    return (np.float64(word) + 0.5) * TO_UNIT


@typed_kernel("float64(float64)")
def log(x):
    """Natural logarithm of a positive normal number, from the atanh series; error below 1e-12.

    Written out so that compiled code and NumPy give the same bits; library logarithms differ in the last place.
    """
    # branch-free: shift the bits so that the mantissa falls between sqrt(1/2) and sqrt(2)
    shifted = np.float64(x).view(np.int64) - ROOT_HALF_BITS + ONE_BITS
    exponent = (shifted >> 52) - 1023
    mantissa = np.int64((shifted & 0xFFFFFFFFFFFFF) + ROOT_HALF_BITS).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    p = 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    p = p * z + 1.0
    return np.float64(exponent) * LN2 + 2.0 * s * p


@typed_kernel("float64(float64)")
def exp(x):
    """Exponential function of a number between -700 and 700 (cut to that), from its series; relative error below 1e-13.

    Written out for the same reason as `log`, and because loops over it become vector instructions.
    """
    x = min(max(np.float64(x), -700.0), 700.0)
    k = np.floor(x * LOG2_E + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@typed_kernel("float64(uint32)")
def exponential(word):
    """Standard exponential by inversion."""
    return -log(uniform(word))


@kernel
def bernoulli(word, probability):
    """True with the given probability; raising the probability never turns a True into a False."""
    return uniform(word) < probability


@typed_kernel("float64(float64)")
def _tail(q):
    """Tail branch of the inverse normal distribution function; ``q`` is sqrt(-2 ln p)."""
    a, b = TAIL_ABOVE, TAIL_BELOW
    above = ((((a[0] * q + a[1]) * q + a[2]) * q + a[3]) * q + a[4]) * q + a[5]
    return above / ((((b[0] * q + b[1]) * q + b[2]) * q + b[3]) * q + b[4])


@typed_kernel("float64(float64)")
def quantile(u):
    """Quantile of the standard normal at ``u`` in (0, 1): Acklam's rational approximation, error < 1.2e-9."""
    if u < TAIL:
        q = np.sqrt(-2.0 * log(u))
        return _tail(q)
    if u > 1.0 - TAIL:
        q = np.sqrt(-2.0 * log(1.0 - u))
        return -_tail(q)
    q = u - 0.5
    r = q * q
    a, b = MIDDLE_ABOVE, MIDDLE_BELOW
    above = ((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]
    return above * q / (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + b[5])


@typed_kernel("float64(uint32)")
def normal(word):
    """Standard normal by inversion of the distribution function."""
    return quantile(uniform(word))


@typed_kernel("int64(uint32, float64, float64)")
def poisson_of(word, mean, none):
    """Poisson count as `poisson` draws it, where ``none = exp(-mean)`` is known."""
    u = uniform(word)
    term = none
    total = term
    count = 0
    while u > total and count < 1000:
        count += 1
        term *= mean / count
        total += term
    return count


@typed_kernel("int64(uint32, float64)")
def poisson(word, mean):
    """Poisson count by inversion of the distribution function, for means up to a few hundred."""
    return poisson_of(word, mean, exp(-mean))


@inlined
def put_blocks(key, entity, partner, draw, words, row, first):
    """Draw wide blocks and put them into rows ``row`` to ``row + 3`` of ``words``, from column ``first`` on."""
    a, b, c, d = _ten_rounds(key, entity, partner, draw)
    put_wide(words[row], first, a)
    put_wide(words[row + 1], first, b)
    put_wide(words[row + 2], first, c)
    put_wide(words[row + 3], first, d)


@inlined
def fill_blocks(run, stream, n, partner, seats, row):
    """Draw one block for each of the first ``n`` trips of a chunk into rows ``row`` to ``row + 3`` of ``seats.words``.

    Many are drawn together, a few beyond the last for nothing: a block costs a tenth of one drawn by itself.
    ``seats.uid`` holds who draws, ``seats.ordinal`` the trips and ``seats.again`` the draw numbers.
    """
    for first in range(0, n, WIDE):
        key = _key_at(run, stream, wide_at(seats.ordinal, first))
        uid, again = wide_at(seats.uid, first), wide_at(seats.again, first)
        put_blocks(key, uid, wide_of(np.uint64(partner)), again, seats.words, row, first)


@inlined
def fill_at(key, n, seats, row):
    """Draw one block by the same key for each of the first ``n`` of a chunk, as `fill_blocks` does.

    ``seats.uid`` holds who draws, ``seats.ordinal`` the partners and ``seats.again`` the draw numbers.
    """
    for first in range(0, n, WIDE):
        uid, partner, again = wide_at(seats.uid, first), wide_at(seats.ordinal, first), wide_at(seats.again, first)
        put_blocks(wide_of(key), uid, partner, again, seats.words, row, first)


@kernel
def fill_words(key, ids, partner, draw, out):
    """Fill ``out`` (n, 4) with the words of every entity in ``ids`` (n,); ``partner`` is (n,)."""
    for i in range(ids.shape[0]):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = block(key, ids[i], partner[i], draw)


@kernel
def fill_uniforms(key, ids, partner, draw, out):
    """Fill ``out`` (n, 4) with uniforms."""
    for i in range(ids.shape[0]):
        a, b, c, d = block(key, ids[i], partner[i], draw)
        out[i, 0] = uniform(a)
        out[i, 1] = uniform(b)
        out[i, 2] = uniform(c)
        out[i, 3] = uniform(d)


@kernel
def fill_normals(key, ids, partner, draw, out):
    """Fill ``out`` (n, 4) with standard normals."""
    for i in range(ids.shape[0]):
        a, b, c, d = block(key, ids[i], partner[i], draw)
        out[i, 0] = normal(a)
        out[i, 1] = normal(b)
        out[i, 2] = normal(c)
        out[i, 3] = normal(d)
