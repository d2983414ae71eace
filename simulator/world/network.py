"""Who knows whom: a small world in which like knows like, or a real graph of friendships.

Customers sit on a ring, region after region. With probability √homophily a customer sits in the arc of their own
segment, ordered by lifestyle; otherwise anywhere in the region. Each is tied to the nearest on both sides (first the
close ties, then the wider ones), and a share of the wider ties is rewired across the whole network. Two neighbours
on the ring are both in their own arc with probability homophily, so that is the share of ties within the segment
above chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.compilation import allocating_kernel
from simulator.randomness import Stream, normals, uniforms
from simulator.world.world import F64, I32, I64, U8, U64, Network

MOST_CLOSE = 255
"""Most close ties of one customer (the count is one byte)."""


@allocating_kernel
def tie_up(first: I32, second: I32, strong: U8, nodes: int) -> tuple[I64, I32, U8]:
    """Turn undirected ties into adjacency lists.

    Parameters
    ----------
    first, second : (P,) the two ends of each tie, any order, repetitions allowed
    strong : (P,) 1 for a close tie; a repeated tie is close if it is close once
    nodes : number of customers

    Returns
    -------
    indptr : (nodes + 1,)
    friends : (E,) close ties first, each part ascending; no repetitions, no ties to oneself
    close : (nodes,) number of close ties, at most 255
    """
    start = np.zeros(nodes + 1, np.int64)
    for p in range(first.shape[0]):
        if first[p] != second[p]:
            start[first[p] + 1] += 1
            start[second[p] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    entry = np.empty(start[nodes], np.int32)  # friend × 2 + strong
    place = start[:nodes].copy()
    for p in range(first.shape[0]):
        a, b = first[p], second[p]
        if a != b:
            entry[place[a]] = b * 2 + strong[p]
            entry[place[b]] = a * 2 + strong[p]
            place[a] += 1
            place[b] += 1
    # The graph is its own transpose: writing it out by column sorts every list without a sort.
    ordered = np.empty(start[nodes], np.int32)
    for i in range(nodes):
        place[i] = start[i]
    for i in range(nodes):
        for e in range(start[i], start[i + 1]):
            j = entry[e] >> 1
            ordered[place[j]] = i * 2 + (entry[e] & 1)
            place[j] += 1
    indptr = np.zeros(nodes + 1, np.int64)
    close = np.zeros(nodes, np.uint8)
    friends = entry
    end = 0
    for i in range(nodes):
        # Merge repetitions (they are neighbours now), in place.
        distinct = start[i]
        for e in range(start[i], start[i + 1]):
            if distinct > start[i] and ordered[distinct - 1] >> 1 == ordered[e] >> 1:
                ordered[distinct - 1] |= ordered[e] & 1
            else:
                ordered[distinct] = ordered[e]
                distinct += 1
        count = 0
        for e in range(start[i], distinct):
            if ordered[e] & 1 == 1:
                if count < 255:
                    count += 1
                else:
                    ordered[e] -= 1
        near = end
        far = end + count
        for e in range(start[i], distinct):
            if ordered[e] & 1 == 1:
                friends[near] = ordered[e] >> 1
                near += 1
            else:
                friends[far] = ordered[e] >> 1
                far += 1
        close[i] = count
        end = far
        indptr[i + 1] = end
    return indptr, friends[:end].copy(), close


@allocating_kernel
def ring_ties(ring: I32, ties: int, offset: int, first: I32, second: I32) -> int:
    """Tie every place on the ring to later places so that each customer has ``ties`` ties on average.

    ``offset`` places are skipped (they are taken). An odd tie pairs blocks of places, so that each customer has one.
    Returns the number of ties written to ``first`` and ``second``; neighbours of one place are written in runs.
    """
    n = ring.shape[0]
    count = 0
    for k in range(1, ties // 2 + 1):
        for p in range(n):
            q = p + offset + k
            first[count] = ring[p]
            second[count] = ring[q - n if q >= n else q]
            count += 1
    if ties % 2 == 1:
        step = offset + ties // 2 + 1
        for p in range(n):
            if (p // step) % 2 == 0 and p + step < n:
                first[count] = ring[p]
                second[count] = ring[p + step]
                count += 1
    return count


@allocating_kernel
def rewire(
    u: F64, rewiring: float, homophily: float, segment: U8, members: I32, start: I64, first: I32, second: I32
) -> None:
    """Point a share of ties at random customers, of the same segment with probability ``homophily``.

    Parameters
    ----------
    u : (P, 4) uniforms of the ties: rewired?, within the segment?, whom?
    segment, members, start : (N,), (N,), (G + 1,) segment of each customer; customers by segment
    first, second : (P,) ends of the ties; ``second`` changes
    """
    n = segment.shape[0]
    for p in range(first.shape[0]):
        if u[p, 0] >= rewiring:
            continue
        i = first[p]
        low, size = 0, n
        within = u[p, 1] < homophily
        if within:
            low = start[segment[i]]
            size = start[segment[i] + 1] - low
        if size < 2:
            continue
        pick = min(int(u[p, 2] * size), size - 1)
        j = members[low + pick] if within else np.int32(pick)
        if j == i:
            pick = pick + 1 if pick + 1 < size else 0
            j = members[low + pick] if within else np.int32(pick)
        second[p] = j


def small_world(
    run: np.uint64,
    uid: U64,
    region: U8,
    segment: U8,
    segment_share: F64,
    *,
    close_ties: int,
    wider_ties: int,
    rewiring: float,
    homophily: float,
) -> Network:
    """Build the friendships of a population.

    Parameters
    ----------
    run : np.uint64
        Run key.
    uid, region, segment : arrays, shape (N,)
        Customers in the order of the world's rows.
    segment_share : array, shape (G,)
        Shares of the segments.
    close_ties, wider_ties : int
        Friends per customer, on average; fewer where there are too few customers.
    rewiring : float
        Share of wider ties that reach anywhere in the network.
    homophily : float
        Share of ties within the segment above chance, 0..1.

    Returns
    -------
    Network
    """
    n = uid.shape[0]
    most = max(n - 1, 0)
    close = min(close_ties, most, MOST_CLOSE)
    wider = min(wider_ties, most - close)
    ring = _seat(run, uid, region, segment, segment_share, homophily)
    near = n * (close // 2) + (n if close % 2 else 0)
    far = n * (wider // 2) + (n if wider % 2 else 0)
    first, second = np.empty(near + far, np.int32), np.empty(near + far, np.int32)
    near = ring_ties(ring, close, 0, first, second)
    far = ring_ties(ring, wider, close // 2 + close % 2, first[near:], second[near:])
    first, second = first[: near + far], second[: near + far]
    members = np.argsort(segment, kind="stable").astype(np.int32)
    start = np.concatenate(([0], np.cumsum(np.bincount(segment, minlength=segment_share.shape[0])))).astype(np.int64)
    for low in range(near, near + far, max(n, 1)):
        rows = slice(low, min(low + n, near + far))
        u = uniforms(run, Stream.NETWORK, 0, uid[first[rows]], partner=1 + (low - near) // n)
        rewire(u, rewiring, homophily, segment, members, start, first[rows], second[rows])
    strong = np.zeros(near + far, np.uint8)
    strong[:near] = 1
    return Network.of(*tie_up(first, second, strong, n))


def _seat(run: np.uint64, uid: U64, region: U8, segment: U8, segment_share: F64, homophily: float) -> I32:
    """Order customers around the ring."""
    u = uniforms(run, Stream.NETWORK, 0, uid)
    edge = np.concatenate(([0.0], np.cumsum(segment_share)))
    lifestyle = ndtr(normals(run, Stream.POSITION, 0, uid)[:, 0])  # the draw that places the customer in the segment
    at_home = edge[segment] + segment_share[segment] * lifestyle
    seat = np.where(u[:, 0] < np.sqrt(homophily), at_home, u[:, 1])
    ring: I32 = np.argsort(region + np.minimum(seat, 1.0 - 1e-12), kind="stable").astype(np.int32)
    return ring


def clustering(network: Network, sample: NDArray[np.int64]) -> float:
    """Mean share of pairs of friends who are friends of each other, over the customers in ``sample``."""
    found: list[float] = []
    indptr = network.indptr
    for i in sample:
        mine = network.friends[indptr[i] : indptr[i + 1]]
        if mine.shape[0] < 2:
            continue
        links = sum(int(np.isin(network.friends[indptr[j] : indptr[j + 1]], mine).sum()) for j in mine)
        found.append(links / (mine.shape[0] * (mine.shape[0] - 1)))
    return float(np.mean(found)) if found else 0.0


def assortativity(network: Network, group: U8) -> float:
    """Share of ties within the group above chance: 0 at random, 1 when nobody knows anybody outside."""
    owner = np.repeat(np.arange(group.shape[0]), np.diff(network.indptr))
    inside = float((group[owner] == group[network.friends]).mean()) if owner.size else 0.0
    share = np.bincount(group) / group.shape[0]
    chance = float((share**2).sum())
    return (inside - chance) / (1.0 - chance) if chance < 1.0 else 0.0
