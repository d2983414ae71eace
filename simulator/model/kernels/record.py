"""Phase 9: integer counters per week, and at the end of each week who has lapsed (model description, section 10)."""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.changes import reward_paid
from simulator.model.kernels.constants import (
    BUYING,
    CONTRIBUTION,
    DAYS_OF_WEEK,
    LAPSED,
    NEVER,
    OBSERVED_DAYS,
    OF_ITSELF,
    PERIOD_DAYS,
    PERIODS,
    TOO_EARLY,
    UNITS,
    VALUE,
)
from simulator.model.kernels.specials import special_price, special_size
from simulator.model.kernels.team import part_of
from simulator.randomness.philox import exp


@inlined
def note_purchase(i, day, trip, price, records):
    """Write a purchase into the panel, where one is kept and has room."""
    if records.panel.shape[0] == 0:
        return
    n = records.panel_size[0]
    if n == records.panel.shape[0]:
        records.panel_size[1] += 1
        return
    row = records.panel[n]
    row.who = i
    row.price = price
    row.day = day
    row.store = trip.where
    row.item = trip.item
    row.units = trip.units
    row.brand = trip.bought
    records.panel_size[0] = n + 1


@inlined
def follow_cohort(me, day, week, p, records):
    """Count a purchase of the focal brand in its customer's cohort; called before the purchase is noted.

    Whoever buys the brand for the first time in a year has been won, by the last good word heard within
    ``source_credit_weeks``: a campaign, a friend, or neither. Later purchases count once in each four weeks.
    """
    last = np.int64(me.last_focal)
    if day - last > OBSERVED_DAYS:
        me.won_by = OF_ITSELF
        if day - np.int64(me.word_day) <= DAYS_OF_WEEK * p.source_credit_weeks:
            me.won_by = me.word_by
        me.won_day = day
        records.won[week, me.won_by] += 1
        records.kept[week, me.won_by, 0] += 1
    elif me.won_day != NEVER:
        won = np.int64(me.won_day)
        period = (day - won) // PERIOD_DAYS
        if period < PERIODS and period != (last - won) // PERIOD_DAYS:
            records.kept[week - day // DAYS_OF_WEEK + won // DAYS_OF_WEEK, me.won_by, period] += 1


@inlined
def record(trip, day, week, town, life, levers, setting, p, records):
    """Count a purchase by brand, store and level, and keep its customer's own dates; arguments as in `shop.shop`."""
    b = trip.bought
    i = trip.who
    s = trip.where
    person = town.people[i]
    me = life.mind[i]
    units = np.int64(trip.units)
    price = levers.offers[s, b].price
    log_size = np.float64(levers.offers[s, b].log_size)
    if levers.specials.shape[0] > 0:
        price *= exp(special_price(s, b, trip.item, person, levers))
        log_size += special_size(s, b, trip.item, person, levers)
    note_purchase(i, day, trip, price, records)
    records.totals[week, UNITS, b] += units
    records.totals[week, VALUE, b] += np.int64(np.rint(100.0 * price * units))
    cost = town.brands[b].cost
    if log_size != 0.0:  # a smaller pack costs less
        cost *= exp(log_size)
    reward = 0.0
    if levers.active.shape[0] > 0:
        reward = price * reward_paid(s, b, person, row_of(life.view_rows, i), levers)
    records.totals[week, CONTRIBUTION, b] += np.int64(np.rint(100.0 * (price - reward - cost) * units))
    records.stores[week, s, b] += units
    records.levels[week, records.level_start[0] + town.places[s].region, b] += units
    records.levels[week, records.level_start[1] + person.segment, b] += units
    records.levels[week, records.level_start[2] + person.source, b] += units
    records.levels[week, records.level_start[3] + person.weight, b] += units
    observed_year = -OBSERVED_DAYS <= day < 0
    if observed_year:
        me.year_category += 1
    if b == setting.focal:
        if day >= 0:
            follow_cohort(me, day, week, p, records)
        me.last_focal = day
        if observed_year:
            me.year_focal += 1
        if me.base == 1:
            records.habitual[week] += units
    else:
        me.last_rival = day


@kernel
def note_lapse(day, life, lapse, worker, team):
    """Note the state of each habitual customer at the end of ``day``, the last of a week since launch.

    BUYING, LAPSED (no focal purchase for ``limit`` days while buying the category) or TOO_EARLY (fewer than ``limit``
    days since launch).
    """
    low, high = part_of(lapse.rows.shape[0], worker, team)
    week = day // DAYS_OF_WEEK
    for c in range(low, high):
        me = life.mind[lapse.rows[c]]
        state = BUYING
        if day + 1 < lapse.limit[c]:
            state = TOO_EARLY
        elif day - me.last_focal > lapse.limit[c] and me.last_rival > me.last_focal:
            state = LAPSED
        lapse.states[week, c] = state
