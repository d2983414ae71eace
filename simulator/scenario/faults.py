"""What the types object to, said with the place in the file and the mend."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.scenario.events import KINDS
from simulator.scenario.problems import Place, Problem, did_you_mean, shorten
from simulator.scenario.tree import Node

Location = tuple[int | str, ...]

_EXPECTED = {
    "string_type": ("a text was expected", "write a word, in quotes if it looks like a number"),
    "bool_type": ("true or false was expected", "write true or false"),
    "int_type": ("a whole number was expected", "write a number such as 3"),
    "dict_type": ("names with their values were expected", "write them as {name: value}"),
    "model_type": ("keys and values were expected", "write them as {key: value}"),
    "model_attributes_type": ("keys and values were expected", "write them as {key: value}"),
    "list_type": ("a list was expected", "write each element on a line that starts with -"),
    "tuple_type": ("a list was expected", "write each element on a line that starts with -"),
    "path_type": ("the path of a file was expected", "write it as a text"),
    "string_too_short": ("an empty name", "write a name"),
    "missing_argument": ("something is missing", ""),
}


_SAID_ELSEWHERE = {("schema",), ("focal_brand",)}
"""Keys whose absence the loader and the checks speak of, as the types cannot know the file or the market."""


def problems_of(error: ValidationError, node: Node, model: type[BaseModel]) -> Iterator[Problem]:
    """Yield the problems behind a validation error of a tree."""
    for detail in error.errors(include_url=False):
        if detail["type"] != "missing" or detail["loc"] not in _SAID_ELSEWHERE:
            yield _problem(detail, node, model)


def _problem(detail: ErrorDetails, root: Node, model: type[BaseModel]) -> Problem:
    location, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    if kind == "missing":
        parent, place = _walk(root, location[:-1])
        key = str(location[-1])
        of = f" of {_title(location[:-1])}" if _title(location[:-1]) else ""
        about = _about(model, location[:-1], key).rstrip(".")
        mend = f"add the key {key}" + (f": {about[0].lower()}{about[1:]}" if about else "")
        return Problem.at(place, f'"{key}"{of} is missing', mend)
    if kind == "extra_forbidden":
        parent, place = _walk(root, location[:-1])
        key = str(location[-1])
        reason = f'unknown key "{shorten(key)}"' if key else "a value stands without a key"
        return Problem.at(parent.keys.get(key, place), reason, did_you_mean(key, _keys(model, location[:-1])))
    node, place = _walk(root, location)
    if kind == "union_tag_not_found":
        return Problem.at(place, "an event needs a kind", f"add kind: {', '.join(KINDS)}")
    if kind == "union_tag_invalid":
        word = node.get("kind")
        tag = str(word.value) if word is not None and word.kind == "scalar" else ""
        return Problem.at(
            word.place if word else place, f'unknown kind of event "{shorten(tag)}"', did_you_mean(tag, list(KINDS))
        )
    if "reason" in context:
        place = _part(node, place, str(context.get("part", "")))
        return Problem.at(place, str(context["reason"]), str(context.get("mend", "")))
    shown = _shown(node)
    if kind == "literal_error":
        values = [str(value).strip("'") for value in str(context["expected"]).replace(" or ", ", ").split(", ")]
        mend = did_you_mean(str(node.value), values) if len(values) > 1 else f"write {values[0]}"
        return Problem.at(place, f"{shown} is not possible here", mend)
    if kind == "too_short":
        return Problem.at(
            place,
            f"too few {_title(location)}: at least {context['min_length']} are needed",
            f"there are {context['actual_length']}",
        )
    if kind in _EXPECTED:
        reason, mend = _EXPECTED[kind]
        found = "" if kind == "string_too_short" else f", not {shown}"
        return Problem.at(place, reason + found, mend)
    return Problem.at(place, f"{shown}: {detail['msg']}")


def _walk(node: Node, location: Location) -> tuple[Node, Place]:
    """Return the node at a location (what the tree does not know, such as the tag of a union, is passed over)."""
    for step in location:
        if node.kind == "map" and step in node.entries:
            node = node.entries[str(step)]
        elif node.kind == "list" and isinstance(step, int) and step < len(node.elements):
            node = node.elements[step]
        elif step == "[key]":
            break
    return node, node.place


def _part(node: Node, place: Place, part: str) -> Place:
    """Return the place of a part of a value: one end of a range, a key, an element."""
    if part.startswith("key:"):
        return node.keys.get(part[4:], place)
    if part.isdigit() and node.kind == "list":
        return node.elements[int(part)].place
    child = node.get(part) if part else None
    return child.place if child is not None else place


def _shown(node: Node) -> str:
    if node.kind == "map":
        return "a mapping"
    if node.kind == "list":
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return f'"{shorten(node.value)}"' if isinstance(node.value, str) else shorten(str(node.value))


def _title(location: Location) -> str:
    words = [str(step) for step in location]
    if len(words) >= 3 and words[0] == "events" and words[2] in KINDS:
        return " ".join([words[2], *words[3:]])
    return (
        f"{words[-2]} {words[-1]}" if words and words[-1].isdigit() and len(words) > 1 else words[-1] if words else ""
    )


def _about(model: type[BaseModel], location: Location, key: str) -> str:
    found = _model_at(model, location)
    for name, field in (found.model_fields if found else {}).items():
        if (field.alias or name) == key:
            return field.description or ""
    return ""


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that a mapping of the file may have."""
    found = _model_at(model, location)
    keys = [field.alias or name for name, field in found.model_fields.items()] if found else []
    keys = [key for key in keys if key != "source"]
    return [*keys, "extends"] if not location else [*keys, "source"]


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """Return the model that describes what stands at a location."""
    here: Any = model
    for step in location:
        here = _bare(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
            here = fields.get(str(step))
        elif get_origin(here) is dict:
            here = get_args(here)[1]
        elif get_origin(here) is tuple:
            here = get_args(here)[0]
        elif get_origin(here) in (Union, types.UnionType) and step in KINDS:
            here = KINDS[str(step)]
        else:
            return None
    here = _bare(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """Return an annotation without its metadata and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(kept) == 1:
            return _bare(kept[0])
    return annotation
