"""Keyed randomness: known answers, the same bits in both versions, the right distributions, a locked registry."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulator.compilation import WIDE, kernel
from simulator.randomness import Stream, normals, philox, reference, run_key, single, uniforms

WORD = st.integers(0, 2**32 - 1)
WORD64 = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_known_answers(counter, key, expected):
    c0, c1, c2, c3 = counter
    words = philox.block(np.uint64(key[0] | key[1] << 32), np.uint64(c0 | c1 << 32), np.uint32(c2), np.uint32(c3))
    assert tuple(int(w) for w in words) == expected


@settings(max_examples=200, deadline=None)
@given(WORD64, WORD64, WORD, WORD)
def test_kernel_and_reference_give_the_same_words(key, entity, partner, draw):
    compiled = philox.block(np.uint64(key), np.uint64(entity), np.uint32(partner), np.uint32(draw))
    plain = reference.block(key, np.array([entity], np.uint64), partner, draw)
    assert [int(w) for w in compiled] == [int(w[0]) for w in plain]


@settings(max_examples=200, deadline=None)
@given(WORD64, st.integers(0, 10_000), st.integers(0, 100), st.integers(-1000, 100_000))
def test_keys_are_the_same_in_both_versions(seed, replicate, stream, time):
    assert int(philox.run_key(np.uint64(seed), np.uint64(replicate))) == reference.run_key(seed, replicate)
    run = reference.run_key(seed, replicate)
    assert int(philox.stream_key(np.uint64(run), stream, time)) == reference.stream_key(run, stream, time)


class Chunk(NamedTuple):
    """What `fill_blocks` reads and writes of a chunk of trips."""

    uid: Any
    ordinal: Any
    again: Any
    words: Any


@kernel
def fill_chunk(run, stream, n, partner, seats, row):
    """`fill_blocks`, to be called from here."""
    philox.fill_blocks(run, stream, n, partner, seats, row)


@pytest.mark.parametrize("n", [1, WIDE, WIDE + 1, 43, 64])
def test_blocks_drawn_together_are_those_drawn_one_by_one(n):
    luck = np.random.default_rng(n)
    uid, draws = luck.integers(0, 2**64, 64, np.uint64), luck.integers(0, 2**32, 64, np.uint32)
    chunk = Chunk(uid, luck.integers(-(2**31), 2**31, 64, np.int32), draws, np.zeros((12, 64), np.uint32))
    run = np.uint64(reference.run_key(n, 0))
    fill_chunk(run, 7, n, 3, chunk, 4)
    for k in range(n):
        key = reference.stream_key(int(run), 7, int(chunk.ordinal[k]))
        plain = reference.block(key, uid[k : k + 1], 3, int(draws[k]))
        assert chunk.words[4:8, k].tolist() == [int(word[0]) for word in plain]
    others = np.delete(chunk.words, slice(4, 8), axis=0)
    assert not others.any()


@pytest.fixture(scope="module")
def words():
    edges = np.array([0, 1, 2, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], np.uint32)
    ids = np.arange(100_000, dtype=np.uint64)
    out = np.empty((ids.size, 4), np.uint32)
    philox.fill_words(np.uint64(12345), ids, np.zeros(ids.size, np.uint32), 0, out)
    return np.concatenate([edges, out[:, 0]])


@pytest.mark.parametrize("name", ["uniform", "exponential", "gumbel", "normal", "normal32"])
def test_distributions_are_bit_identical_and_right(name, words):
    plain = getattr(reference, name)(words)
    home = philox if hasattr(philox, name) else single
    compiled = np.array([getattr(home, name)(w) for w in words], plain.dtype)  # Python holds all as 64 bits
    assert compiled.tobytes() == plain.tobytes()
    law = {
        "uniform": stats.uniform,
        "exponential": stats.expon,
        "gumbel": stats.gumbel_r,
        "normal": stats.norm,
        "normal32": stats.norm,
    }[name]
    assert stats.kstest(compiled[7:], law.cdf).pvalue > 1e-4  # fixed key: cannot fail by chance, only by a change


def test_log_is_accurate_to_1e12():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 20_000), reference.uniform(np.arange(1000, dtype=np.uint32))])
    mine = np.array([philox.log(v) for v in x])
    assert np.abs(mine - np.log(x)).max() < 1e-12
    near_one = np.linspace(0.5, 2.0, 10_001)
    assert np.abs(np.array([philox.log(v) for v in near_one]) - np.log(near_one)).max() < 1e-12


def test_the_short_log_is_accurate_and_bit_identical():
    x = np.concatenate([np.geomspace(1e-37, 1e37, 20_000), np.linspace(0.5, 2.0, 10_001)]).astype(np.float32)
    mine = np.array([single.log32(v) for v in x], np.float32)
    assert mine.tobytes() == reference.log32(x).tobytes()
    exact = np.log(x.astype(np.float64))
    assert (np.abs(mine - exact) <= 3e-7 * np.maximum(np.abs(exact), 0.0)).all()


def test_the_short_exp_is_accurate_and_bit_identical():
    x = np.concatenate([np.linspace(-80.0, 80.0, 20_001), np.linspace(-1.0, 1.0, 20_001), [-1e9, 1e9]])
    x = x.astype(np.float32)
    mine = np.array([single.exp32(v) for v in x], np.float32)
    assert mine.tobytes() == reference.exp32(x).tobytes()
    exact = np.exp(np.clip(x.astype(np.float64), -80.0, 80.0))
    assert np.abs(mine / exact - 1.0).max() < 3e-7


def test_the_short_normal_is_that_of_its_word_and_as_wide_as_23_bits():
    words = np.linspace(0, 2**32 - 1, 40_001).astype(np.uint32)
    middle = words[2:-2]
    assert reference.normal32(middle) == pytest.approx(reference.normal(middle), abs=1e-3)
    ends = reference.normal32(np.array([0, 2**32 - 1], np.uint32))
    assert ends.tolist() == pytest.approx([-5.29, 5.29], abs=0.01)


def test_gumbel_stays_within_what_23_bits_can_tell():
    ends = reference.gumbel(np.array([0, 511, 2**32 - 512, 2**32 - 1], np.uint32))
    assert ends[0] == ends[1] == pytest.approx(-np.log(24 * np.log(2.0)), abs=1e-6)
    assert ends[2] == ends[3] == pytest.approx(24 * np.log(2.0), abs=1e-5)


def test_exp_is_accurate_and_bit_identical():
    x = np.concatenate([np.linspace(-700.0, 700.0, 20_001), np.linspace(-1.0, 1.0, 20_001), [-1e9, 1e9]])
    mine = np.array([philox.exp(v) for v in x])
    assert mine.tobytes() == reference.exp(x).tobytes()
    assert np.abs(mine / np.exp(np.clip(x, -700.0, 700.0)) - 1.0).max() < 1e-13


@pytest.mark.parametrize("mean", [0.05, 1.0, 12.0])
def test_poisson_counts_are_the_same_and_have_the_right_mean_and_variance(mean, words):
    few = words[:20_000]
    compiled = np.array([philox.poisson(w, mean) for w in few])
    assert (compiled == reference.poisson(few, mean)).all()
    assert compiled.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / few.size))
    assert compiled.var() == pytest.approx(mean, rel=0.1)


def test_bernoulli_is_monotone_in_its_probability(words):
    low = np.array([philox.bernoulli(w, 0.2) for w in words[:5000]])
    high = np.array([philox.bernoulli(w, 0.3) for w in words[:5000]])
    assert (high >= low).all()
    assert high.mean() == pytest.approx(0.3, abs=0.03)
    assert (reference.bernoulli(words[:5000], 0.3) == high).all()


def test_a_customer_more_changes_nobody_elses_luck():
    run = run_key(7, 3)
    few, more = np.arange(50, dtype=np.uint64), np.arange(51, dtype=np.uint64)
    assert (uniforms(run, Stream.TASTE, 0, few) == uniforms(run, Stream.TASTE, 0, more)[:50]).all()
    assert (normals(run, Stream.TASTE, 0, few) == normals(run, Stream.TASTE, 0, more)[:50]).all()


def test_streams_times_partners_draws_and_runs_are_independent():
    ids = np.arange(20_000, dtype=np.uint64)
    variants = [
        uniforms(run_key(1, 0), Stream.TRIP, 5, ids),
        uniforms(run_key(2, 0), Stream.TRIP, 5, ids),
        uniforms(run_key(1, 1), Stream.TRIP, 5, ids),
        uniforms(run_key(1, 0), Stream.CHOICE, 5, ids),
        uniforms(run_key(1, 0), Stream.TRIP, 6, ids),
        uniforms(run_key(1, 0), Stream.TRIP, 5, ids, partner=1),
        uniforms(run_key(1, 0), Stream.TRIP, 5, ids, draw=1),
    ]
    columns = np.concatenate(variants, axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(correlation).max() < 5 / np.sqrt(ids.size)


def test_the_stream_registry_is_locked():
    """Numbers are part of every published result: append streams, never renumber them."""
    assert len({s.value for s in Stream}) == len(Stream.__members__)
    text = ",".join(f"{s.name}={s.value}" for s in Stream)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN, text


GOLDEN = "44e17bbb9409d34b"
