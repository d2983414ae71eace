"""Ask for the rows of the next shoppers while this one shops: memory is the larger half of a purchase's cost."""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, WORD, inlined, prefetch
from simulator.model.kernels.constants import CACHE_LINE

AHEAD = 16
"""Trips ahead whose rows are fetched."""


@inlined
def fetch_person(who, town, life):
    """Fetch a customer's own rows, each of one cache line where there are few brands and changes."""
    prefetch(life.mind.ctypes.data + who * life.mind.strides[0])
    prefetch(town.people.ctypes.data + who * town.people.strides[0])


@inlined
def fetch_views(who, life):
    """Fetch what a customer knows of the changes, of the first few where there are many."""
    prefetch(life.view_rows.ctypes.data + who * life.view_rows.strides[0])


@inlined
def fetch_ties(who, life):
    """Fetch a customer's ties."""
    brands = life.tie_rows.shape[1]
    row = brands * life.tie_rows.itemsize
    start = life.tie_rows.ctypes.data + who * row
    for line in range(0, row, CACHE_LINE):
        prefetch(start + line)
    # rows need not begin at a line, and eight brands are read at once even beyond the last
    prefetch(start + row + WORD * (-brands % LANES) - 1)


@inlined
def fetch_hearer(who, life):
    """Fetch what changes when a customer hears of a brand."""
    prefetch(life.mind.ctypes.data + who * life.mind.strides[0])
    fetch_views(who, life)
    fetch_ties(who, life)


@inlined
def fetch_voice(who, town, life):
    """Fetch what says whether a customer complains."""
    prefetch(town.people.ctypes.data + who * town.people.strides[0])
    fetch_ties(who, life)


@inlined
def fetch_customer(who, town, life):
    """Fetch all of a customer's rows."""
    fetch_person(who, town, life)
    fetch_views(who, life)
    fetch_ties(who, life)


@inlined
def fetch_shelf(s, life):
    """Fetch a store's stock."""
    row = life.stock.shape[1] * life.stock.itemsize
    start = life.stock.ctypes.data + s * row
    for line in range(0, row, CACHE_LINE):
        prefetch(start + line)


@inlined
def fetch_trip(k, scratch):
    """Fetch a planned trip."""
    prefetch(scratch.trips.ctypes.data + k * scratch.trips.itemsize)


@inlined
def fetch_teller(who, town):
    """Fetch where a customer's friends are listed."""
    prefetch(town.people.ctypes.data + who * town.people.strides[0])


@inlined
def fetch_friends(who, town):
    """Fetch a customer's list of friends, which `fetch_teller` has found."""
    person = town.people[who]
    start = town.friends.ctypes.data + np.int64(person.first_friend) * town.friends.itemsize
    prefetch(start)
    prefetch(start + np.int64(person.friends) * town.friends.itemsize - 1)
