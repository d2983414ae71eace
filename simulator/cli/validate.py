"""``brandsim validate``: the model against published facts about markets, with the mechanisms knocked out in turn."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import exits
from simulator.cli.consoles import progress, stdout
from simulator.cli.root import debug_option

if TYPE_CHECKING:
    from rich.table import Table

    from simulator.evidence.facts import Fact
    from simulator.evidence.scorecard import FactScore, Scorecard


@click.command()
@click.option("--facts", metavar="V1,V2", help="Only these facts [default: the whole suite].")
@click.option("--replicates", type=click.IntRange(min=1), metavar="N", help="Worlds per fact [default: 20].")
@click.option("--knockouts", is_flag=True, help="Also take out the mechanism behind each fact, which must then fail.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worlds at a time [default: one per processor].")
@click.option("--no-cache", is_flag=True, help="Measure anew what was measured before with this very code.")
@click.option("--strict", is_flag=True, help="Exit with 3 where a fact fails or proves nothing.")
@click.option(
    "--write",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the scorecard as a page (whole suite, knock-outs and checks).",
)
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
@debug_option
def validate(
    facts: str | None,
    replicates: int | None,
    knockouts: bool,
    as_json: bool,
    jobs: int | None,
    no_cache: bool,
    strict: bool,
    target: Path | None,
    quiet: bool,
) -> int:
    """Hold the model against published facts about markets.

    Each fact is measured in several worlds and passes where its mean lies in the published range. With --knockouts the
    mechanism behind it is taken out: a fact that survives proves nothing. Exit code 0 whatever the score; see --strict.
    """
    if target is not None and facts is not None:
        raise click.UsageError("--write is for the whole suite; leave out --facts")
    from simulator.evidence.cache import MeasureCache
    from simulator.evidence.facts import all_facts
    from simulator.evidence.scorecard import run_scorecard
    from simulator.experiment.processors import default_jobs
    from simulator.parameters import table

    chosen = all_facts() if target is not None else _chosen(facts)
    with progress("facts", quiet=quiet) as step:
        card = run_scorecard(
            chosen,
            replicates=int(table()["replicates_default"].central) if replicates is None else replicates,
            knockouts=knockouts or target is not None,
            jobs=default_jobs() if jobs is None else jobs,
            cache=None if no_cache else MeasureCache(),
            progress=step,
        )
    if target is not None:
        from simulator.evidence.document import markdown

        target.write_text(markdown(card), encoding="utf-8")
    if as_json:
        click.echo(jsonlib.dumps(card.as_dict(), indent=1, ensure_ascii=False))
    elif target is None:
        _show(card)
    else:
        click.echo(f"{target}: {card.passed} of {card.total} facts pass")
    return exits.BREACHED if strict and not card.fine else exits.FINE


def _chosen(ids: str | None) -> tuple[Fact, ...]:
    from simulator.evidence.facts import UnknownFact, find_facts

    try:
        return find_facts(() if ids is None else ids.split(","))
    except UnknownFact as error:
        raise click.UsageError(f"--facts: {error}") from error


def _show(card: Scorecard) -> None:
    from simulator.evidence.document import APART

    console = stdout()
    console.print(_listing(card.counted))
    console.print()
    console.print(f"{card.passed} of {card.total} facts pass.")
    nothing = [score.fact.id for score in card.facts if score.proves_nothing]
    if nothing:
        console.print(f"{', '.join(nothing)} survive their knock-out: they prove nothing about its mechanism.")
    for kind, heading, _ in APART:
        scores = card.of_kind(kind)
        if scores:
            console.print()
            console.print(f"{heading} (not counted)")
            console.print(_listing(scores))
    console.print()
    for score in card.facts:
        console.print(f"{score.fact.id}: {score.fact.metric}. {score.fact.source}", soft_wrap=True)
        for knockout in score.knockouts:
            found = ", ".join(f"{part.part.name} {part.value:.3g}" for part in knockout.parts)
            console.print(f"  knocked out, {knockout.knockout.mechanism}: {found}", soft_wrap=True)


def _listing(scores: tuple[FactScore, ...]) -> Table:
    from rich.table import Table

    from simulator.evidence.document import interval_words, knockout_words, target_words

    listing = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("fact", "metric", "value [95% interval]", "target", "result", "knock-out"):
        listing.add_column(heading, overflow="fold")
    for score in scores:
        for position, part in enumerate(score.parts):
            first = position == 0
            listing.add_row(
                f"{score.fact.id} {score.fact.name}" if first else "",
                part.part.name,
                interval_words(part),
                target_words(part.part),
                "" if part.part.reported else "pass" if part.passed else "FAIL",
                knockout_words(score) if first else "",
            )
    return listing
