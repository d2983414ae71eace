"""Sales reps as Mesa agents: thin views onto their rows, with the route as a method to subclass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mesa
import numpy as np

from simulator.model.staffing import SUCCESSOR_CODES

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket


class Rep(mesa.Agent):
    """One sales rep of a `BrandMarket`.

    Subclass it and override `route` to decide which stores are visited; the compiled rule (every store of the
    territory at a fixed interval) then leaves this rep alone.

    Attributes
    ----------
    index : int
        Row of the rep in every array with a rep axis.
    """

    model: BrandMarket

    def __init__(self, model: BrandMarket, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def brand(self) -> str:
        """Employer."""
        world = self.model.world
        return world.brands.names[int(world.reps.brand[self.index])]

    @property
    def territory(self) -> Sequence[int]:
        """Stores in the rep's care, by index."""
        return [int(s) for s in np.unique(np.nonzero(self.model.world.reps.rep_of == self.index)[0])]

    @property
    def in_post(self) -> bool:
        """False while the post is vacant."""
        return bool(self.model.day >= self.model.state.life.posts["vacant_until"][self.index])

    @property
    def tenure_days(self) -> float:
        """Days since the rep took the post."""
        return float(self.model.state.life.posts["tenure"][self.index])

    @property
    def bond(self) -> float:
        """Mean bond with the stores of the territory, 0..1."""
        bonds = self.model.state.life.chain["rep_bond"][self.model.world.reps.rep_of == self.index]
        return float(bonds.mean()) if bonds.size else 0.0

    def route(self, day: int) -> Sequence[int]:
        """Stores to visit today, by index; the default is what the compiled rule does."""
        interval = int(self.model.town.reps["interval"][self.index])
        return [s for s in self.territory if (day + s) % interval == 0]

    @property
    def skill(self) -> float:
        """Skill of whoever holds the post, 0..1."""
        return float(self.model.state.life.posts["skill"][self.index])

    def leave(self, vacancy_days: int, successor: str = "new_hire") -> None:
        """Leave the post; a ``new_hire`` or a ``colleague`` starts after ``vacancy_days`` with part of the bonds."""
        self.model.dismiss([self.index], self.model.day + vacancy_days, SUCCESSOR_CODES[successor])
