"""Friendships from an edge list: a real graph laid under the simulated customers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulator.compilation import allocating_kernel
from simulator.world.errors import WorldError
from simulator.world.network import MOST_CLOSE, tie_up
from simulator.world.world import I32, I64, U8, Network

_COMMENTS = ("#", "%", "//")
_HEADS = {"from", "source", "src", "a", "i", "node1", "node_1", "person", "u", "customer", "id1", "id_1"}
"""First words of a header line."""

_SHOWN = 60


def read_edges(path: Path | str) -> tuple[I32, I32, int]:
    """Read an edge list: two node labels a line, separated by white space, comma, semicolon or tab.

    Lines that start with ``#``, ``%`` or ``//`` are comments; a header line is skipped; a third field (a weight) is
    ignored. Labels may be numbers or names; nodes are numbered in numeric order, or as they appear if any is a name.

    Returns
    -------
    first, second : arrays of int32
        The two ends of each tie.
    nodes : int

    Raises
    ------
    WorldError
        Where the file cannot be read or a line is not an edge, with the line's number.
    """
    path = Path(path)
    if not path.is_file():
        why = "is a folder" if path.is_dir() else "does not exist"
        raise WorldError(f"network.edges: {path} {why}; give the path of a file with two node labels a line.")
    ends: list[str] = []
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if not text or text.startswith(_COMMENTS):
                    continue
                fields = text.replace(",", " ").replace(";", " ").replace('"', " ").split()
                if len(fields) not in (2, 3):
                    raise WorldError(
                        f"network.edges: {path}:{number}: {text[:_SHOWN]!r} is not a pair of nodes; write two labels "
                        "(and at most a weight) a line, separated by a comma or white space."
                    )
                if not ends and fields[0].lower() in _HEADS:
                    continue
                ends += fields[:2]
    except UnicodeDecodeError as error:
        raise WorldError(f"network.edges: {path} is not UTF-8 text ({error.reason}); save it as UTF-8.") from error
    except OSError as error:
        raise WorldError(f"network.edges: {path} cannot be read: {error.strerror or error}.") from error
    if not ends:
        raise WorldError(f"network.edges: {path} holds no edges; write two node labels a line.")
    try:
        labels = sorted({int(e) for e in ends})
        number_of = {str(label): k for k, label in enumerate(labels)}
        index = np.array([number_of[str(int(e))] for e in ends], np.int32)
        nodes = len(labels)
    except ValueError:
        name_of = {name: k for k, name in enumerate(dict.fromkeys(ends))}
        index = np.array([name_of[e] for e in ends], np.int32)
        nodes = len(name_of)
    return index[0::2].copy(), index[1::2].copy(), nodes


@allocating_kernel
def shared_friends(indptr: I64, friends: I32, out: I32) -> None:
    """Count, for each entry of ascending adjacency lists, the friends that its two ends share, ``out`` (E,)."""
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            j = friends[e]
            if j < i:
                continue
            a, b, shared = indptr[i], indptr[j], 0
            while a < indptr[i + 1] and b < indptr[j + 1]:
                if friends[a] == friends[b]:
                    shared += 1
                    a += 1
                    b += 1
                elif friends[a] < friends[b]:
                    a += 1
                else:
                    b += 1
            out[e] = shared
            low, high = indptr[j], indptr[j + 1] - 1  # the same tie in the other's list
            while low < high:
                middle = (low + high) // 2
                if friends[middle] < i:
                    low = middle + 1
                else:
                    high = middle
            out[low] = shared


@allocating_kernel
def closest_first(indptr: I64, friends: I32, shared: I32, most: int, close: U8) -> None:
    """Move the ``most`` friends with most shared friends to the front of each list; both parts stay ascending."""
    for i in range(indptr.shape[0] - 1):
        low, high = indptr[i], indptr[i + 1]
        count = min(most, high - low)
        for k in range(count):
            best = low + k
            for e in range(low + k + 1, high):
                if shared[e] > shared[best]:
                    best = e
            friend, value = friends[best], shared[best]
            for e in range(best, low + k, -1):  # rotate, so that the rest keeps its order
                friends[e], shared[e] = friends[e - 1], shared[e - 1]
            friends[low + k], shared[low + k] = friend, value
        for k in range(low + 1, low + count):
            friend, e = friends[k], k
            while e > low and friends[e - 1] > friend:
                friends[e] = friends[e - 1]
                e -= 1
            friends[e] = friend
        close[i] = count


def network_from_edges(
    edges: Path | str | tuple[I32, I32], customers: int, *, close_ties: int, rows: I32 | None = None
) -> Network:
    """Lay a real graph of friendships under the customers.

    With more customers than nodes the graph is repeated side by side, the last copy cut off; with fewer, the
    friendships among the first nodes are kept. Close ties are those with most shared friends (embeddedness).

    Parameters
    ----------
    edges : path, or two arrays of node numbers
        The two ends of each tie, in any order; repetitions and ties to oneself are dropped.
    customers : int
        Number of customers.
    close_ties : int
        Close ties per customer; customers with fewer friends have fewer.
    rows : array, shape (customers,), optional
        Row of each customer by birth number; without it rows are birth numbers.

    Returns
    -------
    Network

    Examples
    --------
    >>> triangle = (np.array([0, 1, 2]), np.array([1, 2, 0]))
    >>> network_from_edges(triangle, 6, close_ties=1).friends.tolist()
    [1, 2, 0, 2, 0, 1, 4, 5, 3, 5, 3, 4]
    """
    if isinstance(edges, tuple):
        first, second = (np.asarray(end, np.int32) for end in edges)
        nodes = int(max(first.max(initial=-1), second.max(initial=-1))) + 1
        if nodes == 0 or min(first.min(), second.min()) < 0:
            raise WorldError("network.edges: node numbers must be 0 or above, and there must be at least one edge.")
    else:
        first, second, nodes = read_edges(edges)
    copies = max(-(-customers // nodes), 1)
    shift = np.repeat(np.arange(copies, dtype=np.int64) * nodes, first.shape[0])
    a, b = np.tile(first.astype(np.int64), copies) + shift, np.tile(second.astype(np.int64), copies) + shift
    inside = (a < customers) & (b < customers)
    place = np.arange(customers, dtype=np.int32) if rows is None else rows
    a, b = place[a[inside]], place[b[inside]]
    indptr, friends, close = tie_up(a, b, np.zeros(a.shape[0], np.uint8), customers)
    shared = np.zeros(friends.shape[0], np.int32)
    shared_friends(indptr, friends, shared)
    closest_first(indptr, friends, shared, min(close_ties, MOST_CLOSE), close)
    return Network.of(indptr, friends, close)
