"""``brandsim new``: a first scenario without a manual. What it writes runs as it is and says what each line means."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from simulator.cli.root import debug_option

if TYPE_CHECKING:
    from simulator.scenario import Market

DEFAULT_MARKET: Final = "orange-juice"

_CHANGES: Final = {
    "redesign": "a new pack, logo or label",
    "price": "a new list price",
    "stockout": "a brand missing from shelves",
    "service": "worse or better service",
    "rep_turnover": "sales reps leaving",
    "campaign": "advertising",
}


@click.command()
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="What you call the scenario.")
@click.option("--market", help="A shipped market or a market file.")
@click.option("--brand", help="The brand that changes.")
@click.option("--change", type=click.Choice(list(_CHANGES)), help="What changes.")
@click.option("--horizon", help="How long to look after the launch, e.g. '26 weeks'.")
@click.option("--max-loss", help="Largest loss of units you accept, e.g. 5%.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios and markets that come with brandsim.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@debug_option
def new(
    path: Path | None,
    name: str | None,
    market: str | None,
    brand: str | None,
    change: str | None,
    horizon: str | None,
    max_loss: str | None,
    listing: bool,
    force: bool,
) -> None:
    """Write a commented scenario to PATH, from a few questions or from flags.

    In a terminal it asks for what no flag says; elsewhere it takes the defaults.
    """
    from simulator.scenario import load_market, loads

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
    change = change or ask(f"What changes ({', '.join(_CHANGES)})", "redesign")
    if change not in _CHANGES:
        raise click.UsageError(f"{change!r} is not a change this command knows; choose one of {', '.join(_CHANGES)}")
    name = name or ask("Name of the scenario", f"{brand}, {_CHANGES[change]}")
    horizon = horizon or ask("How long to look after the launch", "26 weeks")
    max_loss = max_loss or ask("Largest loss of units you accept", "5%")
    event = _event(change, brand, facts)
    # A wrong answer is told before anything is written, so the folder from which a market is named may not exist yet.
    found = _word(str(Path(market).resolve())) if Path(market).is_file() else _word(market)
    loads(_text(name, found, brand, horizon, max_loss, event), file=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(name, _market_word(market, path), brand, horizon, max_loss, event), encoding="utf-8")
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


def _word(text: str) -> str:
    """The text as YAML: plain where that is safe, in quotes where it is not."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.-]+)*", text) and text.lower() not in (
        "true",
        "false",
        "null",
    ):
        return text
    return json.dumps(text, ensure_ascii=False)


def _market_word(market: str, path: Path) -> str:
    """A market file is named from the folder of the scenario; a shipped one by its name."""
    if not Path(market).is_file():
        return _word(market)
    return _word(Path(os.path.relpath(market, path.parent)).as_posix())


def _event(change: str, brand: str, market: Market) -> str:
    focal = _word(brand)
    if change == "redesign":
        return f"""\
  - kind: redesign
    id: new-look
    brand: {focal}
    # What becomes of each cue that shoppers know the pack by: kept | modified | replaced.
    cues: {{name: kept, logo: modified, colour: modified, image: replaced, shape: kept, layout: kept}}
    appeal: {{mean: 0.0}}      # do people like the new look more (+) or less (-)? logit units; 0.0 = as much
    identity_break: 0%       # does the brand stop being what it stood for? 0% not at all, 100% wholly
    announced: 10%           # share of customers who hear of it before they meet it
    start: week 0
    rollout: {{over: 6 weeks, by: stock_rotation}}   # old and new packs stand side by side meanwhile
"""
    if change == "price":
        return f"""\
  - kind: price
    id: new-price
    brand: {focal}
    change: 8%               # or to: 4.79
    start: week 0
"""
    if change == "stockout":
        region = next(iter(market.regions), None)
        where = f"    where: {{region: {_word(region)}}}   # left out: everywhere\n" if region else ""
        return f"""\
  - kind: stockout
    id: shortage
    brand: {focal}
{where}    severity: 60%            # share of the usual supply that is missing
    start: week 0
    lasts: 3 weeks
"""
    if change == "service":
        role = next(iter(market.stores.roles), "care_desk")
        return f"""\
  - kind: service
    id: service-dip
    where: {{role: {_word(role)}}}
    quality: -0.3            # added to the role's quality
    start: week 0
    lasts: 8 weeks
"""
    if change == "rep_turnover":
        return f"""\
  - kind: rep_turnover
    id: reps-leave
    brand: {focal}
    share: 30%               # of the brand's reps leave at once
    vacancy: 6 weeks         # until a successor starts
    start: week 0
"""
    return f"""\
  - kind: campaign
    id: bullhorn
    brand: {focal}
    reach: 15% per week      # share of customers reached
    start: week 0
    lasts: 4 weeks
"""


def _text(name: str, market: str, brand: str, horizon: str, max_loss: str, event: str) -> str:
    return f"""\
# yaml-language-server: $schema=scenario.schema.json
# {" ".join(name.split())}
#
# Shares are written 20%, durations 7 weeks or 10 days, moments week 3 or day 10; week 0 is the launch.
# Any number may be a range, {{low: 10%, central: 25%, high: 50%}} or 10%..50%: then the answer's interval includes it.
schema: brandsim/1
name: {_word(name)}
market: {market}
focal_brand: {_word(brand)}
horizon: {horizon}
events:
{event}guardrails:                  # limits; without any you get a description, not a decision
  - {{metric: units_change, min: {_negative(max_loss)}, within: {horizon}, confidence: 80%}}
  - {{metric: caused_churn, max: {max_loss.lstrip("-")}, within: {horizon}, confidence: 80%}}
"""


def _negative(share: str) -> str:
    return share if share.startswith("-") else f"-{share}"
