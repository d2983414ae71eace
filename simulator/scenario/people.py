"""Events about people: those who serve in the stores, and the sales reps.

Product, price and pack stay; who meets the customers, how many, how well they know their work and what they are worth
to their firm does not.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from simulator.scenario import quantities as q
from simulator.scenario.happening import CARE_DESK, Dated
from simulator.scenario.market import Name, Part
from simulator.scenario.quantities import Days, Share

SUCCESSORS = ("new_hire", "colleague")
"""Who follows a rep who left: whoever is hired, or the most alike of the reps who are there already."""

CONSULTABLE = ("redesign", "reformulate", "reposition", "price", "resize", "service")
"""Kinds of change about which customers can be asked beforehand."""


class Service(Dated):
    """Service changes: better or worse, other people, more or fewer, better trained, or somebody else's."""

    kind: Literal["service"]
    brand: Name | None = Field(default=None, description="Only for buyers of this brand; left out: for everyone.")
    quality: Annotated[float, q.share(-1, 1)] = Field(
        default=0.0, description="Added to the role's quality, such as -0.2."
    )
    ramp_days: Days = Field(default=0, alias="ramp", description="How long until the full effect, such as 2 weeks.")
    authentic: Share = Field(
        default=1.0, description="Share of better service that is meant: feigned rapport (0%) makes no bond."
    )
    training: Share = Field(
        default=0.0, description="Quality that training adds to everyone there at the start; it fades."
    )
    turnover: Share = Field(
        default=0.0, description="Share of the staff who leave at the start, and take their part of bonds along."
    )
    staffing: Annotated[float, q.share(-1, 3, above=True)] = Field(
        default=0.0, description="How many more or fewer people, such as -30%: they are met, and fill shelves, less."
    )
    outsourced: bool = Field(
        default=False, description="Whether partners' people serve, who make no bonds of their own."
    )
    status: Share = Field(
        default=0.0, description="How far the standing of these people is raised, 0 to 100%: fewer of them leave."
    )

    @model_validator(mode="after")
    def _something(self) -> Service:
        numbers = (self.quality, self.training, self.turnover, self.staffing, self.status)
        if not any(numbers) and not self.outsourced and "quality" not in self.model_fields_set:
            context = {"reason": "nothing about the service changes", "mend": "add quality: -0.2", "part": ""}
            raise PydanticCustomError("service", "{reason}", context)
        return self

    @model_validator(mode="after")
    def _stores_people(self) -> Service:
        for name in ("training", "turnover", "staffing"):
            if self.brand is not None and getattr(self, name):
                reason = f"{name} is about a store's people, who serve buyers of every brand"
                context = {"reason": reason, "mend": "leave brand out", "part": name}
                raise PydanticCustomError("service", "{reason}", context)
            if name != "training" and CARE_DESK in (self.where.role or ()) and getattr(self, name):
                reason = f"{name} is about a store's people, and a care desk is none of them"
                context = {"reason": reason, "mend": "name a role of the stores", "part": name}
                raise PydanticCustomError("service", "{reason}", context)
        return self

    @model_validator(mode="after")
    def _of_a_segment(self) -> Service:
        if self.where.segment is None:
            return self
        people = [name for name in ("training", "turnover", "staffing", "outsourced", "status") if getattr(self, name)]
        reason = f"{people[0]} is about people who serve customers of every segment" if people else ""
        if CARE_DESK in (self.where.role or ()):
            people, reason = ["where"], "a care desk answers customers of every segment alike"
        if people:
            context = {"reason": reason, "mend": "leave segment out, or change quality alone", "part": people[0]}
            raise PydanticCustomError("service", "{reason}", context)
        return self


class BriefReps(Dated):
    """Reps are told about the change, and tell the store staff."""

    kind: Literal["brief_reps"]
    brand: Name = Field(description="Whose reps.")
    coverage: Annotated[float, q.share(above=True)] = Field(
        default=1.0, description="Share of the reps' stores that are briefed."
    )


class RepTurnover(Dated):
    """Reps leave at once."""

    kind: Literal["rep_turnover"]
    brand: Name = Field(description="Whose reps.")
    share: Annotated[float, q.share(above=True)] = Field(description="Share of the reps who leave.")
    vacancy_days: Days | None = Field(
        default=None, alias="vacancy", description="How long territories stay empty, such as 6 weeks."
    )
    successor: Literal["new_hire", "colleague"] = Field(
        default="new_hire", description="Who follows: a new hire, or a similar colleague, who starts at once."
    )


class RepStaffing(Dated):
    """How a brand's reps are staffed: how many stores each has, how often they come, whose people they are."""

    kind: Literal["rep_staffing"]
    brand: Name = Field(description="Whose reps.")
    stores_per_rep: Annotated[float, q.number(1, 100_000)] | None = Field(
        default=None, description="Stores in one rep's territory from now on; colleagues take over what is left."
    )
    visits_per_week: Annotated[float, q.rate("week", 0, 7)] | None = Field(
        default=None, alias="visits", description="Visits to each store, such as 0.5 per week."
    )
    outsourced: bool = Field(default=False, description="Whether a broker's people call instead, without bonds.")
    status: Share = Field(default=0.0, description="How far the reps' standing is raised, 0 to 100%: fewer leave.")
    authentic: Share = Field(
        default=1.0, description="Share of the reps' rapport that is meant; feigned makes no bond."
    )
    relation: Annotated[float, q.share(-1, 1)] = Field(
        default=0.0, description="Added to the relation with distributors: who is served first when supply is short."
    )

    @model_validator(mode="after")
    def _something(self) -> RepStaffing:
        said = self.model_fields_set & {
            "stores_per_rep", "visits_per_week", "outsourced", "status", "authentic", "relation"
        }  # fmt: skip
        if not said:
            context = {"reason": "nothing about the reps changes", "mend": "add visits: 0.5 per week", "part": ""}
            raise PydanticCustomError("rep_staffing", "{reason}", context)
        return self


class Gate(Part):
    """What is done when the reps' reports are bad."""

    below: Annotated[float, q.share(-1, 1)] = Field(
        description="Change of purchases that the reports must promise at least, such as -2%; less than that acts."
    )
    then: Literal["stop", "soften", "delay"] = Field(
        description="Drop the change, take part of it back, or put it off."
    )
    by: Annotated[float, q.share(above=True)] | None = Field(
        default=None, description="With soften: how much of the change is taken back, such as 50%."
    )
    for_days: Annotated[int, q.duration(1)] | None = Field(
        default=None, alias="for", description="With delay: for how long, such as 8 weeks."
    )

    @model_validator(mode="after")
    def _how_much(self) -> Gate:
        needed = {"soften": "by", "delay": "for"}
        given = {"by": self.by, "for": self.for_days}
        for then, word in needed.items():
            if (self.then == then) != (given[word] is not None):
                wanted = self.then == then
                reason = f"then: {then} needs {word}" if wanted else f"{word} goes with then: {then}"
                mend = ("add by: 50%" if word == "by" else "add for: 8 weeks") if wanted else "remove it"
                context = {"reason": reason, "mend": mend, "part": "" if wanted else word}
                raise PydanticCustomError("gate", "{reason}", context)
        return self


class ConsultReps(Dated):
    """Before a change, reps report what the customers they know say about it; a gate may act on the reports."""

    kind: Literal["consult_reps"]
    brand: Name = Field(description="Whose reps.")
    of: Name = Field(description="The id of the change they ask about.")
    customers: Annotated[int, q.number(1, 100_000, whole=True)] | None = Field(
        default=None, description="Customers each rep sounds out."
    )
    gate: Gate | None = Field(default=None, description="What is done on bad reports; left out: they are only told.")

    @field_validator("lasts_days", mode="before")
    @classmethod
    def _no_end(cls, value: Any) -> Any:
        if value is not None:
            context = {"reason": "a consultation has no end", "mend": "leave lasts out"}
            raise PydanticCustomError("consult_reps", "{reason}", context)
        return value
