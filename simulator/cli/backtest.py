"""``brandsim backtest``: documented cases of brand changes, told only what was known before launch, and scored."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import exits
from simulator.cli.consoles import progress, stdout
from simulator.cli.root import debug_option

if TYPE_CHECKING:
    from simulator.evidence.backtest import Backtest


@click.command()
@click.option("--case", "name", metavar="NAME", help="Only this case [default: all].")
@click.option("--replicates", type=click.IntRange(min=2), metavar="N", help="Worlds per case [default: 60].")
@click.option(
    "--customers", type=click.IntRange(min=1), metavar="N", help="Customers per world [default: as in the case]."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worlds at a time [default: one per processor].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--strict", is_flag=True, help="Exit with 3 where a target is missed.")
@click.option(
    "--write",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all cases as a page.",
)
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
@debug_option
def backtest(
    name: str | None,
    replicates: int | None,
    customers: int | None,
    seed: int,
    jobs: int | None,
    as_json: bool,
    strict: bool,
    target: Path | None,
    quiet: bool,
) -> int:
    """Score the model on documented cases.

    Each case is told what could be known before launch, runs with the table's parameters over their ranges, and is held
    against what was observed. Misses are shown with a word of why. Exit code 0 whatever the score; see --strict.
    """
    if target is not None and name is not None:
        raise click.UsageError("--write is for all cases; leave out --case")
    from simulator.evidence.backtest import REPLICATES, UnknownCase, all_cases, find_case, run_backtest

    try:
        cases = all_cases() if name is None else (find_case(name),)
    except UnknownCase as error:
        raise click.UsageError(f"--case: {error}") from error
    with progress("cases", quiet=quiet) as step:
        result = run_backtest(
            cases,
            replicates=REPLICATES if replicates is None else replicates,
            seed=seed,
            jobs=jobs,
            customers=customers,
            progress=step,
        )
    if target is not None:
        from simulator.evidence.backtest_document import markdown

        target.write_text(markdown(result), encoding="utf-8")
    if as_json:
        click.echo(jsonlib.dumps(result.as_dict(), indent=1, ensure_ascii=False))
    elif target is None:
        _show(result)
    else:
        click.echo(f"{target}: {result.passed} of {len(result.scored)} targets are hit")
    return exits.BREACHED if strict and result.passed < len(result.scored) else exits.FINE


def _show(result: Backtest) -> None:
    from rich.table import Table

    from simulator.evidence.backtest import FROZEN
    from simulator.evidence.backtest_document import observed_words, predicted_words, result_words

    console = stdout()
    console.print(f"Parameter table {result.parameters}. {FROZEN}", soft_wrap=True)
    for case in result.cases:
        console.print()
        console.print(f"{case.case.name} ({case.case.id})")
        if case.not_run:
            console.print(f"  not run: {case.not_run}")
            continue
        listing = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in ("target", "observed", "predicted [80% interval]", "result", "why"):
            listing.add_column(heading, overflow="fold")
        for score in case.targets:
            listing.add_row(
                score.target.name, observed_words(score.target), predicted_words(score), result_words(score), score.why
            )
        console.print(listing)
        if case.reading:
            console.print(f"Why it is missed (written after the run): {case.reading}", soft_wrap=True)
    console.print()
    console.print(f"{result.passed} of {len(result.scored)} targets are hit.")
