"""What all events have in common: an id, a day, a place.

Times are days from the launch (day 0 is the first day of week 0); an event without an end lasts to the end of the run.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from simulator.scenario import quantities as q
from simulator.scenario.market import Name, Part
from simulator.scenario.quantities import Moment

CARE_DESK = "care_desk"
"""The touchpoint role that every brand has beside those of the stores."""


def _as_tuple(value: Any) -> Any:
    if value is None or isinstance(value, tuple):
        return value
    if isinstance(value, list):
        return tuple(value)
    return (value,)


_NAMES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_STORES_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "integer", "minimum": 0}}]
}
Names = Annotated[
    Annotated[tuple[Name, ...], Field(min_length=1)] | None, BeforeValidator(_as_tuple), WithJsonSchema(_NAMES_SCHEMA)
]


class Where(Part):
    """Where an event happens; what is left out is everywhere. One name or a list of names."""

    region: Names = Field(default=None, description="Regions of the market.")
    store: Annotated[
        Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] | None,
        BeforeValidator(_as_tuple),
        WithJsonSchema(_STORES_SCHEMA),
    ] = Field(default=None, description="Stores by number, from 0.")
    role: Names = Field(default=None, description="Touchpoint roles of the market, or care_desk.")
    segment: Names = Field(default=None, description="Segments of the market.")
    distributor: Names = Field(default=None, description="Distributors of the market.")


class Happening(Part):
    """What all events have in common."""

    id: Name = Field(default="", description="A name of your own, for rollbacks, overrides and reports.")
    lasts_days: Annotated[int, q.duration(1)] | None = Field(
        default=None, alias="lasts", description="How long, such as 10 days or 7 weeks; left out: to the end."
    )
    where: Where = Field(default_factory=Where, description="Where it happens; left out: everywhere.")


class Dated(Happening):
    """What the events that start on a known day have in common."""

    start_day: Moment = Field(default=0, alias="start", description="week 3, week -2 or day 10; week 0 is the launch.")

    @property
    def end_day(self) -> int | None:
        """The first day on which the event no longer acts; None where it lasts to the end."""
        return None if self.lasts_days is None else self.start_day + self.lasts_days
