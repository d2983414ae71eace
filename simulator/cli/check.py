"""``brandsim check``: everything that is wrong with scenario files, at once, before anything runs."""

from __future__ import annotations

import click

from simulator.cli import exits
from simulator.cli.root import debug_option


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--explain", is_flag=True, help="Print what the scenario says, in words.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change one value, e.g. customers=5000.")
@debug_option
def check(files: tuple[str, ...], explain: bool, overrides: tuple[str, ...]) -> int:
    """Validate scenario files; all errors at once, with places.

    FILE is a path or the name of a shipped scenario (`brandsim new --list`).
    """
    from simulator.scenario import ScenarioError, load

    wrong = 0
    for number, file in enumerate(files):
        try:
            scenario = load(file, overrides=overrides)
        except ScenarioError as error:
            wrong += 1
            click.echo(str(error), err=True)
            continue
        if explain:
            click.echo(("\n" if number else "") + scenario.explain())
        else:
            click.echo(f"{file}: fine")
    if wrong:
        click.echo(f"{wrong} of {len(files)} files {'is' if wrong == 1 else 'are'} wrong", err=True)
    return exits.WRONG_INPUT if wrong else exits.FINE
