"""The parameter table: every number that acts on a result, with its range, its grade and where it comes from.

A simulation is only as honest as its numbers. They stand in one file, ``parameters.yaml``, which is read strictly: a
row without a grade or a source, with bounds out of order or with an unknown key does not load. Commands, reports,
uncertainty runs and sensitivity all read the same rows.

Nothing here imports numpy or scipy until values are drawn, so that looking up a parameter stays instant.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, get_args

import yaml

from simulator.parameters.kinds import Distribution, Grade, Role

GRADES: Final = {
    "F": "read in the source",
    "F2": "read second-hand",
    "M": "from memory, not checked",
    "D": "derived from public data",
    "A": "assumption",
}
"""What the evidence grades mean."""

Extra = Mapping[str, tuple[float, float | None, float]]
"""Ranges of a scenario to draw beside the table: path -> (low, central or None, high)."""


class ParameterTableError(ValueError):
    """The parameter table itself is wrong: which row, why, and what would mend it."""


class UnknownParameter(KeyError):
    """A name that is not in the table, with the nearest names that are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `brandsim params` lists all names"
        self.message = f"no parameter is called {name!r}{hint}"
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type[KeyError], tuple[str]]:
        return (KeyError, (self.message,))

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table."""

    name: str
    symbol: str
    unit: str
    low: float
    central: float
    high: float
    distribution: Distribution
    role: Role
    grade: Grade
    source: str
    meaning: str
    group: str

    def as_dict(self) -> dict[str, str | float]:
        """The row as plain values, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Values(Mapping[str, float]):
    """Frozen values by name. Asking for a name that is not there says which names are near.

    Examples
    --------
    >>> Values({"inertia": 0.35})["inertia"]
    0.35
    >>> Values({"inertia": 0.35})["inertai"]
    Traceback (most recent call last):
    ...
    simulator.parameters.registry.UnknownParameter: no parameter is called 'inertai'; did you mean inertia?
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = {name: float(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> float:
        try:
            return self._values[name]
        except KeyError:
            raise UnknownParameter(name, tuple(self._values)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._values.items())))

    def __repr__(self) -> str:
        return f"Values({self._values!r})"

    def replace(self, changes: Mapping[str, float]) -> Values:
        """A copy with some values changed; unknown names are refused.

        Examples
        --------
        >>> Values({"inertia": 0.35}).replace({"inertia": 0.0})["inertia"]
        0.0
        """
        for name in changes:
            if name not in self._values:
                raise UnknownParameter(name, tuple(self._values))
        return Values({**self._values, **changes})


class ParameterTable(Mapping[str, Parameter]):
    """All rows, in the order of the file.

    Examples
    --------
    >>> from simulator.parameters import table
    >>> table()["inertia"].unit
    'logit'
    >>> table().central()["habit_growth"]
    0.045
    """

    def __init__(self, rows: tuple[Parameter, ...]) -> None:
        self._rows: dict[str, Parameter] = {}
        for row in rows:
            if row.name in self._rows:
                raise ParameterTableError(f"{row.name}: stands in the table twice; remove one of the rows")
            self._rows[row.name] = row
        self._uncertain = tuple(sorted(name for name, row in self._rows.items() if row.role == "uncertain"))

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._rows[name]
        except KeyError:
            raise UnknownParameter(name, tuple(self._rows)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names that uncertainty runs draw, in alphabetical order."""
        return self._uncertain

    def groups(self) -> tuple[str, ...]:
        """Groups in the order of the file."""
        return tuple(dict.fromkeys(row.group for row in self._rows.values()))

    def central(self) -> Values:
        """The central value of every parameter."""
        return Values({name: row.central for name, row in self._rows.items()})

    def draw(self, index: int, seed: int, extra: Extra | None = None) -> Values:
        """Values for one draw: uncertain parameters from a low-discrepancy point, all others central.

        Each value depends on ``index``, ``seed`` and its own name alone, so draws can be made in any order, anywhere,
        more can be added later, and neither ``extra`` ranges (of a scenario) nor new rows move the others.

        Parameters
        ----------
        index : int
            Which point of the sequence, from 0.
        seed : int
            Seed of the scrambling.
        extra : mapping, optional
            Path -> (low, central or None, high); a range without a central value is uniform.

        Examples
        --------
        >>> from simulator.parameters import table
        >>> table().draw(3, seed=1) == table().draw(3, seed=1)
        True
        >>> 0.2 <= table().draw(3, seed=1)["inertia"] <= 0.5
        True
        """
        from simulator.parameters.sampling import points, quantile

        ranges: dict[str, tuple[float, float | None, float]] = {}
        for name in self._uncertain:
            row = self._rows[name]
            ranges[name] = (row.low, row.central if row.distribution == "pert" else None, row.high)
        for path, bounds in (extra or {}).items():
            if path in self._rows:
                raise ValueError(f"extra range {path!r} has the name of a parameter; use its path in the scenario")
            ranges[path] = bounds
        coordinates = points(index, seed, tuple(ranges))
        drawn = {
            name: quantile(float(u), *bounds) for u, (name, bounds) in zip(coordinates, ranges.items(), strict=True)
        }
        return Values({**{name: row.central for name, row in self._rows.items()}, **drawn})


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader (the C one where it was built) that refuses a key written twice, which YAML drops in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ParameterTableError(
                f"line {node.start_mark.line + 1}: {twice[0]!r} stands twice in one row; remove one"
            )
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def parse(text: str) -> ParameterTable:
    """Read a table from YAML text, refusing rows that are incomplete, misspelt or out of order.

    Raises
    ------
    ParameterTableError
        Naming the row, what is wrong with it and what would mend it.
    """
    try:
        rows = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise ParameterTableError(f"the parameter table is not valid YAML: {error}") from error
    if not isinstance(rows, list):
        raise ParameterTableError("the parameter table must be a list of rows, each starting with '- {name: ...'")
    return ParameterTable(tuple(_row(position, row) for position, row in enumerate(rows, start=1)))


def _row(position: int, raw: object) -> Parameter:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise ParameterTableError(f"row {position}: must be a mapping with a name, found {raw!r}")
    name = raw["name"]

    def wrong(why: str) -> ParameterTableError:
        return ParameterTableError(f"{name} (row {position}): {why}")

    known = [field.name for field in fields(Parameter)]
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise wrong(
                f"unknown key {key!r}" + (f"; did you mean {near[0]}?" if near else f"; keys are {', '.join(known)}")
            )
    optional = {"central"} if raw.get("distribution") == "uniform" else set()
    missing = [key for key in known if key not in raw and key not in optional]
    if missing:
        raise wrong(f"has no {' and no '.join(missing)}; every number needs all of {', '.join(known)}")
    if not (name.isidentifier() and name == name.lower()):
        raise wrong("names are lower-case words joined by underscores")
    for key in ("symbol", "unit", "source", "meaning", "group"):
        if not isinstance(raw[key], str) or not raw[key].strip():
            raise wrong(f"{key} must be text and not empty")
    for key, allowed in (
        ("distribution", get_args(Distribution)),
        ("role", get_args(Role)),
        ("grade", get_args(Grade)),
    ):
        if raw[key] not in allowed:
            raise wrong(f"{key} is {raw[key]!r}; it must be one of {', '.join(allowed)}")
    numbers = {key: _number(raw[key], key, wrong) for key in ("low", "high")}
    middle = (numbers["low"] + numbers["high"]) / 2
    central = _number(raw["central"], "central", wrong) if "central" in raw else middle
    if not numbers["low"] <= central <= numbers["high"]:
        raise wrong(f"low <= central <= high does not hold: {numbers['low']}, {central}, {numbers['high']}")
    if raw["role"] == "uncertain" and raw["distribution"] == "fixed":
        raise wrong("an uncertain parameter cannot be fixed; give it a pert or uniform distribution, or another role")
    if raw["grade"] == "A" and not raw["source"].startswith("assumption"):
        raise wrong("grade A is an assumption; its source must start with 'assumption' and say why this value")
    return Parameter(**{**raw, "central": central, **numbers})


def _number(value: object, key: str, wrong: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(f"{key} is {value!r}; it must be a finite number")
    return float(value)


@functools.cache
def table() -> ParameterTable:
    """The table that the package ships, read once."""
    return parse(table_text())


def table_text() -> str:
    """The text of the shipped table, for hashing in receipts."""
    return importlib.resources.files("simulator.parameters").joinpath("parameters.yaml").read_text(encoding="utf-8")
