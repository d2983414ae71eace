"""Numbers as people write them: ``7 weeks``, ``20%``, ``2.6 per quarter``, ``12M``, ``week -2``, ``10%..50%``.

Each kind of quantity knows how to read a text, which values make sense and how an editor's schema describes it.
Wherever one number may stand a range may stand: the typed field then holds the central value and the range is kept
beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

RANGE_KEYS = frozenset({"low", "central", "high", "value", "source"})
RANGE_NOTE = "A range, sampled by uncertainty runs: {low, central, high, source}; or {value, source}."
DAYS_PER_WEEK = 7
WEEKS_PER_YEAR = 52
"""The model's year: the observed year before launch has 52 whole weeks."""

DAYS_PER = {"day": 1.0, "week": 7.0, "month": 364 / 12, "quarter": 91.0, "year": 364.0}
_LONG = 10**15
_SCALE = {"k": 1e3, "M": 1e6, "bn": 1e9}
_NUMBER = r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_PLAIN = re.compile(rf"({_NUMBER})\s*(k|M|bn)?")
_PERCENT = re.compile(rf"({_NUMBER})\s*%")
_DURATION = re.compile(rf"({_NUMBER})\s*(days?|weeks?)")
_RATE = re.compile(rf"({_NUMBER})\s*(%?)\s*(?:per|a)\s+(day|week|month|quarter|year)")
_MOMENT = re.compile(r"(week|day)\s+([-+]?[0-9]{1,9})")
_SPAN = re.compile(r"\s*(\S.*?)\s*\.\.\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Range:
    """What is known about a number: its bounds, the central value where one was given, and where they come from."""

    low: float
    central: float | None
    high: float
    source: str | None = None

    @property
    def middle(self) -> float:
        """The central value, or the midpoint where none was given."""
        return (self.low + self.high) / 2 if self.central is None else self.central


class Refusal(ValueError):
    """A text is not a quantity of this kind: why, and what to write instead."""

    def __init__(self, reason: str, mend: str, part: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend
        self.part = part


class Chosen(float):
    """A number already in the model's unit, put in the place of what a file says."""


Reader = Callable[[str | float], float]


def _float(text: str) -> float:
    return float(text.replace("_", ""))


def read_number(value: str | float) -> float:
    """Read a plain number, with ``k``, ``M`` or ``bn`` for large ones."""
    if not isinstance(value, str):
        return float(value)
    match = _PLAIN.fullmatch(value.strip())
    if not match:
        raise Refusal(f'"{value}" is not a number', "write a number such as 1.5 or 12M")
    return _float(match[1]) * _SCALE.get(match[2] or "", 1.0)


def read_share(value: str | float) -> float:
    """Read a share: ``20%`` or ``0.2``."""
    if not isinstance(value, str):
        return float(value)
    match = _PERCENT.fullmatch(value.strip())
    if match:
        return _float(match[1]) / 100
    match = re.fullmatch(_NUMBER, value.strip())
    if match:
        return _float(match[0])
    raise Refusal(f'"{value}" is not a share', "write a share such as 20% or 0.2")


def read_days(value: str | float) -> float:
    """Read a duration in days: ``10 days``, ``7 weeks``."""
    if not isinstance(value, str):
        if value == 0:
            return 0.0
        raise Refusal(f"{value} has no unit", f"write {value} days or {value} weeks")
    match = _DURATION.fullmatch(value.strip())
    if not match:
        raise Refusal(f'"{value}" is not a duration', "write a duration such as 10 days or 7 weeks")
    return _float(match[1]) * (DAYS_PER_WEEK if match[2].startswith("week") else 1)


def read_weeks(value: str | float) -> float:
    """Read a duration in weeks."""
    return read_days(value) / DAYS_PER_WEEK


def read_moment(value: str | float) -> float:
    """Read a day counted from the launch: ``week 3``, ``week -2``, ``day 10``."""
    if not isinstance(value, str):
        raise Refusal(f"{value} does not say whether it counts weeks or days", f"write week {value} or day {value}")
    match = _MOMENT.fullmatch(value.strip())
    if not match:
        raise Refusal(f'"{value}" is not a moment', "write week 3, week -2 or day 10; week 0 is the launch")
    return float(int(match[2]) * (DAYS_PER_WEEK if match[1] == "week" else 1))


def read_below(value: str | float) -> float:
    """Read the limit of a trigger: ``below -10%``."""
    match = re.fullmatch(r"below\s+(.+)", value.strip()) if isinstance(value, str) else None
    if not match:
        raise Refusal(f'"{value}" is not a limit', "write below -10%: how far under the weeks before launch")
    return read_share(match[1])


def read_above(value: str | float) -> float:
    """Read the limit of a trigger that watches for a rise: ``above 50%``."""
    match = re.fullmatch(r"above\s+(.+)", value.strip()) if isinstance(value, str) else None
    if not match:
        raise Refusal(f'"{value}" is not a limit', "write above 50%: how far over the weeks before launch")
    return read_share(match[1])


def read_review(value: str | float) -> float:
    """Read how often something is done, in days: ``daily``, ``weekly``, ``2 days``."""
    if value == "daily":
        return 1.0
    if value == "weekly":
        return float(DAYS_PER_WEEK)
    try:
        return read_days(value)
    except Refusal as refusal:
        raise Refusal(refusal.reason, "write daily, weekly or a number of days such as 2 days") from None


def rate_reader(unit: str, share: bool = False, bare: bool = False) -> Reader:
    """Return a reader of rates per ``unit``; ``bare`` numbers are allowed where the unit goes without saying."""
    example = f"20% per {unit}" if share else f"2.6 per {unit}"

    def read(value: str | float) -> float:
        match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match and (share or not match[2]):
            amount = _float(match[1]) / (100 if match[2] else 1)
            return amount if match[3] == unit else amount * DAYS_PER[unit] / DAYS_PER[match[3]]
        if bare and not match:
            return read_share(value) if share else read_number(value)
        if isinstance(value, str):
            raise Refusal(f'"{value}" is not a rate', f"write a rate such as {example}")
        raise Refusal(f"{value} does not say per what", f"write {value} per {unit}")

    return read


def split_span(text: str) -> tuple[str, str] | None:
    """Split ``a..b`` into its ends, each with the unit that stands at one of them only.

    Examples
    --------
    >>> split_span("2..6 weeks"), split_span("week 2..6"), split_span("10%..50%"), split_span("0.5")
    (('2 weeks', '6 weeks'), ('week 2', 'week 6'), ('10%', '50%'), None)
    """
    match = _SPAN.fullmatch(text)
    if not match:
        return None
    low, high = match[1], match[2]
    if re.fullmatch(_NUMBER, low):
        end = re.match(_NUMBER, high)
        low += high[end.end() :] if end else ""
    elif re.fullmatch(_NUMBER, high):
        head = re.fullmatch(rf"([A-Za-z]+\s+){_NUMBER}", low)
        high = head[1] + high if head else high
    return low, high


@dataclass(frozen=True)
class Quantity:
    """One kind of number: how it is read, which values make sense, how an editor describes it.

    Parameters
    ----------
    read
        Turns a text or a bare number into the model's unit.
    low, high
        The smallest and largest value that makes sense.
    above
        Whether ``low`` itself is refused.
    whole
        Whether the value must be a whole number (and is given as an ``int``).
    pattern
        What texts look like, for editors.
    words
        How a value is shown in messages.
    bare
        Whether a number without a unit may stand in a file.
    unit
        What a whole number counts.
    """

    read: Reader
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False
    pattern: str = "."
    words: Callable[[float], str] = "{:,.10g}".format
    bare: bool = True
    unit: str = ""

    def one(self, value: Any, part: str = "") -> float:
        """Read one number and hold it against its bounds."""
        if isinstance(value, Chosen):
            number = float(round(value)) if self.whole and math.isfinite(value) else float(value)
        else:
            if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
                raise Refusal(f"{_shown(value)} is not a number", "write a number or a range such as 0.1..0.5", part)
            try:
                number = self.read(value)
            except Refusal as refusal:
                raise Refusal(refusal.reason, refusal.mend, part) from None
            except OverflowError:
                number = math.inf
        if not math.isfinite(number):
            raise Refusal(f"{_shown(value)} is not a finite number", "write a finite number", part)
        if self.whole and not math.isclose(number, round(number), abs_tol=1e-9):
            of = f" of {self.unit}" if self.unit else ""
            raise Refusal(f"{_shown(value)} is not a whole number{of}", "round it", part)
        if number < self.low or (self.above and number == self.low):
            bound = "more than" if self.above else "at least"
            raise Refusal(
                f"{_shown(value)} is too small: it must be {bound} {self.words(self.low)}", self._mend(value), part
            )
        if number > self.high:
            raise Refusal(
                f"{_shown(value)} is too large: it must be at most {self.words(self.high)}", self._mend(value), part
            )
        return float(round(number)) if self.whole else number

    def _mend(self, value: Any) -> str:
        is_share = self.read is read_share
        if is_share and isinstance(value, int | float) and not isinstance(value, Chosen) and 1 < abs(value) <= 100:
            return f"for a share of {value:g} in a hundred write {value:g}%"
        if math.isfinite(self.high):
            return f"it lies between {self.words(self.low)} and {self.words(self.high)}"
        return ""

    def full(self, value: Any) -> tuple[float, Range | None]:
        """Read a number or a range; return the number to use, and the range where one was written."""
        if isinstance(value, str):
            span = split_span(value)
            if span is None:
                return self.one(value), None
            return self._range(self.one(span[0]), None, self.one(span[1]), None)
        if isinstance(value, Mapping):
            return self._mapping(value)
        return self.one(value), None

    def _mapping(self, value: Mapping[Any, Any]) -> tuple[float, Range | None]:
        unknown = sorted(str(key) for key in value if key not in RANGE_KEYS)
        if unknown:
            raise Refusal(
                f'a number has no key "{unknown[0]}"',
                "a range is {low: …, central: …, high: …, source: …}",
                f"key:{unknown[0]}",
            )
        source = value.get("source")
        if source is not None and not isinstance(source, str):
            raise Refusal("a source is a text", "put it in quotes", "source")
        if "value" in value:
            if len(value.keys() & {"low", "central", "high"}):
                raise Refusal("a number is either one value or a range", "keep value, or low and high", "value")
            number, span = self.full(value["value"])
            return number, None if span is None else Range(span.low, span.central, span.high, source)
        for end in ("low", "high"):
            if end not in value:
                raise Refusal(f"a range needs {end}", "write {low: …, central: …, high: …}")
        central = self.one(value["central"], "central") if value.get("central") is not None else None
        return self._range(self.one(value["low"], "low"), central, self.one(value["high"], "high"), source)

    def _range(self, low: float, central: float | None, high: float, source: str | None) -> tuple[float, Range | None]:
        if not low < high:
            raise Refusal("a range needs a low end below its high end", "write the smaller number first")
        if central is not None and not low <= central <= high:
            raise Refusal("the central value lies outside the range", "put it between low and high", "central")
        span = Range(low, central, high, source)
        return (float(round(span.middle)) if self.whole else span.middle), span

    def central(self, value: Any) -> float | None:
        """Return the number to use, or None where it cannot be read."""
        try:
            return self.full(value)[0]
        except Refusal:
            return None

    def _validate(self, value: Any) -> float | int:
        try:
            number, span = self.full(value)
        except Refusal as refusal:
            context = {"reason": refusal.reason, "mend": refusal.mend, "part": refusal.part}
            raise PydanticCustomError("quantity", "{reason}", context) from None
        if span is not None and isinstance(value, Placed):
            value.found[value.path] = span
        return int(number) if self.whole else number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read this quantity."""
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe this quantity to editors: numbers, texts and ranges."""
        number: dict[str, Any] = {"type": "number"}
        if math.isfinite(self.low):
            number["exclusiveMinimum" if self.above else "minimum"] = self.low
        if math.isfinite(self.high):
            number["maximum"] = self.high
        text = {"type": "string", "pattern": rf"^\s*({self.pattern})\s*$|\.\."}
        one = [number, text] if self.bare else [text]
        ends = {key: {"anyOf": one} for key in ("low", "central", "high", "value")}
        span = {
            "type": "object",
            "description": RANGE_NOTE,
            "properties": {**ends, "source": {"type": "string"}},
            "additionalProperties": False,
            "anyOf": [{"required": ["low", "high"]}, {"required": ["value"]}],
        }
        return {"anyOf": [*one, span]}


class Placed:
    """A value that may be a range and knows its dotted path; ``found`` gathers the ranges that were read."""

    path: str
    found: dict[str, Range]


class PlacedText(str, Placed):
    """A text such as ``0.1..0.5`` with its path."""

    def __new__(cls, text: str, path: str, found: dict[str, Range]) -> PlacedText:
        """Return the text with its path."""
        self = super().__new__(cls, text)
        self.path = path
        self.found = found
        return self


class PlacedMap(dict[str, Any], Placed):
    """A mapping such as ``{low: 0.1, high: 0.5}`` with its path."""

    def __init__(self, data: Mapping[str, Any], path: str, found: dict[str, Range]) -> None:
        super().__init__(data)
        self.path = path
        self.found = found


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) and abs(value) < _LONG else f"{float(value):g}"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def percent(value: float) -> str:
    """Return a share in words: ``20%``."""
    return f"{100 * value:.4g}%"


_P = _NUMBER.replace("(?:", "(")
_SHARE_TEXT = rf"{_P}\s*%?"
_TIME_TEXT = rf"{_P}\s*(days?|weeks?)"


def share(low: float = 0.0, high: float = 1.0, above: bool = False) -> Quantity:
    """Return the quantity of shares between two bounds."""
    return Quantity(read_share, low, high, above, pattern=_SHARE_TEXT, words=percent)


def number(low: float = -math.inf, high: float = math.inf, above: bool = False, whole: bool = False) -> Quantity:
    """Return the quantity of plain numbers between two bounds."""
    return Quantity(read_number, low, high, above, whole, pattern=rf"{_P}\s*(k|M|bn)?")


def duration(low: float = 0.0, high: float = 10 * 364, weeks: bool = False) -> Quantity:
    """Return the quantity of durations, in whole days or whole weeks."""
    unit = "weeks" if weeks else "days"
    reader = read_weeks if weeks else read_days
    return Quantity(
        reader, low, high, whole=True, pattern=_TIME_TEXT, words=lambda n: f"{n:g} {unit}", bare=low == 0, unit=unit
    )


def rate(
    unit: str, low: float, high: float, above: bool = False, of_share: bool = False, bare: bool = False
) -> Quantity:
    """Return the quantity of rates per unit of time."""
    reader = rate_reader(unit, of_share, bare)
    tail = r"(\s*%)?" if of_share else ""
    text = rf"{_P}{tail}\s*(per|a)\s+(day|week|month|quarter|year)" + (rf"|{_P}{tail}" if bare else "")
    show: Callable[[float], str] = percent if of_share else "{:g}".format
    return Quantity(reader, low, high, above, pattern=text, words=lambda n: f"{show(n)} per {unit}", bare=bare)


SHARE = share()
Share = Annotated[float, SHARE]
Logit = Annotated[float, number(-10, 10)]
"""A shift of utility; beyond ten a choice is certain to sixteen digits."""
Days = Annotated[int, duration()]
MOMENT = Quantity(
    read_moment, whole=True, pattern=r"(week|day)\s+[-+]?[0-9]+", words=lambda n: f"day {n:g}", bare=False
)
Moment = Annotated[int, MOMENT]
