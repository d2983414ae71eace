"""Drift of tastes: once a quarter, worked out for a chunk of shoppers at once (model description, section 3).

A first-order autoregression of the scores that keeps their spread and shape: ``score = keep x score + noise``;
``taste_drift_per_year`` is the standard deviation of a year's change in taste. It is keyed by quarter, so that it is
the same in every arm whatever was bought, and whoever has not shopped for a while catches up.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import LANES, inlined, kernel, row_of
from simulator.model.kernels.ahead import fetch_ties
from simulator.model.kernels.constants import QUARTER
from simulator.randomness.philox import fill_blocks
from simulator.randomness.single import normal32
from simulator.randomness.streams import Stream
from simulator.world.shape import drifted

_DRIFT = int(Stream.TASTE_DRIFT)


@inlined
def find_late(today, size, life, seats):
    """Keep, of the first ``size`` late customers, those whose tastes have not come to this quarter; return how many."""
    n = 0
    for j in range(size):
        who = seats.late[j]
        if life.mind[who].quarter < today:
            seats.late[n] = who
            n += 1
    return n


@inlined
def draw_drift(n, town, life, setting, seats):
    """Draw the noise of the late customers' next quarter; two customers draw apart, and so do two quarters of one."""
    for m in range(n):
        who = seats.late[m]
        me = life.mind[who]
        fetch_ties(who, life)
        me.quarter += 1
        seats.uid[m] = town.people[who].uid
        seats.ordinal[m] = me.quarter
        seats.again[m] = 0
    for group in range((town.brands.shape[0] + 3) // 4):
        fill_blocks(setting.run, _DRIFT, n, group, seats, 4 * group)


@inlined
def find_middle(b, n, town, levers, setting, p, seats):
    """Utility that tastes for a brand drift around: everybody's, price, and fit of lifestyle (logit)."""
    middle, beta, x, y = seats.middle, seats.beta, seats.x, seats.y
    brand = town.brands[b]
    mean, weight = np.float32(brand.mean_utility), np.float32(p.lifestyle_fit_weight)
    log_list = np.float32(levers.brands[b].log_list)
    there_x, there_y = brand.position[0], brand.position[1]
    for m in range(n):
        away_x, away_y = x[m] - there_x, y[m] - there_y
        middle[m] = mean + beta[m] * log_list - weight * np.sqrt(away_x * away_x + away_y * away_y)


@inlined
def drift_one_quarter(n, town, life, levers, setting, p, seats):
    """Let the tastes of the late customers drift by a quarter."""
    draw_drift(n, town, life, setting, seats)
    for m in range(n):
        person = town.people[seats.late[m]]
        seats.beta[m], seats.x[m], seats.y[m] = person.beta, person.position[0], person.position[1]
    whole = (n + LANES - 1) // LANES * LANES  # loops over whole eights are all vector instructions
    words, middle, value = seats.words, seats.middle, seats.value
    keep, noise, spread = np.float32(setting.drift_keep), np.float32(setting.drift_noise), np.float32(p.taste_sd)
    skew, mean, sd = np.float32(p.taste_skew), np.float32(setting.taste_mean), np.float32(setting.taste_sd)
    for b in range(town.brands.shape[0]):
        find_middle(b, whole, town, levers, setting, p, seats)
        for m in range(n):
            value[m] = row_of(life.tie_rows, seats.late[m])[b].utility
        for m in range(whole):
            step = noise * normal32(words[b, m])
            value[m] = middle[m] + spread * drifted((value[m] - middle[m]) / spread, keep, step, skew, mean, sd)
        for m in range(n):
            row_of(life.tie_rows, seats.late[m])[b].utility = value[m]


@kernel
def drift_tastes(day, size, town, life, levers, setting, p, seats):
    """Let the tastes of the customers in ``seats.late``, of whom there are ``size`` and all late, drift up to today."""
    today = day // QUARTER
    n = size
    while n > 0:
        drift_one_quarter(n, town, life, levers, setting, p, seats)
        n = find_late(today, n, life, seats)
