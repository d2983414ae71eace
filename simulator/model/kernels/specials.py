"""Prices and pack sizes of single items or for single segments, on top of what holds for the whole brand.

A brand is worth to a shopper what its best item is: mostly the favourite, another one where the favourite became so
much worse an offer that it outweighs the change of item.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined


@inlined
def applies(t, s, b, item, person, levers):
    """Whether a special offer holds for an item of a brand, at a store and for a customer's segment."""
    special = levers.specials[t]
    hit = special.brand == b and (special.item < 0 or special.item == item) and levers.special_here[s, t] == 1
    return hit and (special.segments >> np.uint64(person.segment)) & np.uint64(1) != 0


@inlined
def special_price(s, b, item, person, levers):
    """ln of an item's price to a customer, relative to the brand's at the store."""
    total = 0.0
    for t in range(levers.specials.shape[0]):
        if applies(t, s, b, item, person, levers):
            total += levers.specials[t].log_price
    return total


@inlined
def special_size(s, b, item, person, levers):
    """ln of an item's pack size, relative to the brand's at the store."""
    total = 0.0
    for t in range(levers.specials.shape[0]):
        if applies(t, s, b, item, person, levers):
            total += levers.specials[t].log_size
    return total


@inlined
def special_anywhere(s, b, levers):
    """Whether any special offer of a brand holds at a store."""
    found = False
    for t in range(levers.specials.shape[0]):
        found = found or (levers.specials[t].brand == b and levers.special_here[s, t] == 1)
    return found
