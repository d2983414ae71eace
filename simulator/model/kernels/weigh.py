"""What each brand on the shelf is worth to one shopper, and whether to buy from the category at all.

Utility is taste, standing and price as far as it is noticed, and what a changed look adds or takes. What of it differs
from an ordinary day is kept apart: category incidence follows from that alone.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import (
    LANES,
    across,
    bits_of,
    in_row,
    inlined,
    kernel,
    lane_is,
    lanes_at,
    largest,
    lowest_bit,
    pick,
    whole_row,
)
from simulator.model.kernels.acquaintance import pass_over_strangers
from simulator.model.kernels.changes import worth_of_change
from simulator.model.kernels.constants import (
    DRAWN_INCIDENCE,
    INCIDENCE_WORDS,
    LOWEST,
    PRICE_SIZE,
    PROMISE,
    USUAL_PRICES,
    WORD_OF_MOUTH,
)
from simulator.model.kernels.listing import usual_item
from simulator.model.kernels.mind import leader, standing
from simulator.model.kernels.reputation import reputed
from simulator.model.kernels.specials import special_anywhere, special_price, special_size
from simulator.randomness.philox import block, exp, log, stream_key, uniform
from simulator.randomness.streams import Stream

_PRICE = int(Stream.PRICE_NOTICE)
_INCIDENCE = int(Stream.INCIDENCE)
FORGOTTEN = 0.01
"""Distrust below which a brand is trusted again: worth less than 0.005 logit, and dear to follow."""
NOTICED_STEP = 0.1
"""Change (of the logarithm) for which the table states the probability of noticing."""


@inlined
def notices(word, change, probability):
    """Whether a change of price or size is noticed; the probability is for 10%, larger is plainer."""
    return uniform(word) < 1.0 - (1.0 - probability) ** (abs(change) / NOTICED_STEP)


@inlined
def price_and_size(trip, b, person, log_price, log_size, levers, setting, p, scratch):
    """Change of utility by a price or pack size away from the usual one, as far as it is noticed on this trip.

    A smaller pack is a dearer unit. A price above the one people are used to weighs ``price_loss_multiplier`` times.
    """
    change = np.float64(log_price - levers.brands[b].log_list)
    value = 0.0
    if change != 0.0 or log_size != 0.0:
        words = block(stream_key(setting.run, _PRICE, trip.ordinal), person.uid, b, trip.retry)
        if change != 0.0 and notices(words[0], change, p.notice_price):
            value += person.beta * change
            surprise = np.float64(log_price - whole_row(scratch.today, 0)[b].reference)
            if surprise > 0.0:
                value += person.beta * (p.price_loss_multiplier - 1.0) * surprise
        if log_size != 0.0 and notices(words[1], log_size, p.notice_size):
            value -= person.beta * log_size
    return value


@inlined
def item_worth(trip, b, item, person, levers, setting, p, scratch):
    """What price and size of one item add to utility, as far as they are noticed."""
    offer = levers.offers[trip.where, b]
    log_price = offer.log_price + special_price(trip.where, b, item, person, levers)
    log_size = offer.log_size + special_size(trip.where, b, item, person, levers)
    return price_and_size(trip, b, person, log_price, log_size, levers, setting, p, scratch)


@kernel
def best_item(trip, b, usual, person, levers, setting, p, scratch):
    """The item preferred to the favourite one for its price or size, or -1, where a brand has special offers."""
    brand = levers.brands[b]
    best = -1
    best_worth = item_worth(trip, b, usual, person, levers, setting, p, scratch)
    for item in range(brand.first_item, brand.last_item):
        worth = item_worth(trip, b, item, person, levers, setting, p, scratch) - p.variant_gap
        if item != usual and worth > best_worth:
            best = item
            best_worth = worth
    return best, best_worth


@inlined
def offered(trip, b, usual, person, levers, setting, p, scratch):
    """The item of a brand preferred to the favourite one for its price or size (or -1), and what is gained by it."""
    item = -1
    if special_anywhere(trip.where, b, levers):
        item, worth = best_item(trip, b, usual, person, levers, setting, p, scratch)
    else:
        offer = levers.offers[trip.where, b]
        worth = price_and_size(trip, b, person, offer.log_price, offer.log_size, levers, setting, p, scratch)
    return item, worth


@inlined
def shift_of_one(trip, b, person, mine, sees, usual, town, life, levers, setting, p, scratch):
    """What of one brand's utility for the shopper is not so on an ordinary day, but for its salience (logit)."""
    shift = 0.0
    here = whole_row(scratch.sight, 0)[b]
    if not usual:
        here.item, shift = offered(trip, b, usual_item(trip.who, b, town), person, levers, setting, p, scratch)
    if life.firms[b].reputation != 0.0:
        shift += reputed(mine[b], life.firms[b].reputation, p, scratch)
    for z in range(levers.looks.shape[0]):
        if levers.looks[z].brand == b:
            shift += worth_of_change(z, trip.where, person, sees[z], here.met, levers, setting, p)
    return shift


@inlined
def wanted_of_all(scratch):
    """Brand with the highest utility plus noise, in sight or not: what the shopper came for."""
    sight = whole_row(scratch.sight, 0)
    best = 0
    top = np.float32(LOWEST)
    for first in range(0, len(sight), LANES):
        here = across(sight, first)
        best, top = leader(here.value + here.noise, first, best, top)
    return best


@inlined
def trust_regained(ties, today, p):
    """How much less several brands are distrusted for standing on this shelf today."""
    feared = ties.distrust
    return pick(feared > FORGOTTEN, p.availability_recovery * today.there * feared, 0.0)


@inlined
def weigh(trip, person, me, mine, sees, arriving, town, life, levers, setting, p, scratch):
    """Fill ``value`` (without noise), its ``shift`` from an ordinary day's, and ``noise`` for every brand.

    Who is just ``arriving`` at the shelf has yet to regain the trust that its sight inspires.
    The noise, a Gumbel draw per brand keyed by the trip, has been drawn when the shopper's chunk took its seats.
    Returns the brand with the highest value plus noise.
    """
    best = 0
    top = np.float32(LOWEST)
    usual = levers.usual[trip.where] & USUAL_PRICES != 0
    for first in range(0, len(mine), LANES):
        here, ties = across(whole_row(scratch.sight, 0), first), across(mine, first)
        today = across(whole_row(scratch.today, 0), first)
        here.item = -1
        shift = today.salience * (1.0 - ties.habit)  # habit brings a brand to mind whatever its standing in public
        apart = bits_of(today.apart != 0.0)
        if not usual:
            apart = bits_of(in_row(ties))
        while apart != 0:
            b = lowest_bit(apart)
            apart &= apart - np.uint64(1)
            one = shift_of_one(trip, first + b, person, mine, sees, usual, town, life, levers, setting, p, scratch)
            shift += pick(lane_is(b), one, 0.0)
        used_to = pick(lane_is(me.last_brand - first), p.inertia, 0.0)
        worth = ties.utility + standing(ties, p)
        if arriving:
            worth += p.availability_weight * trust_regained(ties, today, p)
        value = pick(in_row(ties), worth + shift + used_to, LOWEST)
        noise = lanes_at(scratch.seats.noise, first, trip.seat)
        here.shift = shift
        here.value = value
        here.noise = noise
        best, top = leader(value + noise, first, best, top)
    if me.strange != 0:
        pass_over_strangers(me, levers, scratch)
        best = wanted_of_all(scratch)
    return best


@kernel
def weigh_late(trip, person, me, mine, sees, town, life, levers, setting, p, scratch):
    """Weigh what a shopper had not thought of weighing: seldom, and so kept out of the way of the others."""
    weigh(trip, person, me, mine, sees, False, town, life, levers, setting, p, scratch)


@inlined
def largest_shifts(scratch):
    """The largest loss and the largest gain of any brand against an ordinary day (logit, both at least 0)."""
    loss = 0.0
    gain = 0.0
    sight = whole_row(scratch.sight, 0)
    for first in range(0, len(sight), LANES):
        shift = across(sight, first).shift
        if bits_of(shift != 0.0) != 0:
            loss = max(loss, np.float64(largest(0.0 - shift)))
            gain = max(gain, np.float64(largest(shift)))
    return loss, gain


@inlined
def category_worth(scratch):
    """What the whole shelf is worth beyond an ordinary day: the difference of two log-sums of utility (logit)."""
    sight = whole_row(scratch.sight, 0)
    top = LOWEST
    for first in range(0, len(sight), LANES):
        top = max(top, np.float64(largest(across(sight, first).value)))
    now = 0.0
    usual = 0.0
    for b in range(len(sight)):
        here = sight[b]
        weight = exp(here.value - top)
        now += weight
        usual += weight if here.shift == 0.0 else weight * exp(-here.shift)
    return log(now / usual)


@inlined
def buys_category(trip, person, setting, p, scratch):
    """Category incidence: whether the shopper buys at all on this trip, and how much.

    Purchases of the category follow ``exp(category_response x worth)``, the nested logit's inclusive value relative to
    an ordinary day: below 1 some trips end without a purchase, above 1 some are for a unit more. The worth lies between
    the largest loss and the largest gain of any brand, which mostly settles the matter without working it out.
    """
    loss, gain = largest_shifts(scratch)
    buys = True
    if loss != 0.0 or gain != 0.0:
        word = scratch.seats.words[INCIDENCE_WORDS, trip.seat]
        if scratch.counts[DRAWN_INCIDENCE] == 0:
            word = block(stream_key(setting.run, _INCIDENCE, trip.ordinal), person.uid, 0, trip.retry)[0]
        u = uniform(word)
        # 1 - x <= exp(-x), and exp(x) - 1 <= 2 x for x up to 1
        settled = u < 1.0 - p.category_response * loss and p.category_response * gain < min(1.0, 0.5 * u)
        if not settled:
            wanted = exp(p.category_response * category_worth(scratch))
            buys = u < wanted
            if u < wanted - 1.0:
                trip.units += 1
    return buys


@inlined
def offer_changed(s, b, levers):
    """Whether price or pack size of a brand differ from the usual ones at a store."""
    changed = False
    if levers.usual[s] & USUAL_PRICES == 0:
        offer = levers.offers[s, b]
        changed = offer.log_price != levers.brands[b].log_list or offer.log_size != 0.0
        changed = changed or special_anywhere(s, b, levers)
    return changed


@inlined
def price_changed(s, levers, setting):
    """Whether price or pack size of the focal brand differ from the usual ones at a store."""
    return offer_changed(s, setting.focal, levers)


@inlined
def skipped_because(s, life, levers, setting):
    """Cause of a trip without a purchase: the focal brand's price or size, its public standing, or its look."""
    cause = PROMISE
    if price_changed(s, levers, setting):
        cause = PRICE_SIZE
    elif life.firms[setting.focal].reputation != 0.0:
        cause = WORD_OF_MOUTH
    return cause
