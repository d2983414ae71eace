"""The command ``brandsim`` itself: which commands there are, without importing any of them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

_COMMANDS: Final = {
    "run": ("simulator.cli.run", "Compare the scenario with its paired baseline and print the verdict."),
    "check": ("simulator.cli.check", "Validate scenario files; all errors at once, with places."),
    "new": ("simulator.cli.new", "Write a commented scenario to PATH, from a few questions or from flags."),
    "params": ("simulator.cli.params", "Show the numbers the model rests on: range, grade, source."),
    "schema": ("simulator.cli.schema", "Print the JSON Schema of scenario files, for editors."),
    "validate": ("simulator.cli.validate", "Hold the model against published facts, with knock-outs."),
    "backtest": ("simulator.cli.backtest", "Score the model on documented cases, told only what was known before."),
    "verify": ("simulator.cli.verify", "Check every file of a run folder against its receipt."),
    "doctor": ("simulator.cli.doctor", "Check the installation."),
}
"""Command -> (module, one line). The function in the module has the name of the command."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Session:
    """What one call of the command line remembers."""

    debug: bool = False


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and suggests the nearest one when it does not exist."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(_COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, _COMMANDS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"commands are {', '.join(_COMMANDS)}."
            raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


def _remember_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    session = ctx.find_root().obj
    if value and isinstance(session, Session):
        session.debug = True


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import simulator

        click.echo(f"brandsim {simulator.__version__}")
        ctx.exit()


def debug_option(command: F) -> F:
    """Add ``--debug``, which every command takes."""
    option = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_remember_debug,
        help="Show the traceback when something fails.",
    )
    return option(command)


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
@debug_option
@click.pass_context
def brandsim(ctx: click.Context) -> None:
    """What would a brand change cost us in habitual customers, and how sure are we?

    Start with `brandsim run orange_carton`, or write your own scenario with `brandsim new my_change.yaml`.
    Exit codes: 0 fine, 1 a fault of ours, 2 wrong input, 3 a guardrail is breached, 4 cannot tell, 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
