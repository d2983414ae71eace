"""``brandsim check``: everything that is wrong with scenario files, at once, before anything runs.

With ``--market`` it asks more of a market: that its customers, left alone, buy as the file says.
"""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING

import click

from simulator.cli import exits
from simulator.cli.consoles import progress
from simulator.cli.root import debug_option

if TYPE_CHECKING:
    from simulator.experiment.market_fit import Figure, MarketFit


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--explain", is_flag=True, help="Print what the scenario says, in words.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change one value, e.g. customers=5000.")
@click.option("--market", metavar="FILE", help="Run this market undisturbed and compare it with what its file states.")
@click.option("--customers", type=click.IntRange(min=100), metavar="N", help="Customers per world [default: 20000].")
@click.option("--replicates", type=click.IntRange(min=2), metavar="N", help="Independent worlds [default: 8].")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same figures.")
@click.option("--json", "as_json", is_flag=True, help="With --market: print one JSON document.")
@debug_option
def check(
    files: tuple[str, ...],
    explain: bool,
    overrides: tuple[str, ...],
    market: str | None,
    customers: int | None,
    replicates: int | None,
    seed: int,
    as_json: bool,
) -> int:
    """Validate scenario files; all errors at once, with places.

    FILE is a path or the name of a shipped scenario (`brandsim new --list`). With --market FILE (a market file or the
    name of a shipped one) the market runs through its warm-up and observed year without any change, at central
    parameter values, and shares, penetration and purchase frequency are compared with the file. Exit code 4: at least
    one is off by more than sampling error allows.
    """
    if market is None:
        return _check_files(files, explain, overrides, given=customers or replicates or as_json)
    if files or explain:
        raise click.UsageError("--market FILE checks one market; check scenario files in a call of their own.")
    return _check_market(market, overrides, customers, replicates, seed, as_json)


def _check_files(files: tuple[str, ...], explain: bool, overrides: tuple[str, ...], *, given: object) -> int:
    if not files:
        raise click.UsageError("Missing argument 'FILE...'; or name a market with --market FILE.")
    if given:
        raise click.UsageError("--customers, --replicates and --json go with --market FILE; add it or leave them out.")
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


def _check_market(
    market: str, overrides: tuple[str, ...], customers: int | None, replicates: int | None, seed: int, as_json: bool
) -> int:
    from simulator.experiment.market_fit import REPLICATES, fit_of

    with progress(market, quiet=as_json) as step:
        fit = fit_of(
            market,
            customers=customers,
            replicates=replicates or REPLICATES,
            seed=seed,
            overrides=overrides,
            progress=step,
        )
    if as_json:
        click.echo(jsonlib.dumps(fit.as_dict(), indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(fit)))
    return exits.CANNOT_TELL if fit.missed else exits.FINE


def _lines(fit: MarketFit) -> list[str]:
    """Return the report in words: one line per figure, then what to make of it."""
    width = max(len(figure.name) for figure in fit.figures)
    head = f"{'':{width}}  {'target':>8}  {'simulated':>9}  {'sampling error':>14}"
    lines = [f"{fit.market}: {fit.replicates} undisturbed worlds of {fit.customers:,} customers, one year", "", head]
    for figure in fit.figures:
        target, simulated, margin = (_number(figure, x) for x in (figure.target, figure.simulated, figure.margin))
        verdict = "  off" if figure.missed else ""
        lines.append(f"{figure.name:{width}}  {target:>8}  {simulated:>9}  {'±' + margin:>14}{verdict}")
    if fit.missed:
        names = ", ".join(figure.name for figure in fit.missed)
        lines += ["", f"{len(fit.missed)} of {len(fit.figures)} off by more than sampling error allows: {names}."]
    else:
        lines += ["", "The market comes out as its file states, within sampling error."]
    return lines


def _number(figure: Figure, value: float) -> str:
    """Shares as percentages, purchases as plain numbers."""
    return f"{value:.3f}" if figure.name.startswith("purchases") else f"{value:.2%}"
