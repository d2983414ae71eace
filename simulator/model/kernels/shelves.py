"""Phases 2 and 8: trucks, backrooms, shelves and orders (model description, section 9).

A store keeps each item up to a target that follows its own forecast. Three things empty a shelf: an order that came too
small or too late (ordering: forecast and record errors), goods left in the backroom (shelving), and goods that the
distributor did not send (upstream). What is missing is never drawn directly; it follows from stock.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import WIDE, inlined, kernel, wide_at, wide_of
from simulator.model.kernels.constants import (
    BLOCKED,
    CHUNK,
    DAYS_OF_WEEK,
    DELISTED,
    LISTED,
    LONGEST_LEAD,
    OUT_EVENT,
    OUT_ORDERING,
    OUT_SHELVING,
    OUT_UPSTREAM,
    SENT,
    SHELF_DAYS,
    SHORT,
    SHORT_BY_EVENT,
    SLOTS,
    SMALLEST_SHELF,
)
from simulator.model.kernels.people import experience_of, favoured
from simulator.randomness.philox import block, exp, normal, put_blocks, stream_key, uniform
from simulator.randomness.streams import Stream

_DELIVERY = int(Stream.DELIVERY)
_SHELVING = int(Stream.SHELVING)
_RECORDS = int(Stream.RECORDS)
_FORECAST = int(Stream.FORECAST)
_EVENT = int(Stream.STOCKOUT_EVENT)
_DRAW = np.uint64(0)


@inlined
def failure_ratio(s, b, day, town, life, levers, p):
    """Ordering and shelving failures relative to a store with an established rep (an assumption, labelled so)."""
    rep = town.rep_of[s, b]
    ratio = 1.0
    if rep >= 0:
        known = 0.0
        if day >= life.posts[rep].vacant_until:
            known = experience_of(life.posts[rep], p) * levers.reps[s, b].skill
        ratio = 1.0 + (p.rep_newness_multiplier - 1.0) * (1.0 - known)
    return ratio


@inlined
def spell(day, length):
    """Number of the spell of ``length`` days that a day belongs to."""
    return np.int64(np.floor(day / length))


@inlined
def order_up_to(demand, cover, bond, p):
    """Target stock for ``cover`` days of ``demand`` units a day: mean plus safety factor times Poisson deviation.

    The normal approximation of the newsvendor texts; ``service_level_z`` is the safety factor, to which a rep on good
    terms with the store (``bond``, 0..1) adds.
    """
    expected = demand * cover
    return expected + (p.service_level_z + p.rep_safety_bonus * bond) * np.sqrt(expected)


@inlined
def empty_because(stock):
    """Cause of an item's absence from the shelf today, or SHELF_DAYS where it is there."""
    cause = SHELF_DAYS
    if stock.blocked == BLOCKED:
        cause = OUT_EVENT
    elif stock.shelf <= 0:
        cause = OUT_ORDERING
        if stock.backroom > 0:
            cause = OUT_SHELVING
        elif stock.short != SENT:
            cause = OUT_UPSTREAM
    return cause


@inlined
def audit(stock, b, week, records):
    """Count an item once, and again under the cause of its absence where it is not on the shelf.

    Shelves are audited when stores open and when they close: published rates are taken at any time of day, and shelves
    empty as the day goes on. What the store does not sell is not looked for.
    """
    if stock.blocked == DELISTED:
        return
    records.shelf[week, b, SHELF_DAYS] += 1
    cause = empty_because(stock)
    if cause != SHELF_DAYS:
        records.shelf[week, b, cause] += 1


@inlined
def is_delisted(s, i, levers):
    """Whether a store has taken an item out of its range."""
    return levers.delisted.shape[0] > 0 and levers.delisted[s, i] > 0


@inlined
def draw_for_stores(key, more, first, last, blocks, seats, words):
    """Draw ``blocks`` blocks for each of a few stores, into rows 0 to 3 of ``words`` by ``key`` and 4 to 7 by ``more``.

    Block ``k`` of store ``s`` is in column ``(s - first) * blocks + k``.
    """
    s = first
    k = 0
    for begin in range(0, (last - first) * blocks, CHUNK):
        for j in range(CHUNK):
            seats.uid[j] = s
            seats.ordinal[j] = k
            k += 1
            if k == blocks:
                k = 0
                s += 1
        for lane in range(0, CHUNK, WIDE):
            stores, partner = wide_at(seats.uid, lane), wide_at(seats.ordinal, lane)
            put_blocks(wide_of(key), stores, partner, wide_of(_DRAW), words, 0, begin + lane)
            put_blocks(wide_of(more), stores, partner, wide_of(_DRAW), words, 4, begin + lane)


@inlined
def drawn_for(s, first, last, blocks, key, more, setting, scratch):
    """Column of ``scratch.store_words`` where the draws of store ``s`` begin, which it may make with the next few's.

    Stores ``first`` to ``last`` are asked for one after the other; other arguments as in `draw_for_stores`.
    """
    together = scratch.store_words.shape[1] // blocks
    nth = (s - first) % together
    if nth == 0 and setting.shelves == 1:
        draw_for_stores(key, more, s, min(last, s + together), blocks, scratch.seats, scratch.store_words)
    return nth * blocks


@kernel
def deliver_and_shelve(day, week, first, last, town, life, levers, setting, p, scratch, records):
    """Unload today's trucks, move goods to the shelf, let records drift, and count empty shelves by cause.

    An item that staff overlook stays in the backroom for ``shelving_gap_days``. An item that a stock-out event strikes
    is off the shelf for whole weeks, in a share ``severity`` of stores and weeks. What a store has left of a delisted
    item is put away until it is listed again. For stores ``first`` to ``last``; other arguments as in `shop.shop`.
    """
    slot = day % SLOTS
    key = stream_key(setting.run, _SHELVING, spell(day, p.shelving_gap_days))
    key_records = stream_key(setting.run, _RECORDS, day)
    key_event = stream_key(setting.run, _EVENT, day // DAYS_OF_WEEK)
    words = scratch.store_words
    blocks = (town.demand.shape[1] + 1) // 2  # one for two items
    for s in range(first, last):
        drawn = drawn_for(s, first, last, blocks, key, key_records, setting, scratch)
        for b in range(town.rep_of.shape[1]):
            failures = failure_ratio(s, b, day, town, life, levers, p)
            for i in range(town.first_item[b], town.first_item[b + 1]):
                stock = life.stock[s, i]
                demand = town.demand[s, i]
                capacity = max(SMALLEST_SHELF, np.int64(np.ceil(demand * p.shelf_capacity_days)))
                row = i % 2 * 2
                mine = drawn + i // 2
                if setting.shelves == 0:
                    stock.shelf = capacity
                else:
                    # without a branch: no processor can foresee which item arrives or is overlooked
                    arrived = life.coming[s, i, slot]
                    life.coming[s, i, slot] = 0
                    stock.coming -= arrived
                    overlooked = uniform(words[row, mine]) < p.shelving_gap_rate * failures * levers.places[s].failures
                    waiting = np.int64(stock.backroom + arrived)
                    moved = 0 if overlooked else max(0, min(waiting, capacity - stock.shelf))
                    stock.backroom = waiting - moved
                    stock.shelf += moved
                    if uniform(words[4 + row, mine]) < p.record_error_rate * failures:
                        stock.record_error += 1 + np.int64(demand)
                    if uniform(words[5 + row, mine]) < 1.0 / p.record_check_days:
                        stock.record_error = 0
                stock.blocked = LISTED
                if is_delisted(s, i, levers):
                    stock.blocked = DELISTED
                elif levers.severity[s, i] > 0.0:
                    struck = block(key_event, s, i, 0)
                    if uniform(struck[0]) < levers.severity[s, i]:
                        stock.blocked = BLOCKED
                audit(stock, b, week, records)
                stock.sold = 0


@inlined
def arrival_day(day, s, b, town, levers):
    """Day on which goods ordered today arrive: the first truck after the distributor's lead time."""
    arrival = day + max(1, min(LONGEST_LEAD, np.int64(levers.lead_time[s, b])))
    while town.places[s].delivery[arrival % DAYS_OF_WEEK] == 0:
        arrival += 1
    return arrival


@inlined
def send(s, i, b, wanted, arrival, word, town, life, levers):
    """Let the distributor send a line, or nothing of it and mark the item ``short``.

    A depot that is short of an item for a store is so for a spell of ``upstream_spell_days``, for which ``word`` is
    drawn. Stores draw apart, as if each were served from its own depot: one depot for all would make
    a whole brand's sales jump from week to week as national sales do not. A line that the usual fill rate would have
    brought is short because of the change.
    """
    rank = uniform(word)
    edge = life.dealers[town.places[s].distributor, b].edge
    if rank < favoured(levers.fill_rate[s, b], edge):
        life.coming[s, i, arrival % SLOTS] += wanted
        life.stock[s, i].coming += wanted
        life.stock[s, i].short = SENT
    elif rank < favoured(levers.usual_fill[s, b], edge):
        life.stock[s, i].short = SHORT_BY_EVENT
    else:
        life.stock[s, i].short = SHORT


@kernel
def order(day, week, first, last, town, life, levers, setting, p, scratch, own_orders, records):
    """Let stores ``first`` to ``last`` look at their shelves and order up to their targets; a line is all or nothing.

    Forecasts follow sales by exponential smoothing and are off by a log-normal error that is drawn at the beginning of
    every week.
    ``own_orders`` (S,) is 1 where a subclass of `Store` decides what to order.
    """
    key = stream_key(setting.run, _DELIVERY, spell(day, p.upstream_spell_days))
    key_forecast = stream_key(setting.run, _FORECAST, day // DAYS_OF_WEEK)
    review = max(1, np.int64(p.review_days))
    words = scratch.store_words
    items = town.demand.shape[1]
    for s in range(first, last):
        drawn = drawn_for(s, first, last, items, key, key_forecast, setting, scratch)
        arrival = following = day
        for b in range(town.rep_of.shape[1]):
            if b == 0 or levers.lead_time[s, b] != levers.lead_time[s, b - 1]:
                arrival = arrival_day(day, s, b, town, levers)
                # ordered in the evening, arriving in the morning: the goods must last until the next order arrives
                following = arrival_day(day + review, s, b, town, levers)
            for i in range(town.first_item[b], town.first_item[b + 1]):
                stock = life.stock[s, i]
                audit(stock, b, week, records)
                if setting.shelves == 0:
                    continue
                # an empty shelf says nothing about demand, nor does one kept empty by an event
                if stock.blocked == LISTED and (stock.shelf > 0 or stock.sold > 0):
                    stock.forecast += p.forecast_rate * (stock.sold - stock.forecast)
                if day % DAYS_OF_WEEK == 0:
                    stock.error = exp(p.forecast_error_sd * normal(words[4, drawn + i]))
                if day % review != 0 or own_orders[s] == 1 or stock.blocked == DELISTED:
                    continue
                target = order_up_to(stock.forecast * stock.error, following - day - 1, life.chain[s, b].rep_bond, p)
                position = stock.shelf + stock.backroom + stock.record_error + stock.coming
                wanted = np.int64(np.ceil(target)) - position
                if wanted > 0:
                    send(s, i, b, wanted, arrival, words[0, drawn + i], town, life, levers)


@kernel
def place_order(day, s, wanted, town, life, levers, setting, p):
    """Order ``wanted`` (I,) units of each item for one store; what a `Store` subclass asks for."""
    key = stream_key(setting.run, _DELIVERY, spell(day, p.upstream_spell_days))
    for b in range(town.rep_of.shape[1]):
        arrival = arrival_day(day, s, b, town, levers)
        for i in range(town.first_item[b], town.first_item[b + 1]):
            if wanted[i] > 0 and life.stock[s, i].blocked != DELISTED:
                word = block(key, s, i, 0)[0]
                send(s, i, b, wanted[i], arrival, word, town, life, levers)
