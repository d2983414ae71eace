"""Numbers in words: one way to write a percentage, a point and a count, wherever a person reads one."""

from __future__ import annotations

import math

from simulator.results.intervals import Interval
from simulator.results.metrics import Metric

MINUS = "\u2212"
NONE = "–"
"""What stands where a number is not defined."""

PER_BUYERS = 1000
"""Rates per buyer are read per thousand buyers; one in two hundred is lost in "0.01"."""

DECISIONS = {"ship": "Ship", "fix": "Fix first", "stop": "Stop", "cannot_tell": "Cannot tell"}

CAUSE_WORDS = {
    "none": "none of the change's own causes",
    "findability": "not finding the pack",
    "promise": "what the change promised or broke",
    "price_size": "price or size",
    "availability": "what was missing from the shelf",
    "service": "service",
    "word_of_mouth": "what others said",
}

FATE_WORDS = {
    "stayed": "stayed either way",
    "left_anyway": "left either way",
    "caused": "left because of the change",
    "saved": "kept by the change",
    "too_early": "too early to tell",
}


def number(value: float, decimals: int = 0, *, sign: bool = False) -> str:
    """A number with thousands separators and a true minus sign; never a minus zero.

    Examples
    --------
    >>> number(-1234.5, 1)
    '−1,234.5'
    >>> number(0.04, 1, sign=True), number(-0.04, 1, sign=True)
    ('0.0', '0.0')
    """
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    if value < 0:
        return MINUS + text
    return f"+{text}" if sign else text


def percent(value: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """A share as a percentage.

    Examples
    --------
    >>> percent(-0.032, sign=True)
    '−3.2%'
    >>> percent(None)
    '–'
    """
    if value is None or math.isnan(value):
        return NONE
    return number(100 * value, decimals, sign=sign) + "%"


def points(value: float | None, decimals: int = 1) -> str:
    """A difference in points, from points.

    Examples
    --------
    >>> points(-1.23)
    '−1.2 pts'
    """
    return NONE if value is None or math.isnan(value) else f"{number(value, decimals, sign=True)} pts"


def about(value: float) -> str:
    """A count rounded the way people say it: two or three leading digits.

    Examples
    --------
    >>> about(1_234_567), about(48_120), about(-812)
    ('1.2 million', '48,000', '−810')
    """
    size = abs(value)
    if size >= 999_500:
        return f"{number(value / 1e6, 1 if size < 1e7 else 0)} million"
    if size < 10:
        return number(value, 0)
    step = 10 ** (math.floor(math.log10(size)) - 1)
    return number(round(value / step) * step)


def tenths(share: float) -> str:
    """A share of ten, in words that do not claim too much.

    Examples
    --------
    >>> tenths(0.87), tenths(0.04), tenths(0.97)
    ('about 9 of 10', 'fewer than 1 of 10', 'more than 9 of 10')
    """
    if share < 0.05:
        return "fewer than 1 of 10"
    if share > 0.95:
        return "more than 9 of 10"
    return f"about {round(10 * share)} of 10"


def level(metric: Metric, value: float | None) -> str:
    """The level of one arm, as a table shows it."""
    if value is None or math.isnan(value):
        return NONE
    if metric.unit == "points":
        return number(value, 1) + "%"
    if metric.unit == "relative" or metric.name in ("habitual_purchases_lost", "trial_prevented"):
        return number(value)
    if metric.unit == "share":
        return percent(value)
    if metric.unit == "per buyer":
        return number(PER_BUYERS * value, 1)
    return number(value, 2)


def value(metric: Metric, amount: float | None) -> str:
    """A value or difference of a metric, signed where the sign is the news."""
    if amount is None or math.isnan(amount):
        return NONE
    if metric.unit == "points":
        return points(amount)
    if metric.unit == "relative":
        return percent(amount, sign=True)
    if metric.unit == "share":
        return percent(amount, sign=not metric.is_level)
    if metric.unit == "per buyer":
        return number(PER_BUYERS * amount, 1)
    return number(amount, 2, sign=metric.unit == "balance")


def difference(metric: Metric, amount: float | None) -> str:
    """The difference of the two arms: shares differ in points."""
    if amount is None or math.isnan(amount):
        return NONE
    if metric.is_level and metric.unit == "share":
        return points(100 * amount)
    if metric.name in ("caused_churn",):
        return points(100 * amount)
    if metric.unit == "per buyer":
        return number(PER_BUYERS * amount, 1, sign=True)
    if metric.is_level:
        return number(amount, 2, sign=True)
    return value(metric, amount)


def spread(metric: Metric, interval: Interval, *, of_difference: bool = False) -> str:
    """The 5% and 95% points of an interval."""
    if interval.low is None or interval.high is None:
        return "no interval"
    write = difference if of_difference else value
    low, high = write(metric, interval.low), write(metric, interval.high)
    if low.endswith(" pts") and high.endswith(" pts"):
        low = low.removesuffix(" pts")
    return f"{low} to {high}"
