"""What a market file says: the category, its brands, customers, stores, reps and care desks.

Names of fields are the model's; aliases are the words of the file. ``None`` always means "left out": the built world
then takes the parameter table's value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema
from pydantic_core import PydanticCustomError

from simulator.scenario import quantities as q
from simulator.scenario.quantities import Days, Placed, Share
from simulator.scenario.tree import Node

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MARKET_SCHEMA: Final = "brandsim-market/1"
COUNTS = ("one", "two", "three", "four")
"""Words for how many stores a customer knows."""


class Part(BaseModel):
    """A piece of a file: strict, closed and unchangeable. Every piece may say where its numbers come from."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="constants")

    source: str | None = Field(default=None, repr=False, description="Where the numbers come from.")


def _name(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise PydanticCustomError(
            "name", "{reason}", {"reason": "a name was expected, not a number", "mend": "put it in quotes"}
        )
    return value


Name = Annotated[str, Field(min_length=1), BeforeValidator(_name, json_schema_input_type=str)]


def _place(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) != 2:
        context = {"reason": "a position is two numbers", "mend": "write a place such as [0.8, -0.2]"}
        raise PydanticCustomError("position", "{reason}", context)
    return tuple(value) if isinstance(value, list) else value


Position = Annotated[
    tuple[Annotated[float, q.number(-5, 5)], Annotated[float, q.number(-5, 5)]] | None,
    BeforeValidator(_place),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
"""A place in lifestyle space, two numbers around zero."""


class Category(Part):
    """How often the category is bought."""

    penetration: Annotated[float, q.rate("quarter", 0, 1, above=True, of_share=True, bare=True)] = Field(
        description="Share of customers who buy the category at least once in a quarter."
    )
    purchases_per_buyer: Annotated[float, q.rate("quarter", 1, 91)] = Field(
        description="Purchases of a buyer in a quarter, such as 2.6 per quarter; at most one a day."
    )
    regularity: Annotated[float, q.number(1, 20)] | None = Field(
        default=None, description="Erlang shape of the time between purchases: 1 is irregular, 10 is clockwork."
    )
    units_per_purchase: Annotated[float, q.number(0, 1000, above=True)] | None = Field(
        default=None, description="Units in one purchase."
    )
    real_households: Annotated[float, q.number(1, 1e10)] | None = Field(
        default=None, description="Households in the real market, such as 12M; results are scaled to it."
    )
    currency: str = Field(default="", description="Symbol or code of the prices' currency.")


class Brand(Part):
    """One brand and its items."""

    share: Share = Field(description="Share of the category's purchases.")
    price: Annotated[float, q.number(0, 1e7, above=True)] = Field(description="Price of one unit.")
    cost: Annotated[float, q.number(0, 1e7)] | None = Field(
        default=None, description="Cost of one unit, for the contribution."
    )
    quality: Annotated[float, q.number(-5, 5)] | None = Field(
        default=None, description="Mean quality of one use, in logit units around the category's usual."
    )
    items: dict[Name, Share] = Field(
        default_factory=dict, description="Items (sizes, flavours) and their share of the brand."
    )
    salience: Share | None = Field(default=None, description="Probability that the brand comes to mind.")
    known: Share | None = Field(
        default=None,
        description="Share of customers who know the brand when the simulation starts, a year and a run-in before "
        "the launch; the others come to know it by talk, campaigns and discovery. Its share is then what it would "
        "have if everybody knew it.",
    )
    position: Position = Field(default=None, description="Place in lifestyle space, two numbers around zero.")


class Segment(Part):
    """A kind of customer."""

    share: Share = Field(description="Share of the customers.")
    rate: Annotated[float, q.number(0, 100, above=True)] = Field(
        default=1.0, description="Purchase rate relative to the other segments."
    )
    price_sensitivity: Annotated[float, q.number(0, 100)] = Field(
        default=1.0, description="Price sensitivity relative to the parameter table's."
    )


class Role(Part):
    """A touchpoint role in the stores, such as a cashier."""

    met: Share = Field(description="Probability of meeting the role on one purchase.")
    quality: Share = Field(description="Service quality, 0 to 1.")
    turnover_per_year: Annotated[float, q.rate("year", 0, 1, of_share=True)] | None = Field(
        default=None, alias="turnover", description="Share of the staff who leave, such as 60% per year."
    )


def _delivery(value: Any) -> Any:
    if value == "daily":
        return EVERY_DAY
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    if not value:
        reason = "without a delivery day the shelves stay empty"
        raise PydanticCustomError("delivery", "{reason}", {"reason": reason, "mend": "write daily or [mon, thu]"})
    days = []
    for index, day in enumerate(value):
        if day not in WEEKDAYS:
            context = {
                "reason": f'"{day}" is not a weekday',
                "mend": f"write {', '.join(WEEKDAYS)} or daily",
                "part": str(index),
            }
            raise PydanticCustomError("delivery", "{reason}", context)
        days.append(WEEKDAYS.index(day))
    return tuple(sorted(set(days)))


def _per_customer(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    shares = []
    for key in value:
        if key not in COUNTS and key != "source":
            context = {
                "reason": f'unknown key "{key}"',
                "mend": f"known here: {', '.join(COUNTS)}",
                "part": f"key:{key}",
            }
            raise PydanticCustomError("per_customer", "{reason}", context)
    for key in COUNTS:
        try:
            share, span = q.SHARE.full(value.get(key, 0.0))
            if span is not None and isinstance(value[key], Placed):
                value[key].found[value[key].path] = span
            shares.append(share)
        except q.Refusal as refusal:
            context = {"reason": refusal.reason, "mend": refusal.mend, "part": key}
            raise PydanticCustomError("per_customer", "{reason}", context) from None
    return tuple(shares)


_WEEKDAY_SCHEMA = {"type": "string", "enum": list(WEEKDAYS)}


class StoreSpec(Part):
    """The stores: how many customers share one, how shelves are filled, who serves."""

    customers_per_store: Annotated[float, q.number(1, 1e6)] | None = Field(
        default=None, description="Customers whose main store it is."
    )
    per_customer: Annotated[
        tuple[Share, Share, Share, Share] | None,
        BeforeValidator(_per_customer),
        WithJsonSchema(
            {
                "type": "object",
                "properties": {key: {"type": ["string", "number"]} for key in COUNTS} | {"source": {"type": "string"}},
                "additionalProperties": False,
            }
        ),
    ] = Field(default=None, description="Shares of customers who know one, two, three and four stores.")
    review_days: Annotated[
        int, q.Quantity(q.read_review, 1, 28, whole=True, pattern=r"daily|weekly|[0-9]+\s*(days?|weeks?)")
    ] = Field(default=1, alias="review", description="How often a store orders: daily, weekly, 2 days.")
    delivery: Annotated[
        tuple[int, ...],
        BeforeValidator(_delivery),
        WithJsonSchema({"anyOf": [{"const": "daily"}, _WEEKDAY_SCHEMA, {"type": "array", "items": _WEEKDAY_SCHEMA}]}),
    ] = Field(default=EVERY_DAY, description="Days on which trucks come: daily, or [mon, thu].")
    stock: Literal["shelves", "unlimited"] = Field(
        default="shelves", description="Goods on shelves that may run out, or contracts that cannot: unlimited."
    )
    roles: dict[Name, Role] = Field(default_factory=dict, description="Touchpoint roles by name.")


class Distributor(Part):
    """Who brings the goods to the stores."""

    fill_rate: Share | None = Field(default=None, description="Share of ordered units that arrives.")
    lead_time_days: Days | None = Field(
        default=None, alias="lead_time", description="From order to truck, such as 2 days."
    )
    relations: dict[Name, Share] = Field(
        default_factory=dict, description="How its people stand to a brand, 0 to 1: who is served first in a shortage."
    )


class RepSpec(Part):
    """A brand's sales reps."""

    stores_per_rep: Annotated[float, q.number(1, 100_000)] | None = Field(
        default=None, description="Stores in one rep's territory."
    )
    visits_per_week: Annotated[float, q.rate("week", 0, 7)] | None = Field(
        default=None, alias="visits", description="Visits to each store, such as 1 per week."
    )
    turnover_per_year: Annotated[float, q.rate("year", 0, 1, of_share=True)] | None = Field(
        default=None, alias="turnover", description="Share of reps who leave, such as 20% per year."
    )
    accounts: bool | None = Field(
        default=None, description="Whether reps hold customers as accounts, and part of their bond with the brand."
    )
    breadth: Annotated[float, q.number(0.25, 10)] | None = Field(
        default=None, description="Lifestyle distance at which a rep relates half as well; an ordinary rep's is 1."
    )


class CareSpec(Part):
    """A brand's care desk."""

    policy: Literal["ignore", "refund", "apologise_and_refund", "improve"] | None = Field(
        default=None, description="What it does."
    )
    capacity_per_day: Annotated[float, q.rate("day", 0, 1e6)] | None = Field(
        default=None, alias="capacity", description="Complaints answered, such as 40 per day (for 20,000 customers)."
    )
    quality: Share | None = Field(default=None, description="How well it answers, 0 to 1.")
    outsourced: bool = Field(default=False, description="Whether a partner answers in the brand's name.")
    relay: bool | None = Field(default=None, description="Whether complaints reach the brand team.")


class NetworkSpec(Part):
    """Who knows whom."""

    close_ties: Annotated[float, q.number(0, 100)] | None = Field(
        default=None, description="Close friends of a customer."
    )
    wider_ties: Annotated[float, q.number(0, 1000)] | None = Field(
        default=None, description="Acquaintances of a customer."
    )
    rewiring: Share | None = Field(default=None, description="Share of ties that lead out of the neighbourhood.")
    homophily: Share | None = Field(default=None, description="Share of ties within the own kind above chance.")
    edges: Path | None = Field(
        default=None, strict=False, description="A CSV file of friendships instead of a generated network."
    )


class Calendar(Part):
    """What repeats over the year."""

    seasonality: Literal["none"] = "none"


class Market(Part):
    """A market: who sells what to whom, where, and who serves."""

    schema_version: Literal["brandsim-market/1"] = Field(
        default=MARKET_SCHEMA, alias="schema", description="Always brandsim-market/1."
    )
    name: Name = Field(description="What people call the market.")
    category: Category
    focal_brand: Name | None = Field(default=None, description="A default; scenarios may choose another.")
    brands: dict[Name, Brand] = Field(min_length=2, description="Brands by name; their shares sum to one.")
    segments: dict[Name, Segment] = Field(
        default_factory=lambda: {"everyone": Segment(share=1.0)},
        min_length=1,
        description="Segments by name; shares sum to one.",
    )
    regions: dict[Name, Share] = Field(
        default_factory=lambda: {"everywhere": 1.0}, min_length=1, description="Regions and their share of customers."
    )
    stores: StoreSpec = Field(default_factory=StoreSpec)
    distributors: dict[Name, Distributor] = Field(default_factory=dict, description="Distributors by name.")
    reps: dict[Name, RepSpec] = Field(default_factory=dict, description="Sales reps by brand.")
    care: dict[Name, CareSpec] = Field(default_factory=dict, description="Care desks by brand.")
    network: NetworkSpec = Field(default_factory=NetworkSpec)
    calendar: Calendar = Field(default_factory=Calendar)

    _tree: Node | None = PrivateAttr(None)

    @property
    def tree(self) -> Node | None:
        """The words it was made of."""
        return self._tree
