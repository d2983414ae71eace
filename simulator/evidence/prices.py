"""What prices and pack sizes do: facts V8 to V10, read from price tests on every brand of one market.

Each brand's price (or pack) is changed alone for a quarter, everywhere, against the same customers with the same luck
and nothing changed. Responses are of units (packs) sold in that quarter, trips that end without a purchase included.
Elasticities are arcs in logarithms, ln(units ratio) / ln(price ratio), so that a rise and a fall can be compared.
Brands count alike, whatever their size; the rest of the category is not a brand.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.branches import counted, named_brands, settled
from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import Conditions, Laboratory

F64 = NDArray[np.float64]

CUSTOMERS: Final = 20_000
"""Enough that the smallest brand sells some six hundred packs in a quarter."""

TEST_WEEKS: Final = 13
"""Length of a test: a quarter, in which the average buyer of toothpaste comes 2.6 times."""

STEP: Final = 0.10
"""Size of the tested changes, as in the evidence."""

SMALL: Final = 0.10
LARGE: Final = 0.15
"""Brands with less than the one are small, with at least the other large (as for repeat by size)."""


@dataclass(frozen=True)
class PriceTest:
    """What a quarter of another price did to each tested brand.

    Attributes
    ----------
    share : array of float64, shape (T,)
        Stated share of each tested brand.
    rise, fall : array of float64, shape (T,)
        Arc elasticity for 10% more and 10% less.
    across : array of float64, shape (T,)
        Arc elasticity from the lower to the higher price.
    """

    share: F64
    rise: F64
    fall: F64
    across: F64


_door = threading.Lock()
_tests: weakref.WeakKeyDictionary[Laboratory, dict[tuple[int, Conditions], PriceTest]] = weakref.WeakKeyDictionary()


def log_response(lab: Laboratory, seed: int, conditions: Conditions, kind: str, change: float) -> F64:
    """ln(units with the change / units without) of each tested brand, changed alone, shape (T,)."""
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    usual = counted(market.baseline, 0, TEST_WEEKS)
    brands = named_brands(market.world)
    response = np.empty(brands.size)
    for n, b in enumerate(brands):
        event = {"kind": kind, "brand": market.names[b], "change": f"{100.0 * change:g}%", "start": "week 0"}
        sold = counted(market.branch([event], TEST_WEEKS), 0, TEST_WEEKS)[b]
        response[n] = np.log(sold / usual[b])
    return response


def price_test(lab: Laboratory, seed: int, conditions: Conditions) -> PriceTest:
    """Test a higher and a lower price of every brand; kept with the laboratory, since three facts read it."""
    key = (seed, conditions)
    with _door:
        known = _tests.setdefault(lab, {})
        if key in known:
            return known[key]
    up, down = (log_response(lab, seed, conditions, "price", change) for change in (STEP, -STEP))
    log_up, log_down = np.log1p(STEP), np.log1p(-STEP)
    world = settled(lab, seed, conditions, customers=CUSTOMERS).world
    test = PriceTest(
        share=world.brands.target_share[named_brands(world)],
        rise=up / log_up,
        fall=down / log_down,
        across=(up - down) / (log_up - log_down),
    )
    with _door:
        known[key] = test
    return test


def over(above: float, below: float) -> float:
    """A ratio, or not a number where there is nothing to divide by.

    Examples
    --------
    >>> over(3.0, 2.0), over(1.0, 0.0)
    (1.5, nan)
    """
    return above / below if below != 0.0 else float("nan")


def price_elasticity(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V8: 1% more in price costs a brand some 2% of its sales, small brands more.

    Mean over brands of the arc elasticity from -10% to +10%; small brands (below 10%) against large (15% and more).
    """
    test = price_test(lab, seed, conditions)
    small, large = test.share < SMALL, test.share >= LARGE
    return {
        "elasticity": float(test.across.mean()),
        "small over large": over(float(test.across[small].mean()), float(test.across[large].mean())),
    }


def price_asymmetry(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V9: a higher price costs more sales than a lower one brings.

    Mean over brands of the arc elasticity at +10%, over that at -10%.
    """
    test = price_test(lab, seed, conditions)
    return {"rise over fall": over(float(test.rise.mean()), float(test.fall.mean()))}


def size_against_price(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V10: a smaller pack at the same price loses far fewer sales than the same rise of price per unit would.

    Mean over brands of the arc elasticity of packs sold to a pack 10% smaller, over the size of that to price (V8).
    """
    size = log_response(lab, seed, conditions, "resize", -STEP) / np.log1p(-STEP)
    price = price_test(lab, seed, conditions).across
    return {"size over price": over(float(size.mean()), -float(price.mean()))}


FACTS = (
    Fact(
        id="V8",
        name="price elasticity",
        metric="units against price, a quarter at ±10%, mean over brands",
        parts=(
            Part("elasticity", -3.5, -1.5, "log-arc"),
            Part("small over large", 1.0, None, "ratio of elasticities"),
        ),
        source="mean -2.62 of 1,851 elasticities (Bijmolt, van Heerde & Pieters 2005), -1.76 of 367 (Tellis 1988); "
        "large brands respond less in percent (Guadagni & Little 1983)",
        knockouts=(
            Knockout(
                "prices do not matter",
                Conditions(values=(("price_coefficient_mean", 0.0), ("price_coefficient_sd", 0.0))),
                fails=("elasticity", "small over large"),
            ),
        ),
        measure=price_elasticity,
        note="Per brand and unweighted, category incidence included.",
    ),
    Fact(
        id="V9",
        name="price asymmetry",
        metric="response to +10% over response to -10%, log-arcs, mean over brands",
        parts=(Part("rise over fall", 1.1, 2.2, "ratio"),),
        source="losses against the reference price weigh more than gains (Kalyanaram & Winer 1995); "
        "about 1.5, 1 to 2.5 (Hardie, Johnson & Fader 1993)",
        knockouts=(Knockout("no reference price", Conditions(without=("reference_price",))),),
        measure=price_asymmetry,
    ),
    Fact(
        id="V10",
        name="size against price",
        metric="elasticity of packs sold to pack size over that to price",
        parts=(Part("size over price", 0.10, 0.40, "ratio"),),
        source="about a quarter (Çakır & Balagtas 2014)",
        knockouts=(Knockout("every change of size is noticed", Conditions(values=(("notice_size", 1.0),))),),
        measure=size_against_price,
    ),
)
"""Facts V8 to V10."""
