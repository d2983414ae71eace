"""``brandsim new``: a first scenario without a manual. What it writes runs as it is and says what each line means."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from simulator.cli.root import debug_option

DEFAULT_MARKET: Final = "orange-juice"

CHANGES: Final = (
    "redesign",
    "reformulate",
    "reposition",
    "price",
    "resize",
    "loyalty_programme",
    "stockout",
    "delist",
    "supply",
    "service",
    "campaign",
    "announce",
    "incident",
    "care_policy",
    "rep_turnover",
    "rep_staffing",
    "brief_reps",
)


@click.command()
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="What you call the scenario.")
@click.option("--market", help="A shipped market or a market file.")
@click.option("--brand", help="The brand that changes.")
@click.option("--change", type=click.Choice(CHANGES), help="What changes.")
@click.option("--how-much", metavar="AMOUNT", help="By how much, e.g. 8% for a price, 60% of the look kept.")
@click.option("--start", metavar="WHEN", help="When it starts, e.g. 'week 0'.")
@click.option("--lasts", metavar="TIME", default="6 weeks", show_default=True, help="How long it lasts or rolls out.")
@click.option("--horizon", metavar="TIME", help="How long to look after the launch, e.g. '26 weeks'.")
@click.option("--max-loss", metavar="SHARE", help="Largest loss of units you accept, e.g. 5%.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios and markets that come with brandsim.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@debug_option
def new(
    path: Path | None,
    name: str | None,
    market: str | None,
    brand: str | None,
    change: str | None,
    how_much: str | None,
    start: str | None,
    lasts: str,
    horizon: str | None,
    max_loss: str | None,
    listing: bool,
    force: bool,
) -> None:
    """Write a commented scenario to PATH, from a few questions or from flags.

    In a terminal it asks for what no flag says; elsewhere it takes the defaults.
    """
    from simulator.scenario import HOW_MUCH, load_market, new_scenario

    if listing:
        _print_list()
        return
    if path is None:
        raise click.UsageError("say where to write it, e.g. `brandsim new my_change.yaml`; or --list for ready ones")
    if path.exists() and not force:
        raise click.UsageError(f"{path} exists; choose another name, or --force to overwrite it")
    ask = _asker()
    market = market or ask("Market (shipped name or file)", DEFAULT_MARKET)
    facts = load_market(market)
    brand = brand or ask(
        f"Brand that changes ({', '.join(facts.brands)})", facts.focal_brand or next(iter(facts.brands))
    )
    change = change or ask(f"What changes ({', '.join(CHANGES)})", "redesign")
    example, question = HOW_MUCH.get(change, ("", "By how much?"))
    how_much = how_much or ask(question, example)
    start = start or ask("When does it start (week 0 is the launch)?", "week 0")
    horizon = horizon or ask("How long to look after the launch?", "26 weeks")
    max_loss = max_loss or ask("Largest loss of units you accept?", "5%")
    name = name or ask("Name of the scenario", f"{brand} {change.replace('_', ' ')}")
    made = _make_folder(path.parent)
    try:
        text = new_scenario(
            name=name,
            market=_seen_from(market, path.parent),
            brand=brand,
            kind=change,
            how_much=how_much,
            when=start,
            lasts=lasts,
            horizon=horizon,
            max_loss=max_loss,
            folder=path.parent,
        )
    except Exception:
        for folder in made:  # a wrong answer leaves nothing behind
            folder.rmdir()
        raise
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
    click.echo(f"  brandsim check --explain {path}    says what it means")
    click.echo(f"  brandsim run {path}                answers it")
    click.echo(f"  brandsim schema --out {path.parent / 'scenario.schema.json'}    for completion in an editor")


def _print_list() -> None:
    from simulator.scenario import shipped

    for kind, use in (("scenario", "brandsim run NAME"), ("market", "market: NAME in a scenario")):
        found = shipped(kind)
        click.echo(f"{kind}s ({use}):")
        width = max(map(len, found), default=0)
        for name, line in found.items():
            click.echo(f"  {name:{width}}  {line}".rstrip())


def _asker() -> Callable[[str, str], str]:
    """Ask in a terminal; take the default anywhere else."""
    if sys.stdin is not None and sys.stdin.isatty():
        return lambda question, default: str(click.prompt(question, default=default, err=True))
    return lambda _, default: default


def _seen_from(market: str, folder: Path) -> str:
    """A market file is named from the folder of the scenario; a shipped one by its name."""
    return Path(os.path.relpath(market, folder)).as_posix() if Path(market).is_file() else market


def _make_folder(folder: Path) -> list[Path]:
    """Make the folder and return what had to be made, innermost first."""
    made: list[Path] = []
    while not folder.exists():
        made.append(folder)
        folder = folder.parent
    for missing in reversed(made):
        missing.mkdir()
    return made
