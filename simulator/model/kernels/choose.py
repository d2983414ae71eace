"""One shopper in front of one shelf: what is in sight, autopilot or deliberation, what goes into the basket.

Choices are Gumbel-max with one keyed draw per customer, trip and brand: removing an item moves only those who would
have taken it. A brand's variants share the brand's draw; wanting another than the favourite one is a draw of its own.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, across, inlined, kernel, row_of, whole_row
from simulator.model.kernels.acquaintance import discover, is_strange
from simulator.model.kernels.changes import acts_here, meet_changes
from simulator.model.kernels.constants import (
    AVAILABILITY,
    AWARE_VOICED,
    DELISTED,
    FINDABILITY,
    KIND_NEWS,
    KNOWN_ABSENT,
    LISTED,
    LOOK_POSITION,
    LOOK_RECIPE,
    PRICE_SIZE,
    PROMISE,
    SHORT_BY_EVENT,
    SOLD,
    USUAL_LOOKS,
    USUAL_PRICES,
)
from simulator.model.kernels.listing import (
    any_delisted,
    brand_absent,
    discount_absent,
    knows_gap,
    store_with,
    usual_item,
)
from simulator.model.kernels.mind import commitment, leader, refresh, touch
from simulator.model.kernels.notes import note_event
from simulator.model.kernels.perceive import (
    appeal,
    curious,
    form_opinion,
    grow_familiar,
    hear_announcement,
    look_words,
    may_be_curious,
    miss_probability,
)
from simulator.model.kernels.substitute import (
    answer_delisted,
    answer_empty_shelf,
    brand_of,
    in_stock,
    is_there,
    settle_for,
)
from simulator.model.kernels.weigh import (
    buys_category,
    offer_changed,
    price_changed,
    skipped_because,
    trust_regained,
    wanted_of_all,
    weigh,
    weigh_late,
)
from simulator.randomness.philox import block, stream_key, uniform
from simulator.randomness.streams import Stream

_CURIOUS = int(Stream.CURIOSITY)


@kernel
def look_in_vain(trip, me, sees, town, levers, scratch):
    """Note which brands the shopper does not know, and neither looks for nor looks at, and which are not sold here."""
    sight = whole_row(scratch.sight, 0)
    for b in range(levers.brands.shape[0]):
        here = sight[b]
        if is_strange(me, b, levers):
            here.seen = 0
        elif levers.delisted.shape[0] > 0:
            here.absent = brand_absent(trip.slot, trip.where, b, sees, town, levers)
            if here.absent != SOLD:
                here.seen = 0


@inlined
def look_around(trip, day, person, me, mine, sees, town, life, levers, setting, p, scratch):
    """Fill ``seen``, ``met`` and ``absent``: which brands are in sight and with which look; form opinions of changes.

    Returns True where some brand was overlooked. A shelf shows the new look in proportion to its facings.
    """
    s = trip.where
    overlooked = False
    sight = whole_row(scratch.sight, 0)
    for first in range(0, len(sight), LANES):
        here = across(sight, first)
        here.seen = 1
        here.met = 0
        here.absent = SOLD
    if me.strange != 0 or (levers.delisted.shape[0] > 0 and levers.usual[s] & USUAL_LOOKS == 0):
        look_in_vain(trip, me, sees, town, levers, scratch)
    changed = np.int64(0 if levers.usual[s] & USUAL_LOOKS != 0 else levers.looks.shape[0])
    for number in range(changed):
        b = np.int64(levers.looks[number].brand)
        if b < 0 or levers.offers[s, b].look != number + 1 or sight[b].seen == 0:
            continue
        here = sight[b]
        offer = levers.offers[s, b]
        words, row = scratch.seats.words, look_words(number, town.roles.shape[0])
        new = uniform(words[row, trip.seat]) < offer.look_share
        here.met = offer.look if new else offer.look_before
        if here.met == 0:
            continue
        z = here.met - 1
        look = levers.looks[z]
        view = sees[z]
        briefed = life.chain[s, b].briefed
        hear_announcement(person.uid, z, view, look, setting)
        # the loyal look harder: their commitment turns part of the misses into finds
        missed = uniform(words[row + 1, trip.seat]) < miss_probability(view, look, briefed, setting, p)
        if missed and uniform(words[row + 2, trip.seat]) >= p.effort_loyalty * commitment(mine[b]):
            here.seen = 0
            overlooked = True
            continue
        noticed = form_opinion(mine[b], view, look, briefed, words[row + 3, trip.seat], setting, p)
        if noticed and setting.promise == 1:
            liking = appeal(person, z, view, look, setting, p) - view.hurt
            if liking < 0.0:
                view.aware |= AWARE_VOICED
                if b == setting.focal:
                    touch(me, PROMISE, day)
            note_event(trip.who, b, KIND_NEWS, liking, PROMISE, 0, scratch)
    if levers.active.shape[0] > 0:
        meet_changes(trip, day, person, me, mine, sees, life, levers, setting, p, scratch)
    if levers.delisted.shape[0] > 0 and sight[setting.focal].absent != SOLD:
        touch(me, AVAILABILITY, day)
    return overlooked


@kernel
def look_at_shelf(s, town, life, scratch):
    """Note which brands stand on a store's shelf."""
    today = whole_row(scratch.today, 0)
    for b in range(town.brands.shape[0]):
        today[b].there = 1.0 if is_there(s, b, town, life) else 0.0


@inlined
def trust_shelves(mine, p, scratch):
    """Regain trust in the availability of every brand that stands on this shelf today."""
    for first in range(0, len(mine), LANES):
        ties, today = across(mine, first), across(whole_row(scratch.today, 0), first)
        ties.distrust = ties.distrust - trust_regained(ties, today, p)


@inlined
def wanted_item(b, usual, word, town, p):
    """The item of a brand wanted on this trip: mostly the favourite, now and then any, by share."""
    first = np.int64(town.first_item[b])
    u = (uniform(word) - p.variant_loyalty) / (1.0 - p.variant_loyalty)
    item = first
    for other in range(first, town.first_item[b + 1] - 1):  # without a branch: no processor can foresee a chance
        item += u >= town.item_share[other]
    return usual if u < 0.0 else item


@inlined
def autopilot(word, day, me, mine, sees, levers, setting, p, scratch):
    """The brand that habit reaches for without thinking, or -1: probability ``a`` times the strongest habit.

    Habit is tied to what the pack looks like: a strange look keeps ``habit_transfer`` of it for each cue lost.
    """
    u = uniform(word)
    if u >= p.autopilot_ceiling:  # no habit is as strong as that
        return -1
    strongest = 0
    top = np.float32(0.0)
    for first in range(0, len(mine), LANES):
        strongest, top = leader(across(mine, first).habit, first, strongest, top)
    strength = p.autopilot_ceiling * top
    if mine[strongest].cold > 0:  # nobody goes without thinking where they were treated badly
        strength = 0.0
    met = whole_row(scratch.sight, 0)[strongest].met
    if met > 0 and setting.findability == 1 and u < strength:
        strange = (1.0 - levers.looks[met - 1].overlap) * (1.0 - sees[met - 1].familiarity)
        strength *= 1.0 - strange * (1.0 - p.habit_transfer)
        if u >= strength and strongest == setting.focal:
            touch(me, FINDABILITY, day)
    return strongest if u < strength else -1


@inlined
def curious_brand(trip, person, sees, levers, setting, p, scratch):
    """A brand whose announced new look, recipe or position is tried out of curiosity on this trip, or -1."""
    chosen = -1
    if setting.promise == 1:
        sight = whole_row(scratch.sight, 0)
        for z in range(levers.looks.shape[0]):
            b = levers.looks[z].brand
            if b < 0 or not may_be_curious(sees[z]):
                continue
            met = sight[b].met == z + 1
            if levers.looks[z].kind == LOOK_RECIPE or levers.looks[z].kind == LOOK_POSITION:
                met = acts_here(trip.where, z, person, levers)
            if met and sight[b].seen == 1:
                words = block(stream_key(setting.run, _CURIOUS, trip.ordinal), person.uid, z, trip.retry)
                if curious(sees[z], words[0], p):
                    chosen = b
    return chosen


@inlined
def take(trip, b, item, mine, sees, town, life, levers, p, scratch):
    """Put an item into the basket; know the looks in sight a little better."""
    stock = life.stock[trip.where, item]
    units = min(np.int32(trip.units), stock.shelf)
    stock.shelf -= units
    stock.sold += units
    if stock.shelf == 0:
        whole_row(scratch.today, 0)[b].there = 1.0 if is_there(trip.where, b, town, life) else 0.0
    trip.units = units
    trip.bought = b
    trip.item = item
    sight = whole_row(scratch.sight, 0)
    for z in range(levers.looks.shape[0]):
        brand = levers.looks[z].brand
        if brand >= 0 and sight[brand].met == z + 1 and sight[brand].seen == 1:
            grow_familiar(sees[z], brand == b, p)


@inlined
def choose(trip, day, week, second, town, life, levers, setting, p, scratch, records):
    """Let the shopper of a trip choose; return the slot of another store to go on to, or -1.

    What is bought is left in ``trip.bought``.
    """
    i = trip.who
    person = town.people[i]
    me = life.mind[i]
    mine = row_of(life.tie_rows, i)
    sight = whole_row(scratch.sight, 0)
    sees = row_of(life.view_rows, i)
    s = trip.where
    refresh(me, mine, sees, day, scratch.fade)
    trip.bought = -1
    trip.forced = 0
    if me.strange != 0:
        discover(trip, person, me, levers, setting, p)
    overlooked = look_around(trip, day, person, me, mine, sees, town, life, levers, setting, p, scratch)
    b = np.int64(-1)
    if second == 1:
        b = np.int64(trip.target)
        sight[b].seen = 1
    else:
        b = np.int64(curious_brand(trip, person, sees, levers, setting, p, scratch))
        if b < 0 and trip.retry == 1:  # who waited comes back for what was waited for
            b = np.int64(me.waited_for)
        if b < 0:
            b = np.int64(autopilot(trip.words[1], day, me, mine, sees, levers, setting, p, scratch))
        if b >= 0 and sight[b].absent == KNOWN_ABSENT:  # no cue here to set the habit off
            b = np.int64(-1)
    weighed = bool(b < 0)
    planned = weighed
    if weighed:
        b = np.int64(weigh(trip, person, me, mine, sees, True, town, life, levers, setting, p, scratch))
    # after the weighing, which would have to wait for what was just written
    trust_shelves(mine, p, scratch)
    if weighed:
        if levers.delisted.shape[0] > 0:
            discount_absent(trip, person, sees, town, levers, p, scratch)
            b = np.int64(wanted_of_all(scratch))
        if second == 0 and not buys_category(trip, person, setting, p, scratch):
            if sight[setting.focal].shift != 0.0:
                delisted = levers.delisted.shape[0] > 0 and any_delisted(s, setting.focal, town, levers)
                touch(me, AVAILABILITY if delisted else skipped_because(s, life, levers, setting), day)
            return -1
        if sight[b].absent == KNOWN_ABSENT:  # who knows better goes straight to a store that sells it
            trip.target = b
            return store_with(trip.slot, usual_item(i, b, town), person, sees, town, levers)
    if overlooked and sight[b].seen == 0 and sight[b].absent == SOLD:
        if not weighed:
            weigh_late(trip, person, me, mine, sees, town, life, levers, setting, p, scratch)
            weighed = True
        b = np.int64(settle_for(trip, b, day, week, me, sees, town, life, setting, p, scratch, records))
        if b < 0:
            return -1
        trip.forced = 1
    trip.target = b
    usual = usual_item(i, b, town)
    item = np.int64(wanted_item(b, usual, trip.words[3], town, p))
    if weighed and sight[b].item >= 0 and item == usual:
        item = np.int64(sight[b].item)
    if not in_stock(s, item, life):
        if not weighed:
            weigh_late(trip, person, me, mine, sees, town, life, levers, setting, p, scratch)
        stock = life.stock[s, item]
        if b == setting.focal and (stock.blocked != LISTED or stock.short == SHORT_BY_EVENT):
            touch(me, AVAILABILITY, day)
        if stock.blocked == DELISTED:
            settled = planned and knows_gap(trip.slot, s, item, sees, levers)
            item = np.int64(
                answer_delisted(trip, b, item, second, settled, person, sees, town, life, levers, setting, p, scratch)
            )
        else:
            item = np.int64(
                answer_empty_shelf(
                    trip, b, day, second, week, person, me, mine, town, life, setting, p, scratch, records
                )
            )
        if item <= -2:
            return -2 - item
        if item < 0:
            return -1
        taken = np.int64(brand_of(item, town))
        if taken != b:
            trip.forced = 1
            b = taken
    unusual = levers.usual[s] & USUAL_PRICES == 0
    if unusual and b != setting.focal and (price_changed(s, levers, setting) or offer_changed(s, b, levers)):
        touch(me, PRICE_SIZE, day)
    take(trip, b, item, mine, sees, town, life, levers, p, scratch)
    return -1
