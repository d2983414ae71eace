"""Phase 4: today's shoppers choose a store, then an item (model description, section 5).

Shoppers are served store by store in keyed random order, so that scarce goods go to the same customers whatever the
order of computation. Who goes on to another store is served there in a second pass on the same day. Whoever buys lives
with it at once (phase 5) and is counted (phase 9), while the customer's rows are at hand.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import (
    COUNTED,
    LOOKED_AT,
    apart,
    call_at,
    count_below,
    count_bits,
    due_among,
    inlined,
    kernel,
    lowest_bit,
    row_of,
    ticks,
    whole_row,
)
from simulator.model.kernels.ahead import AHEAD, fetch_customer, fetch_person, fetch_shelf, fetch_trip
from simulator.model.kernels.choose import choose, look_at_shelf
from simulator.model.kernels.clock import note_time
from simulator.model.kernels.constants import (
    AFTER_FIRST,
    AFTER_SECOND,
    AT_ONCE,
    CALENDAR_WORDS,
    CHOICE_WORDS,
    CHUNK,
    CLOCK_EXPERIENCE,
    CLOCK_RECORD,
    CLOCK_SHOP,
    DAYS_OF_WEEK,
    DRAWN_INCIDENCE,
    EVENTS,
    EXPERIENCE_WORDS,
    FIRST_ONWARD,
    FIRST_SAID,
    FIRST_TRIP,
    INCIDENCE_WORDS,
    LONG_AGO,
    LOOK_PACK,
    NEVER,
    ONWARD,
    PHASE_EXPERIENCE,
    PHASE_RECORD,
    PLANNED,
    QUARTER,
    SERVE,
    SERVICE_WORDS,
    SHOPPERS,
    STIRRED,
    TRIP_WORDS,
    USUAL_LOOKS,
    USUAL_PRICES,
)
from simulator.model.kernels.drift import drift_tastes
from simulator.model.kernels.experience import experience
from simulator.model.kernels.listing import learn_range
from simulator.model.kernels.patronage import pick_store
from simulator.model.kernels.perceive import look_words
from simulator.model.kernels.record import record
from simulator.model.kernels.team import join_visits, meet, part_of
from simulator.randomness.philox import exponential, fill_blocks, uniform
from simulator.randomness.single import gumbel, normal32
from simulator.randomness.streams import Stream

_TRIP = int(Stream.TRIP)
_CALENDAR = int(Stream.CALENDAR)
_EXPERIENCE = int(Stream.EXPERIENCE)
_SERVICE = int(Stream.SERVICE)
_CHOICE = int(Stream.CHOICE)
_INCIDENCE = int(Stream.INCIDENCE)
_LOOK = int(Stream.LOOK)
_PLACE = np.uint64(0xFFFFFFFF)
_PRIORITY = np.uint64(32)
_NOBODY = np.uint64(0xFFFFFFFFFFFFFFFF)
SIXTEEN = 16
"""Numbers of 32 bits in the longest vectors; a chunk is a whole number of these."""
FEW = 64
"""Trips to a store that are sorted by counting for each how many come before it, without a branch."""


@kernel
def find_shoppers(day, due, first, last, room, shoppers):
    """List the customers of rows ``first`` to ``last`` whose trip is due, in order; most are not.

    64 are looked at together. Those beyond ``room`` stay due and come tomorrow.
    """
    n = 0
    start = due.ctypes.data
    whole = first + (last - first) // LOOKED_AT * LOOKED_AT
    for group in range(first, whole, LOOKED_AT):
        found = due_among(start + group * due.itemsize, day)
        end = min(n + count_bits(found), room)
        while n < end:
            # a processor cannot foresee how many there are; what is too much, the next ones write over
            for k in range(n, n + AT_ONCE):
                shoppers[k] = group + lowest_bit(found)
                found &= found - np.uint64(1)
            n += AT_ONCE
        n = end
    for i in range(whole, last):
        if due[i] <= day and n < room:
            shoppers[n] = i
            n += 1
    return n


@inlined
def in_whole(n):
    """The first ``n`` seats of a chunk and the few beyond up to a whole vector: a loop over these is all vectors."""
    return (n + SIXTEEN - 1) // SIXTEEN * SIXTEEN


@inlined
def draw_calendar(n, setting, seats):
    """Draw the wait until the next trip, in mean intervals, for a chunk of trips.

    A sum of exponential stages (Erlang; between two whole numbers of stages the last one comes with a probability). It
    is keyed by the trip's ordinal, whatever was bought meanwhile.
    """
    words, wait, again = seats.words, seats.wait, seats.again
    whole = in_whole(n)
    fill_blocks(setting.run, _CALENDAR, n, 0, seats, CALENDAR_WORDS)
    for j in range(whole):
        extra = exponential(words[CALENDAR_WORDS + 1, j])
        wait[j] = exponential(words[CALENDAR_WORDS, j])
        if uniform(words[CALENDAR_WORDS + 2, j]) < setting.stage_extra:
            wait[j] += extra
    for stage in range(1, setting.stages):
        for j in range(whole):
            again[j] = stage
        fill_blocks(setting.run, _CALENDAR, n, 0, seats, TRIP_WORDS)
        for j in range(whole):
            wait[j] += exponential(words[TRIP_WORDS, j])


@inlined
def advance_calendar(day, person, me, wait, word, setting):
    """Set the next calendar trip, ``wait`` mean intervals after this one; return how many units today's is for."""
    me.trips += 1
    me.next_time += wait / (setting.stages + setting.stage_extra) / person.rate
    me.next_day = np.int16(min(max(np.floor(me.next_time), day + 1.0), 32766.0))
    units = setting.units
    if uniform(word) < setting.units_extra:
        units += 1
    return units


@kernel
def plan_trips(day, n, begin, visits, town, life, levers, setting, p, scratch):
    """Plan the trips of ``n`` shoppers from ``begin`` on in ``scratch.trips``, and count them by store in ``visits``.

    The calendar advances unless the trip was a retry. Tastes that are late drift as far as today, a chunk at a time.
    """
    seats = scratch.seats
    late = 0
    quarter = day // QUARTER if setting.drift_noise > 0.0 else LONG_AGO
    for s in range(visits.shape[0]):
        visits[s] = 0
    for k in range(min(CHUNK, n)):
        fetch_person(scratch.shoppers[k], town, life)
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        for j in range(size):
            if start + j + CHUNK < n:
                fetch_person(scratch.shoppers[start + j + CHUNK], town, life)
            i = scratch.shoppers[start + j]
            me = life.mind[i]
            trip = scratch.trips[begin + start + j]
            trip.who = i
            trip.uid = town.people[i].uid
            trip.retry = me.next_day > day
            trip.ordinal = me.trips - trip.retry
            seats.late[late] = i  # the next one writes over whoever is not
            late += me.quarter < quarter
            seats.uid[j] = trip.uid
            seats.ordinal[j] = trip.ordinal
            seats.again[j] = 0
        draw_calendar(size, setting, seats)
        for j in range(size):
            seats.again[j] = scratch.trips[begin + start + j].retry
        fill_blocks(setting.run, _TRIP, size, 0, seats, TRIP_WORDS)
        for j in range(size):
            trip = scratch.trips[begin + start + j]
            person = town.people[trip.who]
            me = life.mind[trip.who]
            if trip.retry == 1:
                trip.units = me.waited_units
            else:
                word = seats.words[CALENDAR_WORDS + 3, j]
                trip.units = advance_calendar(day, person, me, seats.wait[j], word, setting)
            me.retry_day = NEVER
            for lane in range(4):
                trip.words[lane] = seats.words[TRIP_WORDS + lane, j]
            trip.slot = pick_store(trip.words[0], person, me, town, setting, p)
            trip.where = person.store[trip.slot]
            visits[trip.where] += 1
        if late >= CHUNK:
            drift_tastes(day, CHUNK, town, life, levers, setting, p, seats)
            late -= CHUNK
            for k in range(late):
                seats.late[k] = seats.late[CHUNK + k]
    if late > 0:
        drift_tastes(day, late, town, life, levers, setting, p, seats)


@inlined
def rank(trip, k):
    """Rank of a trip among those to its store: by keyed priority (word 2 of the trip)."""
    return (np.uint64(trip.words[2]) << _PRIORITY) | np.uint64(k)


@inlined
def place_of(ranked):
    """Where a ranked trip is in ``scratch.trips``."""
    return np.int64(ranked & _PLACE)


@inlined
def guess_places(ranks, first, last, spare):
    """Put each ranked trip about where it belongs: priorities are uniform, so that they nearly say so themselves."""
    n = last - first
    for k in range(n):
        spare[k] = _NOBODY
    for a in range(first, last):
        place = np.int64(((ranks[a] >> _PRIORITY) * np.uint64(n)) >> _PRIORITY)
        while spare[place] != _NOBODY:
            place = np.int64(place + 1 if place + 1 < n else 0)
        spare[place] = ranks[a]
    for k in range(n):
        ranks[first + k] = spare[k]


@inlined
def count_places(ranks, first, last, spare):
    """Put each ranked trip where it belongs: as many places from the start as there are trips before it."""
    n = last - first
    whole = (n + COUNTED - 1) // COUNTED * COUNTED
    for k in range(n):
        spare[k] = ranks[first + k]
    for k in range(n, whole):
        spare[k] = _NOBODY
    start = spare.ctypes.data
    for k in range(n):
        place = first
        for group in range(0, whole, COUNTED):
            place += count_below(start + group * spare.itemsize, spare[k])
        ranks[place] = spare[k]


@kernel
def sort_ranks(ranks, first, last, spare):
    """Put the ranked trips of one store into order; ``spare`` is working memory for as many in whole eights."""
    if last - first <= FEW:
        count_places(ranks, first, last, spare)
        return
    guess_places(ranks, first, last, spare)
    for a in range(first + 1, last):
        one = ranks[a]
        j = a - 1
        while j >= first and ranks[j] > one:
            ranks[j + 1] = ranks[j]
            j -= 1
        ranks[j + 1] = one


@kernel
def queue_up(scratch, worker, n, begin):
    """Write a thread's trips into the queues of their stores in ``scratch.order``; ``scratch.start`` says where."""
    for s in range(scratch.visits.shape[1]):
        scratch.place[s] = scratch.start[s]
        for w in range(worker):
            scratch.place[s] += scratch.visits[w, s]
    for k in range(begin, begin + n):
        trip = scratch.trips[k]
        scratch.order[scratch.place[trip.where]] = rank(trip, k)
        scratch.place[trip.where] += 1


@kernel
def queue_later(first, last, town, scratch):
    """Queue the trips that went on to one of the stores ``first`` to ``last`` in ``scratch.later``; return how many."""
    for s in range(first, last + 1):
        scratch.start[s] = 0
    for w in range(scratch.progress.shape[0]):
        begin = scratch.progress[w, FIRST_ONWARD]
        for a in range(begin, begin + scratch.progress[w, ONWARD]):
            trip = scratch.trips[scratch.onward[a]]
            s = town.people[trip.who].store[trip.slot]
            if first <= s < last:
                trip.where = s
                scratch.start[s + 1] += 1
    for s in range(first, last):
        scratch.start[s + 1] += scratch.start[s]
        scratch.place[s] = scratch.start[s]
    for w in range(scratch.progress.shape[0]):
        begin = scratch.progress[w, FIRST_ONWARD]
        for a in range(begin, begin + scratch.progress[w, ONWARD]):
            k = scratch.onward[a]
            trip = scratch.trips[k]
            s = town.people[trip.who].store[trip.slot]
            if first <= s < last:
                scratch.later[scratch.place[s]] = rank(trip, k)
                scratch.place[s] += 1
    return np.int64(scratch.start[last])


@kernel
def take_seats(ranks, begin, size, levers, roles, setting, scratch):
    """Make the draws of a chunk of shoppers: noise by brand, the use of the product, the people met.

    Where something has changed they also look at it, and may buy more or less of the category.
    """
    seats = scratch.seats
    words, noise, luck = seats.words, seats.noise, seats.luck
    brands = levers.brands.shape[0]
    usual = USUAL_LOOKS | USUAL_PRICES
    whole = in_whole(size)
    for j in range(size):
        trip = scratch.trips[place_of(ranks[begin + j])]
        trip.seat = j
        seats.uid[j] = trip.uid
        seats.ordinal[j] = trip.ordinal
        seats.again[j] = trip.retry
        usual &= levers.usual[trip.where]
    fill_blocks(setting.run, _EXPERIENCE, size, 0, seats, EXPERIENCE_WORDS)
    for group in range((roles + 3) // 4):
        fill_blocks(setting.run, _SERVICE, size, group, seats, SERVICE_WORDS + 4 * group)
    ordinary = scratch.counts[STIRRED] == 0 and usual == USUAL_LOOKS | USUAL_PRICES
    scratch.counts[DRAWN_INCIDENCE] = 0 if ordinary else 1
    if scratch.counts[DRAWN_INCIDENCE] == 1:
        fill_blocks(setting.run, _INCIDENCE, size, 0, seats, INCIDENCE_WORDS)
    if usual & USUAL_LOOKS == 0:
        for z in range(levers.looks.shape[0]):
            look = levers.looks[z]
            if look.brand >= 0 and look.kind == LOOK_PACK:
                fill_blocks(setting.run, _LOOK, size, look.brand, seats, look_words(z, roles))
    for group in range((brands + 3) // 4):
        fill_blocks(setting.run, _CHOICE, size, group, seats, CHOICE_WORDS)
        for lane in range(min(4, brands - 4 * group)):
            for j in range(whole):
                noise[4 * group + lane, j] = gumbel(words[CHOICE_WORDS + lane, j])
    for j in range(whole):
        luck[j] = normal32(words[EXPERIENCE_WORDS, j])


@inlined
def read_the_day(day, levers, life, scratch):
    """Note side by side what holds for everybody today, for every brand."""
    today = whole_row(scratch.today, 0)
    stirred = 0
    weeks = day // DAYS_OF_WEEK - levers.set_on[0] // DAYS_OF_WEEK
    row = np.int64(min(weeks, levers.salience.shape[0] - 1))
    for b in range(levers.brands.shape[0]):
        today[b].salience = levers.salience[row, b]
        today[b].reference = levers.reference[min(weeks, levers.reference.shape[0] - 1), b]
        today[b].apart = 0.0 if life.firms[b].reputation == 0.0 else 1.0
        if levers.salience[row, b] != 0.0 or life.firms[b].reputation != 0.0:
            stirred = 1
    for z in range(levers.looks.shape[0]):
        if levers.looks[z].brand >= 0:
            today[levers.looks[z].brand].apart = 1.0
            if levers.looks[z].begun == 1:
                stirred = 1
    scratch.counts[STIRRED] = stirred


@apart
def serve(day, week, phases, ranks, first, last, second, town, life, levers, setting, p, scratch, records):
    """Serve the ranked trips ``first`` to ``last``; list who goes on to another store and return how many."""
    onward = 0
    fetched = open_at = np.int64(-1)
    for k in range(first, min(last, first + AHEAD)):
        fetch_customer(scratch.trips[place_of(ranks[k])].who, town, life)
    for begin in range(first, last, CHUNK):
        size = min(CHUNK, last - begin)
        now = ticks()
        take_seats(ranks, begin, size, levers, town.roles.shape[0], setting, scratch)
        for j in range(size):
            if begin + j + CHUNK < last:
                fetch_trip(place_of(ranks[begin + j + CHUNK]), scratch)
            if begin + j + AHEAD < last:
                later = scratch.trips[place_of(ranks[begin + j + AHEAD])]
                fetch_customer(later.who, town, life)
                if later.where != fetched:
                    fetched = np.int64(later.where)
                    fetch_shelf(fetched, life)
            k = place_of(ranks[begin + j])
            trip = scratch.trips[k]
            if trip.where != open_at:
                open_at = np.int64(trip.where)
                look_at_shelf(open_at, town, life, scratch)
            slot = choose(trip, day, week, second, town, life, levers, setting, p, scratch, records)
            if levers.delisted.shape[0] > 0:
                learn_range(trip.slot, trip.where, row_of(life.view_rows, trip.who), levers)
            if slot >= 0:
                trip.slot = slot
                scratch.onward[first + onward] = k
                onward += 1
            me = life.mind[trip.who]
            scratch.due[trip.who] = min(me.next_day, me.retry_day)
            now = note_time(scratch.clock, CLOCK_SHOP, now, phases)
            if trip.bought >= 0 and phases & PHASE_EXPERIENCE:
                experience(trip, day, week, town, life, levers, setting, p, scratch, records)
            now = note_time(scratch.clock, CLOCK_EXPERIENCE, now, phases)
            if trip.bought >= 0 and phases & PHASE_RECORD:
                record(trip, day, week, town, life, levers, setting, p, records)
            now = note_time(scratch.clock, CLOCK_RECORD, now, phases)
    return onward


@kernel
def shop(day, week, phases, town, life, levers, setting, p, scratch, records, worker, team):
    """Let today's shoppers shop, use what they bought, and be counted.

    Parameters
    ----------
    day : int
        Day relative to launch.
    week : int
        Row of the weekly counters.
    phases : int
        Mask of the phases to run.
    town, life, levers, setting, p, scratch, records
        See `simulator.model.columns`; ``life``, ``scratch`` and ``records`` are changed. What a trip bought is left in
        ``scratch.trips[k].bought``.
    worker, team : int
        Which of how many threads this is.
    """
    read_the_day(day, levers, life, scratch)
    low, high = part_of(scratch.due.shape[0], worker, team)
    begin, end = part_of(scratch.trips.shape[0], worker, team)
    stores = town.places.shape[0]
    low_store, high_store = part_of(stores, worker, team)
    mine = scratch.progress[worker]
    now = ticks()
    n = find_shoppers(day, scratch.due, low, high, end - begin, scratch.shoppers)
    plan_trips(day, n, begin, scratch.visits[worker], town, life, levers, setting, p, scratch)
    scratch.counts[SHOPPERS] = n
    mine[PLANNED] = n
    mine[FIRST_TRIP] = begin
    meet(scratch.meeting, team)
    join_visits(scratch.visits, scratch.start)
    queue_up(scratch, worker, n, begin)
    meet(scratch.meeting, team)
    first, last = np.int64(scratch.start[low_store]), np.int64(scratch.start[high_store])
    for s in range(low_store, high_store):
        sort_ranks(scratch.order, np.int64(scratch.start[s]), np.int64(scratch.start[s + 1]), scratch.spare)
    note_time(scratch.clock, CLOCK_SHOP, now, phases)
    mine[FIRST_SAID] = scratch.counts[EVENTS]
    mine[FIRST_ONWARD] = first
    served = (day, week, phases, scratch.order, first, last, 0, town, life, levers, setting, p, scratch, records)
    mine[ONWARD] = call_at(scratch.addresses[SERVE], served)
    mine[AFTER_FIRST] = scratch.counts[EVENTS]
    meet(scratch.meeting, team)
    later = queue_later(low_store, high_store, town, scratch)
    for s in range(low_store, high_store):
        sort_ranks(scratch.later, np.int64(scratch.start[s]), np.int64(scratch.start[s + 1]), scratch.spare)
    others = (day, week, phases, scratch.later, 0, later, 1, town, life, levers, setting, p, scratch, records)
    call_at(scratch.addresses[SERVE], others)
    mine[AFTER_SECOND] = scratch.counts[EVENTS]
    meet(scratch.meeting, team)
