"""What a store does not sell: the surprise of a delisting, and what who knows of it does.

A delisted item is not out of stock: nobody waits for it or loses trust in its supply, and no audit counts it. Whoever
has been to the store once knows, and weighs the brand there at the cost of a way to another store.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, whole_row
from simulator.model.kernels.constants import ABSENT, KNOWN_ABSENT, SOLD
from simulator.model.kernels.patronage import prefers

OUT_OF_REACH = 50.0
"""Utility (logit) that a brand loses where no store that is known to sell it is left: its probability is then nil."""


@inlined
def usual_item(i, b, town):
    """A customer's favourite among a brand's items."""
    return np.int64(town.first_item[b]) + np.int64(town.favourites[i, b])


@inlined
def knows_gap(slot, store, item, sees, levers):
    """Whether the customer has seen that the store in ``slot`` does not sell an item."""
    z = levers.delisted[store, item]
    return z > 0 and (sees[z - 1].aware >> slot) & 1 != 0


@kernel
def brand_absent(slot, s, b, sees, town, levers):
    """SOLD where the store sells any item of a brand, KNOWN_ABSENT where the customer knows that it sells none."""
    found = KNOWN_ABSENT
    for item in range(town.first_item[b], town.first_item[b + 1]):
        if levers.delisted[s, item] == 0:
            found = SOLD
        elif found == KNOWN_ABSENT and not knows_gap(slot, s, item, sees, levers):
            found = ABSENT
    return found


@kernel
def any_delisted(s, b, town, levers):
    """Whether a store has taken any item of a brand out of its range."""
    found = False
    for item in range(town.first_item[b], town.first_item[b + 1]):
        found = found or levers.delisted[s, item] > 0
    return found


@kernel
def learn_range(slot, s, sees, levers):
    """Know from this visit on what the store no longer sells."""
    for item in range(levers.delisted.shape[1]):
        z = levers.delisted[s, item]
        if z > 0:
            sees[z - 1].aware |= np.uint8(1 << slot)


@kernel
def store_with(slot, item, person, sees, town, levers):
    """Slot of the best-known other store that, for all the customer knows, sells an item, or -1."""
    best = -1
    for other in range(4):
        if other == slot or person.store[other] < 0 or knows_gap(other, person.store[other], item, sees, levers):
            continue
        if best < 0 or prefers(other, best, person, town):
            best = other
    return best


@kernel
def discount_absent(trip, person, sees, town, levers, p, scratch):
    """Weigh what is known not to be sold here at the cost of the way to a store that sells it.

    Where only the favourite item is gone, another item of the brand may be the lesser evil.
    """
    sight = whole_row(scratch.sight, 0)
    for b in range(levers.brands.shape[0]):
        here = sight[b]
        usual = usual_item(trip.who, b, town)
        cost = 0.0
        if here.absent == KNOWN_ABSENT:
            cost = OUT_OF_REACH
        elif here.absent == SOLD and knows_gap(trip.slot, trip.where, usual, sees, levers):
            cost = p.variant_gap
        if cost > 0.0 and store_with(trip.slot, usual, person, sees, town, levers) >= 0:
            cost = min(cost, p.store_travel_cost)
        here.value -= cost
        here.shift -= cost
