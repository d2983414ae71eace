"""The JSON Schema of scenario and market files: what editors complete and underline while one writes.

It is derived from the typed models and then widened by what the loader does before they see a file: a market may be
named instead of written, a file that extends another may leave out what it inherits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from simulator.scenario.market import MARKET_SCHEMA, Market
from simulator.scenario.quantities import RANGE_NOTE
from simulator.scenario.schema import SCENARIO_SCHEMA, Content

Kind = Literal["scenario", "market"]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {
    "type": "string",
    "description": "A file of the same schema to inherit from; what stands here is put over it.",
}
SCHEMA_FILES: dict[Kind, str] = {"scenario": "scenario.schema.json", "market": "markets/market.schema.json"}
"""Where the exported schemas stand beside the shipped files, which name them in their first line."""


def json_schema(kind: Kind = "scenario") -> dict[str, Any]:
    """Return the JSON Schema of scenario or market files.

    Examples
    --------
    >>> json_schema()["properties"]["schema"]["const"], json_schema("market")["title"]
    ('brandsim/1', 'A brandsim market')
    """
    model = Content if kind == "scenario" else Market
    schema = model.model_json_schema(by_alias=True)
    _tidy(schema)
    properties = schema["properties"]
    own = [key for key in schema.pop("required") if key not in ("schema", "focal_brand", "customers")]
    properties["extends"] = _EXTENDS
    schema["anyOf"] = [{"required": ["schema", *own]}, {"required": ["extends"]}]
    properties["schema"] = {
        "const": SCENARIO_SCHEMA if kind == "scenario" else MARKET_SCHEMA,
        "description": "The language of this file.",
    }
    if kind == "scenario":
        _inherit_market(schema)
        _inherit_events(properties["events"])
    shared: dict[str, tuple[str, dict[str, Any]]] = {}
    _share_quantities(schema, shared)
    definitions = {**schema.pop("$defs"), **dict(shared.values())}
    return {"$schema": _DRAFT, **schema, "title": f"A brandsim {kind}", "$defs": definitions}


def _inherit_market(schema: dict[str, Any]) -> None:
    """Let the market be a name, or a mapping that extends a market."""
    market = schema["$defs"]["Market"]
    own = market.pop("required")
    market["properties"]["extends"] = _EXTENDS
    market["anyOf"] = [{"required": own}, {"required": ["extends"]}]
    description = schema["properties"]["market"].get("description", "")
    schema["properties"]["market"] = {
        "description": description,
        "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Market"}],
    }


def _inherit_events(events: dict[str, Any]) -> None:
    """Let an event without a kind change the inherited one of its id."""
    change = {"type": "object", "required": ["id"], "not": {"required": ["kind"]}}
    events["items"] = {"anyOf": [events["items"], change]}


def _tidy(schema: Any) -> None:
    """Take out what only clutters an editor: generated titles, and null where a key is simply left out."""
    if isinstance(schema, list):
        for item in schema:
            _tidy(item)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    for prop in properties.values() if isinstance(properties, dict) else ():
        prop.pop("title", None)
        if prop.get("default", 0) in (None, ""):
            prop.pop("default")
        options = [option for option in prop.get("anyOf", ()) if option != {"type": "null"}]
        if len(options) == 1:
            prop.pop("anyOf")
            prop.update({**options[0], **prop})
        elif options:
            prop["anyOf"] = options
    for value in schema.values():
        _tidy(value)


def _share_quantities(schema: Any, shared: dict[str, tuple[str, dict[str, Any]]]) -> None:
    """Define each kind of number once, wherever it stands."""
    if isinstance(schema, list):
        for item in schema:
            _share_quantities(item, shared)
    if not isinstance(schema, dict):
        return
    options = schema.get("anyOf")
    if isinstance(options, list) and options and str(options[-1].get("description", "")).startswith(RANGE_NOTE):
        key = json.dumps(options, sort_keys=True)
        if key not in shared:
            name = f"number-{len(shared) // 2 + 1}"
            span = options[-1]
            ends = {end: {"$ref": f"#/$defs/{name}-only"} for end in ("low", "central", "high", "value")}
            span["properties"] = {**ends, "source": {"type": "string"}}
            shared[f"{name}-only"] = f"{name}-only", {"anyOf": options[:-1]}
            shared[key] = name, {"anyOf": [{"$ref": f"#/$defs/{name}-only"}, span]}
        schema.pop("anyOf")
        schema["$ref"] = f"#/$defs/{shared[key][0]}"
    for value in schema.values():
        _share_quantities(value, shared)


def write_schemas(folder: Path) -> list[Path]:
    """Write both schemas where the shipped files look for them, below ``folder``; return the files."""
    written = []
    for kind, name in SCHEMA_FILES.items():
        path = folder / name
        path.write_text(json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
