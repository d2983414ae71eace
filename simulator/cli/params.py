"""``brandsim params``: the parameter table, so that nobody has to read YAML to see what an answer rests on."""

from __future__ import annotations

import json as jsonlib

import click

from simulator.cli.consoles import stdout
from simulator.cli.root import debug_option
from simulator.parameters import GRADES, Parameter, UnknownParameter, table


@click.command()
@click.argument("name", required=False)
@click.option("--group", help="Only the parameters of one group.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
def params(name: str | None, group: str | None, as_json: bool) -> None:
    """Show the numbers the model rests on, with range, grade and source.

    NAME shows one of them in full. Grades: F read in the source, F2 read second-hand, M from memory, D derived from
    public data, A assumption.
    """
    rows = _chosen(name, group)
    if as_json:
        shown = rows[0].as_dict() if name else [row.as_dict() for row in rows]
        click.echo(jsonlib.dumps(shown, indent=1, ensure_ascii=False))
    elif name:
        _print_one(rows[0])
    else:
        _print_table(rows)


def _chosen(name: str | None, group: str | None) -> list[Parameter]:
    if name:
        try:
            return [table()[name]]
        except UnknownParameter as error:
            raise click.UsageError(str(error)) from error
    if group and group not in table().groups():
        raise click.UsageError(f"there is no group {group!r}; groups are {', '.join(table().groups())}")
    return [row for row in table().values() if group in (None, row.group)]


def _print_one(row: Parameter) -> None:
    drawn = "not drawn" if row.role != "uncertain" else f"drawn, {row.distribution}"
    click.echo(f"{row.name}  ({row.symbol})" if row.symbol != "-" else row.name)
    click.echo(f"  {row.meaning}")
    low, central, high = (_number(value) for value in (row.low, row.central, row.high))
    click.echo(f"  value   {central} {row.unit}  (from {low} to {high}; {drawn})")
    click.echo(f"  role    {row.role}, group {row.group}")
    click.echo(f"  grade   {row.grade}: {GRADES[row.grade]}")
    click.echo(f"  source  {row.source}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:g}"


def _print_table(rows: list[Parameter]) -> None:
    from rich.table import Table

    console = stdout()
    for group in dict.fromkeys(row.group for row in rows):
        listing = Table(title=group, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in ("name", "low", "central", "high", "unit", "grade", "meaning"):
            right = heading in ("low", "central", "high")
            folded = heading in ("unit", "meaning")
            listing.add_column(heading, justify="right" if right else "left", no_wrap=not folded, overflow="fold")
        for row in rows:
            if row.group == group:
                numbers = (_number(value) for value in (row.low, row.central, row.high))
                listing.add_row(row.name, *numbers, row.unit, row.grade, row.meaning)
        console.print(listing)
        console.print()
    assumed = sum(row.grade == "A" for row in rows)
    console.print(f"{len(rows)} parameters, {assumed} of them assumptions (grade A).")
    console.print("brandsim params NAME shows one with its source.")
