"""The prices that people are used to: they follow what is on the shelves at the pace of the category's purchases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.kernels.constants import USUAL_PRICES
from simulator.model.levers import Levers
from simulator.world.world import World

_WEEK = 7.0


def on_the_move(reference: NDArray[np.float32], levers: Levers) -> bool:
    """Whether prices or pack sizes are not the usual ones somewhere, or reference prices (B,) have not come to rest."""
    usual = bool((levers.usual & USUAL_PRICES).all())
    return not usual or bool((reference != levers.brands["log_list"]).any())


def reference_by_week(
    reference: NDArray[np.float32], levers: Levers, weeks: int, world: World, values: Mapping[str, float]
) -> NDArray[np.float32]:
    """Return the reference prices (B,) of today and after each of a number of ``weeks``, while the levers hold.

    Shape (weeks + 1, B), or (1, B) where all stay as they are. What never moved stays what it was, to the bit.
    """
    if not on_the_move(reference, levers):
        return reference[None].copy()
    trips = _WEEK * float(world.customers.rate.mean())
    part = 1.0 - (1.0 - values["reference_price_rate"]) ** trips
    listed = levers.brands["log_list"]
    steady = (levers.offers["log_price"] == listed).all(axis=0)  # a mean of equal numbers may be off in the last place
    steady[levers.specials["brand"]] = False
    seen = np.where(steady, listed, seen_prices(levers, world))
    path = np.empty((weeks + 1, reference.shape[0]), np.float32)
    path[0] = reference
    for week in range(weeks):
        path[week + 1] = path[week] + part * (seen - path[week])
    return path


def seen_prices(levers: Levers, world: World) -> NDArray[Any]:
    """Mean ln price of each brand on the shelves, shape (B,), as people see it who buy all items alike."""
    seen = levers.offers["log_price"].mean(axis=0)
    people = np.bincount(world.customers.segment, minlength=len(world.segments)) / world.size
    for special, here in zip(levers.specials, levers.special_here.T, strict=True):
        chosen = [bool(int(special["segments"]) >> g & 1) for g in range(len(world.segments))]
        share = float(people[chosen].sum() * here.mean())
        if special["item"] >= 0:
            share *= float(world.brands.item_share[special["item"]])
        seen[special["brand"]] += share * special["log_price"]
    return np.asarray(seen)
