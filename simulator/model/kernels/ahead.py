"""Ask for the rows of the next shoppers while this one shops: memory is the larger half of a purchase's cost."""

from __future__ import annotations

from simulator.compilation import inlined, prefetch

AHEAD = 8
"""Trips ahead whose rows are fetched."""
CACHE_LINE = 64


@inlined
def fetch_person(who, town, life):
    """Fetch a customer's own rows (a mind may lie across two cache lines)."""
    mind = life.mind.ctypes.data + who * life.mind.itemsize
    prefetch(mind)
    prefetch(mind + life.mind.itemsize - 1)
    prefetch(town.people.ctypes.data + who * town.people.itemsize)


@inlined
def fetch_ties(who, life):
    """Fetch a customer's rows of brands."""
    row = life.ties.shape[1] * life.ties.itemsize
    start = life.ties.ctypes.data + who * row
    for line in range(0, row, CACHE_LINE):
        prefetch(start + line)
