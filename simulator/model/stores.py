"""Stores as Mesa agents: thin views onto their rows, with the manager's order as a method to subclass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket


class Store(mesa.Agent):
    """One store of a `BrandMarket`.

    Subclass it and override `order` to let the manager decide; the compiled rule (order up to a target that follows
    the store's own forecast) then leaves this store alone.

    Attributes
    ----------
    index : int
        Row of the store in every array with a store axis.
    """

    model: BrandMarket

    def __init__(self, model: BrandMarket, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def region(self) -> str:
        """Region the store stands in."""
        world = self.model.world
        return world.regions[int(world.stores.region[self.index])]

    @property
    def shelf(self) -> NDArray[np.int32]:
        """Units on the shelf by item, shape (I,)."""
        row: NDArray[np.int32] = self.model.state.life.stock["shelf"][self.index]
        return row

    @property
    def backroom(self) -> NDArray[np.int32]:
        """Units in the backroom by item, shape (I,)."""
        row: NDArray[np.int32] = self.model.state.life.stock["backroom"][self.index]
        return row

    @property
    def forecast(self) -> NDArray[np.float32]:
        """Sales the store expects, units a day by item, shape (I,)."""
        row: NDArray[np.float32] = self.model.state.life.stock["forecast"][self.index]
        return row

    @property
    def out_of_stock(self) -> float:
        """Share of items that are not on the shelf now."""
        return float(np.mean(self.shelf <= 0))

    def order(self, day: int) -> NDArray[np.int32] | None:
        """Units of each item to order today, shape (I,); None leaves the order to the compiled rule."""
        return None
