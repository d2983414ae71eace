"""The command line: parse, call the library, render. No command computes anything itself.

Commands are imported only when they are called, so that ``brandsim --help`` answers at once. Exit codes are part of the
interface: see ``simulator.cli.exits``.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from simulator.cli import exits


def command() -> NoReturn:
    """The command ``brandsim``: `main`, and then the end of the process.

    It ends without being taken apart object by object, which takes half a second after a run.
    """
    code = main()
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, BrokenPipeError):  # there is none, or nobody who reads it
            continue
        except OSError as error:
            code = code or exits.WRONG_INPUT
            with contextlib.suppress(OSError):
                exits.explain(error, debug=False)
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; ``argv`` defaults to the arguments of the process."""
    import click

    from simulator.cli.root import Session, brandsim

    session = Session()
    try:
        code = brandsim.main(
            args=None if argv is None else list(argv), prog_name="brandsim", standalone_mode=False, obj=session
        )
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted", err=True)
        return exits.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has gone. Python would complain once more on flushing standard output at exit.
        sys.stdout = None
        return exits.FINE
    except Exception as error:
        return exits.explain(error, debug=session.debug)
    return code if isinstance(code, int) else exits.FINE
