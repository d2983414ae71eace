"""What goes on in one customer's mind between two decisions: fading, being touched by the change, commitment."""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, across, inlined
from simulator.model.kernels.constants import DAYS, FADE_BOND, FADE_HEARD, FADE_HURT, FADE_LEARNED, NO_CAUSE, QUARTER
from simulator.randomness.philox import block, quantile, stream_key, uniform
from simulator.randomness.streams import Stream
from simulator.world.shape import liking, score_of

_DRIFT = int(Stream.TASTE_DRIFT)


@inlined
def refresh(me, mine, sees, day, fade):
    """Bring a customer's fading stocks up to ``day``: forced learning, talk, bonds, hurt.

    Each stock decays exponentially with its own half-life; ``fade`` (days, kinds) holds the factors.
    """
    gap = day - me.updated
    if gap > 0:
        gap = min(gap, DAYS - 1)
        learned, heard, bond = fade[gap, FADE_LEARNED], fade[gap, FADE_HEARD], fade[gap, FADE_BOND]
        for b in range(0, len(mine), LANES):
            ties = across(mine, b)
            ties.learned *= learned
            ties.heard *= heard
            ties.bond *= bond
        for z in range(sees.shape[0]):
            if sees[z].hurt != 0.0:
                sees[z].hurt *= fade[gap, FADE_HURT]
        me.updated = day


@inlined
def anchor(person, brand, log_list, p):
    """Utility that a customer's taste for a brand drifts around: everybody's, price, and fit of lifestyle (logit)."""
    x = np.float64(person.position[0]) - brand.position[0]
    y = np.float64(person.position[1]) - brand.position[1]
    return brand.mean_utility + person.beta * log_list - p.lifestyle_fit_weight * np.sqrt(x * x + y * y)


@inlined
def drift_tastes(me, mine, person, day, town, levers, setting, p, lanes):
    """Let tastes drift once a quarter: a first-order autoregression of their scores that keeps spread and shape.

    ``score = keep x score + noise``; ``taste_drift_per_year`` is the standard deviation of a year's change in taste.
    Keyed by quarter, so that it is the same in every arm whatever was bought. ``lanes`` is working memory.
    """
    today = day // QUARTER
    while me.quarter < today:
        me.quarter += 1
        key = stream_key(setting.run, _DRIFT, me.quarter)
        middle, value, noise = lanes[0], lanes[1], lanes[2]
        for group in range(lanes.shape[1] // 4):
            words = block(key, person.uid, group, 0)
            for lane in range(4):
                noise[4 * group + lane] = uniform(words[lane])
        for b in range(town.brands.shape[0]):
            middle[b] = anchor(person, town.brands[b], levers.brands[b].log_list, p)
            value[b] = (mine[b].utility - middle[b]) / p.taste_sd
        # over all lanes, of which some may be no brand's: a loop over whole fours becomes vector instructions
        for lane in range(lanes.shape[1]):
            score = setting.drift_keep * score_of(value[lane], p.taste_skew, setting.taste_mean, setting.taste_sd)
            score += setting.drift_noise * quantile(noise[lane])
            value[lane] = liking(score, p.taste_skew, setting.taste_mean, setting.taste_sd)
        for b in range(town.brands.shape[0]):
            mine[b].utility = middle[b] + p.taste_sd * value[b]


@inlined
def touch(me, cause, day):
    """Remember what of the change touched the customer first."""
    if me.first_cause == NO_CAUSE:
        me.first_cause = cause
        me.cause_week = day // 7


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
