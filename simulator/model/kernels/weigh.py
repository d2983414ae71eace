"""What each brand on the shelf is worth to one shopper, and whether to buy from the category at all.

Utility is taste, standing and price as far as it is noticed, and what a changed look adds or takes. What of it differs
from an ordinary day is kept apart: category incidence follows from that alone.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined
from simulator.model.kernels.constants import AWARE_HEARD, AWARE_SEEN, PRICE_SIZE, PROMISE, WORD_OF_MOUTH
from simulator.model.kernels.mind import standing
from simulator.model.kernels.perceive import appeal
from simulator.model.kernels.reputation import reputed
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
def price_and_size(trip, b, person, offer, brand, setting, p):
    """Change of utility by a price or pack size away from the usual one, as far as it is noticed on this trip.

    A smaller pack is a dearer unit. A price above the one people are used to weighs ``price_loss_multiplier`` times.
    """
    change = np.float64(offer.log_price - brand.log_list)
    value = 0.0
    if change != 0.0 or offer.log_size != 0.0:
        words = block(stream_key(setting.run, _PRICE, trip.ordinal), person.uid, b, trip.retry)
        if change != 0.0 and notices(words[0], change, p.notice_price):
            value += person.beta * change
            surprise = np.float64(offer.log_price - brand.log_reference)
            if surprise > 0.0:
                value += person.beta * (p.price_loss_multiplier - 1.0) * surprise
        if offer.log_size != 0.0 and notices(words[1], offer.log_size, p.notice_size):
            value -= person.beta * offer.log_size
    return value


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
        here.shift = price_and_size(trip, b, person, levers.offers[s, b], levers.brands[b], setting, p)
        if life.firms[b].reputation != 0.0:
            here.shift += reputed(mine[b], life.firms[b].reputation, p)
        here.value = mine[b].utility + standing(mine[b], p) + here.shift
        here.noise = scratch.noise[b]
    if me.last_brand >= 0:
        scratch.sight[me.last_brand].value += p.inertia
    if setting.promise == 1:
        for z in range(levers.looks.shape[0]):
            view = sees[z]
            if view.aware & (AWARE_SEEN | AWARE_HEARD) != 0:
                here = scratch.sight[levers.looks[z].brand]
                shift = -np.float64(view.hurt)
                if here.met == z + 1 and view.aware & AWARE_SEEN != 0:
                    shift += appeal(person.uid, z, levers.looks[z], setting)
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
            now += np.exp(here.value - top)
            usual += np.exp(here.value - here.shift - top)
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
def price_changed(s, levers, setting):
    """Whether price or pack size of the focal brand differ from the usual ones at a store."""
    offer = levers.offers[s, setting.focal]
    return offer.log_price != levers.brands[setting.focal].log_list or offer.log_size != 0.0


@inlined
def skipped_because(s, life, levers, setting):
    """Cause of a trip without a purchase: the focal brand's price or size, its public standing, or its look."""
    cause = PROMISE
    if price_changed(s, levers, setting):
        cause = PRICE_SIZE
    elif life.firms[setting.focal].reputation != 0.0:
        cause = WORD_OF_MOUTH
    return cause
