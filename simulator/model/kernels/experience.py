"""Phase 5: use the product, meet the people, compare with what was expected (model description, section 7).

One purchase is one whole experience: product in use and the service met on this occasion, relative to what the market
has been used to. It moves belief, habit, bond and the mood towards the store, and now and then is worth a word.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, across, inlined, lane_is, pick, row_of
from simulator.model.kernels.changes import felt_recipe, use_programmes
from simulator.model.kernels.constants import (
    EXPERIENCE_WORDS,
    KIND_EXPERIENCE,
    KIND_PROBLEM,
    MANNER_FEIGNED,
    MANNER_NAMED,
    NO_CAUSE,
    PROBLEMS,
    PROMISE,
    SERVICE,
    SERVICE_WORDS,
)
from simulator.model.kernels.mind import touch
from simulator.model.kernels.notes import note_event
from simulator.model.kernels.people import grow_bond, meet_hostility
from simulator.randomness.philox import uniform
from simulator.world.rapport import ORDINARY_BREADTH, closeness

PROMISE_STEP = 0.01
"""Satisfaction that one step of what was promised stands for."""


@inlined
def service_met(trip, b, town, life, levers, seats):
    """Service of the roles met on this occasion: (level, what events changed of it, what was not meant, roles met).

    Sums over the roles met of quality relative to the reference; a role that is not met does nothing. Who serves, and
    how new they are, moves the level; once an event has trained or replaced them, it counts as its change.
    """
    s = trip.where
    level = 0.0
    change = 0.0
    feigned = 0.0
    met = 0
    group = 0 if levers.service.shape[1] == 1 else np.int64(town.people[trip.who].segment)
    pretending = levers.brands[b].manner & MANNER_FEIGNED != 0
    for r in range(town.roles.shape[0]):
        if uniform(seats.words[SERVICE_WORDS + r, trip.seat]) < town.roles[r].met * levers.staff[s, r].met:
            staff = life.staff[s, r]
            level += levers.service[s, group, b, r] + staff.shift
            change += levers.service_change[s, group, b, r]
            if staff.stirred == 1:
                change += staff.shift
            if pretending:
                feigned += levers.feigned[s, group, b, r]
            met += 1
    return level, change, feigned, met


@inlined
def grow_habit(mine, b, p):
    """``h += rate (1 - h)`` for the bought brand, ``h -= rate h`` for the others (Lally et al. 2010, per act)."""
    for first in range(0, len(mine), LANES):
        ties = across(mine, first)
        ties.habit += p.habit_growth * (pick(lane_is(b - first), 1.0, 0.0) - ties.habit)


@inlined
def problem_hurt(severity, p):
    """Loss of satisfaction by a problem of severity 1 (minor), 2 or 3 (severe)."""
    hurt = p.problem_hurt_minor
    if severity >= 3:
        hurt = p.problem_hurt_severe
    elif severity >= 2:
        hurt = p.problem_hurt_medium
    return hurt


@inlined
def severity_of(rank, severe, medium):
    """Severity 1..3 of a problem from its rank in 0..1 and the shares of severe and medium ones."""
    severity = 1
    if rank < severe:
        severity = 3
    elif rank < severe + medium:
        severity = 2
    return severity


@inlined
def problem_severity(rank, p):
    """Severity 1..3 of a problem from its rank in 0..1, so that fewer problems means fewer of each kind."""
    return severity_of(rank, p.problem_severe_share, p.problem_medium_share)


@inlined
def talk_probability(tie, outcome, p):
    """Probability that an experience is talked about: U-shaped, steeper when bad, more from the bonded."""
    slope = p.talk_satisfied_slope if outcome > 0.0 else p.talk_dissatisfied_slope
    return (p.talk_base_rate + slope * abs(outcome)) * (1.0 + p.talk_bond * tie.bond)


@inlined
def mention_tone(word, tie, outcome, p):
    """Tone of what is told, 1 or -1: of this experience where it set off the talk, else of the brand as a whole.

    Buyers are ordinarily content by ``talk_liking``, and belief is counted from there; so an ordinary mention is good
    unless experience has spoilt it.
    """
    liked = tie.belief + p.talk_liking
    if uniform(word) >= p.talk_base_rate * (1.0 + p.talk_bond * tie.bond):
        liked = outcome
    return 1.0 if liked > 0.0 else -1.0


@inlined
def problem_met(word, b, trip, life, levers, p):
    """The problem of this purchase: (severity, 0 where there is none; 1 where an incident caused it).

    One draw decides about both kinds, so that an incident adds problems and changes none of the ordinary ones.
    """
    problem = uniform(word)
    ordinary = p.problem_rate * (1.0 - life.firms[b].mended)
    severity = 0
    incident = 0
    if problem < ordinary:
        severity = problem_severity(problem / ordinary, p)
    elif levers.brands[b].defective == 1:
        defect = levers.defects[trip.where, trip.item]
        extra = defect.rate * (1.0 - life.firms[b].cured)
        if problem < ordinary + extra:
            severity = severity_of((problem - ordinary) / extra, defect.severe, defect.medium)
            incident = 1
    return severity, incident


@inlined
def problem_rate_of_learning(p):
    """Part of the way to the latest experience that satisfaction goes after a use with a problem."""
    return min(1.0, p.problem_weight * p.satisfaction_rate)


@inlined
def shortfall(tie, outcome, p):
    """What this use falls short of the promise that the customer believed; expectations then come down a step."""
    promised = PROMISE_STEP * tie.promised
    tie.promised = np.uint8(np.floor((1.0 - p.expectation_rate) * tie.promised))
    return max(0.0, promised - max(0.0, outcome))


@inlined
def experience(trip, day, week, town, life, levers, setting, p, scratch, records):
    """Let whoever bought something live with it; arguments as in `shop.shop`.

    The draws were made when the shopper's chunk took its seats: words 0 to 3 are of the use, those from
    ``SERVICE_WORDS`` on of the roles.
    """
    b = trip.bought
    i = trip.who
    seat = trip.seat
    words = scratch.seats.words
    me = life.mind[i]
    mine = row_of(life.tie_rows, i)
    tie = mine[b]
    level, change, feigned, met = service_met(trip, b, town, life, levers, scratch.seats)
    # what is not meant pleases nobody; a poor product is not saved by service, a good one is set apart by it
    served = p.service_weight * (change - feigned)
    if served > 0.0:
        served *= levers.offers[trip.where, b].gate
    luck = scratch.seats.luck[seat]
    outcome = p.quality_weight * p.quality_sd * luck + served
    if change != 0.0 and b == setting.focal:
        touch(me, SERVICE, day)
    cause = SERVICE if change != 0.0 else NO_CAUSE
    if levers.active.shape[0] > 0:
        sees = row_of(life.view_rows, i)
        felt = felt_recipe(trip, b, day, town.people[i], luck, me, sees, levers, setting, p, scratch)
        outcome += p.quality_weight * felt
        if felt != 0.0:
            cause = PROMISE
    if tie.promised > 0:
        short = shortfall(tie, outcome, p)
        outcome -= p.disconfirmation_weight * short
        tie.bond *= 1.0 - min(1.0, p.promise_bond_loss * short)
        cause = PROMISE
        if b == setting.focal:
            touch(me, PROMISE, day)
    severity, incident = problem_met(words[EXPERIENCE_WORDS + 1, seat], b, trip, life, levers, p)
    if severity > 0:
        # an accident is buffered by the bond
        outcome -= problem_hurt(severity, p) * (1.0 - p.bond_buffer * tie.bond)
        records.totals[week, PROBLEMS, b] += 1
        if incident == 1:
            cause = SERVICE
            if b == setting.focal:
                touch(me, SERVICE, day)
        note_event(i, b, KIND_PROBLEM, severity, cause, incident, scratch)
    elif uniform(words[EXPERIENCE_WORDS + 3, seat]) < talk_probability(tie, outcome, p):
        tone = mention_tone(words[EXPERIENCE_WORDS + 3, seat], tie, outcome, p)
        note_event(i, b, KIND_EXPERIENCE, tone, cause, 0, scratch)
    rate = problem_rate_of_learning(p) if severity > 0 else p.satisfaction_rate
    tie.belief += rate * (outcome - tie.belief)
    me.store_mood[trip.slot] += p.satisfaction_rate * (level - me.store_mood[trip.slot])
    grow_habit(mine, b, p)
    warmth = level - feigned
    if met > 0:
        place = town.places[trip.where]
        if warmth > 0.0:
            here, there = place.staff_position, town.people[i].position
            close = closeness(here[0], here[1], there[0], there[1], ORDINARY_BREADTH)
            pace = warmth * levers.offers[trip.where, b].gate * (1.0 + p.relatability * close) * place.staff_pace
            part = 0.0 if town.brands[b].accounts == 1 else p.bond_person_share * levers.places[trip.where].own
            grow_bond(tie, min(1.0, p.bond_growth * pace), part)
        named = levers.brands[b].manner & MANNER_NAMED != 0 and change != 0.0
        meet_hostility(tie, level, met, named, words[EXPERIENCE_WORDS + 2, seat], p)
    if levers.active.shape[0] > 0:
        use_programmes(trip, b, day, town.people[i], me, tie, row_of(life.view_rows, i), levers, setting, p)
    if trip.forced == 1:
        tie.learned += p.forced_trial_step * (p.forced_trial_learning - tie.learned)
    me.last_brand = b
