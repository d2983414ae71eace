"""YAML text as a tree in which every node knows where it stands.

The tree is built from the parser's event stream rather than by a YAML composer, so that the caps on size, depth and
alias expansion act while the text is read, before anything could grow. Scalars follow the YAML 1.2 core rules: ``no``
is a word, ``012`` is twelve, ``1e3`` is a number. Trees are never changed in place: merging and overriding give new
ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import yaml

from simulator.scenario.problems import Place, Problem, ScenarioError

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
"""A market of forty brands has some two thousand nodes, ten deep; what is larger was not written by hand."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,40}")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a mapping or a list, with the place where it stands."""

    kind: Literal["scalar", "map", "list"]
    place: Place
    value: Scalar = None
    entries: Mapping[str, Node] = field(default_factory=dict)
    keys: Mapping[str, Place] = field(default_factory=dict)
    elements: tuple[Node, ...] = ()
    size: int = 1
    depth: int = 1

    @property
    def text(self) -> str | None:
        """The value where it is a word or text, else None."""
        return self.value if self.kind == "scalar" and isinstance(self.value, str) else None

    @property
    def is_null(self) -> bool:
        """Whether nothing was written (or ``null``)."""
        return self.kind == "scalar" and self.value is None

    def get(self, *path: str) -> Node | None:
        """Return the node below a path of keys, or None."""
        node: Node | None = self
        for key in path:
            node = node.entries.get(key) if node is not None and node.kind == "map" else None
        return node

    def words(self) -> Iterator[Node]:
        """Iterate over the node itself where it is a scalar, or over its elements where it is a list."""
        yield from self.elements if self.kind == "list" else (self,)

    def with_entry(self, key: str, node: Node, place: Place | None = None) -> Node:
        """Return a copy of a mapping with one entry set."""
        keys = {**self.keys, key: place or node.place}
        return replace(self, entries={**self.entries, key: node}, keys=keys)

    def without(self, key: str) -> Node:
        """Return a copy of a mapping without one entry."""
        return replace(self, entries={k: v for k, v in self.entries.items() if k != key})

    def plain(self) -> Any:
        """Return the tree as dictionaries, lists and scalars."""
        if self.kind == "map":
            return {key: node.plain() for key, node in self.entries.items()}
        if self.kind == "list":
            return [node.plain() for node in self.elements]
        return self.value


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar under the core rules of YAML 1.2.

    Examples
    --------
    >>> [resolve(text) for text in ("no", "012", "1e3", "12:30:00", "true", "~", "20%")]
    ['no', 12, 1000.0, '12:30:00', True, None, '20%']
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def decode(data: bytes, file: str) -> str:
    """Return the text of a file, or say why it is not a text file in UTF-8."""
    if len(data) > MAX_BYTES:
        raise ScenarioError([too_large(file, len(data))])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        reason = "the file is encoded as UTF-16"
        raise ScenarioError([Problem(file, 1, 1, "", reason, "save it as UTF-8")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        if b"\0" in data:
            raise ScenarioError([_binary(file, line, column)]) from None
        reason = f"the file is not encoded as UTF-8 (byte 0x{data[error.start]:02x})"
        raise ScenarioError([Problem(file, line, column, "", reason, "save it as UTF-8")]) from None
    bad = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise ScenarioError([_binary(file, line, bad.start() - text.rfind("\n", 0, bad.start()))])
    return text


def _binary(file: str, line: int, column: int) -> Problem:
    return Problem(file, line, column, "", "the file holds binary data, not text", "give a YAML file")


def too_large(file: str, size: int) -> Problem:
    """Return the problem of a file above the size cap."""
    reason = f"the file is {size / 1e6:.1f} MB large; at most {MAX_BYTES / 1e6:.0f} MB are read"
    return Problem(file, 1, 1, "", reason, "a scenario or market is a few kilobytes: is this the right file?")


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been met."""

    kind: Literal["map", "list"]
    place: Place
    anchor: str | None
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)
    pending: tuple[str | None, Place] | None = None
    size: int = 1
    depth: int = 1


class _Builder:
    """Turns a stream of parser events into one tree."""

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.problems = problems
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.count = 0
        self.root: Node | None = None

    def place(self, mark: Any) -> Place:
        line = mark.line
        text = self.lines[line].strip() if line < len(self.lines) else ""
        return Place(self.file, line + 1, mark.column + 1, text)

    def stop(self, place: Place, reason: str, mend: str) -> ScenarioError:
        return ScenarioError([*self.problems, Problem.at(place, reason, mend)])

    def grow(self, place: Place, nodes: int, depth: int) -> None:
        self.count += nodes
        if self.count > MAX_NODES:
            reason = f"the file grows to more than {MAX_NODES:,} values once its aliases are expanded"
            raise self.stop(place, reason, "write it without repeated aliases (*name)")
        if len(self.stack) + depth > MAX_DEPTH:
            raise self.stop(place, f"values are nested deeper than {MAX_DEPTH} levels", "a scenario needs about six")

    def add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += node.size
        top.depth = max(top.depth, node.depth + 1)
        if top.kind == "list":
            top.elements.append(node)
        elif top.pending is None:
            top.pending = self.key(node)
        else:
            name, place = top.pending
            top.pending = None
            if name is None:
                return
            if name in top.entries:
                first = top.keys[name].line
                reason = f'the key "{name}" stands twice in one mapping (first in line {first})'
                self.problems.append(Problem.at(place, reason, "keep one of the two"))
            else:
                top.entries[name] = node
                top.keys[name] = place

    def key(self, node: Node) -> tuple[str | None, Place]:
        if node.kind != "scalar":
            self.problems.append(Problem.at(node.place, "a key must be a word", 'write "key: value"'))
            return None, node.place
        value = node.value
        return (value if isinstance(value, str) else "" if value is None else str(value)), node.place

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            place = self.place(event.start_mark)
            raise self.stop(place, "the file holds more than one document", "keep one and remove the line ---")
        if isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.NodeEvent):
            self.node(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            top = self.stack.pop()
            node = Node(
                top.kind,
                top.place,
                entries=top.entries,
                keys=top.keys,
                elements=tuple(top.elements),
                size=top.size,
                depth=top.depth,
            )
            if top.anchor:
                self.anchors[top.anchor] = node
            self.add(node)

    def alias(self, event: Any) -> None:
        place = self.place(event.start_mark)
        if event.anchor not in self.anchors:
            raise self.stop(
                place, f"the alias *{event.anchor} has no anchor &{event.anchor} before it", "write the value"
            )
        target = self.anchors[event.anchor]
        if target is None:
            raise self.stop(place, f"the alias *{event.anchor} contains itself", "write the value without an alias")
        self.grow(place, target.size, target.depth)
        self.add(target)

    def node(self, event: Any) -> None:
        place = self.place(event.start_mark)
        self.grow(place, 1, 1)
        if event.tag is not None:
            shown = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self.problems.append(Problem.at(place, f"the tag {shown} is not allowed", "remove the tag, keep the value"))
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            node = Node("scalar", place, value=resolve(event.value) if plain else event.value)
            if self.stack and self.stack[-1].kind == "map" and self.stack[-1].pending is None:
                # Names of brands, items and regions may look like numbers: a key is what was written.
                node = replace(node, value=event.value)
            if event.anchor:
                self.anchors[event.anchor] = node
            self.add(node)
            return
        if event.anchor:
            self.anchors[event.anchor] = None
        kind: Literal["map", "list"] = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
        self.stack.append(_Open(kind, place, event.anchor))


def parse(text: str, file: str, problems: list[Problem]) -> Node | None:
    """Return the tree of a YAML text; None where it holds no value.

    Parameters
    ----------
    text
        The YAML text.
    file
        What messages call it.
    problems
        Gathers what is wrong but lets reading go on (tags, repeated keys).

    Raises
    ------
    ScenarioError
        Where reading cannot go on: broken syntax, recursive aliases, caps exceeded.
    """
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        column = error.start - text.rfind("\n", 0, error.start)
        problem = Problem(
            file, line, column, "", "the text holds half a character (a lone surrogate)", "save it as UTF-8"
        )
        raise ScenarioError([*problems, problem]) from None
    if size > MAX_BYTES:
        raise ScenarioError([*problems, too_large(file, size)])
    builder = _Builder(text, file, problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        unclosed = error.context in _UNCLOSED and error.context_mark is not None
        mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
        place = builder.place(mark) if mark is not None else Place(file, 1, 1)
        if unclosed:
            raise builder.stop(place, f"this is not YAML: {error.problem}", _UNCLOSED[str(error.context)]) from None
        raise builder.stop(
            place, f"this is not YAML: {error.problem or error.context}", _syntax_mend(str(error.problem))
        ) from None
    except yaml.YAMLError as error:
        place = Place(file, 1, 1)
        raise builder.stop(
            place, f"this is not YAML: {' '.join(str(error).split())}", "give a YAML text file"
        ) from None
    return builder.root


_UNCLOSED = {
    "while scanning a quoted scalar": "close the quotes that start here",
    "while parsing a flow mapping": "close the bracket { that starts here, and put commas between its entries",
    "while parsing a flow sequence": "close the bracket [ that starts here, and put commas between its elements",
}
"""What the parser was in when it stopped, and what to do about it."""


def _syntax_mend(problem: str) -> str:
    if "tab" in problem.split():
        return "indent with spaces"
    if "cannot start any token" in problem:
        return "put words with special characters in quotes"
    return "look at the indentation, at colons (a space follows them) and at unclosed brackets or quotes"


def of_data(data: Any, file: str, text: str = "", depth: int = 1) -> Node:
    """Return the tree of plain Python data, all of it standing at one place."""
    place = Place(file, text=text)
    if depth > MAX_DEPTH:
        raise ScenarioError([Problem.at(place, f"values are nested deeper than {MAX_DEPTH} levels")])
    if isinstance(data, Node):
        return data
    if isinstance(data, Mapping):
        entries = {str(key): of_data(value, file, text, depth + 1) for key, value in data.items()}
        return Node("map", place, entries=entries, keys=dict.fromkeys(entries, place))
    if isinstance(data, list | tuple):
        return Node("list", place, elements=tuple(of_data(value, file, text, depth + 1) for value in data))
    return Node("scalar", place, value=data)
