"""Kinds of events that change what is offered: supply, range, recipe, what a brand stands for, rewards.

They are part of the vocabulary of `simulator.scenario.events`, which gathers every kind.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.scenario import quantities as q
from simulator.scenario.happening import Dated
from simulator.scenario.market import Name, Position
from simulator.scenario.quantities import Days, Share

LONGEST_LEAD_DAYS = 7
"""Longest lead time that stores plan for; what takes longer is a shortage, and `fill_rate` or a stockout says it."""


def _needs(event: str, reason: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError(event, "{reason}", {"reason": reason, "mend": mend, "part": ""})


class Supply(Dated):
    """Distributors deliver less, more, or later than they used to."""

    kind: Literal["supply"]
    brand: Name | None = Field(default=None, description="Whose goods; left out: those of every brand.")
    fill_rate: Share | None = Field(default=None, description="Share of ordered lines that are delivered, as 80%.")
    lead_time_days: Annotated[int, q.duration(0, LONGEST_LEAD_DAYS)] | None = Field(
        default=None, alias="lead_time", description="Time from order to truck, such as 5 days; a week at most."
    )
    ramp_days: Days = Field(
        default=0, alias="ramp", description="How long until the fill rate gets there, such as 3 weeks."
    )

    @model_validator(mode="after")
    def _some_measure(self) -> Supply:
        if self.fill_rate is None and self.lead_time_days is None:
            raise _needs(
                "supply", "a supply event needs fill_rate or lead_time", "add fill_rate: 80% or lead_time: 5 days"
            )
        return self


class Delist(Dated):
    """Stores take a brand, or one of its items, out of their range."""

    kind: Literal["delist"]
    brand: Name = Field(description="What is no longer sold.")
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    over_days: Days = Field(
        default=0, alias="over", description="How long until the last store has done so, such as 4 weeks."
    )


class Reformulate(Dated):
    """A new recipe: better, worse or less even in use."""

    kind: Literal["reformulate"]
    brand: Name = Field(description="Whose recipe.")
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    quality: Annotated[float, q.number(-5, 5)] = Field(
        description="Shift of the mean quality of one use, in logit units, such as -0.2."
    )
    sd: Annotated[float, q.number(0, 10)] = Field(
        default=1.0, description="Spread of quality from use to use, relative to before: 2 is twice as uneven."
    )
    announced: Share = Field(default=0.0, description="Share of customers who are told of it; 0: in silence.")
    identity_break: Share = Field(
        default=0.0, description="How far the brand stops being what it stood for, to those who are told."
    )
    ramp_days: Days = Field(default=0, alias="ramp", description="How long until all packs hold the new recipe.")


class Reposition(Dated):
    """A brand comes to stand for another way of life: it wins some customers and loses others."""

    kind: Literal["reposition"]
    brand: Name = Field(description="Which brand moves.")
    position: Position = Field(description="Where to in lifestyle space: two numbers around zero, as [0.8, -0.2].")
    announced: Share = Field(default=0.0, description="Share of customers who hear of it before they meet it.")
    identity_break: Share = Field(
        default=0.0, description="How far the brand stops being what it stood for: 0 not at all, 1 wholly."
    )
    over_days: Days = Field(default=0, alias="over", description="How long the move takes, such as 26 weeks.")

    @model_validator(mode="after")
    def _somewhere(self) -> Reposition:
        if self.position is None:
            raise _needs("reposition", "a reposition needs a position", "add position: [0.8, -0.2]")
        return self


class LoyaltyProgramme(Dated):
    """Members are rewarded for each purchase of the brand."""

    kind: Literal["loyalty_programme"]
    brand: Name = Field(description="Whose programme.")
    enrolled: Annotated[float, q.share(above=True)] = Field(
        description="Share of the brand's buyers who join, each on a purchase."
    )
    reward: Annotated[float, q.share(0, 0.9, above=True)] = Field(
        description="Worth of what a member gets back, as a share of the price paid, such as 5%."
    )
    ramp_days: Days = Field(
        default=0, alias="ramp", description="How long until all who would join are invited, such as 8 weeks."
    )
