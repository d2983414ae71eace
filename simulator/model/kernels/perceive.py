"""Which packs a shopper has in sight, and how a changed one is received (model description, sections 5.3 and 6).

A look that the customer does not know is overlooked with a probability that grows with the cues it lost and shrinks
with familiarity and help. Whoever does notice the change forms an opinion once: a liking of one's own, and hurt in
proportion to commitment where the identity was broken on purpose.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined
from simulator.model.kernels.constants import (
    AWARE_CURIOUS,
    AWARE_HEARD,
    AWARE_SEEN,
    DRAWN_HEARD,
    DRAWN_LIKING,
    SERVICE_WORDS,
)
from simulator.model.kernels.mind import commitment
from simulator.randomness.philox import block, normal, stream_key, uniform
from simulator.randomness.streams import Stream

_APPEAL = int(Stream.APPEAL)
_AWARENESS = int(Stream.AWARENESS)


@inlined
def look_words(z, roles):
    """Row of the draws for changed look ``z`` among those of a chunk of shoppers."""
    return SERVICE_WORDS + 4 * ((roles + 3) // 4) + 4 * z


@inlined
def miss_probability(view, look, briefed, setting, p):
    """Probability of overlooking a look: ``m (1 - cue overlap)^s clutter (1 - familiarity) (1 - help)``."""
    if setting.findability == 0:
        return 0.0
    help_given = min(1.0, p.staff_help + p.briefed_help * briefed)
    return p.miss_rate * look.lost * p.clutter * (1.0 - view.familiarity) * (1.0 - help_given)


@inlined
def distance(person, place):
    """Distance of a customer from a place in lifestyle space."""
    x = np.float64(person.position[0]) - place[0]
    y = np.float64(person.position[1]) - place[1]
    return np.sqrt(x * x + y * y)


@inlined
def fit_gain(person, look, p):
    """Utility (logit) that a customer gains by a brand's move in lifestyle space: nearer is better."""
    gain = 0.0
    if look.moves == 1:
        gain = p.lifestyle_fit_weight * (distance(person, look.origin) - distance(person, look.position))
    return gain


@inlined
def appeal(person, z, view, look, setting, p):
    """Utility (logit) that a changed look itself adds for a customer: a liking of one's own, winners and losers.

    Where the look places the brand anew, those whom it comes nearer to like it more.
    """
    if view.drawn & DRAWN_LIKING == 0:
        view.drawn |= DRAWN_LIKING
        view.liking = look.appeal_mean
        if look.appeal_sd > 0.0:
            words = block(stream_key(setting.run, _APPEAL, 0), person.uid, z, 0)
            view.liking += look.appeal_sd * normal(words[0])
    return np.float64(view.liking) + fit_gain(person, look, p)


@inlined
def hear_announcement(uid, z, view, look, setting):
    """Mark the customers who heard of the change before meeting it; drawn once."""
    if view.drawn & DRAWN_HEARD == 0 and look.announced > 0.0:
        view.drawn |= DRAWN_HEARD
        words = block(stream_key(setting.run, _AWARENESS, 0), uid, z, 0)
        if uniform(words[0]) < look.announced:
            view.aware |= AWARE_HEARD


@inlined
def take_to_heart(tie, view, look, briefed, p):
    """Let a broken identity hurt in proportion to commitment, and cost whom it hurts part of the bond.

    Attitude changes by ``identity_break (slope x commitment + weak gain)``, the slope being negative: the committed
    lose, the weakly committed may gain (Walsh, Winterich & Mittal 2010). Briefed staff soften it.
    """
    soften = 1.0 - p.briefed_soften * briefed
    attitude = p.identity_slope * commitment(tie) + p.identity_weak_gain
    view.hurt = -look.identity_break * attitude * soften
    if attitude < 0.0:
        tie.bond *= 1.0 - look.identity_break * soften


@inlined
def form_opinion(tie, view, look, briefed, word, setting, p):
    """Notice a look (once) and take a broken identity to heart; return True if this is the moment of noticing."""
    if view.aware & AWARE_SEEN != 0:
        return False
    # a change can be seen in proportion to the cues that changed; who heard of it looks for it
    notice = p.notice_shelf * (1.0 - look.overlap)
    if view.aware & AWARE_HEARD != 0:
        notice = max(notice, p.announced_notice)
    if uniform(word) >= notice:
        return False
    view.aware |= AWARE_SEEN
    if setting.promise == 1 and look.identity_break > 0.0:
        take_to_heart(tie, view, look, briefed, p)
    return True


@inlined
def may_be_curious(view):
    """Whether a customer has heard of a look and not yet been asked whether to try it."""
    return view.aware & AWARE_HEARD != 0 and view.aware & AWARE_CURIOUS == 0


@inlined
def curious(view, word, p):
    """Whether an announced look is tried out of curiosity on this trip; asked once of who may be curious."""
    view.aware |= AWARE_CURIOUS
    return uniform(word) < p.curiosity_trial


@inlined
def grow_familiar(view, found, p):
    """Know a look better: ``1 / finds_to_relearn`` with each successful find, a little with each exposure."""
    if found:
        view.familiarity = min(1.0, view.familiarity + 1.0 / p.finds_to_relearn)
    else:
        view.familiarity += p.exposure_familiarity * (1.0 - view.familiarity)
