"""The named workload: what is run, so that a number measured today can be compared with one of last year.

Market ``benchmark``: six brands of two items, 0.3 purchases per customer-week, 500 customers per store, ten friends,
reps, care desks. One year; halfway the leading brand changes its look, announced to some and hurting its identity, so
that every mechanism of the daily plan has work to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.model import BrandMarket
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from tests.reference import ReferenceMarket

WEEKS = 52
LOOK_WEEK = -52
"""The first week in which an event may lie; a model starts 26 weeks before it."""

OVERLAP, IDENTITY_BREAK, ANNOUNCED = 0.3, 0.3, 0.2

SEED = 1


def scenario(customers: int) -> Scenario:
    """The workload for a number of customers."""
    look = {
        "kind": "redesign",
        "brand": "Alder",
        "overlap": OVERLAP,
        "identity_break": IDENTITY_BREAK,
        "announced": ANNOUNCED,
        "start": f"week {LOOK_WEEK}",
    }
    return Scenario(name="Benchmark", market="benchmark", customers=customers, events=[look])


def slider(customers: int, weeks: int, change: float) -> Scenario:
    """A question that a slider asks: the leading brand's price moved by a share, from the launch on."""
    price = {"kind": "price", "brand": "Alder", "change": change, "start": "week 0"}
    return Scenario(name="Slider", market="benchmark", customers=customers, horizon=f"{weeks} weeks", events=[price])


def full_model(customers: int) -> BrandMarket:
    """The compiled model before its first day."""
    return BrandMarket(scenario(customers), rng=SEED, warm_up=False)


def plain_model(model: BrandMarket) -> ReferenceMarket:
    """The pure-Mesa model that starts from the same population on the same day."""
    folder = str(Path(__file__).resolve().parent.parent / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    from reference import Redesign, ReferenceMarket

    look = Redesign(
        brand=model.world.focal,
        start_day=7 * LOOK_WEEK,
        overlap=OVERLAP,
        appeal_sd=model.values["appeal_sd"],
        identity_break=IDENTITY_BREAK,
        announced=ANNOUNCED,
    )
    return ReferenceMarket(model.world, model.values, seed=SEED, first_day=model.day, redesign=look)
