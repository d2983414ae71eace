"""A scenario: a dated diff on a market, and what would count as harm.

A `Scenario` cannot be changed. What a run varies (a range, a lever) is substituted with `Scenario.at`, which gives a
new scenario that has passed the same checks as a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from simulator.parameters import table
from simulator.scenario import quantities as q
from simulator.scenario.events import Event
from simulator.scenario.happening import Happening
from simulator.scenario.market import Market, Name, Part
from simulator.scenario.quantities import Range
from simulator.scenario.tree import Node

SCENARIO_SCHEMA = "brandsim/1"
HORIZON_WEEKS = int(table()["horizon_weeks_default"].central)
"""Weeks after launch when a file does not say: half a year, within which pack changes on record settled."""

OBSERVED_WEEKS = int(table()["observed_weeks"].central)
"""Weeks before launch that are observed: a customer's habits are read from one year."""

CUSTOMERS = q.number(100, 1e8, whole=True)
"""Below a hundred customers a loss of one is a percent; above 1e8 no machine holds them."""


class Guardrail(Part):
    """A limit that the change must keep."""

    metric: Literal[
        "units_change", "value_change", "contribution_change", "habitual_purchases_lost", "caused_churn"
    ] = Field(description="What is limited.")
    min: Annotated[float, q.share(-1, 10)] | None = Field(
        default=None, description="The metric must not fall below, such as -5%."
    )
    max: Annotated[float, q.share(-1, 10)] | None = Field(
        default=None, description="The metric must not rise above, such as 5%."
    )
    within_weeks: Annotated[int, q.duration(1, 520, weeks=True)] = Field(
        alias="within", description="Over which weeks from the launch, such as 8 weeks."
    )
    confidence: Annotated[float, q.share(0.5, 0.999)] = Field(
        default=0.8, description="How sure we want to be, such as 80%."
    )

    @model_validator(mode="after")
    def _one_limit(self) -> Guardrail:
        if (self.min is None) == (self.max is None):
            both = self.max is not None
            reason = "a guardrail has either min or max, not both" if both else "a guardrail needs min or max"
            mend = "write two guardrails" if both else "add min: -5% or max: 5%"
            raise PydanticCustomError(
                "guardrail", "{reason}", {"reason": reason, "mend": mend, "part": "max" if both else ""}
            )
        return self


class Content(Part):
    """The words of a scenario file."""

    schema_version: Literal["brandsim/1"] = Field(alias="schema", description="Always brandsim/1.")
    name: Name = Field(description="What people call the scenario.")
    market: Market = Field(description="A market file, a shipped market's name, or a market written here.")
    focal_brand: Name = Field(description="The brand that the answer is about.")
    customers: Annotated[int, CUSTOMERS] = Field(description="How many customers to simulate.")
    horizon_weeks: Annotated[int, q.duration(1, 520, weeks=True)] = Field(
        default=HORIZON_WEEKS, alias="horizon", description="How long after the launch to look, such as 26 weeks."
    )
    events: Annotated[tuple[Event, ...], Field(strict=False)] = Field(
        default=(), description="What happens, in any order."
    )
    guardrails: Annotated[tuple[Guardrail, ...], Field(strict=False)] = Field(
        default=(), description="Limits the change must keep; without any there is a description, not a decision."
    )


class Scenario(Content):
    """What is asked: a market, what happens to it, and the limits to keep.

    Made by `simulator.scenario.load` from a file, or from the same words in Python.

    Examples
    --------
    >>> scenario = Scenario(
    ...     name="Dearer",
    ...     market="orange-juice",
    ...     events=[{"kind": "price", "brand": "Sunfield", "change": "8%"}],
    ... )
    >>> scenario.events[0].change, scenario.focal_brand, scenario.horizon_weeks
    (0.08, 'Sunfield', 26)
    """

    _path: Path | None = PrivateAttr(None)
    _ranges: dict[str, Range] = PrivateAttr(default_factory=dict)
    _tree: Node = PrivateAttr()

    def __init__(self, **words: Any) -> None:
        from simulator.scenario.loading import load

        self._become(load(words))

    def _become(self, other: Scenario) -> None:
        for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
            object.__setattr__(self, name, getattr(other, name))

    @classmethod
    def _of(cls, content: Content, tree: Node, ranges: dict[str, Range], path: Path | None) -> Scenario:
        """Return a scenario of checked content."""
        scenario = cls.model_construct(content.model_fields_set)
        object.__setattr__(scenario, "__dict__", dict(content.__dict__))
        scenario._path, scenario._ranges, scenario._tree = path and path.absolute(), ranges, tree
        return scenario

    @property
    def path(self) -> Path | None:
        """The file it was read from; None where it was written in Python."""
        return self._path

    @property
    def ranges(self) -> dict[str, Range]:
        """The numbers that were written as ranges, by dotted path, such as ``events.new-carton.appeal.mean``."""
        return dict(self._ranges)

    def at(self, values: Mapping[str, Any]) -> Scenario:
        """Return a copy with other values, checked anew.

        Parameters
        ----------
        values
            Values by dotted path, in the words of the file; events are addressed by id. Numbers are in the typed
            field's unit: shares as fractions, durations and moments in days (or weeks, where the field counts weeks).
            Texts are read as in a file. Any value may be set, not only those written as ranges.

        Notes
        -----
        Where one share of a group (brands, items, segments, regions) is set by a number, the others of its group keep
        their proportions and fill the rest.

        Examples
        --------
        >>> from simulator.scenario import load
        >>> scenario = load("orange_carton").at({"events.new-carton.identity_break": 0.5})
        >>> scenario.events[0].identity_break
        0.5
        """
        from simulator.scenario.loading import substitute

        return substitute(self, values)

    def written(self, path: str) -> Any:
        """Return what the file says at a dotted path, as it was written; None where it says nothing.

        Examples
        --------
        >>> from simulator.scenario import load
        >>> load("orange_carton").written("events.new-carton.rollout.over")
        '7 weeks'
        """
        from simulator.scenario.merging import find

        node = find(self._tree, path)
        return None if node is None else node.plain()

    def event(self, id: str) -> Happening:
        """Return the event of that id."""
        return next(event for event in self.events if event.id == id)

    def fingerprint(self) -> str:
        """Return the SHA-256 of what acts on the result: the resolved content and the ranges, sources left out."""
        content = _without_sources(self.model_dump(mode="json", by_alias=False))
        edges = self.market.network.edges
        if edges is not None:
            content["market"]["network"]["edges"] = hashlib.sha256(edges.read_bytes()).hexdigest()
        content["ranges"] = {path: [r.low, r.central, r.high] for path, r in self._ranges.items()}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def explain(self) -> str:
        """Return the scenario in words."""
        from simulator.scenario.words import explain

        return explain(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.fingerprint() == other.fingerprint()

    def __hash__(self) -> int:
        return hash(self.fingerprint())


def _without_sources(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_sources(item) for key, item in value.items() if key != "source" or not _is_note(item)}
    return [_without_sources(item) for item in value] if isinstance(value, list) else value


def _is_note(value: Any) -> bool:
    """A brand or region may be called "source"; a note is a text or nothing."""
    return value is None or isinstance(value, str)
