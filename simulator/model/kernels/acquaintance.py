"""Who knows which brand: a brand that not everybody knew from the start is considered only by who has come to it.

Customers carry two bits for each such brand: ``strange`` while they do not consider it, ``warned`` while the last thing
they heard of a brand strange to them was bad. A good word makes a brand known; where a bad one came before it, it takes
another, so that bad talk costs a new brand the customers it would have won (Goldenberg, Libai, Moldovan & Muller 2007).
Knowing is all or nothing, so acquaintances introduce a brand as well as close friends do.
"""

from __future__ import annotations

from simulator.compilation import inlined, kernel, whole_row
from simulator.model.kernels.constants import LOWEST
from simulator.randomness.philox import block, exp, stream_key, uniform
from simulator.randomness.streams import Stream

_ACQUAINTANCE = int(Stream.ACQUAINTANCE)
_DAYS_OF_YEAR = 365.0


@inlined
def introduce(me, newcomer):
    """Let a customer know the brand with bit ``newcomer``, whatever was heard of it."""
    me.strange &= ~newcomer
    me.warned &= ~newcomer


@inlined
def hear_of(me, newcomer, good):
    """Let a customer who does not know the brand with bit ``newcomer`` hear of it."""
    if me.strange & newcomer != 0:
        if not good:
            me.warned |= newcomer
        elif me.warned & newcomer != 0:
            me.warned &= ~newcomer
        else:
            me.strange &= ~newcomer


@kernel
def discover(trip, person, me, levers, setting, p):
    """Let a shopper come upon brands that are strange.

    Stands for advertising and everything else that is nobody's word: ``discovery_per_year`` of those who do not know a
    brand find it in a year, at one of their trips.
    """
    chance = 1.0 - exp(-p.discovery_per_year / (_DAYS_OF_YEAR * max(person.rate, 1e-6)))
    for b in range(levers.brands.shape[0]):
        newcomer = levers.brands[b].newcomer
        if me.strange & newcomer != 0:
            words = block(stream_key(setting.run, _ACQUAINTANCE, trip.ordinal), person.uid, b, trip.retry)
            if uniform(words[0]) < chance:
                introduce(me, newcomer)


@inlined
def is_strange(me, b, levers):
    """Whether a customer does not know a brand."""
    return me.strange != 0 and me.strange & levers.brands[b].newcomer != 0


@kernel
def pass_over_strangers(me, levers, scratch):
    """Leave out of the choice what the shopper does not know."""
    for b in range(levers.brands.shape[0]):
        if is_strange(me, b, levers):
            here = whole_row(scratch.sight, 0)[b]
            here.shift = 0.0
            here.value = LOWEST
