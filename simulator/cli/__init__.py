"""The command line: parse, call the library, render. No command computes anything itself.

Commands are imported only when they are called, so that ``brandsim --help`` answers at once. Exit codes are part of the
interface: see ``simulator.cli.exits``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from simulator.cli import exits


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
