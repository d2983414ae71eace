"""What a model's data collector reads every day: named functions, so that a model with them can be pickled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket


def focal_units_today(model: BrandMarket) -> int:
    """Focal units sold on the last day."""
    world = model.world
    first, last = world.brands.first_item[world.focal : world.focal + 2]
    return int(model.state.life.stock["sold"][:, first:last].sum())


def focal_share_today(model: BrandMarket) -> float:
    """Focal share of the units sold on the last day; nan where nothing was sold."""
    sold = int(model.state.life.stock["sold"].sum())
    return focal_units_today(model) / sold if sold else float("nan")


def day_run(model: BrandMarket) -> int:
    """The day that was run last, relative to launch."""
    return model.day - 1


def empty_at_closing(model: BrandMarket) -> float:
    """Share of items not on the shelf when the stores close (the out-of-stock rate also counts them in the morning)."""
    return float(np.mean(model.state.life.stock["shelf"] <= 0))


def people_reached(model: BrandMarket) -> int:
    """Customers whom talk about the change has reached."""
    return int(model.state.life.mind["reached"].sum())
