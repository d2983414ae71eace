"""Several threads at one day's work: who does what, and where they wait for each other.

Stores, customers and news are dealt out in contiguous parts, so that lists joined in order of the threads are the same
for any number of them. A thread alone never waits.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import arrive, give_way, inlined, kernel, peek
from simulator.model.kernels.constants import ARRIVED, HELD

PATIENCE = 2000
"""How often a thread looks whether the others have come before it lets other work have its processor."""


@inlined
def part_of(total, worker, team):
    """First and last (exclusive) of ``total`` things that fall to a thread."""
    return total * worker // team, total * (worker + 1) // team


@kernel
def meet(meeting, team):
    """Wait until every thread of the team has come here."""
    if team > 1:
        held = meeting.ctypes.data + HELD * meeting.itemsize
        before = peek(held)
        if arrive(meeting.ctypes.data + ARRIVED * meeting.itemsize) == team - 1:
            meeting[ARRIVED] = 0
            arrive(held)
        else:
            patience = PATIENCE
            while peek(held) == before:
                patience -= 1
                if patience < 0:
                    give_way()


@kernel
def join_visits(visits, start):
    """Add up the threads' counts of trips to each store into ``start`` (S + 1,): where each store's trips begin."""
    total = 0
    for s in range(visits.shape[1]):
        start[s] = total
        for w in range(visits.shape[0]):
            total += visits[w, s]
    start[visits.shape[1]] = total
    return np.int64(total)
