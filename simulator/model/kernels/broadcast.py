"""Phase 7, the media: campaigns, announcements and news coverage reach people who do not ask for them.

A campaign persuades and fades like talk; what it promises beyond what is delivered is believed, and paid for at the
next use (`experience.shortfall`). An announcement makes a change known before or after it is met. Coverage of an
incident is bad news for everybody it reaches, and soils the brand's reputation. People differ in how much they heed
advertising: whom one campaign has won, the next one can win away.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.acquaintance import hear_of
from simulator.model.kernels.care import file_complaint, will_tell
from simulator.model.kernels.constants import (
    BROADCAST_ANNOUNCEMENT,
    BROADCAST_CAMPAIGN,
    BROADCAST_COVERAGE,
    BY_CAMPAIGN,
    COMPLAINTS,
    EVENT_KINDS,
    PROMISE,
    SERVICE,
)
from simulator.model.kernels.experience import PROMISE_STEP
from simulator.model.kernels.mind import refresh
from simulator.model.kernels.reputation import soil
from simulator.model.kernels.talk import hear, learn_of_looks
from simulator.randomness.philox import block, normal, stream_key, uniform
from simulator.randomness.streams import Stream

_CAMPAIGN = int(Stream.CAMPAIGN)
_ATTENTION = int(Stream.ATTENTION)
_MOST_PROMISED = 255.0  # steps that a tie can hold
_LUCK = 1 << 24  # draw number of a rumour heard from the media, beyond those of own news


@inlined
def attention(uid, setting, p):
    """How much a customer heeds advertising, 1 on average: log-normal, a trait for life."""
    words = block(stream_key(setting.run, _ATTENTION, 0), uid, 0, 0)
    sd = p.campaign_attention_sd
    return np.exp(sd * normal(words[0]) - 0.5 * sd * sd)


@inlined
def advertise(cast, uid, day, me, mine, life, setting, p):
    """Let a campaign act on one customer whom it reached.

    It adds to what has been heard, as far as there is room, less the stronger the bonds with rivals and the lower the
    brand's standing. What it promises is expected like quality.
    """
    b = cast.brand
    resist = 1.0
    for other in range(life.firms.shape[0]):
        if other != b:
            resist = min(resist, 1.0 - p.bond_buffer * mine[other].bond)
    room = max(0.0, p.message_logit - mine[b].heard) / p.message_logit if p.message_logit > 0.0 else 0.0
    lift = (cast.persuasion + p.quality_choice_weight * cast.promise) * attention(uid, setting, p)
    moved = lift * room * resist * (1.0 + life.firms[b].reputation)
    mine[b].heard += moved
    if cast.promise > 0.0:
        steps = min(_MOST_PROMISED, np.rint(cast.promise / PROMISE_STEP))
        mine[b].promised = np.uint8(max(np.float64(mine[b].promised), steps))
    if b == setting.focal and moved >= p.source_credit_logit:
        me.word_by = BY_CAMPAIGN
        me.word_day = day


@inlined
def has_changed_look(b, levers):
    """Whether a brand changes its look at some time."""
    found = False
    for z in range(levers.looks.shape[0]):
        found = found or levers.looks[z].brand == b
    return found


@kernel
def broadcast(day, week, town, life, levers, setting, p, scratch, records):
    """Let the media reach people today. Arguments as in `shop`."""
    key = stream_key(setting.run, _CAMPAIGN, day)
    for k in range(levers.broadcasts.shape[0]):
        cast = levers.broadcasts[k]
        b = cast.brand
        imagined = cast.kind == BROADCAST_ANNOUNCEMENT and not has_changed_look(b, levers)
        reached = 0
        for i in range(town.people.shape[0]):
            person = town.people[i]
            words = block(key, person.uid, cast.number, 0)
            if uniform(words[0]) >= levers.reach[person.store[0], person.segment, k]:
                continue
            reached += 1
            me = life.mind[i]
            mine = row_of(life.tie_rows, i)
            if cast.kind == BROADCAST_COVERAGE:
                hear(
                    i, b, -1.0, SERVICE, 0, p.media_persuasion, day, week, life, levers, setting, p, scratch, records,
                )  # fmt: skip
                if uniform(words[1]) < p.retell_share:
                    will_tell(i, b, -1.0, SERVICE, _LUCK + EVENT_KINDS * cast.number, life)
                continue
            hear_of(me, levers.brands[b].newcomer, True)
            learn_of_looks(b, cast.look, False, row_of(life.view_rows, i), levers, p)
            if cast.kind == BROADCAST_CAMPAIGN:
                if cast.persuasion == 0.0 and cast.promise == 0.0:
                    continue  # a notice: it tells, and persuades nobody
                refresh(me, mine, row_of(life.view_rows, i), day, scratch.fade)
                advertise(cast, person.uid, day, me, mine, life, setting, p)
            elif imagined and uniform(words[2]) < p.imagined_complaint * mine[b].habit:
                # some taste a change that was announced and has not come
                records.totals[week, COMPLAINTS, b] += 1
                file_complaint(i, b, day, 0, 0, PROMISE, life)
        if cast.kind == BROADCAST_COVERAGE:
            soil(life.firms[b], reached / town.people.shape[0])
