"""Phase 3: sales reps on their rounds, their coming and going (model description, section 9).

A rep who knows a store corrects its records, gets goods out of the backroom and tells staff about changes. How much a
rep's turnover matters for stock is an assumption, labelled as such in the parameter table; no study of it was found.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel
from simulator.model.kernels.constants import DAYS_OF_WEEK, NEW_HIRE
from simulator.model.kernels.people import call_accounts, court_distributors, leave, staff_week
from simulator.randomness.philox import LN2, block, stream_key, uniform
from simulator.randomness.streams import Stream

_VISIT = int(Stream.REP_VISIT)
_TURNOVER = int(Stream.REP_TURNOVER)
_DAYS_OF_YEAR = 365.0


@inlined
def visit(s, b, rep, key, town, life, levers, p):
    """One visit of a rep to a store: mend records, fill shelves, brief staff, and know each other a little better."""
    chain = life.chain[s, b]
    words = block(key, s, b, 0)
    lever = levers.reps[s, b]
    if uniform(words[0]) < p.rep_fix_share * life.posts[rep].skill * lever.skill * chain.rep_bond:
        for i in range(town.first_item[b], town.first_item[b + 1]):
            stock = life.stock[s, i]
            stock.record_error = 0
            stock.shelf += stock.backroom
            stock.backroom = 0
    if uniform(words[1]) < levers.offers[s, b].briefing:
        chain.briefed = 1.0
    chain.rep_bond += lever.own * p.rep_bond_growth * (1.0 - chain.rep_bond)


@kernel
def rounds(day, first, last, town, life, levers, setting, p, own_routes, visits):
    """Let every rep in post visit those of the stores ``first`` to ``last`` that are on today's route.

    Parameters
    ----------
    own_routes : array of uint8, shape (K,)
        1 where a subclass of `Rep` decides the route; then ``visits`` is obeyed.
    visits : array of uint8, shape (S, B)
        1 where such a rep visits today.
    day, town, life, levers, setting, p
        As in `shop.shop`.
    """
    key = stream_key(setting.run, _VISIT, day)
    # a briefing fades as staff forget it and as staff who heard it leave
    forget = LN2 / (DAYS_OF_WEEK * p.briefing_decay_weeks) + p.staff_turnover_per_year / _DAYS_OF_YEAR
    for s in range(first, last):
        for b in range(town.rep_of.shape[1]):
            chain = life.chain[s, b]
            if chain.briefed != 0.0:
                chain.briefed -= forget * chain.briefed
            rep = town.rep_of[s, b]
            if rep < 0 or day < life.posts[rep].vacant_until:
                continue
            interval = levers.reps[s, b].interval
            due = (day + s) % (interval if interval > 0 else town.reps[rep].interval) == 0
            if own_routes[rep] == 1:
                due = visits[s, b] == 1
            if due and life.posts[rep].load < 1.0:  # who has two territories does not get everywhere
                words = block(key, s, b, 1)
                due = uniform(words[0]) < life.posts[rep].load
            if due:
                visit(s, b, rep, key, town, life, levers, p)


@kernel
def turn_over(day, town, life, levers, setting, p, scratch):
    """Let reps gain a day of tenure, and draw the week's turnover of people in the chain."""
    weekly = stream_key(setting.run, _TURNOVER, day // DAYS_OF_WEEK)
    for rep in range(life.posts.shape[0]):
        post = life.posts[rep]
        if day < post.vacant_until:
            continue
        post.tenure += 1.0
        if day % DAYS_OF_WEEK == 0:
            words = block(weekly, np.uint64(rep), 0, 0)
            if uniform(words[0]) < town.reps[rep].hazard * levers.rep_hazard[rep]:
                until = day + np.int64(p.rep_vacancy_days)
                leave(rep, until, NEW_HIRE, day, scratch.territory, town, life, setting, p)
    if day % DAYS_OF_WEEK == 0:
        staff_week(day, town, life, levers, setting, p)
        call_accounts(day, town, life, levers, setting, p, scratch)
        court_distributors(day, town, life, levers, setting, p)
