"""The vocabulary of change: what may happen to a market, to whom and when.

Every kind works for the focal brand and for its rivals. Times are days from the launch (day 0 is the first day of week
0); an event without an end lasts to the end of the run.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from simulator.scenario import quantities as q
from simulator.scenario.happening import Dated, Happening
from simulator.scenario.market import Name, Part
from simulator.scenario.people import BriefReps, ConsultReps, RepStaffing, RepTurnover, Service
from simulator.scenario.problems import did_you_mean
from simulator.scenario.quantities import Days, Logit, Moment, Share

CUES = ("name", "logo", "colour", "image", "shape", "layout")
"""What a look consists of."""

Fate = Literal["kept", "modified", "replaced"]

PLACES: dict[str, tuple[str, ...]] = {
    "redesign": ("region", "store", "distributor"),
    "stockout": ("region", "store", "distributor"),
    "service": ("role", "region", "store"),
    "price": ("region", "store"),
    "resize": ("region", "store"),
    "campaign": ("region", "store", "segment"),
    "brief_reps": ("region", "store", "distributor"),
    "rep_turnover": ("region", "store", "distributor"),
    "rep_staffing": ("region", "store", "distributor"),
    "consult_reps": ("region", "store", "distributor"),
    "rollback": (),
}
"""Which words of ``where`` each kind understands; any other would be dropped in silence and is refused."""


class Appeal(Part):
    """How much more (or less) customers like the new look."""

    mean: Logit = Field(default=0.0, description="Mean shift of liking, in logit units.")
    sd: Annotated[float, q.number(0, 10)] | None = Field(
        default=None, description="Spread over customers, in logit units."
    )


class Rollout(Part):
    """How the new look reaches the shelves."""

    over_days: Days = Field(default=0, alias="over", description="How long it takes, such as 7 weeks.")
    by: Literal["stock_rotation", "store", "region"] = Field(
        default="stock_rotation", description="As old stock sells through, store by store, or region by region."
    )


class Redesign(Dated):
    """A new logo, pack, label or name."""

    kind: Literal["redesign"]
    brand: Name = Field(description="Whose look changes.")
    cues: Annotated[
        dict[str, Fate] | None,
        WithJsonSchema(
            {
                "type": "object",
                "properties": {cue: {"enum": ["kept", "modified", "replaced"]} for cue in CUES},
                "additionalProperties": False,
                "minProperties": 1,
            }
        ),
    ] = Field(
        default=None, description="What becomes of each cue: kept, modified or replaced; cues not named are kept."
    )
    overlap: Share | None = Field(default=None, description="Instead of cues: the share of the look that is kept.")
    appeal: Appeal = Field(default_factory=Appeal, description="Liking of the new look against the old.")
    identity_break: Share = Field(
        default=0.0, description="How far the brand stops being what it stood for: 0 not at all, 1 wholly."
    )
    announced: Share = Field(default=0.0, description="Share of customers who hear of it before they meet it.")
    rollout: Rollout = Field(default_factory=Rollout, description="How the new look reaches the shelves.")

    @field_validator("cues", mode="before")
    @classmethod
    def _known_cues(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in value:
                if key not in CUES:
                    context = {
                        "reason": f'unknown cue "{key}"',
                        "mend": did_you_mean(str(key), CUES),
                        "part": f"key:{key}",
                    }
                    raise PydanticCustomError("cues", "{reason}", context)
        return value

    @field_validator("cues")
    @classmethod
    def _all_cues(cls, value: dict[str, Fate] | None) -> dict[str, Fate] | None:
        return None if value is None else {cue: value.get(cue, "kept") for cue in CUES}

    @model_validator(mode="after")
    def _one_measure(self) -> Redesign:
        if (self.cues is None) == (self.overlap is None):
            both = self.cues is not None
            reason = "a redesign says either cues or overlap, not both" if both else "a redesign needs cues or overlap"
            mend = "remove one of them" if both else "add cues: {logo: modified} or overlap: 60%"
            raise PydanticCustomError(
                "redesign", "{reason}", {"reason": reason, "mend": mend, "part": "overlap" if both else ""}
            )
        return self


class Stockout(Dated):
    """A brand, or one of its items, is missing from shelves."""

    kind: Literal["stockout"]
    brand: Name = Field(description="What is missing.")
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    severity: Annotated[float, q.share(above=True)] = Field(
        default=1.0, description="Share of the usual supply that is missing."
    )
    lasts_days: Annotated[int, q.duration(1)] = Field(alias="lasts", description="How long, such as 10 days.")


class Price(Dated):
    """A list price changes."""

    kind: Literal["price"]
    brand: Name = Field(description="Whose price.")
    change: Annotated[float, q.share(-1, 10, above=True)] | None = Field(
        default=None, description="Relative change, such as +8%."
    )
    to: Annotated[float, q.number(0, 1e7, above=True)] | None = Field(
        default=None, description="Instead of change: the new price."
    )

    @model_validator(mode="after")
    def _one_measure(self) -> Price:
        if (self.change is None) == (self.to is None):
            both = self.to is not None
            reason = "a price says either change or to, not both" if both else "a price needs change or to"
            mend = "remove one of them" if both else "add change: 8% or to: 4.79"
            raise PydanticCustomError(
                "price", "{reason}", {"reason": reason, "mend": mend, "part": "to" if both else ""}
            )
        return self


class Resize(Dated):
    """The pack becomes smaller or larger at the same price."""

    kind: Literal["resize"]
    brand: Name = Field(description="Whose packs.")
    change: Annotated[float, q.share(-1, 10, above=True)] = Field(description="Relative change of the size, as -10%.")


class Campaign(Dated):
    """Advertising: the bullhorn."""

    kind: Literal["campaign"]
    brand: Name = Field(description="Who advertises.")
    reach: Annotated[float, q.rate("week", 0, 1, above=True, of_share=True, bare=True)] = Field(
        description="Share of customers reached per week, such as 20%."
    )
    persuasion: Logit | None = Field(default=None, description="Liking shift of one contact, in logit units.")
    lasts_days: Annotated[int, q.duration(1)] = Field(alias="lasts", description="How long, such as 4 weeks.")


class Trigger(Part):
    """An alarm on what the brand can observe: its units against its own twelve weeks before launch."""

    below: Annotated[
        float, q.Quantity(q.read_below, -1, 1, pattern=r"below\s+[-+]?[0-9.]+\s*%?", words=q.percent, bare=False)
    ] = Field(alias="units_vs_before", description="such as below -10%")
    for_weeks: Annotated[int, q.duration(1, 260, weeks=True)] = Field(
        default=1, alias="for", description="How many weeks in a row, such as 2 weeks."
    )

    @property
    def metric(self) -> Literal["units_vs_before"]:
        """What is watched."""
        return "units_vs_before"


class Rollback(Happening):
    """An earlier event is undone, on a date or when an alarm rings."""

    kind: Literal["rollback"]
    of: Name = Field(description="The id of the event.")
    start_day: Moment | None = Field(default=None, alias="start", description="When, such as week 7; or say when:.")
    when: Trigger | None = Field(
        default=None, description="Instead of start: the alarm, {units_vs_before: below -10%, for: 2 weeks}."
    )
    over_days: Days = Field(default=0, alias="over", description="How long the changeover takes, such as 3 weeks.")

    @model_validator(mode="after")
    def _one_moment(self) -> Rollback:
        if (self.start_day is None) == (self.when is None):
            both = self.when is not None
            reason = "a rollback says either start or when, not both" if both else "a rollback needs start or when"
            mend = (
                "remove one of them"
                if both
                else "add start: week 7 or when: {units_vs_before: below -10%, for: 2 weeks}"
            )
            raise PydanticCustomError(
                "rollback", "{reason}", {"reason": reason, "mend": mend, "part": "when" if both else ""}
            )
        return self

    @field_validator("lasts_days", mode="before")
    @classmethod
    def _no_end(cls, value: Any) -> Any:
        if value is not None:
            context = {"reason": "a rollback has no end", "mend": "for a slow changeover write over: 3 weeks"}
            raise PydanticCustomError("rollback", "{reason}", context)
        return value


Event = Annotated[
    Redesign
    | Stockout
    | Service
    | Price
    | Resize
    | Campaign
    | BriefReps
    | RepTurnover
    | RepStaffing
    | ConsultReps
    | Rollback,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Happening]] = {
    "redesign": Redesign,
    "stockout": Stockout,
    "service": Service,
    "price": Price,
    "resize": Resize,
    "campaign": Campaign,
    "brief_reps": BriefReps,
    "rep_turnover": RepTurnover,
    "rep_staffing": RepStaffing,
    "consult_reps": ConsultReps,
    "rollback": Rollback,
}
