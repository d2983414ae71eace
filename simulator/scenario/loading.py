"""From a file (or its name) to a checked scenario.

The way is: read the trees of all files, put the market and the file it extends in place, apply overrides, check what
words mean (names, moments, sums) and what they are (types, bounds), and only then give a typed object, or all problems
at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.scenario import tree
from simulator.scenario.checks import check_market, check_scenario
from simulator.scenario.faults import problems_of
from simulator.scenario.market import MARKET_SCHEMA, Market
from simulator.scenario.merging import Path as Keys
from simulator.scenario.merging import merge, number_events, put, share_group, split_path, with_rest
from simulator.scenario.problems import Place, Problem, ScenarioError, shorten
from simulator.scenario.quantities import RANGE_KEYS, SHARE, Chosen, PlacedMap, PlacedText, Range
from simulator.scenario.schema import SCENARIO_SCHEMA, Content, Scenario
from simulator.scenario.shipped import shipped_files
from simulator.scenario.tree import Node

SCHEMAS = {"scenario": SCENARIO_SCHEMA, "market": MARKET_SCHEMA}
_M = TypeVar("_M", bound=BaseModel)
MAX_EXTENDS = 20
"""Longest chain of files that extend one another."""


class _Session:
    """Reads the files that one scenario consists of; remembers their folders and gathers problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.folders: dict[str, Path] = {}

    def fail(self, place: Place, reason: str, mend: str = "") -> ScenarioError:
        return ScenarioError([*self.problems, Problem.at(place, reason, mend)])

    def find_file(self, name: str, kind: str, place: Place | None) -> Path:
        """Return the file that a path or a shipped name means."""
        here = Path()
        base = self.folders.get(place.file, here) if place else here
        for candidate in (base / name, here / name) if place and place.file not in self.folders else (base / name,):
            try:
                if candidate.is_file():
                    return candidate
            except (OSError, ValueError):
                break
        files = shipped_files(kind)
        if name in files:
            found = files[name]
            return found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found
        missing = place or Place(name)
        candidate = base / name
        try:
            is_folder, exists = candidate.is_dir(), candidate.exists()
        except (OSError, ValueError):
            is_folder = exists = False
        if is_folder:
            raise self.fail(missing, f"{shorten(name)} is a folder, not a file", f"give the {kind} file in it")
        if exists:
            raise self.fail(missing, f"{shorten(name)} is not a regular file", f"give a {kind} file in YAML")
        stem = Path(name).stem
        own = Path(place.file).name if place else ""
        beside = {path.stem: path.name for path in _neighbours(candidate) if path.name != own}
        near = difflib.get_close_matches(stem, [*files, *beside], n=1)
        if stem in files:
            mend = f'did you mean the shipped {kind} "{stem}"?'
        elif near:
            mend = f'did you mean "{beside.get(near[0], near[0])}"?'
        else:
            mend = f"shipped are: {', '.join(files)}"
        raise self.fail(missing, f"there is no file {shorten(name)} and no shipped {kind} of that name", mend)

    def read(self, path: Path, kind: str, place: Place | None) -> Node:
        """Return the tree of a file."""
        file = str(path)
        self.folders[file] = path.parent
        try:
            size = path.stat().st_size
            if size > tree.MAX_BYTES:
                raise ScenarioError([*self.problems, tree.too_large(file, size)])
            data = path.read_bytes()
        except OSError as error:
            reason = f"{file} cannot be read: {error.strerror}"
            raise self.fail(place or Place(file), reason, "check its permissions") from None
        return self.root(tree.decode(data, file), file, kind)

    def root(self, text: str, file: str, kind: str) -> Node:
        """Return the tree of a text that must hold the words of a scenario or market."""
        node = tree.parse(text, file, self.problems)
        start = Place(file, 1, 1)
        if node is None or node.is_null:
            mend = f"start it with: schema: {SCHEMAS[kind]}" + ("; or run brandsim new" if kind == "scenario" else "")
            raise self.fail(start, "the file is empty", mend)
        if node.kind != "map":
            raise self.fail(
                node.place, f"a {kind} is made of keys and values", f"start it with: schema: {SCHEMAS[kind]}"
            )
        return node

    def check_schema(self, node: Node, kind: str) -> None:
        """Hold the schema line against what was asked for."""
        line = node.get("schema")
        if line is None:
            if "extends" not in node.entries:
                reason = f"the {kind} does not say its schema"
                self.problems.append(Problem.at(node.place, reason, f"add as its first line: schema: {SCHEMAS[kind]}"))
            return
        other = "market" if kind == "scenario" else "scenario"
        if line.text == SCHEMAS[other]:
            mend = "name it as the market of a scenario" if other == "market" else "give a market file"
            raise self.fail(line.place, f"this is a {other}, not a {kind}", mend)

    def whole(self, node: Node, kind: str, chain: tuple[str, ...] = ()) -> Node:
        """Return a tree with its market and the file it extends put in place."""
        if kind == "scenario":
            node = self.with_market(node)
            node = number_events(node) if "extends" not in node.entries else node
        base = node.get("extends")
        if base is None:
            return node
        node = node.without("extends")
        if base.text is None:
            self.problems.append(Problem.at(base.place, "extends names one file", "write extends: other.yaml"))
            return node
        path = self.find_file(base.text, kind, base.place)
        identity = str(path.resolve())
        if identity in chain:
            raise self.fail(base.place, f"{base.text} extends itself, by way of this line", "remove one extends")
        if len(chain) >= MAX_EXTENDS:
            raise self.fail(base.place, f"more than {MAX_EXTENDS} files extend one another", "put them together")
        root = self.read(path, kind, base.place)
        self.check_schema(root, kind)
        return merge(self.whole(root, kind, (*chain, identity)), node, events=kind == "scenario")

    def with_market(self, node: Node) -> Node:
        """Return a scenario's tree with its market in the place of the market's name."""
        market = node.get("market")
        if market is None or market.is_null or market.kind == "list":
            return node
        if market.kind == "map":
            return node.with_entry("market", self.whole(market, "market"), node.keys["market"])
        if market.text is None:
            return node
        path = self.find_file(market.text, "market", market.place)
        root = self.read(path, "market", market.place)
        self.check_schema(root, "market")
        return node.with_entry("market", self.whole(root, "market", (str(path.resolve()),)), node.keys["market"])

    def override(self, node: Node, overrides: Sequence[str]) -> Node:
        """Return the tree with the overrides ``path=value`` applied."""
        for text in overrides:
            place = Place(f"--set {shorten(text)}")
            path, equals, value = text.partition("=")
            if not equals or not path.strip():
                self.problems.append(
                    Problem.at(place, "an override has the form path=value", "e.g. --set customers=5000")
                )
                continue
            parsed = tree.parse(value, place.file, self.problems) or Node("scalar", place)
            try:
                node = put(node, path.strip(), _relocate(parsed, place))
            except ScenarioError as error:
                self.problems.extend(error.problems)
                continue
            if path.strip() == "market":
                node = self.with_market(node)
        return number_events(node)


def _neighbours(path: Path) -> list[Path]:
    """Return the YAML files beside a path, for suggestions."""
    try:
        return sorted(path.parent.glob("*.yaml"))[:200]
    except (OSError, ValueError):
        return []


def _relocate(node: Node, place: Place) -> Node:
    return tree.of_data(node.plain(), place.file)


def load(source: str | Path | Mapping[str, Any] | Scenario, *, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    source
        A file, the name of a shipped scenario, the words of a scenario as a mapping, or a scenario.
    overrides
        Changes such as ``customers=5000`` or ``events.new-carton.announced=30%``; events are addressed by id or
        index.

    Raises
    ------
    ScenarioError
        With everything that is wrong and where it stands.

    Examples
    --------
    >>> scenario = load("orange_carton", overrides=["events.new-carton.announced=30%"])
    >>> scenario.name, scenario.events[0].announced
    ('Orange carton redesign', 0.3)
    """
    session = _Session()
    if isinstance(source, Scenario):
        if not overrides:
            return source
        node = session.override(source._tree, overrides)
        return _scenario(session, node, source.path)
    if isinstance(source, Mapping):
        session.folders["<scenario>"] = Path()
        source = {"schema": SCENARIO_SCHEMA, **source}
        words = {key: _file_words(value) for key, value in source.items()}
        node = session.whole(tree.of_data(words, "<scenario>"), "scenario")
        return _scenario(session, session.override(node, overrides), None)
    path = session.find_file(str(source), "scenario", None)
    root = session.read(path, "scenario", None)
    session.check_schema(root, "scenario")
    node = session.whole(root, "scenario", (str(path.resolve()),))
    return _scenario(session, session.override(node, overrides), path)


def _file_words(value: Any) -> Any:
    """Return typed parts in the words of a file."""
    return value.tree if isinstance(value, Market) else value


def loads(
    text: str, *, overrides: Sequence[str] = (), file: str = "<text>", folder: str | Path | None = None
) -> Scenario:
    """Read a scenario from a text.

    Parameters
    ----------
    text
        The YAML text.
    overrides
        As in `load`.
    file
        What messages call the text.
    folder
        Where paths in the text start; the current folder if left out.

    Examples
    --------
    >>> loads("schema: brandsim/1\\nname: Quiet\\nmarket: orange-juice\\n").focal_brand
    'Sunfield'
    """
    session = _Session()
    session.folders[file] = Path(folder) if folder is not None else Path()
    root = session.root(text, file, "scenario")
    session.check_schema(root, "scenario")
    node = session.whole(root, "scenario")
    return _scenario(session, session.override(node, overrides), None)


def load_market(source: str | Path, *, overrides: Sequence[str] = ()) -> Market:
    """Read a market from a file or by the name of a shipped one.

    Examples
    --------
    >>> load_market("orange-juice").focal_brand
    'Sunfield'
    """
    session = _Session()
    path = session.find_file(str(source), "market", None)
    root = session.read(path, "market", None)
    session.check_schema(root, "market")
    node = session.override(session.whole(root, "market", (str(path.resolve()),)), overrides)
    node = _absolute_edges(session, node, ())
    _, market = _typed(session, node, Market, [*check_market(node)])
    market._tree = node
    return market


def _absolute_edges(session: _Session, node: Node, path: tuple[str, ...]) -> Node:
    """Return the tree with the path of an edge list taken from the folder of the file it stands in."""
    edges = node.get(*path, "network", "edges")
    if edges is None or not edges.text:
        return node
    file = session.folders.get(edges.place.file, Path()) / edges.text
    try:
        found = file.is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        reason = f"there is no file {shorten(edges.text)}"
        session.problems.append(
            Problem.at(edges.place, reason, "a path starts from the folder of the file it stands in")
        )
    resolved = Node("scalar", edges.place, value=str(file.absolute()) if found else edges.text)
    return put(node, ".".join((*path, "network", "edges")), resolved)


def _scenario(session: _Session, node: Node, path: Path | None) -> Scenario:
    node = _absolute_edges(session, node, ("market",))
    focal = node.get("market", "focal_brand")
    if "focal_brand" not in node.entries and focal is not None:
        node = node.with_entry("focal_brand", focal)
    if "customers" not in node.entries:
        node = node.with_entry("customers", Node("scalar", node.place, value=_default_customers()))
    ranges, content = _typed(session, node, Content, [*check_scenario(node)])
    content.market._tree = node.get("market")
    return Scenario._of(content, node, ranges, path)


def _default_customers() -> int:
    from simulator.parameters import table

    return int(table()["customers_default"].central)


def _typed(session: _Session, node: Node, model: type[_M], problems: list[Problem]) -> tuple[dict[str, Range], _M]:
    """Return the ranges and the typed object of a tree, or raise with everything that is wrong with it."""
    found: dict[str, Range] = {}
    problems = [*session.problems, *problems]
    try:
        typed = model.model_validate(placed(node, "", found))
    except ValidationError as error:
        raise ScenarioError(_in_order([*problems, *problems_of(error, node, model)])) from None
    if problems:
        raise ScenarioError(_in_order(problems))
    return found, typed


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return problems by file (in order of first mention), line and column."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    return sorted(problems, key=lambda problem: (files.index(problem.file), problem.line, problem.column))


def placed(node: Node, path: str, found: dict[str, Range]) -> Any:
    """Return a tree as plain data in which whatever may be a range knows its dotted path."""

    def below(key: str) -> str:
        return f"{path}.{key}" if path else key

    if node.kind == "map":
        data = {key: placed(value, below(key), found) for key, value in node.entries.items()}
        return PlacedMap(data, path, found) if data and data.keys() <= RANGE_KEYS else data
    if node.kind == "list":
        return [placed(value, below(_list_key(value, index)), found) for index, value in enumerate(node.elements)]
    if isinstance(node.value, str) and ".." in node.value:
        return PlacedText(node.value, path, found)
    return node.value


def _list_key(node: Node, index: int) -> str:
    name = node.get("id")
    return name.text if name is not None and name.text else str(index)


def substitute(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """Return a scenario with other values at dotted paths. See `Scenario.at`."""
    session = _Session()
    node = scenario._tree
    chosen: dict[tuple[Keys, Keys], dict[str, float]] = {}
    for path, value in values.items():
        place = Place(f"value of {path}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            node = put(node, path, tree.of_data(value, place.file))
            continue
        group = share_group(split_path(node, path))
        if group is not None:
            where, tail, member = group
            chosen.setdefault((where, tail), {})[member] = float(value)
        node = put(node, path, Node("scalar", place, value=Chosen(value)))
    for (where, tail), members in chosen.items():
        node = with_rest(node, where, tail, members, SHARE.central)
    return _scenario(session, node, scenario.path)
