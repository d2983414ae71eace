"""The nine phases of a day in order (model description, section 4), and runs of days without a return to Python."""

from __future__ import annotations

import numpy as np

from simulator.compilation import hold, inlined, kernel, ticks
from simulator.model.kernels.broadcast import broadcast
from simulator.model.kernels.clock import note_time
from simulator.model.kernels.constants import (
    AFTER_FIRST,
    AFTER_SECOND,
    CLOCK_REPS,
    CLOCK_REVIEW,
    CLOCK_SHELVE,
    CLOCK_TALK,
    CLOCK_VOICE,
    DAYS_OF_WEEK,
    EVENTS,
    FIRST_EVENT,
    FIRST_SAID,
    PHASE_REPS,
    PHASE_REVIEW,
    PHASE_SHELVE,
    PHASE_SHOP,
    PHASE_TALK,
    PHASE_VOICE,
)
from simulator.model.kernels.record import note_lapse
from simulator.model.kernels.reps import rounds, turn_over
from simulator.model.kernels.shelves import deliver_and_shelve, order
from simulator.model.kernels.shop import shop
from simulator.model.kernels.talk import talk
from simulator.model.kernels.team import meet, part_of
from simulator.model.kernels.voice import voice


@inlined
def say_nothing_new(scratch, worker):
    """Leave to `voice` what is on the list of events, on a day on which nobody shops."""
    mine = scratch.progress[worker]
    mine[FIRST_SAID] = mine[AFTER_FIRST] = scratch.counts[FIRST_EVENT]
    mine[AFTER_SECOND] = scratch.counts[EVENTS]


@kernel
def run_days(
    first,
    last,
    observed,
    phases,
    town,
    life,
    levers,
    setting,
    p,
    scratch,
    records,
    own_routes,
    visits,
    own_orders,
    lapse,
    worker,
    team,
):
    """Run days ``first`` to ``last - 1`` with constant levers.

    Parameters
    ----------
    first, last : int
        Days relative to launch.
    observed : int
        Weeks of the observed year; the weekly counters begin with it, and their last row takes all other weeks.
    phases : int
        Mask of the phases to run, all but for tests; `PHASE_TIMED` in it notes the time that each takes. Experience and
        record are parts of shop and do not run without it.
    town, life, levers, setting, p, scratch, records
        See `simulator.model.columns`; ``scratch`` and ``records`` are the thread's own.
    own_routes, visits, own_orders
        What subclasses of `Rep` and `Store` decide themselves, see `reps.rounds` and `shelves.order`.
    lapse
        The habitual customers, and room for who of them has lapsed by the end of each week, see `columns.Lapse`.
    worker, team : int
        Which of how many threads this is; all of a team run the same days at the same time.
    """
    town, life, levers, scratch, records = hold(town), hold(life), hold(levers), hold(scratch), hold(records)
    setting, p, lapse = hold(setting), hold(p), hold(lapse)
    low, high = part_of(town.places.shape[0], worker, team)
    clock = scratch.clock
    rest = records.habitual.shape[0] - 1
    for day in range(first, last):
        week = np.int64(day // DAYS_OF_WEEK + observed)
        if week < 0 or week > rest:
            week = rest
        now = ticks()
        if phases & PHASE_SHELVE:
            deliver_and_shelve(day, week, low, high, town, life, levers, setting, p, scratch, records)
        now = note_time(clock, CLOCK_SHELVE, now, phases)
        if phases & PHASE_REPS:
            rounds(day, low, high, town, life, levers, setting, p, own_routes, visits)
            meet(scratch.meeting, team)
            if worker == 0:
                turn_over(day, town, life, levers, setting, p, scratch)
        now = note_time(clock, CLOCK_REPS, now, phases)
        if phases & PHASE_SHOP:
            scratch.counts[EVENTS] = scratch.counts[FIRST_EVENT]
            shop(day, week, phases, town, life, levers, setting, p, scratch, records, worker, team)
        else:
            say_nothing_new(scratch, worker)
        now = ticks()
        if worker == 0 and phases & PHASE_VOICE:
            voice(day, week, town, life, levers, setting, p, scratch, records)
        meet(scratch.meeting, team)
        now = note_time(clock, CLOCK_VOICE, now, phases)
        if phases & PHASE_TALK:
            talk(day, week, town, life, levers, setting, p, scratch, records, worker, team)
            if worker == 0:
                broadcast(day, week, town, life, levers, setting, p, scratch, records)
        now = note_time(clock, CLOCK_TALK, now, phases)
        if phases & PHASE_REVIEW:
            order(day, week, low, high, town, life, levers, setting, p, scratch, own_orders, records)
        if day >= 0 and (day + 1) % DAYS_OF_WEEK == 0:
            note_lapse(day, life, lapse, worker, team)
        now = note_time(clock, CLOCK_REVIEW, now, phases)
        meet(scratch.meeting, team)
