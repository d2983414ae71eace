"""Changes that are not of the pack: how a recipe, a position and a reward reach a customer (model description).

A recipe is met in use, and felt as far as a difference can be told; a position is met as news; a programme is joined on
a purchase. What a customer knows of a change is a row of `VIEW`, as for a changed look.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.acquaintance import is_strange
from simulator.model.kernels.constants import (
    AWARE_ENROLLED,
    AWARE_HEARD,
    AWARE_JUDGED,
    AWARE_SEEN,
    KIND_NEWS,
    LOOK_PACK,
    LOOK_POSITION,
    LOOK_PROGRAMME,
    LOOK_RECIPE,
    PRICE_SIZE,
    PROMISE,
)
from simulator.model.kernels.mind import touch
from simulator.model.kernels.notes import note_event
from simulator.model.kernels.perceive import appeal, fit_gain, hear_announcement, take_to_heart
from simulator.randomness.philox import block, stream_key, uniform
from simulator.randomness.streams import Stream

_MEETING = int(Stream.MEETING)
_RECIPE = int(Stream.RECIPE)
_ENROLMENT = int(Stream.ENROLMENT)


@inlined
def is_for(person, look):
    """Whether a change is meant for the customer's segment."""
    return (look.segments >> np.uint64(person.segment)) & np.uint64(1) != 0


@inlined
def acts_here(s, z, person, levers):
    """Whether a change other than of the pack acts on this customer at this store today."""
    look = levers.looks[z]
    return look.kind != LOOK_PACK and look.begun == 1 and levers.active[s, z] > 0.0 and is_for(person, look)


@inlined
def hurt_felt(tie, view, look, briefed, setting, p):
    """Take a broken promise to heart, where the channel is open and the change breaks one."""
    if setting.promise == 1 and look.identity_break > 0.0:
        take_to_heart(tie, view, look, briefed, p)


@kernel
def meet_changes(trip, day, person, me, mine, sees, life, levers, setting, p, scratch):
    """Hear of new recipes and positions on a shopping trip, and notice what a brand newly stands for.

    A position has no pack to be seen on: it is noticed now and then, and by those who heard of it as readily as a look.
    """
    for z in range(levers.looks.shape[0]):
        look = levers.looks[z]
        if look.brand < 0 or (look.kind != LOOK_RECIPE and look.kind != LOOK_POSITION):
            continue
        if not acts_here(trip.where, z, person, levers) or is_strange(me, look.brand, levers):
            continue
        view = sees[z]
        tie = mine[look.brand]
        briefed = life.chain[trip.where, look.brand].briefed
        hear_announcement(person.uid, z, view, look, setting)
        heard = view.aware & AWARE_HEARD != 0
        if look.kind == LOOK_RECIPE:
            if heard and view.aware & AWARE_JUDGED == 0:
                view.aware |= AWARE_JUDGED
                hurt_felt(tie, view, look, briefed, setting, p)
                if view.hurt > 0.0 and look.brand == setting.focal:
                    touch(me, PROMISE, day)
        elif view.aware & AWARE_SEEN == 0:
            notice = p.notice_position
            if heard:
                notice = max(notice, p.announced_notice)
            words = block(stream_key(setting.run, _MEETING, trip.ordinal), person.uid, z, trip.retry)
            if uniform(words[0]) < notice:
                view.aware |= AWARE_SEEN
                hurt_felt(tie, view, look, briefed, setting, p)
                liking = fit_gain(person, look, p) - view.hurt
                if liking < 0.0 and look.brand == setting.focal:
                    touch(me, PROMISE, day)
                if liking != 0.0:
                    note_event(trip.who, look.brand, KIND_NEWS, liking, PROMISE, 0, scratch)


@inlined
def worth_of_change(z, s, person, view, met, levers, setting, p):
    """What a change adds to a brand's utility for one customer at one store (logit), 0 where it does nothing.

    Hurt acts everywhere, the liking of a look where it is met, a new position where it is stood for; a reward acts on
    members, as a part ``reward_weight`` of the same cut in price.
    """
    look = levers.looks[z]
    worth = 0.0
    if look.kind == LOOK_PROGRAMME:
        if view.aware & AWARE_ENROLLED != 0 and acts_here(s, z, person, levers):
            worth = p.reward_weight * person.beta * look.log_reward
    elif look.kind <= LOOK_POSITION and setting.promise == 1 and view.aware & (AWARE_SEEN | AWARE_HEARD) != 0:
        worth = -np.float64(view.hurt)
        if look.kind == LOOK_PACK:
            if met == z + 1 and view.aware & AWARE_SEEN != 0:
                worth += appeal(person, z, view, look, setting, p)
        elif look.kind == LOOK_POSITION and acts_here(s, z, person, levers):
            worth += fit_gain(person, look, p)
    return worth


@inlined
def tells_apart(quality, told, p):
    """Probability that a shift of quality is told apart from the usual in one use.

    The psychometric (Weibull) function ``1 - 2^-(|shift| / jnd)^slope``: one half at the just-noticeable difference,
    which is smaller for those who were told and look for it.
    """
    jnd = p.taste_jnd
    if told:
        jnd *= p.attentive_jnd
    return 1.0 - 0.5 ** ((abs(np.float64(quality)) / jnd) ** p.jnd_slope)


@kernel
def felt_recipe(trip, b, day, person, luck, me, sees, levers, setting, p, scratch):
    """Quality (logit) that changed recipes add to one use as it is felt; ``luck`` (standard normal) is the use's own.

    What cannot be told from ordinary variation is not felt; a shortfall that is told apart hurts as a promise broken,
    by ``disconfirmation_weight`` per unit. Those who were told of a change may taste one that is not there. More or
    less even quality is felt in any case: it is the variation itself.
    """
    felt = 0.0
    for z in range(levers.looks.shape[0]):
        look = levers.looks[z]
        if look.kind != LOOK_RECIPE or look.brand != b or (look.item >= 0 and look.item != trip.item):
            continue
        if not acts_here(trip.where, z, person, levers):
            continue
        words = block(stream_key(setting.run, _RECIPE, trip.ordinal), person.uid, z, trip.retry)
        if uniform(words[0]) >= levers.active[trip.where, z]:
            continue  # a pack of the old recipe
        view = sees[z]
        felt += (look.spread - 1.0) * p.quality_sd * luck
        told = view.aware & (AWARE_HEARD | AWARE_SEEN) != 0
        tasted = 0.0
        if uniform(words[1]) < tells_apart(look.quality, told, p):
            tasted = np.float64(look.quality)
            if tasted < 0.0:  # less than the brand promised
                view.hurt = max(np.float64(view.hurt), -p.disconfirmation_weight * tasted)
        elif view.aware & AWARE_HEARD != 0 and uniform(words[2]) < p.imagined_change:
            tasted = -p.taste_jnd
        if tasted != 0.0:
            felt += tasted
            if tasted < 0.0 and b == setting.focal:
                touch(me, PROMISE, day)
            if view.aware & AWARE_SEEN == 0:
                view.aware |= AWARE_SEEN
                note_event(trip.who, b, KIND_NEWS, tasted, PROMISE, 0, scratch)
    return felt


@kernel
def use_programmes(trip, b, day, person, me, tie, sees, levers, setting, p):
    """Join the bought brand's programme, or grow closer to the brand as a member."""
    for z in range(levers.looks.shape[0]):
        look = levers.looks[z]
        if look.kind != LOOK_PROGRAMME or look.brand != b or not acts_here(trip.where, z, person, levers):
            continue
        view = sees[z]
        if view.aware & AWARE_ENROLLED != 0:
            tie.bond += p.bond_growth * p.programme_bond * (1.0 - tie.bond)
            if b != setting.focal:
                touch(me, PRICE_SIZE, day)
        else:
            words = block(stream_key(setting.run, _ENROLMENT, 0), person.uid, z, 0)
            if uniform(words[0]) < look.enrolled * levers.active[trip.where, z]:
                view.aware |= AWARE_ENROLLED


@kernel
def reward_paid(s, b, person, sees, levers):
    """Share of the price that the brand gives back on a purchase."""
    share = 0.0
    for z in range(levers.looks.shape[0]):
        look = levers.looks[z]
        member = look.kind == LOOK_PROGRAMME and look.brand == b and sees[z].aware & AWARE_ENROLLED != 0
        if member and acts_here(s, z, person, levers):
            share += np.float64(look.reward)
    return share
