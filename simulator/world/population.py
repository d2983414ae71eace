"""Who lives there: segment, purchase rate, lifestyle and the other static columns of every customer.

A customer is a number, the birth number. Everything about a customer is a function of the run key, that number and
the market, never of how many others were born: one customer more leaves all others as they were.

Purchase rates follow a gamma distribution over customers (so that counts are negative binomial, the NBD), scaled by
segment. Its mean and shape are solved from what a market knows about itself: how many households buy in a quarter and
how often those do.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammainc, gammaincc, gammaincinv

from simulator.randomness import Stream, normals, uniforms
from simulator.world.errors import WorldError
from simulator.world.shape import likings
from simulator.world.world import F32, F64, SOURCES, U8, U64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.scenario import Market

QUARTER_DAYS = 91
"""Length of the quarter in which penetration and frequency are stated: thirteen weeks."""

MOST_PER_DAY = 1.0
"""A shopper buys at most once per day (a rule of the model)."""

CLASS_BOUNDS = (0.5, 0.8)
"""Lightest half, next three tenths, heaviest fifth of customers by purchase rate (world.WEIGHT_CLASSES)."""

_SHAPES = (0.02, 100.0)
"""Search range of the NBD shape; 100 is as good as no spread at all."""

_QUADRATURE = (np.arange(2000) + 0.5) / 2000
_CORRECTIONS, _LARGEST_CORRECTION, _EXACT = 4, 2.0, 1e-4

_LOGITS = np.linspace(-23.0, 23.0, 4601)
"""Grid, in log odds of a probability, on which quantiles of the gamma are tabulated (32-bit uniforms end at ±22.2)."""

_BLOCK = 1 << 17
"""Customers drawn at a time, so that scratch arrays stay small."""


def share_without_purchase(expected: F64, regularity: float) -> F64:
    """Probability of no purchase in a period in which ``expected`` purchases are expected.

    The time between purchases is a sum of exponential stages, ``regularity`` of them (Erlang; with 1.5, one stage and
    half of the time another). The process is stationary, so the first purchase comes after the equilibrium residual
    time. One stage gives the Poisson's ``exp(-expected)``.

    Examples
    --------
    >>> float(share_without_purchase(np.array([2.0]), 1.0)[0].round(6)) == float(np.exp(-2.0).round(6))
    True
    """
    stages = int(regularity)
    elapsed = regularity * np.asarray(expected, np.float64)
    none: F64 = (regularity - stages) * gammaincc(stages + 1, elapsed)
    for stage in range(stages):
        none = none + gammaincc(stage + 1, elapsed)
    return none / regularity


@functools.lru_cache(maxsize=1)
def _relative(shape: float) -> F64:
    """Evenly spaced quantiles of the gamma with mean 1."""
    quantiles: F64 = np.asarray(gammaincinv(shape, _QUADRATURE) / shape, np.float64)
    quantiles.flags.writeable = False
    return quantiles


@functools.lru_cache(maxsize=64)
def _log_quantiles(shape: float) -> F64:
    """ln of the quantiles of the gamma with mean 1 at the log odds of ``_LOGITS``."""
    p = np.exp(-np.logaddexp(0.0, -_LOGITS))
    logs: F64 = np.log(np.maximum(gammaincinv(shape, p) / shape, np.finfo(np.float64).tiny))
    logs.flags.writeable = False
    return logs


@dataclass(frozen=True)
class RateLaw:
    """Distribution of purchase rates: gamma over customers, scaled by segment, cut off at one a day."""

    scale: float  # mean purchases per day over all customers, but for the cut
    shape: float  # K of the NBD
    segment_share: F64  # (G,)
    multiplier: F64  # (G,) relative rate of each segment, mean 1 over customers

    def _rates(self) -> F64:
        """Rates at evenly spaced quantiles of each segment, shape (G, quantiles)."""
        rates: F64 = np.minimum(self.scale * self.multiplier[:, None] * _relative(self.shape), MOST_PER_DAY)
        return rates

    def mean(self) -> float:
        """Purchases per day and customer."""
        return float(self.segment_share @ self._rates().mean(axis=1))

    def penetration(self, days: float, regularity: float) -> float:
        """Expected share of customers who buy at least once in ``days``."""
        none = share_without_purchase(self._rates() * days, regularity)
        return float(1.0 - self.segment_share @ none.mean(axis=1))

    def bounds(self) -> F64:
        """Rates (per day) that separate the weight classes."""

        def excess(rate: float, wanted: float) -> float:
            scaled = self.shape * rate / (self.scale * self.multiplier)
            return float(self.segment_share @ gammainc(self.shape, scaled)) - wanted

        top = self.scale * float(self.multiplier.max()) * 1e3
        return np.array([brentq(excess, 0.0, top, args=(wanted,)) for wanted in CLASS_BOUNDS])

    def rates(self, u: F64, segment: U8) -> F64:
        """Purchases per day at quantile ``u`` (n,) of each customer's segment."""
        relative = np.exp(np.interp(np.log(u) - np.log1p(-u), _LOGITS, _log_quantiles(self.shape)))
        rates: F64 = np.minimum(self.scale * self.multiplier[segment] * relative, MOST_PER_DAY)
        return rates


def given(stated: float | None, values: Mapping[str, float], name: str) -> float:
    """What the market states, or the parameter table's value where the market leaves it out."""
    return float(values[name]) if stated is None else float(stated)


def solve_rates(market: Market, values: Mapping[str, float]) -> RateLaw:
    """Find the rates whose quarterly penetration and purchases per buyer are the market's.

    The mean follows at once (penetration times purchases per buyer); the shape is the one root at which the share of
    customers with no purchase in a quarter, over segments and gamma and with Erlang regularity, is right.

    Raises
    ------
    WorldError
        Where no spread of rates gives the two figures together.
    """
    category = market.category
    wanted = given(category.penetration, values, "category_penetration")
    frequency = given(category.purchases_per_buyer, values, "purchases_per_quarter")
    regularity = given(category.regularity, values, "regularity_default")
    share, multiplier = segment_shares(market)
    return _solve(wanted, frequency, regularity, tuple(share.tolist()), tuple(multiplier.tolist()))


@functools.lru_cache(maxsize=64)
def _solve(
    wanted: float, frequency: float, regularity: float, shares: tuple[float, ...], multipliers: tuple[float, ...]
) -> RateLaw:
    """`solve_rates` for numbers: replicates of a market ask the same again and again."""
    share, multiplier = np.array(shares), np.array(multipliers)
    mean = wanted * frequency / QUARTER_DAYS

    def law(shape: float) -> RateLaw:
        # A heavy tail beyond one purchase a day is cut, so the rest buys a little more: a few corrections do.
        scale = mean
        for _ in range(_CORRECTIONS):
            correction = mean / RateLaw(scale, shape, share, multiplier).mean()
            scale *= min(correction, _LARGEST_CORRECTION)
            if abs(correction - 1.0) < _EXACT:
                break
        return RateLaw(scale, shape, share, multiplier)

    def penetration(shape: float) -> float:
        return law(shape).penetration(QUARTER_DAYS, regularity)

    least, most = penetration(_SHAPES[0]), penetration(_SHAPES[1])
    if not least < wanted < most:
        where = f"category: a penetration of {wanted:.1%} with {frequency:g} purchases per buyer and quarter cannot be"
        if wanted >= most:
            raise WorldError(
                f"{where}: even if all customers bought equally often, so few purchases would reach only {most:.1%} of "
                "them; raise purchases_per_buyer, lower penetration or raise regularity."
            )
        raise WorldError(
            f"{where}: even if a few customers bought nearly everything, {least:.1%} would buy; "
            "lower purchases_per_buyer or raise penetration."
        )
    shape = float(brentq(lambda k: penetration(k) - wanted, *_SHAPES, xtol=1e-6))
    return law(shape)


def segment_shares(market: Market) -> tuple[F64, F64]:
    """Shares of the segments (sum 1) and their relative purchase rates (mean 1 over customers)."""
    share = np.array([s.share for s in market.segments.values()] or [1.0], np.float64)
    share /= share.sum()
    rate = np.array([s.rate for s in market.segments.values()] or [1.0], np.float64)
    return share, rate / float(share @ rate)


def segment_names(market: Market) -> tuple[str, ...]:
    """Names of the segments; a market without segments has one."""
    return tuple(market.segments) or ("everyone",)


def choose(u: F64, share: F64) -> F64:
    """Index of the class that quantile ``u`` falls into, given class shares that sum to 1."""
    index: F64 = np.minimum(np.searchsorted(np.cumsum(share), u, side="right"), share.shape[0] - 1)
    return index


def segment_centres(count: int, radius: float) -> F64:
    """Centres of the segments in lifestyle space: evenly on a circle, the origin where there is only one."""
    if count == 1:
        return np.zeros((1, 2))
    angle = 2.0 * np.pi * np.arange(count) / count
    return radius * np.column_stack((np.cos(angle), np.sin(angle)))


@dataclass(frozen=True)
class People:
    """Columns of customers before tastes are fitted, in the order of ``uid``."""

    uid: U64  # (n,)
    segment: U8  # (n,)
    weight: U8  # (n,)
    source: U8  # (n,)
    position: F32  # (n, 2)
    rate: F32  # (n,) purchases per day
    price_sensitivity: F32  # (n,) coefficient of ln(price), below 0
    leaning: F32  # (n, B) taste before the brand means are fitted, logit
    favourite: U8  # (n, B) item within the brand

    def subset(self, chosen: NDArray[np.bool_]) -> People:
        """The customers for whom ``chosen`` (n,) is true."""
        return People(**{column.name: getattr(self, column.name)[chosen] for column in fields(self)})


def draw_people(
    run: np.uint64, uid: U64, market: Market, values: Mapping[str, float], law: RateLaw, brand_position: F32
) -> People:
    """Draw the customers ``uid`` (any of them, in any order)."""
    n, brands = uid.shape[0], len(market.brands)
    people = People(
        uid=uid,
        segment=np.empty(n, np.uint8),
        weight=np.empty(n, np.uint8),
        source=np.empty(n, np.uint8),
        position=np.empty((n, 2), np.float32),
        rate=np.empty(n, np.float32),
        price_sensitivity=np.empty(n, np.float32),
        leaning=np.empty((n, brands), np.float32),
        favourite=np.empty((n, brands), np.uint8),
    )
    centres = segment_centres(law.segment_share.shape[0], values["lifestyle_radius"])
    sensitivity = np.array([s.price_sensitivity for s in market.segments.values()] or [1.0], np.float64)
    source_share = np.array([values[f"source_{name}"] for name in SOURCES])
    source_share /= source_share.sum()
    item_shares = [np.array(list(b.items.values()) or [1.0], np.float64) for b in market.brands.values()]
    bounds = law.bounds()
    for start in range(0, n, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n))
        ids = uid[rows]
        people.segment[rows] = choose(uniforms(run, Stream.SEGMENT, 0, ids)[:, 0], law.segment_share)
        segment = people.segment[rows]
        rate = law.rates(uniforms(run, Stream.RATE, 0, ids)[:, 0], segment)
        people.rate[rows] = rate
        people.weight[rows] = np.searchsorted(bounds, rate, side="right")
        people.source[rows] = choose(uniforms(run, Stream.SOURCE, 0, ids)[:, 0], source_share)
        place = centres[segment] + values["lifestyle_spread"] * normals(run, Stream.POSITION, 0, ids)[:, :2]
        people.position[rows] = place
        people.price_sensitivity[rows] = (
            price_coefficients(normals(run, Stream.PRICE_SENSITIVITY, 0, ids)[:, 0], values) * sensitivity[segment]
        )
        for first in range(0, brands, 4):
            z = likings(normals(run, Stream.TASTE, 0, ids, partner=first // 4), values["taste_skew"])
            u = uniforms(run, Stream.FAVOURITE, 0, ids, partner=first // 4)
            for b in range(first, min(first + 4, brands)):
                people.favourite[rows, b] = choose(u[:, b - first], item_shares[b] / item_shares[b].sum())
                distance = np.hypot(*(place - brand_position[b].astype(np.float64)).T)
                people.leaning[rows, b] = (
                    values["taste_sd"] * z[:, b - first] - values["lifestyle_fit_weight"] * distance
                )
    return people


def price_coefficients(z: F64, values: Mapping[str, float]) -> F64:
    """Coefficients of ln(price) with the table's mean and sd: minus a lognormal, so never zero or above.

    Examples
    --------
    >>> values = {"price_coefficient_mean": -3.9, "price_coefficient_sd": 2.5}
    >>> z = np.random.default_rng(1).normal(size=200_000)
    >>> b = price_coefficients(z, values)
    >>> float(b.mean().round(1)), float(b.std().round(1)), bool((b < 0).all())
    (-3.9, 2.5, True)
    """
    mean, sd = abs(values["price_coefficient_mean"]), values["price_coefficient_sd"]
    if mean == 0.0:
        return np.zeros_like(z)
    variance = np.log1p((sd / mean) ** 2)
    coefficients: F64 = -np.exp(np.log(mean) - variance / 2.0 + np.sqrt(variance) * z)
    return coefficients
