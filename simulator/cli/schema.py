"""``brandsim schema``: what an editor needs to complete and check scenario files."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path

import click

from simulator.cli.root import debug_option


@click.command()
@click.option("--market", is_flag=True, help="The schema of market files instead.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@debug_option
def schema(market: bool, out: Path | None) -> None:
    """Print the JSON Schema of scenario files, for editors.

    Save it as scenario.schema.json beside your scenarios: the first line that `brandsim new` writes points there.
    """
    from simulator.scenario import json_schema

    text = jsonlib.dumps(json_schema("market" if market else "scenario"), indent=1, ensure_ascii=False)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
        click.echo(f"wrote {out}", err=True)
