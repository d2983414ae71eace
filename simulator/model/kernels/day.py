"""The nine phases of a day in order (model description, section 4), and runs of days without a return to Python."""

from __future__ import annotations

from simulator.compilation import kernel
from simulator.model.kernels.broadcast import broadcast
from simulator.model.kernels.constants import (
    EVENTS,
    PHASE_EXPERIENCE,
    PHASE_RECORD,
    PHASE_REPS,
    PHASE_REVIEW,
    PHASE_SHELVE,
    PHASE_SHOP,
    PHASE_TALK,
    PHASE_VOICE,
)
from simulator.model.kernels.experience import experience
from simulator.model.kernels.record import record
from simulator.model.kernels.reps import rounds
from simulator.model.kernels.shelves import deliver_and_shelve, order
from simulator.model.kernels.shop import shop
from simulator.model.kernels.talk import talk
from simulator.model.kernels.voice import voice


@kernel
def run_days(
    first, last, week, phases, town, life, levers, setting, p, scratch, records, own_routes, visits, own_orders
):
    """Run days ``first`` to ``last - 1`` of one week with constant levers.

    Parameters
    ----------
    first, last : int
        Days relative to launch.
    week : int
        Row of the weekly counters.
    phases : int
        Mask of the phases to run; all but for timing and for tests.
    town, life, levers, setting, p, scratch, records
        See `simulator.model.columns`.
    own_routes, visits, own_orders
        What subclasses of `Rep` and `Store` decide themselves, see `reps.rounds` and `shelves.order`.
    """
    for day in range(first, last):
        if phases & PHASE_SHELVE:
            deliver_and_shelve(day, week, town, life, levers, setting, p, records)
        if phases & PHASE_REPS:
            rounds(day, town, life, levers, setting, p, scratch, own_routes, visits)
        if phases & PHASE_SHOP:
            scratch.counts[EVENTS] = 0
            shop(day, week, town, life, levers, setting, p, scratch, records)
        if phases & PHASE_EXPERIENCE:
            experience(day, week, town, life, levers, setting, p, scratch, records)
        if phases & PHASE_VOICE:
            voice(day, week, town, life, levers, setting, p, scratch, records)
        if phases & PHASE_TALK:
            talk(day, week, town, life, levers, setting, p, scratch, records)
            broadcast(day, week, town, life, levers, setting, p, scratch, records)
        if phases & PHASE_REVIEW:
            order(day, week, town, life, levers, setting, p, own_orders, records)
        if phases & PHASE_RECORD:
            record(day, week, town, life, levers, setting, p, scratch, records)
