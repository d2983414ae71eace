"""Who the answer is about: the habitual customers of the focal brand at launch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.model.columns import Lapse
from simulator.model.kernels.constants import TOO_EARLY, UNITS
from simulator.model.state import State


@dataclass(frozen=True)
class Base:
    """The habitual customers of the focal brand, from the baseline arm.

    Attributes
    ----------
    rows : array of int64, shape (C,)
        Rows of the customers.
    limit : array of float64, shape (C,)
        Twice each one's mean interval between focal purchases before launch, days.
    buyers : int
        Customers who bought the focal brand in the observed year.
    buyers_units : int
        Focal units bought in the observed year.
    """

    rows: NDArray[np.int64]
    limit: NDArray[np.float64]
    buyers: int
    buyers_units: int


def base_of(state: State, observed_weeks: int, focal: int, values: Mapping[str, float]) -> Base:
    """Return buyers and habitual customers, from the observed year that ends on the day of a state.

    Habitual: at least ``base_purchases`` category purchases, of which at least ``base_share`` the focal brand.
    """
    focal_purchases = state.life.mind["year_focal"].astype(np.float64)
    category = state.life.mind["year_category"].astype(np.float64)
    habitual = (category >= values["base_purchases"]) & (focal_purchases >= values["base_share"] * category)
    rows = np.flatnonzero(habitual).astype(np.int64)
    interval = 7.0 * observed_weeks / focal_purchases[rows]
    units = state.records.totals[:observed_weeks, UNITS, focal].sum()
    return Base(rows, 2.0 * interval, int((focal_purchases > 0).sum()), int(units))


def room_for_lapse(base: Base | None, weeks: int) -> Lapse:
    """Return what the daily plan fills with who has lapsed by the end of each week, TOO_EARLY until it does."""
    rows = np.zeros(0, np.int64) if base is None else base.rows
    limit = np.zeros(0) if base is None else base.limit
    return Lapse(rows, limit, np.full((weeks, rows.shape[0]), TOO_EARLY, np.uint8))


def is_of(lapse: Lapse, base: Base) -> bool:
    """Whether it is of this base that lapse is noted."""
    return np.array_equal(lapse.rows, base.rows) and np.array_equal(lapse.limit, base.limit)
