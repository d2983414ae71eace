"""Phase 6: complain in private, complain in public, or say nothing; the care desk answers as its queue allows.

Voice follows from severity first and from the bond second (model description, section 8). Leaving is never drawn here:
what an unheard complaint does, it does through belief and talk.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.constants import (
    APOLOGISE,
    COMPLAINTS,
    COMPLAINTS_PUBLIC,
    EVENT_KINDS,
    EVENTS,
    IGNORE,
    KIND_DISLIKE,
    KIND_EXPERIENCE,
    KIND_NEWS,
    KIND_PROBLEM,
    NEWS,
    POST,
    REFUND,
    SATISFIED_AFTER,
    WAITING,
)
from simulator.model.kernels.experience import problem_hurt, talk_probability
from simulator.model.kernels.mind import commitment
from simulator.randomness.philox import block, stream_key, uniform
from simulator.randomness.streams import Stream

_VOICE = int(Stream.VOICE)
_CARE = int(Stream.CARE)
_CAPACITY = 1 << 20  # draw number of a desk's day, beyond that of any complaint


@inlined
def complaint_probability(kind, score, p):
    """Probability of complaining to the firm: by severity of a problem, small after a disliked change."""
    probability = 0.0
    if kind == KIND_PROBLEM:
        probability = p.complain_minor
        if score >= 3.0:
            probability = p.complain_severe
        elif score >= 2.0:
            probability = p.complain_medium
    elif kind in (KIND_NEWS, KIND_DISLIKE) and score < 0.0:
        probability = p.complain_disliked_change
    return probability


@inlined
def will_tell(who, b, valence, change, luck, life):
    """Put someone on the list of those who talk in the next phase.

    ``luck`` tells one person's news of a day apart; it keys their draws, so that nobody's luck hangs on who else talks.
    """
    n = life.heads[NEWS]
    if n < life.news.shape[0]:
        news = life.news[n]
        news.who = who
        news.brand = b
        news.valence = valence
        news.change = change
        news.generation = 0
        news.luck = luck
        life.heads[NEWS] = n + 1


@inlined
def file_complaint(who, b, day, severity, life):
    """Add a complaint to the desk's queue."""
    n = life.heads[WAITING]
    if n < life.complaints.shape[0]:
        complaint = life.complaints[n]
        complaint.who = who
        complaint.brand = b
        complaint.day = day
        complaint.severity = severity
        life.heads[WAITING] = n + 1


@kernel
def voice(day, week, town, life, levers, setting, p, scratch, records):
    """Turn today's events into complaints and talk, then let the care desks work; arguments as in `shop`."""
    key = stream_key(setting.run, _VOICE, day)
    for n in range(scratch.counts[EVENTS]):
        event = scratch.events[n]
        i = event.who
        b = event.brand
        if event.kind == KIND_EXPERIENCE:
            will_tell(i, b, 1.0 if event.score > 0.0 else -1.0, event.change, 2 * event.kind, life)
            continue
        tie = life.ties[i, b]
        words = block(key, town.people[i].uid, b, event.kind)
        complains = complaint_probability(event.kind, event.score, p)
        if event.kind == KIND_NEWS:  # whoever has no stake in a brand does not write to it about its looks
            complains *= commitment(tie)
        if uniform(words[0]) < complains:
            records.totals[week, COMPLAINTS, b] += 1
            if uniform(words[1]) < p.public_post_share * (1.0 - p.bond_complaint_private * tie.bond):
                records.totals[week, COMPLAINTS_PUBLIC, b] += 1
                will_tell(i, b, POST, event.change, 2 * event.kind + 1, life)
            severity = np.int64(event.score) if event.kind == KIND_PROBLEM else 1
            file_complaint(i, b, day, severity, life)
        told = p.talk_change_rate
        if event.kind == KIND_PROBLEM:
            told = talk_probability(tie, -problem_hurt(event.score, p), p)
        if uniform(words[2]) < told:
            valence = 1.0 if event.kind == KIND_NEWS and event.score > 0.0 else -1.0
            will_tell(i, b, valence, event.change, 2 * event.kind, life)
    answer(day, week, town, life, levers, setting, p, scratch, records)


@inlined
def satisfaction_probability(policy, quality, late, p):
    """Probability that an answer satisfies: by policy, scaled by the desk's quality; a late answer counts as none."""
    given = p.satisfied_improve
    if policy == REFUND:
        given = p.satisfied_refund
    elif policy == APOLOGISE:
        given = p.satisfied_apologise
    if policy == IGNORE or late:
        given = 0.0
    return max(p.satisfied_ignore, given * quality)


@kernel
def answer(day, week, town, life, levers, setting, p, scratch, records):
    """Serve each brand's complaints in order of arrival up to the day's capacity; settle what has waited too long."""
    waiting = life.heads[WAITING]
    if waiting == 0:
        return
    key = stream_key(setting.run, _CARE, day)
    kept = 0
    left = scratch.answers
    for b in range(left.shape[0]):
        # a fractional capacity is met on average: one draw a day decides about the last answer
        words = block(key, np.uint64(b), 0, _CAPACITY)
        left[b] = np.int64(np.floor(town.brands[b].care_capacity + uniform(words[0])))
    for n in range(waiting):
        complaint = life.complaints[n]
        b = complaint.brand
        brand = town.brands[b]
        tie = life.ties[complaint.who, b]
        # keyed by the complaint and not by its place in the queue, which hangs on everybody else
        luck = 4 * (day - complaint.day) + complaint.severity
        words = block(key, town.people[complaint.who].uid, b, luck)
        late = day - complaint.day > p.care_answer_days
        if left[b] <= 0 and not late:
            life.complaints[kept].who = complaint.who
            life.complaints[kept].day = complaint.day
            life.complaints[kept].brand = complaint.brand
            life.complaints[kept].severity = complaint.severity
            kept += 1
            continue
        if not late:
            left[b] -= 1
        quality = max(0.0, min(1.0, brand.care_quality + levers.brands[b].care_change))
        hurt = problem_hurt(complaint.severity, p)
        if uniform(words[0]) < satisfaction_probability(brand.care_policy, quality, late, p):
            # a good answer takes back part of the harm, never more than all of it
            tie.belief += p.recovery_share * p.satisfaction_rate * hurt
            records.totals[week, SATISFIED_AFTER, b] += 1
        else:
            # double deviation: the failed answer hurts again, and is told
            tie.belief += p.unresolved_loyalty_gap
            if uniform(words[2]) < talk_probability(tie, -hurt, p):
                will_tell(complaint.who, b, -1.0, 0, 2 * EVENT_KINDS + luck, life)
    life.heads[WAITING] = kept
