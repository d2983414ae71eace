"""Phase 7: tell friends; friends update; some retell. Campaigns reach people (model description, section 8).

A message moves its receiver by the room there is to move, less the more experience of their own they have. Talk about
the change carries its generation, so that reach, cascades and a reproduction number can be counted.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.constants import (
    AWARE_HEARD,
    GENERATIONS,
    LOOK_PACK,
    LOOK_POSITION,
    NEGATIVE,
    NEWS,
    POSITIVE,
    POST,
    WORD_OF_MOUTH,
)
from simulator.model.kernels.mind import refresh, touch
from simulator.randomness.philox import block, log, poisson, stream_key, uniform
from simulator.randomness.streams import Stream

_TALK = int(Stream.TALK)
_FRIEND = int(Stream.FRIEND)
_CAMPAIGN = int(Stream.CAMPAIGN)
_ALMOST_ALL = 1.0 - 1e-6
_MOST_TOLD = 1 << 16  # more than any message can reach at once


@inlined
def persuade(tie, valence, strength, p):
    """Move what a receiver has heard of a brand.

    A message takes a share of the room left up to ``message_logit`` (in either direction), scaled by the strength of
    the tie and weighing half after ``experience_discount`` purchases of the receiver's own: ``1 / (1 + own /
    discount)``, own purchases being read off the habit they have built.
    """
    own = -log(1.0 - min(np.float64(tie.habit), _ALMOST_ALL)) / p.habit_growth
    weight = strength / (1.0 + own / p.experience_discount)
    if valence > 0.0:
        tie.heard += weight * p.message_positive * (p.message_logit - tie.heard)
    else:
        tie.heard -= weight * p.message_negative * (p.message_logit + tie.heard)


@inlined
def learn_of_looks(b, by_friends, sees, levers, p):
    """Know of a brand's changes from hearsay, and know its looks a little better.

    Campaigns speak of a recipe only where the brand announces it; friends who tasted it speak of it anyhow.
    """
    for z in range(levers.looks.shape[0]):
        look = levers.looks[z]
        if look.brand != b:
            continue
        if look.kind == LOOK_PACK:
            sees[z].aware |= AWARE_HEARD
            sees[z].familiarity += p.exposure_familiarity * (1.0 - sees[z].familiarity)
            continue
        spoken_of = by_friends or look.kind == LOOK_POSITION or look.announced > 0.0
        if look.begun == 1 and look.kind <= LOOK_POSITION and spoken_of:
            sees[z].aware |= AWARE_HEARD


@inlined
def hear(r, news, strength, day, week, life, levers, p, scratch, records):
    """Let receiver ``r`` hear a piece of news: count it, be moved by it, learn of the change."""
    b = news.brand
    me = life.mind[r]
    mine = life.ties[r]
    sees = life.views[r]
    good = news.valence > 0.0
    records.totals[week, POSITIVE if good else NEGATIVE, b] += 1
    refresh(me, mine, sees, day, scratch.fade)
    persuade(mine[b], news.valence, strength, p)
    if news.change == 1:
        generation = min(np.int64(news.generation), GENERATIONS - 1)
        if good:
            records.positive[generation] += 1
        else:
            records.negative[generation] += 1
            touch(me, WORD_OF_MOUTH, day)
        if me.reached == 0:
            me.reached = 1
            records.reached[week] += 1
        learn_of_looks(b, True, sees, levers, p)


@inlined
def pick_friend(i, words, town, p):
    """A friend to tell: close ties (first in the list) get their share of talk; returns (row, strength of the tie)."""
    first = town.indptr[i]
    degree = town.indptr[i + 1] - first
    close = min(np.int64(town.people[i].close), degree)
    if close > 0 and (close == degree or uniform(words[0]) < p.close_tie_share):
        return town.friends[first + np.int64(uniform(words[1]) * close)], 1.0
    return town.friends[first + close + np.int64(uniform(words[1]) * (degree - close))], p.weak_tie_persuasion


@kernel
def talk(day, week, town, life, levers, setting, p, scratch, records):
    """Let today's tellers tell some of their friends; who is struck by it retells tomorrow. Arguments as in `shop`."""
    if setting.talk == 0:
        life.heads[NEWS] = 0
        return
    key = stream_key(setting.run, _TALK, day)
    key_friend = stream_key(setting.run, _FRIEND, day)
    tomorrow = 0
    for n in range(life.heads[NEWS]):
        news = life.news[n]
        i = news.who
        uid = town.people[i].uid
        generation = min(int(news.generation), GENERATIONS - 1)
        if news.change == 1:
            records.tellers[generation] += 1
        words = block(key, uid, news.brand, news.luck)
        mean = p.people_told if news.valence > 0.0 else p.people_told * p.people_told_ratio
        degree = town.indptr[i + 1] - town.indptr[i]
        told = min(poisson(words[0], mean), degree)
        strangers = 0
        if news.valence == POST:  # a public post also reaches people who are no friends
            strangers = poisson(words[1], p.post_reach)
        for m in range(told + strangers):
            pick = block(key_friend, uid, _MOST_TOLD * news.brand + m, news.luck)
            r = np.int64(uniform(pick[1]) * town.people.shape[0])
            strength = p.weak_tie_persuasion
            if m < told:
                friend, strength = pick_friend(i, pick, town, p)
                r = np.int64(friend)
            hear(r, news, strength, day, week, life, levers, p, scratch, records)
            if uniform(pick[2]) < p.retell_share * strength and tomorrow < scratch.tomorrow.shape[0]:
                retold = scratch.tomorrow[tomorrow]
                retold.who = r
                retold.brand = news.brand
                retold.valence = 1.0 if news.valence > 0.0 else -1.0
                retold.change = news.change
                retold.generation = min(generation + 1, GENERATIONS - 1)
                retold.luck = pick[3]
                tomorrow += 1
    for n in range(tomorrow):
        life.news[n] = scratch.tomorrow[n]
    life.heads[NEWS] = tomorrow


@kernel
def campaign(day, town, life, levers, setting, p, scratch):
    """Let running campaigns reach people: what the bullhorn says fades like talk, and brings looks to mind.

    Bonds with rivals resist it.
    """
    for b in range(levers.brands.shape[0]):
        if levers.brands[b].campaign == 0.0:
            continue
        key = stream_key(setting.run, _CAMPAIGN, day)
        for i in range(town.people.shape[0]):
            person = town.people[i]
            words = block(key, person.uid, b, 0)
            if uniform(words[0]) < levers.reach[person.store[0], person.segment, b]:
                mine = life.ties[i]
                refresh(life.mind[i], mine, life.views[i], day, scratch.fade)
                resist = 1.0
                for other in range(mine.shape[0]):
                    if other != b:
                        resist = min(resist, 1.0 - p.bond_buffer * mine[other].bond)
                room = max(0.0, p.message_logit - mine[b].heard) / p.message_logit if p.message_logit > 0.0 else 0.0
                mine[b].heard += levers.brands[b].campaign * room * resist
                learn_of_looks(b, False, life.views[i], levers, p)
