"""Phase 4: today's shoppers choose a store, then an item (model description, section 5).

Shoppers are served store by store in keyed random order, so that scarce goods go to the same customers whatever the
order of computation. Who goes on to another store is served there in a second pass on the same day.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.ahead import AHEAD, fetch_person, fetch_ties
from simulator.model.kernels.choose import choose
from simulator.model.kernels.constants import NEVER, SHOPPERS
from simulator.model.kernels.listing import learn_range
from simulator.randomness.philox import block, exponential, stream_key, uniform
from simulator.randomness.streams import Stream

_TRIP = int(Stream.TRIP)
_CALENDAR = int(Stream.CALENDAR)


@kernel
def find_shoppers(day, due, shoppers):
    """List the customers whose trip is due, in order of their rows; branch-free, since most are not."""
    n = 0
    for i in range(due.shape[0]):
        shoppers[n] = i
        n += due[i] <= day
    return n


@inlined
def advance_calendar(day, person, me, setting):
    """Set the next calendar trip and return how many units today's is for.

    The interval is a sum of exponential stages (Erlang; between two whole numbers of stages the last one comes with a
    probability), scaled to the customer's rate. It is keyed by the trip's ordinal, whatever was bought meanwhile.
    """
    key = stream_key(setting.run, _CALENDAR, me.trips)
    words = block(key, person.uid, 0, 0)
    interval = exponential(words[0])
    if uniform(words[2]) < setting.stage_extra:
        interval += exponential(words[1])
    for stage in range(1, setting.stages):
        more = block(key, person.uid, 0, stage)
        interval += exponential(more[0])
    interval /= setting.stages + setting.stage_extra
    me.trips += 1
    me.next_time += interval / person.rate
    me.next_day = np.int16(min(max(np.floor(me.next_time), day + 1.0), 32766.0))
    units = setting.units
    if uniform(words[3]) < setting.units_extra:
        units += 1
    return units


@inlined
def pull(patronage, mood, setting, p):
    """How much a known store attracts: patronage, satisfaction with it, and little where its people are disliked."""
    attraction = patronage * max(0.0, 1.0 + p.store_satisfaction_weight * mood)
    disliked = mood < p.rapport_floor * setting.roles_met
    return attraction * p.dislike_patronage if disliked else attraction


@inlined
def pick_store(word, person, me, setting, p):
    """Slot of the store for this trip: patronage weighted by satisfaction with each known store."""
    total = 0.0
    for k in range(4):
        if person.store[k] >= 0:
            total += pull(person.patronage[k], me.store_mood[k], setting, p)
    goal = uniform(word) * total
    slot = 0
    for k in range(4):
        if person.store[k] >= 0 and goal >= 0.0:
            goal -= pull(person.patronage[k], me.store_mood[k], setting, p)
            slot = k
    return slot


@kernel
def plan_trips(day, n, town, life, setting, p, scratch):
    """Draw the trip of each shopper, note how many units, and advance the calendar unless the trip was a retry."""
    for k in range(n):
        if k + AHEAD < n:
            fetch_person(scratch.shoppers[k + AHEAD], town, life)
        i = scratch.shoppers[k]
        person = town.people[i]
        me = life.mind[i]
        trip = scratch.trips[k]
        trip.who = i
        if me.next_day > day:
            trip.retry = 1
            trip.ordinal = me.trips - 1
            trip.units = me.waited_units
        else:
            trip.retry = 0
            trip.ordinal = me.trips
            trip.units = advance_calendar(day, person, me, setting)
        me.retry_day = NEVER
        words = block(stream_key(setting.run, _TRIP, trip.ordinal), person.uid, 0, trip.retry)
        for lane in range(4):
            trip.words[lane] = words[lane]
        trip.slot = pick_store(words[0], person, me, setting, p)
        trip.where = person.store[trip.slot]


@kernel
def sort_by_store(chosen, n, stores, trips, start, order):
    """Order the first ``n`` of ``chosen`` trips by store, and within a store by keyed priority (word 2 of the trip)."""
    for s in range(stores + 1):
        start[s] = 0
    for a in range(n):
        start[trips[chosen[a]].where + 1] += 1
    for s in range(stores):
        start[s + 1] += start[s]
    for a in range(n):
        k = chosen[a]
        s = trips[k].where
        order[start[s]] = k
        start[s] += 1
    first = 0
    for s in range(stores):
        for a in range(first + 1, start[s]):
            k = order[a]
            priority = trips[k].words[2]
            j = a - 1
            while j >= first and trips[order[j]].words[2] > priority:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = k
        first = start[s]


@kernel
def serve(day, week, n, second, town, life, levers, setting, p, scratch, records):
    """Serve the first ``n`` trips of ``scratch.order``; list who goes on to another store and return how many."""
    onward = 0
    for a in range(n):
        if a + AHEAD < n:
            ahead = scratch.trips[scratch.order[a + AHEAD]].who
            fetch_ties(ahead, life)
            fetch_person(ahead, town, life)
        k = scratch.order[a]
        slot = choose(scratch.trips[k], day, week, second, town, life, levers, setting, p, scratch, records)
        if levers.delisted.shape[0] > 0:
            learn_range(scratch.trips[k].slot, scratch.trips[k].where, life.views[scratch.trips[k].who], levers)
        if slot >= 0:
            scratch.trips[k].slot = slot
            scratch.onward[onward] = k
            onward += 1
    return onward


@kernel
def shop(day, week, town, life, levers, setting, p, scratch, records):
    """Let today's shoppers shop.

    Parameters
    ----------
    day : int
        Day relative to launch.
    week : int
        Row of the weekly counters.
    town, life, levers, setting, p, scratch, records
        See `simulator.model.columns`; ``life``, ``scratch`` and ``records`` are changed. What a trip bought is left in
        ``scratch.trips[k].bought`` for the next phases.
    """
    n = find_shoppers(day, scratch.due, scratch.shoppers)
    scratch.counts[SHOPPERS] = n
    stores = town.places.shape[0]
    plan_trips(day, n, town, life, setting, p, scratch)
    for k in range(n):
        scratch.onward[k] = k
    going = n
    for second in range(2):
        if going > 0:
            sort_by_store(scratch.onward, going, stores, scratch.trips, scratch.start, scratch.order)
            going = serve(day, week, going, second, town, life, levers, setting, p, scratch, records)
            for a in range(going):
                trip = scratch.trips[scratch.onward[a]]
                trip.where = town.people[trip.who].store[trip.slot]
    for k in range(n):
        i = scratch.trips[k].who
        scratch.due[i] = min(life.mind[i].next_day, life.mind[i].retry_day)
