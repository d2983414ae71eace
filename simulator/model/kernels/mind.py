"""What goes on in one customer's mind between two decisions: fading, being touched by the change, commitment."""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, across, bits_of, inlined, largest, lowest_bit
from simulator.model.kernels.constants import DAYS, FADE_BOND, FADE_HEARD, FADE_HURT, FADE_LEARNED, HURT_STEP, NO_CAUSE
from simulator.randomness.philox import mix
from simulator.randomness.single import uniform32

_32, _HALF = np.uint64(32), np.float32(0.5)
_HURT_STEP = np.float32(HURT_STEP)


@inlined
def rounding_chance(me, day):
    """A number from -1/2 to 1/2 by which a customer's stocks are rounded today.

    A function of the day and of the time of the next trip, which is drawn whatever was bought: the same in all arms.
    """
    bits = np.uint64(np.uint32(np.float32(me.next_time).view(np.int32)))
    word = mix((bits << _32) ^ np.uint64(np.uint32(day)))
    return uniform32(np.uint32(word >> _32)) - _HALF


@inlined
def refresh(me, mine, sees, day, fade):
    """Bring a customer's fading stocks up to ``day``: forced learning, talk, bonds, hurt.

    Each stock decays exponentially with its own half-life; ``fade`` (days, kinds) holds the factors. What is left is
    rounded up or down by chance, in proportion to how near it is, so that the smallest stocks fade on average as fast
    as large ones rather than not at all.
    """
    gap = day - me.updated
    if gap > 0:
        gap = min(gap, DAYS - 1)
        chance = rounding_chance(me, day)
        learned, heard, bond = fade[gap, FADE_LEARNED], fade[gap, FADE_HEARD], fade[gap, FADE_BOND]
        for b in range(0, len(mine), LANES):
            ties = across(mine, b)
            # read all before writing any: what was just written beside it delays a reading
            (bonds, words), (lessons, beliefs) = ties.bond_heard, ties.learned_belief
            ties.bond_heard = bonds * bond + chance, words * heard + chance
            ties.learned_belief = lessons * learned + chance, beliefs
        for z in range(len(sees)):
            if sees[z].hurt != 0.0:
                sees[z].hurt = sees[z].hurt * fade[gap, FADE_HURT] + chance * _HURT_STEP
        me.updated = day


@inlined
def touch(me, cause, day):
    """Remember what of the change touched the customer first."""
    if me.first_cause == NO_CAUSE:
        me.first_cause = cause
        me.cause_week = day // 7


@inlined
def leader(numbers, first, best, top):
    """The brand with the largest number so far, and that number: ``best`` and ``top`` before brands ``first`` on."""
    most = largest(numbers)
    if most > top:
        top = most
        best = first + lowest_bit(bits_of(numbers == most))
    return best, top


@inlined
def commitment(tie):
    """Commitment to a brand, 0..1: the stronger of habit and bond."""
    return max(tie.habit, tie.bond)


@inlined
def standing(tie, p):
    """What a customer's own history adds to or takes from a brand's utility (logit).

    Experience, bond, learning and talk speak for it; fear of empty shelves and hostile people against. Of one brand or
    of several at once.
    """
    return (
        p.quality_choice_weight * tie.belief
        + p.bond_weight * tie.bond
        + tie.learned
        + tie.heard
        - p.availability_weight * tie.distrust
        - p.dislike_weight * tie.cold
    )
