"""``brandsim run``: the question in, the verdict out, and a folder that proves it."""

from __future__ import annotations

import json as jsonlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import exits
from simulator.cli.consoles import progress, stdout
from simulator.cli.loading import loading
from simulator.cli.root import debug_option

if TYPE_CHECKING:
    from simulator.results import Comparison

RUNS = Path("runs")
"""Where run folders go when nothing is said: below the current folder."""


def _engine(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != "local":
        raise click.BadParameter(
            f"{value!r} is not available here; this version runs on this machine only: use 'local'"
        )
    return value


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--replicates", type=click.IntRange(min=1), metavar="N", help="Independent worlds [default: 20].")
@click.option("--customers", type=click.IntRange(min=1), metavar="N", help="Customers per world [default: as in FILE].")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Replicates at a time [default: one per processor]."
)
@click.option("--engine", default="local", show_default=True, callback=_engine, help="Where replicates run: local.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder [default: runs/NAME].")
@click.option("--resume", is_flag=True, help="Finish an interrupted run, or add replicates to a finished one.")
@click.option("--force", is_flag=True, help="Replace the run in the folder.")
@click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change one value, e.g. horizon='8 weeks'."
)
@click.option(
    "--luck-only", is_flag=True, help="Hold assumptions at their central values; the interval shows luck alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the verdict in words.")
@click.option("--quiet", is_flag=True, help="No progress, no messages.")
@debug_option
def run(
    file: str,
    replicates: int | None,
    customers: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    out: Path | None,
    resume: bool,
    force: bool,
    overrides: tuple[str, ...],
    luck_only: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Compare the scenario with its paired baseline and print the verdict.

    FILE is a path or the name of a shipped scenario (`brandsim new --list`). The same customers, with the same luck,
    live with the change and without it; the difference is the answer. Exit code 3: a guardrail is breached; 4: cannot
    tell.
    """
    from simulator.scenario import load

    if customers is not None:
        overrides = (*overrides, f"customers={customers}")
    scenario = load(file, overrides=overrides)
    folder = out or _folder_for(file, resume=resume, force=force)
    with loading():
        from simulator import api
        from simulator.experiment import compare as _  # noqa: F401
        from simulator.report import page, plots, screen  # noqa: F401
    try:
        with progress(scenario.name, quiet=quiet) as step:
            comparison = api.compare(
                scenario,
                replicates=replicates,
                seed=seed,
                jobs=jobs,
                luck_only=luck_only,
                out=folder,
                resume=resume,
                force=force,
                progress=step,
            )
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted; what is finished is in {folder}", err=True)
        click.echo(f"to continue, give the same command with --resume --out {folder}", err=True)
        return exits.INTERRUPTED
    _show(comparison, folder, as_json=as_json)
    return comparison.verdict.exit_code


def _show(comparison: Comparison, folder: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(jsonlib.dumps(comparison.summary(), indent=1, ensure_ascii=False))
        click.echo(f"run folder: {folder}", err=True)
        return
    from simulator.report import screen

    screen.render(comparison, stdout())


def _folder_for(file: str, *, resume: bool, force: bool) -> Path:
    """``runs/NAME``; or, where that is taken and nothing is said, the next free ``runs/NAME-2``."""
    name = re.sub(r"[^\w.-]+", "_", Path(file).stem) or "run"
    number, folder = 1, RUNS / name
    while folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        following = RUNS / f"{name}-{number + 1}"
        if (resume or force) and not following.exists():
            return folder
        number, folder = number + 1, following
    return folder
