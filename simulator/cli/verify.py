"""``brandsim verify``: is this run folder still what the run wrote?"""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import exits
from simulator.cli.root import debug_option


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@debug_option
def verify(folder: Path) -> int:
    """Check every file of a run folder against its receipt."""
    from simulator import results

    found = results.verify(folder)
    for problem in found.problems:
        click.echo(problem)
    if found.sound:
        click.echo(f"{folder}: all {found.files} files are as the run wrote them")
    return exits.FINE if found.sound else exits.WRONG_INPUT
