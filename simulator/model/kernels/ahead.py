"""Ask for the rows of the next shoppers while this one shops: memory is the larger half of a purchase's cost."""

from __future__ import annotations

from simulator.compilation import inlined, prefetch
from simulator.model.kernels.constants import CACHE_LINE

AHEAD = 16
"""Trips ahead whose rows are fetched."""


@inlined
def fetch_person(who, town, life):
    """Fetch a customer's own rows, each of one cache line."""
    prefetch(life.mind.ctypes.data + who * life.mind.itemsize)
    prefetch(town.people.ctypes.data + who * town.people.itemsize)


@inlined
def fetch_views(who, life):
    """Fetch what a customer knows of the changes, of the first few where there are many."""
    prefetch(life.views.ctypes.data + who * life.views.shape[1] * life.views.itemsize)


@inlined
def fetch_ties(who, whole, life):
    """Fetch a customer's ties, or what of them is needed to hear of a brand."""
    row = life.tie_rows.shape[1] * life.tie_rows.itemsize
    start = life.tie_rows.ctypes.data + who * row
    for line in range(0, row if whole else row // 2, CACHE_LINE):
        prefetch(start + line)


@inlined
def fetch_hearer(who, life):
    """Fetch what changes when a customer hears of a brand."""
    prefetch(life.mind.ctypes.data + who * life.mind.itemsize)
    fetch_views(who, life)
    fetch_ties(who, False, life)


@inlined
def fetch_voice(who, town, life):
    """Fetch what says whether a customer complains."""
    prefetch(town.people.ctypes.data + who * town.people.itemsize)
    fetch_ties(who, False, life)


@inlined
def fetch_customer(who, town, life):
    """Fetch all of a customer's rows."""
    fetch_person(who, town, life)
    fetch_views(who, life)
    fetch_ties(who, True, life)


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
    prefetch(town.indptr.ctypes.data + who * town.indptr.itemsize)
    prefetch(town.people.ctypes.data + who * town.people.itemsize)


@inlined
def fetch_friends(who, town):
    """Fetch a customer's list of friends, which `fetch_teller` has found."""
    start = town.friends.ctypes.data + town.indptr[who] * town.friends.itemsize
    prefetch(start)
    prefetch(town.friends.ctypes.data + town.indptr[who + 1] * town.friends.itemsize - 1)
