"""Phase 7: tell friends; friends update; some retell (model description, section 8).

A message moves its receiver by the room there is to move, less the more experience of their own they have. Talk that a
change has set off carries its cause and generation, so that reach, depth and a reproduction number can be counted.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.acquaintance import hear_of
from simulator.model.kernels.ahead import AHEAD, fetch_friends, fetch_hearer, fetch_teller
from simulator.model.kernels.constants import (
    AWARE_HEARD,
    BY_TALK,
    CHUNK,
    GENERATIONS,
    LEFT,
    LOOK_PACK,
    LOOK_POSITION,
    MESSAGE_WORDS,
    MESSAGES,
    MOST_TOLD,
    NEGATIVE,
    NEWS,
    NEWS_WORDS,
    NO_CAUSE,
    POSITIVE,
    POST,
    RETOLD,
    SAID,
    WORD_OF_MOUTH,
)
from simulator.model.kernels.mind import refresh, touch
from simulator.model.kernels.reputation import mend_reputations, soil, weight_of_others
from simulator.model.kernels.team import meet, part_of
from simulator.randomness.philox import block, exp, fill_at, poisson, poisson_of, stream_key, uniform
from simulator.randomness.streams import Stream

_TALK = int(Stream.TALK)
_FRIEND = int(Stream.FRIEND)
_DRAWS = 1 << 16  # more than any message can reach at once


@inlined
def persuade(tie, valence, strength, p, scratch):
    """Move what a receiver has heard of a brand (logit).

    A message takes a share of the room left up to ``message_logit`` (in either direction), scaled by the strength of
    the tie and weighing less the more the receiver has bought (`reputation.weight_of_others`).
    """
    weight = strength * weight_of_others(tie, scratch)
    if valence > 0.0:
        tie.heard += weight * p.message_positive * (p.message_logit - tie.heard)
    else:
        tie.heard -= weight * p.message_negative * (p.message_logit + tie.heard)


@inlined
def learn_of_looks(b, look, by_friends, sees, levers, p):
    """Know of a brand's changes (or of change ``look`` alone, where it is not -1), and know its looks a little better.

    Campaigns speak of a recipe only where the brand announces it; friends who tasted it speak of it anyhow.
    """
    for z in range(levers.looks.shape[0]):
        change = levers.looks[z]
        if change.brand != b or (look >= 0 and look != z):
            continue
        if change.kind == LOOK_PACK:
            sees[z].aware |= AWARE_HEARD
            sees[z].familiarity += p.exposure_familiarity * (1.0 - sees[z].familiarity)
            continue
        spoken_of = by_friends or change.kind == LOOK_POSITION or change.announced > 0.0
        if change.kind <= LOOK_POSITION and (look == z or (change.begun == 1 and spoken_of)):
            sees[z].aware |= AWARE_HEARD


@inlined
def hear(r, b, valence, cause, generation, strength, day, week, life, levers, setting, p, scratch, records):
    """Let receiver ``r`` hear a piece of news: count it, be moved by it, learn of the change."""
    me = life.mind[r]
    mine = row_of(life.tie_rows, r)
    good = valence > 0.0
    records.totals[week, POSITIVE if good else NEGATIVE, b] += 1
    refresh(me, mine, row_of(life.view_rows, r), day, scratch.fade)
    before = mine[b].heard
    persuade(mine[b], valence, strength, p, scratch)
    hear_of(me, levers.brands[b].newcomer, good)
    if b == setting.focal and mine[b].heard - before >= p.source_credit_logit:
        me.word_by = BY_TALK
        me.word_day = day
    if cause != NO_CAUSE:
        if good:
            records.positive[cause, generation] += 1
        else:
            records.negative[cause, generation] += 1
            touch(me, WORD_OF_MOUTH, day)
        if me.reached == 0:
            records.reached[week] += 1
        if me.reached & (1 << cause) == 0:
            records.reached_by[cause] += 1
            me.reached |= 1 << cause
        learn_of_looks(b, -1, True, row_of(life.view_rows, r), levers, p)


@inlined
def was_told(place, m, told):
    """Whether a friend is among the first ``m`` told."""
    found = False
    for k in range(m):
        found = found or told[k] == place
    return found


@inlined
def pick_friend(i, m, words, told, town, p):
    """A friend who has not been told yet: close ties (first in the list) get their share of talk.

    Who has been told is passed over for the next in the same circle, and in the other where all of this one know.
    Returns (row, strength of the tie) and notes the friend as the ``m``-th in ``told``.
    """
    first = np.int64(town.people[i].first_friend)
    degree = np.int64(town.people[i].friends)
    close = min(np.int64(town.people[i].close), degree)
    start = close
    size = degree - close
    if close > 0 and (close == degree or uniform(words[0]) < p.close_tie_share):
        start = np.int64(0)
        size = close
    place = start + np.int64(uniform(words[1]) * size)
    tried = 0
    while was_told(place, m, told):
        place += 1
        if place == start + size:
            place = start
        tried += 1
        if tried == size:
            start = close - start
            size = degree - size
            place = start
            tried = 0
    told[m] = place
    return town.friends[first + place], 1.0 if place < close else p.weak_tie_persuasion


@inlined
def silence(p):
    """Probability that good news is told to nobody today, and that bad news is."""
    return exp(-p.people_told), exp(-p.people_told * p.people_told_ratio)


@inlined
def strangers_reached(news, words, p):
    """How many strangers a piece of news reaches: a public post is also read by people who are no friends."""
    return poisson(words[1], p.post_reach) if news.valence == POST else 0


@inlined
def friends_told(news, words, degree, silent, p):
    """How many of ``degree`` friends hear a piece of news today; ``silent`` is from `silence`."""
    mean, none = p.people_told, silent[0]
    if news.valence <= 0.0:
        mean, none = p.people_told * p.people_told_ratio, silent[1]
    return int(min(poisson_of(words[0], mean, none), degree, MOST_TOLD))


@inlined
def draw_tellers(key, first, size, town, life, seats):
    """Draw how many hear each of ``size`` news, into rows ``NEWS_WORDS`` on of ``seats.words``."""
    for j in range(size):
        news = life.news[first + j]
        seats.uid[j] = town.people[news.who].uid
        seats.ordinal[j] = news.brand
        seats.again[j] = news.luck
    fill_at(key, size, seats, NEWS_WORDS)


@kernel
def dispatch(key, size, messages, tomorrow, town, life, p, scratch):
    """Send ``size`` messages: find who receives each, and who is struck by it and retells it ``tomorrow``."""
    seats, words = scratch.seats, scratch.seats.words
    people = town.people.shape[0]
    fill_at(key, size, seats, MESSAGE_WORDS)
    for j in range(size):
        n = np.int64(seats.about[j])
        news = life.news[n]
        row = MESSAGE_WORDS
        drawn = (words[row, j], words[row + 1, j], words[row + 2, j], words[row + 3, j])
        r = np.int64(uniform(drawn[1]) * people)
        strength = p.weak_tie_persuasion
        if seats.friend[j] >= 0:
            friend, strength = pick_friend(news.who, seats.friend[j], drawn, scratch.told, town, p)
            r = np.int64(friend)
        message = messages[scratch.counts[MESSAGES]]
        message.receiver = r
        message.news = n
        message.strength = strength
        scratch.counts[MESSAGES] += 1
        if uniform(drawn[2]) < p.retell_share * strength and scratch.counts[RETOLD] < tomorrow.shape[0]:
            retold = tomorrow[scratch.counts[RETOLD]]
            retold.who = r
            retold.brand = news.brand
            retold.valence = 1.0 if news.valence > 0.0 else -1.0
            retold.cause = news.cause
            retold.generation = min(int(news.generation) + 1, GENERATIONS - 1)
            retold.luck = drawn[3]
            scratch.counts[RETOLD] += 1


@kernel
def tell(first, last, messages, tomorrow, day, town, life, setting, p, scratch, records):
    """Let the tellers of news ``first`` to ``last`` tell it: write ``messages`` until their list is full.

    Who is struck by what was heard retells it ``tomorrow``. Returns the first news that is left. Draws are made for
    many news, and then for many messages, at a time.
    """
    seats = scratch.seats
    key = stream_key(setting.run, _TALK, day)
    key_friend = stream_key(setting.run, _FRIEND, day)
    for k in range(first, min(last, first + 2 * AHEAD)):
        fetch_teller(life.news[k].who, town)
    for k in range(first, min(last, first + AHEAD)):
        fetch_friends(life.news[k].who, town)
    silent = silence(p)
    waiting = 0
    drawn_to = first
    for n in range(first, last):
        if n + 2 * AHEAD < last:
            fetch_teller(life.news[n + 2 * AHEAD].who, town)
        if n + AHEAD < last:
            fetch_friends(life.news[n + AHEAD].who, town)
        if n == drawn_to:
            dispatch(key_friend, waiting, messages, tomorrow, town, life, p, scratch)  # these seats are needed
            waiting = 0
            drawn_to = min(last, n + CHUNK)
            draw_tellers(key, n, drawn_to - n, town, life, seats)
        news = life.news[n]
        seat = (n - first) % CHUNK
        words = (seats.words[NEWS_WORDS, seat], seats.words[NEWS_WORDS + 1, seat])
        told = friends_told(news, words, np.int64(town.people[news.who].friends), silent, p)
        strangers = strangers_reached(news, words, p)
        m = scratch.counts[MESSAGES] + waiting
        if m > 0 and m + told + strangers > messages.shape[0]:
            dispatch(key_friend, waiting, messages, tomorrow, town, life, p, scratch)
            return n
        if news.cause != NO_CAUSE:
            records.tellers[news.cause, min(int(news.generation), GENERATIONS - 1)] += 1
        uid = town.people[news.who].uid
        for k in range(told + strangers):
            if waiting == CHUNK:
                dispatch(key_friend, waiting, messages, tomorrow, town, life, p, scratch)
                waiting = 0
            seats.uid[waiting] = uid
            seats.ordinal[waiting] = _DRAWS * news.brand + k
            seats.again[waiting] = news.luck
            seats.about[waiting] = n
            seats.friend[waiting] = k if k < told else -1
            waiting += 1
    dispatch(key_friend, waiting, messages, tomorrow, town, life, p, scratch)
    return last


@kernel
def receive(messages, low, high, day, week, life, levers, setting, p, scratch, records):
    """Let the customers of rows ``low`` to ``high`` hear their messages, in the order in which they were told."""
    for n in range(min(AHEAD, messages.shape[0])):
        fetch_hearer(messages[n].receiver, life)
    for n in range(messages.shape[0]):
        if n + AHEAD < messages.shape[0]:
            fetch_hearer(messages[n + AHEAD].receiver, life)
        message = messages[n]
        r = np.int64(message.receiver)
        if low <= r < high:
            news = life.news[message.news]
            generation = min(int(news.generation), GENERATIONS - 1)
            hear(
                r, news.brand, news.valence, np.int64(news.cause), generation, message.strength,
                day, week, life, levers, setting, p, scratch, records,
            )  # fmt: skip


@kernel
def soil_by_posts(day, town, life, setting, p):
    """Let public posts about a change lower the standing of brands, in the order in which they were posted."""
    key = stream_key(setting.run, _TALK, day)
    for n in range(life.heads[NEWS]):
        news = life.news[n]
        if news.valence == POST and news.cause != NO_CAUSE:
            words = block(key, town.people[news.who].uid, news.brand, news.luck)
            soil(life.firms[news.brand], strangers_reached(news, words, p) / town.people.shape[0])


@kernel
def talk(day, week, town, life, levers, setting, p, scratch, records, worker, team):
    """Let today's tellers tell some of their friends; who is struck by it retells tomorrow. Arguments as in `shop`.

    Messages are written first and heard then, each thread letting its own customers hear. News is heard in the order of
    the list: the messages of a thread's part only when those of all parts before it have been.
    """
    if setting.talk == 0:
        if worker == 0:
            life.heads[NEWS] = 0
        return
    if worker == 0:
        mend_reputations(life.firms, p)
        soil_by_posts(day, town, life, setting, p)
    first, last = part_of(life.heads[NEWS], worker, team)
    low, high = part_of(town.people.shape[0], worker, team)
    mine = scratch.progress[worker]
    scratch.counts[RETOLD] = 0
    scratch.counts[MESSAGES] = 0
    current = 0
    while current < team:
        if scratch.counts[MESSAGES] == 0:
            said, retold = scratch.messages[worker], scratch.tomorrow[worker]
            first = tell(first, last, said, retold, day, town, life, setting, p, scratch, records)
        mine[SAID] = scratch.counts[MESSAGES]
        mine[LEFT] = last - first
        meet(scratch.meeting, team)
        heard_to = current
        while heard_to < team:
            messages = scratch.messages[heard_to, : scratch.progress[heard_to, SAID]]
            receive(messages, low, high, day, week, life, levers, setting, p, scratch, records)
            if scratch.progress[heard_to, LEFT] > 0:
                break
            heard_to += 1
        meet(scratch.meeting, team)
        if current <= worker <= heard_to:
            scratch.counts[MESSAGES] = 0
        current = heard_to
    mine[SAID] = scratch.counts[RETOLD]
    meet(scratch.meeting, team)
    if worker == 0:
        n = 0
        for w in range(team):
            for k in range(scratch.progress[w, SAID]):
                if n < life.news.shape[0]:
                    life.news[n] = scratch.tomorrow[w, k]
                    n += 1
        life.heads[NEWS] = n
