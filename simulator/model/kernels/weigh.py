"""What each brand on the shelf is worth to one shopper, and whether to buy from the category at all.

Utility is taste, standing and price as far as it is noticed, and what a changed look adds or takes. What of it differs
from an ordinary day is kept apart: category incidence follows from that alone.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.changes import worth_of_change
from simulator.model.kernels.constants import PRICE_SIZE, PROMISE, WORD_OF_MOUTH
from simulator.model.kernels.mind import standing
from simulator.model.kernels.reputation import reputed
from simulator.model.kernels.specials import special_anywhere, special_price, special_size
from simulator.randomness.philox import block, gumbel, stream_key, uniform
from simulator.randomness.streams import Stream

_CHOICE = int(Stream.CHOICE)
_PRICE = int(Stream.PRICE_NOTICE)
_INCIDENCE = int(Stream.INCIDENCE)
LOWEST = -1e30
"""Below any utility."""
NOTICED_STEP = 0.1
"""Change (of the logarithm) for which the table states the probability of noticing."""


@inlined
def notices(word, change, probability):
    """Whether a change of price or size is noticed; the probability is for 10%, larger is plainer."""
    return uniform(word) < 1.0 - (1.0 - probability) ** (abs(change) / NOTICED_STEP)


@inlined
def price_and_size(trip, b, person, log_price, log_size, brand, setting, p):
    """Change of utility by a price or pack size away from the usual one, as far as it is noticed on this trip.

    A smaller pack is a dearer unit. A price above the one people are used to weighs ``price_loss_multiplier`` times.
    """
    change = np.float64(log_price - brand.log_list)
    value = 0.0
    if change != 0.0 or log_size != 0.0:
        words = block(stream_key(setting.run, _PRICE, trip.ordinal), person.uid, b, trip.retry)
        if change != 0.0 and notices(words[0], change, p.notice_price):
            value += person.beta * change
            surprise = np.float64(log_price - brand.log_reference)
            if surprise > 0.0:
                value += person.beta * (p.price_loss_multiplier - 1.0) * surprise
        if log_size != 0.0 and notices(words[1], log_size, p.notice_size):
            value -= person.beta * log_size
    return value


@inlined
def item_worth(trip, b, item, person, levers, setting, p):
    """What price and size of one item add to utility, as far as they are noticed."""
    offer = levers.offers[trip.where, b]
    log_price = offer.log_price + special_price(trip.where, b, item, person, levers)
    log_size = offer.log_size + special_size(trip.where, b, item, person, levers)
    return price_and_size(trip, b, person, log_price, log_size, levers.brands[b], setting, p)


@kernel
def best_item(trip, b, favourite, person, levers, setting, p):
    """The item preferred to the favourite one for its price or size, or -1, where a brand has special offers."""
    brand = levers.brands[b]
    usual = brand.first_item + favourite
    best = -1
    best_worth = item_worth(trip, b, usual, person, levers, setting, p)
    for item in range(brand.first_item, brand.last_item):
        worth = item_worth(trip, b, item, person, levers, setting, p) - p.variant_gap
        if item != usual and worth > best_worth:
            best = item
            best_worth = worth
    return best, best_worth


@inlined
def draw_noise(key, uid, draw, scratch):
    """Fill ``noise`` with a Gumbel draw per brand; whole arrays at once, so that the logarithms go side by side."""
    for group in range(scratch.words.shape[0] // 4):
        words = block(key, uid, group, draw)
        for lane in range(4):
            scratch.words[4 * group + lane] = words[lane]
    for lane in range(scratch.words.shape[0]):
        scratch.noise[lane] = gumbel(scratch.words[lane])


@inlined
def weigh(trip, person, me, mine, sees, life, levers, setting, p, scratch):
    """Fill ``value`` (without noise), its ``shift`` from an ordinary day's, and ``noise`` for every brand."""
    s = trip.where
    draw_noise(stream_key(setting.run, _CHOICE, trip.ordinal), person.uid, trip.retry, scratch)
    for b in range(mine.shape[0]):
        here = scratch.sight[b]
        here.item = -1
        if special_anywhere(s, b, levers):
            item, worth = best_item(trip, b, mine[b].favourite, person, levers, setting, p)
            here.item = item
            here.shift = worth
        else:
            offer = levers.offers[s, b]
            here.shift = price_and_size(trip, b, person, offer.log_price, offer.log_size, levers.brands[b], setting, p)
        if levers.brands[b].salience != 0.0:  # habit brings a brand to mind whatever its standing in public
            here.shift += levers.brands[b].salience * (1.0 - mine[b].habit)
        if life.firms[b].reputation != 0.0:
            here.shift += reputed(mine[b], life.firms[b].reputation, p)
        here.value = mine[b].utility + standing(mine[b], p) + here.shift
        here.noise = scratch.noise[b]
    if me.last_brand >= 0:
        scratch.sight[me.last_brand].value += p.inertia
    for z in range(levers.looks.shape[0]):
        here = scratch.sight[levers.looks[z].brand]
        shift = worth_of_change(z, s, person, sees[z], here.met, levers, setting, p)
        here.shift += shift
        here.value += shift


@inlined
def category_worth(scratch):
    """What the whole shelf is worth to the shopper beyond an ordinary day: difference of log-sums of utility (logit).

    Exactly 0 where no brand differs from an ordinary day.
    """
    differs = False
    top = LOWEST
    for b in range(scratch.sight.shape[0]):
        here = scratch.sight[b]
        differs = differs or here.shift != 0.0
        top = max(top, here.value)
    worth = 0.0
    if differs:
        now = 0.0
        usual = 0.0
        for b in range(scratch.sight.shape[0]):
            here = scratch.sight[b]
            weight = np.exp(here.value - top)
            now += weight
            usual += weight if here.shift == 0.0 else weight * np.exp(-here.shift)
        worth = np.log(now / usual)
    return worth


@inlined
def buys_category(trip, person, setting, p, scratch):
    """Category incidence: whether the shopper buys at all on this trip, and how much.

    Purchases of the category follow ``exp(category_response x worth)``, the nested logit's inclusive value relative to
    an ordinary day: below 1 some trips end without a purchase, above 1 some are for a unit more.
    """
    worth = category_worth(scratch)
    buys = True
    if worth != 0.0:
        words = block(stream_key(setting.run, _INCIDENCE, trip.ordinal), person.uid, 0, trip.retry)
        wanted = np.exp(p.category_response * worth)
        buys = uniform(words[0]) < wanted
        if uniform(words[0]) < wanted - 1.0:
            trip.units += 1
    return buys


@inlined
def offer_changed(s, b, levers):
    """Whether price or pack size of a brand differ from the usual ones at a store."""
    offer = levers.offers[s, b]
    usual = offer.log_price == levers.brands[b].log_list and offer.log_size == 0.0
    return not usual or special_anywhere(s, b, levers)


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
