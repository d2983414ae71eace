"""What people like, fitted so that the market's shares come out.

A customer's utility for a brand is taste + price coefficient × ln(price / mean price) + quality + ln(salience). What a
customer buys in the long run follows from it in closed form, with inertia (a bonus γ for the last brand) and habit
(on autopilot the habitual brand is taken without weighing) included; the brand means of the tastes are then moved
until purchase-weighted shares are the market's. ``utility`` and ``stationary_shares`` are public because the shop
phase starts from the same definitions.

Closed form. Let w = exp(V), S = Σw, g = exp(γ), b* the favourite and A the autopilot share. The last brand l raises
its own weight to g·w_l, so with D_l = S + (g − 1)·w_l and T = Σ π_l / D_l,

    π_b = A·[b = b*] + (1 − A)·(w_b·T + (g − 1)·w_b·π_b / D_b),

linear in π for given T, and Σπ = 1 gives T. Without autopilot this is π_b ∝ w_b·D_b. Habit of a brand tends to its
share of the customer's purchases, so A = ceiling · π_{b*}, found by a few substitutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.compilation import allocating_kernel
from simulator.randomness.philox import exp
from simulator.world.errors import WorldError
from simulator.world.world import F16, F32, F64, Brands, World

_LANES = 64
"""Customers whose shares are worked out side by side."""
_SUBSTITUTIONS = 6
"""Rounds for the autopilot share: each shrinks the error by the ceiling times a slope below 1."""

_ROUNDS = 40
_TOLERANCE = 2e-5
"""Largest error in a share (of 1) at which the fit stops; far below sampling noise of any world."""

_ONE_CUSTOMER = 2.0
"""Times 1 / n: what one customer whose favourite flips moves a share by, so no fit is better than that."""

_GIVE_UP = 0.005
"""Error in a share at which a world is refused rather than built."""

_SMALLEST_SHARE = 1e-12

_BLOCK = 1 << 17
"""Customers at a time, so that scratch arrays stay small."""

_SCOUTS = 4096
"""Customers on whom the fit's slopes are measured; the fit itself uses the whole reference."""

_SMALLEST_REFERENCE, _LARGEST_REFERENCE = 1_000, 200_000

_STEP = 0.05
"""Step of the slopes, logit: wide enough to count the customers whose favourite flips, not to chance on one."""
_LARGEST_MOVE = 2.0


def reference_size(customers: int) -> int:
    """How many of the first-born the brand means are fitted on: the population, rounded down to two digits.

    A fit on everybody would move every taste a little when one customer is added; this one does not (but for the
    few sizes at which the rounding steps). Worlds below 1,000 customers are fitted on the thousand first-born that
    would live there if they were larger: a fit on a handful would make up for the accident of who they are. Above
    200,000 the noise of the fit is near 0.1 points anyway.

    Examples
    --------
    >>> reference_size(20_000), reference_size(20_001), reference_size(1_250), reference_size(3_000_000)
    (20000, 20000, 1200, 200000)
    >>> reference_size(12)
    1000
    """
    digits = max(len(str(customers)) - 2, 0)
    return int(np.clip(customers // 10**digits * 10**digits, _SMALLEST_REFERENCE, _LARGEST_REFERENCE))


def common_utility(brands: Brands) -> F64:
    """Part of utility that is the same for everybody: quality and ln(salience), shape (B,)."""
    common: F64 = brands.quality.astype(np.float64) + np.log(brands.salience.astype(np.float64))
    return common


def log_relative_price(brands: Brands) -> F64:
    """ln(price / mean list price), shape (B,)."""
    relative: F64 = np.log(brands.list_price / brands.list_price.mean())
    return relative


def utility(taste: F16 | F32, price_sensitivity: F32, brands: Brands) -> F64:
    """Systematic utility of each brand at list price for each customer, without history, shape (n, B), logit."""
    v: F64 = (
        taste.astype(np.float64)
        + price_sensitivity.astype(np.float64)[:, None] * log_relative_price(brands)
        + common_utility(brands)
    )
    return v


@allocating_kernel
def fill_stationary(base: F64, means: F64, gamma: float, autopilot: float, out: F32) -> None:
    """Long-run shares of each customer's purchases, by the closed form of the module.

    Parameters
    ----------
    base : (n, B) utility, logit
    means : (B,) added to it
    gamma : inertia, logit
    autopilot : share of purchases on autopilot at full habit, 0..1
    out : (n, B) shares, each row sums to 1
    """
    n, brands = base.shape
    extra = np.exp(gamma) - 1.0
    w, factor = np.empty((brands, _LANES)), np.empty((brands, _LANES))
    top, total, share, auto, best, flow = np.empty((6, _LANES))
    favourite = np.empty(_LANES, np.int64)
    # customers side by side, so that the inner loops become vector instructions
    for start in range(0, n, _LANES):
        size = min(_LANES, n - start)
        for j in range(size):
            top[j] = -np.inf
            total[j] = 0.0
        for b in range(brands):
            for j in range(size):
                w[b, j] = base[start + j, b] + means[b]
                if w[b, j] > top[j]:
                    top[j] = w[b, j]
                    favourite[j] = b
        for b in range(brands):
            for j in range(size):
                w[b, j] = exp(w[b, j] - top[j])
                total[j] += w[b, j]
        for j in range(size):
            share[j] = 1.0 / total[j]  # of the favourite, whose weight is 1
        for _ in range(_SUBSTITUTIONS):
            for j in range(size):
                auto[j] = min(autopilot * share[j], 1.0 - 1e-9)
                best[j] = 1.0 / (1.0 - (1.0 - auto[j]) * extra / (total[j] + extra))
                flow[j] = 0.0
            for b in range(brands):
                for j in range(size):
                    odds = extra * w[b, j]
                    factor[b, j] = 1.0 / (1.0 - (1.0 - auto[j]) * odds / (total[j] + odds))
                    flow[j] += w[b, j] * factor[b, j]
            for j in range(size):
                flow[j] = (1.0 - auto[j] * best[j]) / flow[j]
                share[j] = (auto[j] + flow[j]) * best[j]
        for b in range(brands):
            for j in range(size):
                out[start + j, b] = w[b, j] * flow[j] * factor[b, j]
        for j in range(size):
            out[start + j, favourite[j]] += auto[j] * best[j]


def stationary_shares(v: F64, *, gamma: float, autopilot: float) -> F32:
    """Long-run shares of purchases (n, B) for utilities ``v`` (n, B); habits start here.

    Examples
    --------
    >>> stationary_shares(np.log([[3.0, 1.0]]), gamma=0.0, autopilot=0.0).round(3).tolist()
    [[0.75, 0.25]]
    """
    out = np.empty(v.shape, np.float32)
    fill_stationary(np.ascontiguousarray(v, np.float64), np.zeros(v.shape[1]), gamma, autopilot, out)
    return out


def fit_means(v: F64, rate: F32, target: F64, *, gamma: float, autopilot: float) -> F64:
    """Find brand means (B,), averaging 0, at which rate-weighted long-run shares equal ``target``.

    Newton's method with slopes measured once, on the first few thousand customers, and steps kept small; where a step
    does not help it is damped.

    Parameters
    ----------
    v : (n, B) utility without the means
    rate : (n,) purchase rates, the weights
    target : (B,) shares, all above 0, sum 1
    """
    brands = target.shape[0]
    if brands == 1:
        return np.zeros(1)

    def shares(rows: int, means: F64) -> F64:
        out = np.empty((rows, brands), np.float32)
        fill_stationary(v[:rows], means, gamma, autopilot, out)
        weights = rate[:rows].astype(np.float64)
        result: F64 = weights @ out.astype(np.float64) / weights.sum()
        return result

    means = np.log(target)
    others = np.delete(np.arange(brands), int(target.argmax()))
    n, scouts = v.shape[0], min(v.shape[0], _SCOUTS)
    for rows in (scouts, n) if n > scouts else (n,):
        slopes = np.empty((0, 0))
        error, damping = np.inf, 1.0
        for _ in range(_ROUNDS):
            gap = np.log(target) - np.log(np.maximum(shares(rows, means), _SMALLEST_SHARE))
            worst = float(np.abs(target * np.expm1(-gap)).max())
            if worst < max(_TOLERANCE, _ONE_CUSTOMER / rows):
                break
            if slopes.size == 0 or worst > error / 2.0:  # the slopes no longer fit: measure them anew
                damping = 1.0 if worst < error else damping / 2.0
                slopes = np.empty((brands, brands))
                here = np.log(np.maximum(shares(scouts, means), _SMALLEST_SHARE))
                for b in range(brands):
                    moved = means.copy()
                    moved[b] += _STEP
                    slopes[:, b] = (np.log(np.maximum(shares(scouts, moved), _SMALLEST_SHARE)) - here) / _STEP
            error = worst
            move = np.zeros(brands)  # only differences matter: hold the leader and let its share follow
            try:
                move[others] = np.linalg.solve(slopes[np.ix_(others, others)], gap[others])
            except np.linalg.LinAlgError:
                break  # nobody reacts to anything
            means = means + damping * np.clip(move, -_LARGEST_MOVE, _LARGEST_MOVE)
            means -= means.mean()
        if worst > _GIVE_UP:
            raise WorldError(
                f"brands: no tastes give the stated shares (off by up to {worst:.1%}). Shares close to 0, or prices "
                "very far apart, are the usual reason: check them."
            )
    centred: F64 = means - means.mean()
    return centred


def long_run_shares(taste: F16, price_sensitivity: F32, brands: Brands, values: Mapping[str, float]) -> F32:
    """Long-run shares of purchases (n, B) of customers with fitted tastes (n, B), a block of customers at a time."""
    shares = np.empty(taste.shape, np.float32)
    for start in range(0, taste.shape[0], _BLOCK):
        rows = slice(start, start + _BLOCK)
        shares[rows] = stationary_shares(
            utility(taste[rows], price_sensitivity[rows], brands),
            gamma=values["inertia"],
            autopilot=values["autopilot_ceiling"],
        )
    return shares


def customer_shares(world: World, values: Mapping[str, float]) -> F32:
    """Long-run shares of each customer's purchases, shape (N, B)."""
    return long_run_shares(world.customers.taste_kept, world.customers.price_sensitivity, world.brands, values)


def expected_shares(world: World, values: Mapping[str, float]) -> F64:
    """Shares of category purchases that this very world should show, all shelves full, shape (B,)."""
    rate = world.customers.rate.astype(np.float64)
    shares: F64 = rate @ customer_shares(world, values).astype(np.float64) / rate.sum()
    return shares
