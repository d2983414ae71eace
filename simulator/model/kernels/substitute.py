"""What a shopper does who does not find what they came for: another item, brand or store, wait, or do without.

The alternatives compete on utility and cost, each with its own keyed noise; published mixes must emerge.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, across, inlined, kernel, lane_is, pick, whole_row
from simulator.model.kernels.constants import (
    AWARE_VOICED,
    FINDABILITY,
    KIND_DISLIKE,
    LISTED,
    LOWEST,
    NOT_FOUND,
    TOOK_OTHER_STORE,
    TOOK_RIVAL,
    TOOK_VARIANT,
    WAITED,
    WANTED_OUT,
    WENT_WITHOUT,
)
from simulator.model.kernels.listing import knows_gap, store_with, usual_item
from simulator.model.kernels.mind import leader, touch
from simulator.model.kernels.notes import note_event
from simulator.model.kernels.patronage import prefers
from simulator.randomness.philox import block, exponential, stream_key
from simulator.randomness.single import gumbel
from simulator.randomness.streams import Stream

_OUT = int(Stream.OUT_OF_STOCK)
_HOME = 8  # draw number of the supply left at home


@inlined
def in_stock(s, item, life):
    """Whether an item stands on the shelf and no event keeps it off."""
    return life.stock[s, item].shelf > 0 and life.stock[s, item].blocked == LISTED


@inlined
def is_there(s, b, town, life):
    """Whether any item of a brand stands on the shelf."""
    found = False
    for item in range(town.first_item[b], town.first_item[b + 1]):
        found = found or in_stock(s, item, life)
    return found


@inlined
def any_in_stock(s, b, town, life):
    """The brand's best-selling item in stock at a store, or -1."""
    best = -1
    best_share = -1.0
    below = 0.0
    for item in range(town.first_item[b], town.first_item[b + 1]):
        share = town.item_share[item] - below
        below = town.item_share[item]
        if share > best_share and in_stock(s, item, life):
            best = item
            best_share = share
    return best


@inlined
def best_brand(damp, avoid, scratch):
    """Brand in sight and on the shelf with the highest utility plus noise, or -1.

    ``damp`` < 1 is the hurry of a second-best choice.
    """
    best = -1
    top = np.float32(LOWEST)
    sight, shelf = whole_row(scratch.sight, 0), whole_row(scratch.today, 0)
    for first in range(0, len(sight), LANES):
        here, today = across(sight, first), across(shelf, first)
        score = pick(today.there * here.seen > 0.0, damp * here.value + here.noise, LOWEST)
        best, top = leader(pick(lane_is(avoid - first), LOWEST, score), first, best, top)
    return best


@inlined
def score_of(b, scratch):
    """Utility plus noise of a brand for the shopper before the shelf."""
    here = whole_row(scratch.sight, 0)[b]
    return np.float64(here.value + here.noise)


@inlined
def another_store(slot, person, town):
    """The best-known other store's slot, or -1."""
    best = -1
    for other in range(4):
        known = other != slot and person.store[other] >= 0
        if known and (best < 0 or prefers(other, best, person, town)):
            best = other
    return best


@inlined
def answer_empty_shelf(trip, b, day, second, week, person, me, mine, town, life, setting, p, scratch, records):
    """The wanted item is out: another variant, another brand, another store, wait, or do without.

    The five compete on utility and cost, each with its own keyed noise; the published mix must emerge. Returns the
    item to buy (>= 0), -1 for nothing, or -2 - slot for going on to another store.
    """
    s = trip.where
    mine[b].distrust += p.availability_fall * (1.0 - mine[b].distrust)
    key = stream_key(setting.run, _OUT, trip.ordinal)
    words = block(key, person.uid, b, 2 * second + trip.retry)
    wanted = score_of(b, scratch)
    best = wanted - p.go_without_cost + gumbel(words[3])
    answer = WENT_WITHOUT
    result = -1
    variant = any_in_stock(s, b, town, life)
    if variant >= 0:
        score = wanted - p.variant_gap + gumbel(words[0])
        if score > best:
            best = score
            answer = TOOK_VARIANT
            result = variant
    rival = best_brand(1.0, b, scratch)
    if rival >= 0:
        score = score_of(rival, scratch) - p.search_anxiety
        if score > best:
            best = score
            answer = TOOK_RIVAL
            result = usual_item(trip.who, rival, town)
            if not in_stock(s, result, life):
                result = any_in_stock(s, rival, town, life)
    slot = another_store(trip.slot, person, town)
    if second == 0 and slot >= 0:
        score = wanted - p.store_travel_cost + gumbel(words[1])
        if score > best:
            best = score
            answer = TOOK_OTHER_STORE
            result = -2 - slot
    score = wanted - p.wait_cost + gumbel(words[2])
    if trip.retry == 0 and score > best:  # who would rather wait can do so with enough at home
        home = block(key, person.uid, b, _HOME)
        if exponential(home[0]) * p.home_stock_days > p.wait_days:
            answer = WAITED
            result = -1
            me.retry_day = day + max(1, int(p.wait_days))
            me.waited_for = b
            me.waited_units = trip.units
    if second == 0:
        records.totals[week, WANTED_OUT, b] += 1
        records.totals[week, answer, b] += 1
    return result


@kernel
def answer_delisted(trip, b, item, second, settled, person, sees, town, life, levers, setting, p, scratch):
    """The store does not sell the wanted item: another variant, another brand, another store, or do without.

    As with an empty shelf, but nobody waits for what does not come, and nobody trusts the supply less for it. Only the
    surprised do without; who knew of it (``settled``: and has weighed it against the other brands) looks for the item's
    substitute. Returns as `answer_empty_shelf` does.
    """
    s = trip.where
    words = block(stream_key(setting.run, _OUT, trip.ordinal), person.uid, b, 2 * second + trip.retry)
    wanted = score_of(b, scratch)
    surprised = not knows_gap(trip.slot, s, item, sees, levers)
    best = wanted - p.go_without_cost + gumbel(words[3]) if surprised else LOWEST
    result = -1
    variant = any_in_stock(s, b, town, life)
    if variant >= 0:
        score = wanted - p.variant_gap + gumbel(words[0])
        if score > best:
            best = score
            result = variant
    slot = store_with(trip.slot, item, person, sees, town, levers)
    if second == 0 and slot >= 0:
        score = wanted - p.store_travel_cost + gumbel(words[1])
        if score > best:
            best = score
            result = -2 - slot
    rival = best_brand(1.0, b, scratch)
    if rival >= 0 and (not settled or result == -1):
        score = score_of(rival, scratch)
        if surprised:
            score -= p.search_anxiety
        if score > best:
            result = usual_item(trip.who, rival, town)
            if not in_stock(s, result, life):
                result = any_in_stock(s, rival, town, life)
    return result


@inlined
def brand_of(item, town):
    """Brand of an item."""
    b = 0
    while town.first_item[b + 1] <= item:
        b += 1
    return b


@inlined
def settle_for(trip, missed, day, week, me, sees, town, life, setting, p, scratch, records):
    """The wanted brand was overlooked: take the first acceptable pack in sight, or -1 to go home without.

    No second careful comparison: differences in utility count only in part, and search costs anxiety.
    """
    records.totals[week, NOT_FOUND, missed] += 1
    # a disliked look is worth a word once, not on every trip on which it is missed
    met = whole_row(scratch.sight, 0)[missed].met
    if met > 0 and sees[met - 1].aware & AWARE_VOICED == 0:
        sees[met - 1].aware |= AWARE_VOICED
        note_event(trip.who, missed, KIND_DISLIKE, -1.0, FINDABILITY, 0, scratch)
    if missed == setting.focal:
        touch(me, FINDABILITY, day)
    b = best_brand(1.0 - p.search_haste, missed, scratch)
    wanted = score_of(missed, scratch)
    if b >= 0:
        found = score_of(b, scratch) - p.search_anxiety
        if found < wanted - p.go_without_cost:
            b = -1
    return b
