"""Phase 6, second half: care desks answer as their queues allow, and pass on what the brand team can mend.

A complaint that is answered in time may be settled; one that waits too long, or is put off, hurts again. Where a desk
relays, the brand team hears of a part of the problems and, after a lag, removes a part of their cause; who complained
and sees it mended is reconciled ("you said, we did"). Without the relay nothing improves.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.constants import (
    ANSWERED,
    ANSWERED_LATE,
    APOLOGISE,
    DAYS_OF_WEEK,
    EVENT_KINDS,
    IGNORE,
    LONGEST_MEND,
    MAILBAGS,
    NEWS,
    NO_CAUSE,
    REFUND,
    RELAYED,
    RELAYED_WAITING,
    SATISFIED_AFTER,
    SERVICE,
    WAITING,
    WAITING_DAYS,
)
from simulator.model.kernels.experience import problem_hurt, problem_rate_of_learning, talk_probability
from simulator.randomness.philox import block, stream_key, uniform
from simulator.randomness.streams import Stream

_CARE = int(Stream.CARE)
_MENDED = int(Stream.MENDED)
_CAPACITY = 1 << 20  # draw number of a desk's day, beyond that of any complaint


@inlined
def will_tell(who, b, valence, cause, luck, life):
    """Put someone on the list of those who talk in the next phase, from own experience.

    ``luck`` tells one person's news of a day apart; it keys their draws, so that nobody's luck hangs on who else talks.
    """
    n = life.heads[NEWS]
    if n < life.news.shape[0]:
        news = life.news[n]
        news.who = who
        news.brand = b
        news.valence = valence
        news.cause = cause
        news.generation = 0
        news.luck = luck
        life.heads[NEWS] = n + 1


@inlined
def copy_complaint(complaint, target):
    """Copy one complaint field by field."""
    target.who = complaint.who
    target.day = complaint.day
    target.brand = complaint.brand
    target.severity = complaint.severity
    target.incident = complaint.incident
    target.cause = complaint.cause


@inlined
def file_complaint(who, b, day, severity, incident, cause, life):
    """Add a complaint to the desk's queue; ``severity`` is 0 for a dislike, which is no problem with the product."""
    n = life.heads[WAITING]
    if n < life.complaints.shape[0]:
        complaint = life.complaints[n]
        complaint.who = who
        complaint.brand = b
        complaint.day = day
        complaint.severity = severity
        complaint.incident = incident
        complaint.cause = cause
        life.heads[WAITING] = n + 1


@inlined
def complaint_hurt(severity, p):
    """Loss of satisfaction behind a complaint: that of the problem, none for a dislike."""
    return 0.0 if severity == 0 else problem_hurt(severity, p)


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


@inlined
def mailbag_of(b, day, life):
    """The week's mailbag of a brand, emptied where it still holds an older week."""
    week = day // DAYS_OF_WEEK
    bag = life.mailbags[b, week % MAILBAGS]
    if bag.week != week:
        bag.week = week
        bag.problems = 0
        bag.relayed = 0
        bag.incident_problems = 0
        bag.incident_relayed = 0
    return bag


@inlined
def note_problem_of(b, day, incident, life):
    """Count a problem in the mailbag of its week, whether anybody hears of it or not."""
    bag = mailbag_of(b, day, life)
    if incident == 1:
        bag.incident_problems += 1
    else:
        bag.problems += 1


@inlined
def pass_on(complaint, week, desk, life, records):
    """Relay a complaint about a problem to the brand team, who act on it later.

    A desk that has always relayed has long mended what the usual problems taught: its market's problem rate is what is
    left. Only what is new counts: an incident, or a relay that was not there before.
    """
    b = complaint.brand
    records.totals[week, RELAYED, b] += 1
    bag = life.mailbags[b, (complaint.day // DAYS_OF_WEEK) % MAILBAGS]
    if bag.week != complaint.day // DAYS_OF_WEEK:
        return
    if complaint.incident == 1:
        bag.incident_relayed += 1
    elif desk.relay_new == 1:
        bag.relayed += 1
    else:
        return
    n = life.heads[RELAYED_WAITING]
    if n < life.relayed.shape[0]:
        copy_complaint(complaint, life.relayed[n])
        life.heads[RELAYED_WAITING] = n + 1


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
        left[b] = np.int64(np.floor(levers.brands[b].care_capacity + uniform(words[0])))
    for n in range(waiting):
        complaint = life.complaints[n]
        b = complaint.brand
        desk = levers.brands[b]
        tie = row_of(life.tie_rows, complaint.who)[b]
        # keyed by the complaint and not by its place in the queue, which hangs on everybody else
        luck = 4 * (day - complaint.day) + complaint.severity
        words = block(key, town.people[complaint.who].uid, b, luck)
        late = day - complaint.day > p.care_answer_days
        if left[b] <= 0 and not late:
            copy_complaint(complaint, life.complaints[kept])
            kept += 1
            continue
        if late:
            records.totals[week, ANSWERED_LATE, b] += 1
        else:
            left[b] -= 1
            records.totals[week, ANSWERED, b] += 1
            records.totals[week, WAITING_DAYS, b] += day - complaint.day
            if desk.care_relay == 1 and complaint.severity > 0:
                pass_on(complaint, week, desk, life, records)
        quality = np.float64(desk.care_quality)
        if desk.care_outsourced == 1:
            quality *= p.outsourced_quality
        hurt = complaint_hurt(complaint.severity, p) * (1.0 - p.bond_buffer * tie.bond)
        if uniform(words[0]) < satisfaction_probability(desk.care_policy, quality, late, p):
            # a good answer takes back part of the harm, never more than all of it
            tie.belief += p.recovery_share * problem_rate_of_learning(p) * hurt
            records.totals[week, SATISFIED_AFTER, b] += 1
        else:
            # double deviation: the failed answer hurts again, and is told; whose staff failed is no excuse
            tie.belief += p.unresolved_loyalty_gap * (p.outsourced_blame if desk.care_outsourced == 1 else 1.0)
            if uniform(words[2]) < talk_probability(tie, -hurt, p):
                cause = complaint.cause
                if cause == NO_CAUSE and desk.care_changed == 1:
                    cause = SERVICE
                will_tell(complaint.who, b, -1.0, cause, 2 * EVENT_KINDS + luck, life)
    life.heads[WAITING] = kept


@inlined
def lag_of(p):
    """Whole weeks from a relayed complaint to a change that customers meet."""
    return min(LONGEST_MEND, max(1, np.int64(p.improve_lag_weeks)))


@kernel
def mend(day, town, life, levers, setting, p):
    """Once a week, act on the complaints relayed some weeks ago, and reconcile those who complained.

    Each week removes a part of what can be removed of the cause, in proportion to the share of that week's problems of
    which the team has heard: ``mended += rate x heard x (limit - mended)``.
    """
    if day % DAYS_OF_WEEK != 0:
        return
    lag = lag_of(p)
    then = day // DAYS_OF_WEEK - lag
    for b in range(life.firms.shape[0]):
        firm = life.firms[b]
        if levers.brands[b].defective == 0:
            firm.cured = 0.0  # the next incident has another cause
        bag = life.mailbags[b, then % MAILBAGS]
        if bag.week != then:
            continue
        if bag.relayed > 0:
            heard = min(1.0, bag.relayed / max(1, bag.problems))
            firm.mended += p.improve_rate * heard * (p.improve_share - firm.mended)
        # what was said of an incident that is over mends nothing of the next
        current = levers.brands[b].defective == 1 and then >= levers.brands[b].defective_since // DAYS_OF_WEEK
        if bag.incident_relayed > 0 and current:
            heard = min(1.0, bag.incident_relayed / max(1, bag.incident_problems))
            firm.cured += p.incident_mend_rate * heard * (p.incident_mend_share - firm.cured)
    kept = 0
    key = stream_key(setting.run, _MENDED, day)
    for n in range(life.heads[RELAYED_WAITING]):
        complaint = life.relayed[n]
        if day - complaint.day < DAYS_OF_WEEK * lag:
            copy_complaint(complaint, life.relayed[kept])
            kept += 1
            continue
        firm = life.firms[complaint.brand]
        seen = firm.mended / max(p.improve_share, 1e-9)
        if complaint.incident == 1:
            seen = firm.cured / max(p.incident_mend_share, 1e-9)
        words = block(key, town.people[complaint.who].uid, complaint.brand, complaint.severity)
        if uniform(words[0]) < p.improved_seen * seen:
            reconcile(row_of(life.tie_rows, complaint.who)[complaint.brand], p)
    life.heads[RELAYED_WAITING] = kept


@inlined
def reconcile(tie, p):
    """ "You said, we did": what is left of the grievance shrinks, and being heard counts as a good encounter."""
    if tie.belief < 0.0:
        tie.belief *= 1.0 - p.improved_credit
    tie.bond += p.bond_growth * (1.0 - tie.bond)
