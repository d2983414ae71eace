"""Trees put together: one file over another, a value at a dotted path, a share among its group."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from simulator.scenario.problems import Place, Problem, ScenarioError, did_you_mean
from simulator.scenario.quantities import RANGE_KEYS, Chosen
from simulator.scenario.tree import Node

SHARE_GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("market", "brands"), ("share",)),
    (("market", "brands", "*", "items"), ()),
    (("market", "segments"), ("share",)),
    (("market", "regions"), ()),
    (("market", "stores", "per_customer"), ()),
)
"""Mappings whose members share one whole: where they stand, and where in a member its share stands."""

_NAMED = frozenset({"brands", "segments", "roles", "distributors"})
"""Mappings of things that other parts refer to: an override of an unknown one is a slip of the pen."""

Path = tuple[str, ...]


def merge(base: Node, over: Node, *, events: bool = False) -> Node:
    """Return ``base`` with everything that ``over`` says in its place; ``null`` leaves out what was inherited.

    Mappings merge key by key, events by id (an event without a known id is appended); anything else is replaced.
    """
    for key, node in over.entries.items():
        place = over.keys.get(key, node.place)
        old = base.entries.get(key)
        if node.is_null:
            base = base.without(key)
        elif events and key == "events" and node.kind == "list" and old is not None and old.kind == "list":
            base = base.with_entry(key, _merge_events(old, node), place)
        elif old is not None and old.kind == "map" and node.kind == "map" and not (_is_number(old) or _is_number(node)):
            base = base.with_entry(key, merge(old, node), place)
        else:
            base = base.with_entry(key, node, place)
    return replace(base, place=over.place)


def _is_number(node: Node) -> bool:
    return node.entries.keys() <= RANGE_KEYS


def _merge_events(base: Node, over: Node) -> Node:
    events = list(base.elements)
    index = {id: i for i, event in enumerate(events) if (id := event_id(event))}
    for event in over.elements:
        id = event_id(event)
        if id is None or id not in index:
            events.append(event)
            continue
        old = events[index[id]]
        kind = event.get("kind")
        other = kind is not None and kind.value != (old_kind.value if (old_kind := old.get("kind")) else None)
        events[index[id]] = event if other else merge(old, event)
    return replace(over, elements=tuple(events))


def event_id(event: Node) -> str | None:
    """Return the id of an event's tree, or None."""
    id = event.get("id")
    return id.text if id is not None else None


def number_events(node: Node) -> Node:
    """Return the tree with an id for every event: ``<kind>-<n>`` where the file gives none."""
    events = node.get("events")
    if events is None or events.kind != "list":
        return node
    taken = {event_id(event) for event in events.elements}
    counts: dict[str, int] = {}
    named = []
    for event in events.elements:
        kind = event.get("kind")
        if event.kind != "map" or "id" in event.entries or kind is None or kind.text is None:
            named.append(event)
            continue
        while True:
            counts[kind.text] = counts.get(kind.text, 0) + 1
            id = f"{kind.text}-{counts[kind.text]}"
            if id not in taken:
                break
        taken.add(id)
        named.append(event.with_entry("id", Node("scalar", event.place, value=id)))
    return node.with_entry("events", replace(events, elements=tuple(named)), node.keys["events"])


def split_path(node: Node, path: str) -> Path:
    """Return a dotted path as keys. Names may hold dots and blanks: what the tree knows is taken first."""
    keys: list[str] = []
    here: Node | None = node
    rest = path
    while rest:
        known: Sequence[str] = ()
        if here is not None and here.kind == "map":
            known = list(here.entries)
        elif here is not None and here.kind == "list":
            known = [id for event in here.elements if (id := event_id(event))]
        fits = [key for key in known if key and (rest == key or rest.startswith(f"{key}."))]
        head = max(fits, key=len) if fits else rest.partition(".")[0]
        keys.append(head)
        rest = rest[len(head) + 1 :]
        here = _child(here, head)
    return tuple(keys)


def _child(node: Node | None, key: str) -> Node | None:
    if node is None or node.kind == "scalar":
        return None
    if node.kind == "map":
        return node.entries.get(key)
    index = _index(node, key)
    return None if index is None else node.elements[index]


def _index(node: Node, key: str) -> int | None:
    for index, event in enumerate(node.elements):
        if event_id(event) == key:
            return index
    if re.fullmatch(r"[0-9]{1,6}", key) and int(key) < len(node.elements):
        return int(key)
    return None


def find(node: Node, path: str) -> Node | None:
    """Return the node at a dotted path, or None."""
    here: Node | None = node
    for key in split_path(node, path):
        here = _child(here, key)
    return here


def put(node: Node, path: str, value: Node) -> Node:
    """Return the tree with a value at a dotted path; mappings on the way are made where they are missing."""
    return _put(node, split_path(node, path), value, (), path)


def _put(node: Node, keys: Path, value: Node, above: Path, path: str) -> Node:
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if node.kind == "list":
        index = _index(node, key)
        if index is None:
            known = [event_id(element) or str(i) for i, element in enumerate(node.elements)]
            raise _unknown(value.place, f'{".".join(above)} has no element "{key}"', did_you_mean(key, known))
        elements = list(node.elements)
        elements[index] = _put(elements[index], rest, value, (*above, key), path)
        return replace(node, elements=tuple(elements))
    if node.kind == "scalar":
        if node.value is not None and above:
            raise _unknown(value.place, f"{'.'.join(above)} is a value and has nothing below it", "shorten the path")
        node = Node("map", value.place)
    old = node.entries.get(key)
    if old is None and above and above[-1] in _NAMED and rest:
        reason = f'{".".join(above)} has no "{key}"'
        raise _unknown(value.place, reason, did_you_mean(key, list(node.entries)))
    if not rest and value.is_null:
        return node.without(key)
    child = _put(old if old is not None else Node("map", value.place), rest, value, (*above, key), path)
    return node.with_entry(key, child, value.place)


def _unknown(place: Place, reason: str, mend: str) -> ScenarioError:
    return ScenarioError([Problem.at(place, reason, mend)])


def share_group(path: Path) -> tuple[Path, Path, str] | None:
    """Return the group that a share belongs to (where it stands, where a member's share stands) and the member."""
    for pattern, tail in SHARE_GROUPS:
        size = len(pattern) + 1
        if len(path) == size + len(tail) and path[size:] == tail:
            group = path[: size - 1]
            if all(wanted in ("*", key) for wanted, key in zip(pattern, group, strict=True)):
                return group, tail, path[size - 1]
    return None


def with_rest(
    node: Node, group: Path, tail: Path, members: dict[str, float], read: Callable[[Any], float | None]
) -> Node:
    """Return the tree in which the other shares of a group keep their proportions and fill the rest of the whole."""
    mapping = node.get(*group)
    rest = 1.0 - sum(members.values())
    if mapping is None or rest < 0:
        return node
    others: dict[str, float] = {}
    for name, member in mapping.entries.items():
        share = member.get(*tail)
        if name not in members and name != "source" and share is not None:
            others[name] = read(share.plain()) or 0.0
    total = sum(others.values())
    if total <= 0:
        return node
    for name, value in others.items():
        place = mapping.entries[name].place
        keys = (*group, name, *tail)
        node = _put(node, keys, Node("scalar", place, value=Chosen(value / total * rest)), (), ".".join(keys))
    return node
