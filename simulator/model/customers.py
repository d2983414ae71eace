"""Customers behind the interface of agents: light views made on demand onto columns that hold a million of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.world import SOURCES, WEIGHT_CLASSES

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket

_DYNAMIC = (
    "habit",
    "bond",
    "distrust",
    "belief",
    "learned",
    "heard",
    "store_mood",
    "trips",
    "next_day",
    "last_purchase",
    "last_brand",
    "year_category",
    "year_focal",
    "last_focal",
    "familiarity",
    "hurt",
    "aware",
    "reached",
)
_ALL = slice(None)
_STATIC = ("uid", "segment", "weight", "source", "position", "rate", "taste", "price_sensitivity", "favourite", "store")


class Customer:
    """One customer: reads through to the model's columns, so it is never out of date.

    Any column listed in ``Customer.columns`` is an attribute, such as ``customer.habit`` (one number per brand).
    """

    __slots__ = ("_model", "index")

    columns = _DYNAMIC + _STATIC

    def __init__(self, model: BrandMarket, index: int) -> None:
        self._model = model
        self.index = index

    def __getattr__(self, name: str) -> Any:
        if name not in self.columns:
            raise AttributeError(f"customers have no column {name!r}; they have {', '.join(self.columns)}")
        value = column(self._model, name, self.index)
        return value if value.ndim else value[()]

    @property
    def segment_name(self) -> str:
        """Name of the customer's segment."""
        world = self._model.world
        return world.segments[int(world.customers.segment[self.index])]

    @property
    def friends(self) -> list[Customer]:
        """Friends, close ties first."""
        network = self._model.world.network
        first, degree = int(network.first[self.index]), int(network.degree[self.index])
        return [Customer(self._model, int(j)) for j in network.friends[first : first + degree]]

    @property
    def favourite_brand(self) -> str:
        """Brand with the strongest habit."""
        return self._model.world.brands.names[int(np.argmax(self.habit))]

    def __repr__(self) -> str:
        return (
            f"Customer {int(self.uid)} ({self.segment_name}, {WEIGHT_CLASSES[int(self.weight)]} buyer, "
            f"by {SOURCES[int(self.source)].replace('_', ' ')}): {self.favourite_brand}"
        )


def column(model: BrandMarket, name: str, rows: Any = _ALL) -> NDArray[Any]:
    """One column, static or dynamic, of all customers or of some rows."""
    life, people = model.state.life, model.world.customers
    if name == "last_purchase":
        return np.asarray(np.maximum(life.mind["last_focal"][rows], life.mind["last_rival"][rows]))
    if name == "taste":
        return np.asarray(people.taste_kept[rows], np.float32)
    if name in _DYNAMIC:
        packed = next((table for table in (life.ties, life.views) if name in table.names), None)
        return np.asarray(life.mind[name][rows] if packed is None else packed[rows][name])
    if name in _STATIC:
        return np.asarray(getattr(people, name)[rows])
    raise AttributeError(f"customers have no column {name!r}; they have {', '.join(Customer.columns)}")


class CustomerSet:
    """A set of customers with Mesa's verbs, working on whole columns.

    Examples
    --------
    ``model.customers.select(lambda c: c.get("habit")[:, 0] > 0.5).agg("bond", np.mean)``
    """

    def __init__(self, model: BrandMarket, rows: NDArray[np.int64] | None = None) -> None:
        self._model = model
        self._rows = rows

    def __len__(self) -> int:
        return self._model.world.size if self._rows is None else int(self._rows.shape[0])

    def __getitem__(self, index: int) -> Customer:
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} customers; {index} is out of range")
        index %= len(self)
        return Customer(self._model, index if self._rows is None else int(self._rows[index]))

    def __iter__(self) -> Iterator[Customer]:
        return (self[k] for k in range(len(self)))

    def get(self, name: str) -> NDArray[Any]:
        """Return a column, first axis customers."""
        return column(self._model, name, _ALL if self._rows is None else self._rows)

    def select(self, condition: NDArray[np.bool_] | Callable[[CustomerSet], NDArray[np.bool_]]) -> CustomerSet:
        """Return the customers for whom a mask, or a function of this set that gives one, is true."""
        mask = np.asarray(condition(self) if callable(condition) else condition, np.bool_)
        if mask.shape != (len(self),):
            raise ValueError(f"the mask has shape {mask.shape}; it needs one value for each of {len(self)} customers")
        rows = np.flatnonzero(mask) if self._rows is None else self._rows[mask]
        return CustomerSet(self._model, rows.astype(np.int64))

    def agg(self, name: str, function: Callable[[NDArray[Any]], Any]) -> Any:
        """Apply a function to a column."""
        return function(self.get(name))

    def groupby(self, name: str) -> dict[Any, CustomerSet]:
        """Split by the values of a column, in order of value."""
        values = self.get(name)
        return {value.item(): self.select(values == value) for value in np.unique(values)}

    def __repr__(self) -> str:
        return f"<{len(self):,} customers>"
