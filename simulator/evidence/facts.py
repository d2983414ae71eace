"""What a stylised fact is: something known about real markets that the undisturbed model must show without being told.

A fact measures a world, says in which range each of its numbers must lie and who found that, and names what to knock
out of the model so that the fact fails: a fact that survives its knock-out proves nothing about the mechanism.
"""

from __future__ import annotations

import difflib
import importlib
import math
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import simulator.evidence as room
from simulator.evidence.laboratory import Conditions, Laboratory

Measure = Callable[[Laboratory, int, Conditions], Mapping[str, float]]
"""Measure one world: laboratory, seed, conditions -> part name -> value."""


Kind = Literal["fact", "verification", "guard", "check"]
"""fact: must emerge, and counts. verification: true largely because it was put in; shows that it was put in rightly.
guard: where the answer must be nothing. check: of the model itself."""

KINDS: Final[tuple[Kind, ...]] = ("fact", "verification", "guard", "check")
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Part:
    """One number of a fact and where it must lie; an end that is None is open."""

    name: str
    low: float | None
    high: float | None
    unit: str = ""

    @property
    def reported(self) -> bool:
        """Whether it is shown only, with no range to lie in."""
        return self.low is None and self.high is None

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range; what could not be measured does not, unless it is only reported.

        Examples
        --------
        >>> Part("ratio", 0.75, 0.92).holds(0.8), Part("ratio", None, 4.0).holds(5.0), Part("x", 0, 1).holds(math.nan)
        (True, False, False)
        """
        if self.reported:
            return True
        if not math.isfinite(value):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Knockout:
    """A world without the mechanism that is said to make the fact.

    Attributes
    ----------
    mechanism : str
        What is missing, as shown.
    conditions : Conditions
        How it is taken out.
    fails : tuple of str, optional
        Parts that must all fail without it; None where any will do.
    """

    mechanism: str
    conditions: Conditions
    fails: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Fact:
    """A stylised fact: what is measured, where it must lie, who says so, and what must break it.

    Attributes
    ----------
    id : str
        Such as "V1".
    name, metric : str
        In words.
    parts : tuple of Part
        The first is the one shown where there is room for one.
    source : str
        Who found it.
    knockouts : tuple of Knockout
    measure : callable
        Gives a value for every part.
    note : str
        Anything the reader of the scorecard has to know.
    kind : {"fact", "verification", "guard", "check"}
        Only facts count; the others are shown apart.
    """

    id: str
    name: str
    metric: str
    parts: tuple[Part, ...]
    source: str
    knockouts: tuple[Knockout, ...]
    measure: Measure
    note: str = ""
    kind: Kind = "fact"

    @property
    def counted(self) -> bool:
        """Whether it counts as a fact about markets that emerges."""
        return self.kind == "fact"


class UnknownFact(KeyError):
    """An id that no fact has, with those that do."""

    def __init__(self, wanted: str, known: Iterable[str]) -> None:
        ids = list(known)
        near = difflib.get_close_matches(wanted.upper(), [name.upper() for name in ids], n=1, cutoff=0.5)
        right = next((name for name in ids if near and name.upper() == near[0]), None)
        hint = f"did you mean {right!r}? " if right else ""
        self.message = f"no fact is called {wanted!r}; {hint}There are {', '.join(ids)}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


def _order(fact: Fact) -> tuple[int, int, str]:
    number = re.search(r"\d+", fact.id)
    return KINDS.index(fact.kind), int(number.group()) if number else 0, fact.id


def all_facts() -> tuple[Fact, ...]:
    """Every fact of the suite, in order: those that count, then verifications, guards and checks.

    Each module of this room that has a tuple ``FACTS`` adds its own.
    """
    found: list[Fact] = []
    for module in pkgutil.iter_modules(room.__path__):
        found.extend(getattr(importlib.import_module(f"{room.__name__}.{module.name}"), "FACTS", ()))
    return tuple(sorted(found, key=_order))


def find_facts(ids: Iterable[str], known: tuple[Fact, ...] | None = None) -> tuple[Fact, ...]:
    """The facts with the given ids (any case), in the order of the suite; all of them where none is given.

    Raises
    ------
    UnknownFact
        For an id that no fact has.
    """
    facts = all_facts() if known is None else known
    by_id = {fact.id.upper(): fact for fact in facts}
    wanted = {name.strip().upper(): name.strip() for name in ids if name.strip()}
    for key, name in wanted.items():
        if key not in by_id:
            raise UnknownFact(name, (fact.id for fact in facts))
    return tuple(fact for fact in facts if not wanted or fact.id.upper() in wanted)
