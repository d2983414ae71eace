"""Panels as sequences of trips: read, collapsed, split in halves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"
PANELS = ("catsup", "cracker", "yogurt")

Sequence = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """Households and what they bought, trip by trip.

    Attributes
    ----------
    name : str
    brands : tuple of str
        What was chosen from: brands, in the catsup panel brand-sizes.
    chosen : list of int arrays
        Index of the brand bought on each trip, one array per household.
    log_price, feature, display : list of float arrays, shape (trips, brands)
        The shelf at each trip; display is zero where the panel has none.
    """

    name: str
    brands: tuple[str, ...]
    chosen: list[Sequence]
    log_price: list[NDArray[np.float64]]
    feature: list[NDArray[np.float64]]
    display: list[NDArray[np.float64]]

    @property
    def trips(self) -> int:
        """Trips of all households."""
        return sum(len(one) for one in self.chosen)

    @property
    def lengths(self) -> list[int]:
        """Trips of each household."""
        return [len(one) for one in self.chosen]

    @property
    def mean_price(self) -> NDArray[np.float64]:
        """Mean shelf price of each brand."""
        return np.asarray(np.exp(np.concatenate(self.log_price)).mean(axis=0))

    def of(self, households: list[int]) -> Panel:
        """Some of the households."""
        parts = ([part[h] for h in households] for part in (self.chosen, self.log_price, self.feature, self.display))
        return Panel(self.name, self.brands, *parts)


def path_of(name: str, folder: Path = FOLDER) -> Path:
    """File of a panel."""
    return folder / f"panel_{name}.csv"


def read(name: str, folder: Path = FOLDER) -> Panel:
    """Read a panel and collapse it to trips."""
    return from_table(name, pd.read_csv(path_of(name, folder)))


def from_table(name: str, rows: pd.DataFrame) -> Panel:
    """Make a panel of a table with one row per unit bought.

    Rows with a price of zero are faults and are dropped. Consecutive rows of a household with the same brand and the
    same prices of all brands are several units of one trip: half of the yogurt rows are, and left in they would look
    like loyalty.
    """
    prices = [column for column in rows.columns if column.startswith("price.")]
    brands = tuple(column.removeprefix("price.") for column in prices)
    rows = rows[(rows[prices] > 0.0).all(axis=1)].sort_values(["hh_index", "seq"], kind="stable")
    same = (rows[["hh_index", "choice", *prices]] == rows[["hh_index", "choice", *prices]].shift()).all(axis=1)
    trips = rows[~same]
    index = {brand: b for b, brand in enumerate(brands)}
    chosen, log_price, feature, display = [], [], [], []
    for _, household in trips.groupby("hh_index", sort=True):
        chosen.append(household["choice"].map(index).to_numpy(np.int64))
        log_price.append(np.log(household[prices].to_numpy(np.float64)))
        for out, kind in ((feature, "feat"), (display, "disp")):
            columns = [f"{kind}.{brand}" for brand in brands]
            known = all(column in household for column in columns)
            shelf = household[columns].to_numpy(np.float64) if known else np.zeros((len(household), len(brands)))
            out.append(shelf)
    return Panel(name, brands, chosen, log_price, feature, display)


def halves(panel: Panel) -> tuple[Panel, Panel]:
    """Two halves of the households, by a hash of their number: the same ones on every machine, whatever the order."""
    households = range(len(panel.chosen))
    order = sorted(households, key=lambda h: hashlib.sha256(f"{panel.name}/{h}".encode()).digest())
    middle = len(order) // 2
    return panel.of(order[:middle]), panel.of(order[middle:])
