"""The first screen: the answer in words, then the table, then where everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from simulator.report.words import paragraphs
from simulator.results.card import HEADINGS, table_rows

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.results import Comparison

_COLOURS = {"ship": "bold green", "fix": "bold yellow", "stop": "bold red", "cannot_tell": "bold yellow", None: "bold"}


def render(comparison: Comparison, console: Console) -> None:
    """Print the first screen.

    Parameters
    ----------
    comparison : Comparison
        What was found; its folder is named in the last line when it has one.
    console : rich.console.Console
        Where to print; a console that is no terminal gets plain text.
    """
    title = Text(comparison.scenario.name, style="bold")
    title.append(
        f"  {comparison.brand}, {comparison.replicates} × {comparison.outcomes[0].customers:,} customers, "
        f"seed {comparison.settings.seed}",
        style="not bold dim",
    )
    console.print(title)
    console.print(_answers(comparison))
    console.print(_numbers(comparison))
    if comparison.folder is not None:
        console.print(Text(f"Run folder: {comparison.folder} (open report.html)"), soft_wrap=True)


def _answers(comparison: Comparison) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for paragraph in paragraphs(comparison):
        body = Text(" ".join(paragraph.lines[1:]) if paragraph.heading != "Verdict" else "\n".join(paragraph.lines[1:]))
        first = Text(paragraph.lines[0])
        if paragraph.heading == "Verdict":
            first.stylize(_COLOURS[comparison.verdict.decision])
        separator = "\n" if paragraph.heading == "Verdict" else " "
        grid.add_row(paragraph.heading, Text(separator).join([first, body]) if body.plain else first)
    return grid


def _numbers(comparison: Comparison) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if index == 0 else "right", no_wrap=True)
    for row in table_rows(comparison):
        table.add_row(*(Text(cell) for cell in row))
    return table
