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
from simulator.scenario.market import Name, Part, Position
from simulator.scenario.offer_events import Delist, LoyaltyProgramme, Reformulate, Reposition, Supply
from simulator.scenario.people import BriefReps, ConsultReps, RepStaffing, RepTurnover, Service
from simulator.scenario.problems import did_you_mean
from simulator.scenario.quantities import Days, Logit, Moment, Share

CUES = ("name", "logo", "colour", "image", "shape", "layout")
"""What a look consists of."""

Fate = Literal["kept", "modified", "replaced"]


PLACES: dict[str, tuple[str, ...]] = {
    "redesign": ("region", "store", "distributor"),
    "stockout": ("region", "store", "distributor"),
    "service": ("role", "region", "store", "segment"),
    "price": ("region", "store", "segment", "distributor"),
    "resize": ("region", "store", "segment", "distributor"),
    "campaign": ("region", "store", "segment"),
    "announce": ("region", "store", "segment"),
    "incident": ("region", "store", "distributor"),
    "care_policy": (),
    "brief_reps": ("region", "store", "distributor"),
    "rep_turnover": ("region", "store", "distributor"),
    "rep_staffing": ("region", "store", "distributor"),
    "consult_reps": ("region", "store", "distributor"),
    "supply": ("region", "store", "distributor"),
    "delist": ("region", "store", "distributor"),
    "reformulate": ("region", "store", "distributor"),
    "reposition": ("region", "store", "segment"),
    "loyalty_programme": ("region", "store", "segment"),
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
    position: Position = Field(
        default=None, description="Where the new look places the brand in lifestyle space, two numbers around zero."
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
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    change: Annotated[float, q.share(-1, 10, above=True)] | None = Field(
        default=None, description="Relative change, such as +8%."
    )
    to: Annotated[float, q.number(0, 1e7, above=True)] | None = Field(
        default=None, description="Instead of change: the new price."
    )
    ramp_days: Days = Field(default=0, alias="ramp", description="How long until the full change, such as 6 weeks.")

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
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    change: Annotated[float, q.share(-1, 10, above=True)] = Field(description="Relative change of the size, as -10%.")
    ramp_days: Days = Field(default=0, alias="ramp", description="How long until all packs are of the new size.")


class Campaign(Dated):
    """Advertising: the bullhorn."""

    kind: Literal["campaign"]
    brand: Name = Field(description="Who advertises.")
    reach: Annotated[float, q.rate("week", 0, 1, above=True, of_share=True, bare=True)] = Field(
        description="Share of customers reached per week, such as 20%."
    )
    persuasion: Logit | None = Field(default=None, description="Liking shift of one contact, in logit units.")
    salience: Logit = Field(
        default=0.0, description="How much more readily the brand comes to mind once the campaign has run long, logit."
    )
    promise: Annotated[float, q.number(0, 2)] = Field(
        default=0.0,
        description="Satisfaction promised beyond what is delivered, 0 to 2 (a severe problem takes 1.5).",
    )
    lasts_days: Annotated[int, q.duration(1)] = Field(alias="lasts", description="How long, such as 4 weeks.")


class Announce(Dated):
    """A change is made known by the media: advertising, leaflets, the press."""

    kind: Literal["announce"]
    of: Name | None = Field(default=None, description="The id of the redesign, recipe or position that is announced.")
    brand: Name | None = Field(default=None, description="Instead of of: the brand that announces something.")
    reach: Annotated[float, q.rate("week", 0, 1, above=True, of_share=True, bare=True)] = Field(
        description="Share of customers reached per week, such as 10%."
    )

    @model_validator(mode="after")
    def _one_subject(self) -> Announce:
        if (self.of is None) == (self.brand is None):
            both = self.brand is not None
            reason = "an announce says either of or brand, not both" if both else "an announce needs of or brand"
            mend = "remove one of them" if both else "add of: and the id of a redesign, or brand: and its name"
            raise PydanticCustomError(
                "announce", "{reason}", {"reason": reason, "mend": mend, "part": "brand" if both else ""}
            )
        return self


class Severity(Part):
    """How bad the problems of an incident are; the rest are minor."""

    medium: Share = Field(default=0.0, description="Share of medium severity.")
    severe: Share = Field(default=0.0, description="Share of severe ones.")

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Severity:
        if self.medium + self.severe > 1.0:
            reason = "the shares of medium and severe problems are more than all of them"
            mend = "let them sum to 100% at most; the rest are minor"
            raise PydanticCustomError("severity", "{reason}", {"reason": reason, "mend": mend, "part": "severe"})
        return self


class Incident(Dated):
    """Something goes wrong with the goods: defects, contamination, a recall."""

    kind: Literal["incident"]
    brand: Name = Field(description="Whose goods.")
    item: Name | None = Field(default=None, description="One item of the brand; left out: all of them.")
    rate: Share = Field(default=0.0, description="Further probability of a problem per purchase, such as 5%.")
    severity: Severity | None = Field(
        default=None, description="Mix of severities, {medium: 30%, severe: 20%}; left out: that of ordinary problems."
    )
    recall: bool = Field(default=False, description="Whether the goods are taken off the shelves while it lasts.")
    media: Annotated[float, q.rate("week", 0, 1, of_share=True, bare=True)] = Field(
        default=0.0, description="Share of customers whom news coverage reaches per week, such as 30%."
    )
    lasts_days: Annotated[int, q.duration(1)] = Field(alias="lasts", description="How long, such as 10 days.")

    @model_validator(mode="after")
    def _something_happens(self) -> Incident:
        if not (self.rate or self.recall or self.media):
            context = {
                "reason": "an incident without problems, recall or news coverage is none",
                "mend": "add rate: 5%, recall: true or media: 30%",
                "part": "",
            }
            raise PydanticCustomError("incident", "{reason}", context)
        return self


class CarePolicy(Dated):
    """A brand's care desk is run differently."""

    kind: Literal["care_policy"]
    brand: Name = Field(description="Whose care desk.")
    policy: Literal["ignore", "refund", "apologise_and_refund", "improve"] | None = Field(
        default=None, description="What it does about a complaint."
    )
    capacity_per_day: Annotated[float, q.rate("day", 0, 1e6)] | None = Field(
        default=None, alias="capacity", description="Complaints answered, such as 20 per day (for 20,000 customers)."
    )
    quality: Share | None = Field(default=None, description="How well it answers, 0 to 1.")
    outsourced: bool = Field(default=False, description="Whether a partner answers in the brand's name.")
    relay: bool | None = Field(default=None, description="Whether complaints reach the brand team.")

    @model_validator(mode="after")
    def _something_changes(self) -> CarePolicy:
        changed = (self.policy, self.capacity_per_day, self.quality, self.relay)
        if not self.outsourced and all(value is None for value in changed):
            context = {
                "reason": "a care_policy changes nothing",
                "mend": "add policy: refund, capacity: 20 per day, quality: 80%, outsourced: true or relay: true",
                "part": "",
            }
            raise PydanticCustomError("care_policy", "{reason}", context)
        return self


_Below = Annotated[
    float, q.Quantity(q.read_below, -1, 1, pattern=r"below\s+[-+]?[0-9.]+\s*%?", words=q.percent, bare=False)
]
_Above = Annotated[
    float, q.Quantity(q.read_above, -1, 100, pattern=r"above\s+[-+]?[0-9.]+\s*%?", words=q.percent, bare=False)
]


class Trigger(Part):
    """An alarm on what the brand can observe, against its own twelve weeks before launch; one metric each."""

    units_below: _Below | None = Field(
        default=None, alias="units_vs_before", description="The brand's units, such as below -10%."
    )
    share_below: _Below | None = Field(
        default=None, alias="share_vs_before", description="Its share of the category's units, such as below -5%."
    )
    complaints_above: _Above | None = Field(
        default=None, alias="complaints_vs_before", description="Complaints to it per unit sold, such as above 50%."
    )
    for_weeks: Annotated[int, q.duration(1, 260, weeks=True)] = Field(
        default=1, alias="for", description="How many weeks in a row, such as 2 weeks."
    )

    @model_validator(mode="after")
    def _one_metric(self) -> Trigger:
        if sum(limit is not None for limit in self._limits().values()) != 1:
            context = {
                "reason": "an alarm watches one metric",
                "mend": f"write one of {', '.join(self._limits())}, such as units_vs_before: below -10%",
                "part": "",
            }
            raise PydanticCustomError("trigger", "{reason}", context)
        return self

    def _limits(self) -> dict[str, float | None]:
        return {
            "units_vs_before": self.units_below,
            "share_vs_before": self.share_below,
            "complaints_vs_before": self.complaints_above,
        }

    @property
    def metric(self) -> str:
        """What is watched."""
        return next(name for name, limit in self._limits().items() if limit is not None)

    @property
    def limit(self) -> float:
        """Relative change beyond which a week counts: below it, or above it for complaints."""
        return next(limit for limit in self._limits().values() if limit is not None)


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
    | Reformulate
    | Reposition
    | Stockout
    | Delist
    | Supply
    | Service
    | Price
    | Resize
    | LoyaltyProgramme
    | Campaign
    | Announce
    | Incident
    | CarePolicy
    | BriefReps
    | RepTurnover
    | RepStaffing
    | ConsultReps
    | Rollback,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Happening]] = {
    "redesign": Redesign,
    "reformulate": Reformulate,
    "reposition": Reposition,
    "stockout": Stockout,
    "delist": Delist,
    "supply": Supply,
    "service": Service,
    "price": Price,
    "resize": Resize,
    "loyalty_programme": LoyaltyProgramme,
    "campaign": Campaign,
    "announce": Announce,
    "incident": Incident,
    "care_policy": CarePolicy,
    "brief_reps": BriefReps,
    "rep_turnover": RepTurnover,
    "rep_staffing": RepStaffing,
    "consult_reps": ConsultReps,
    "rollback": Rollback,
}
