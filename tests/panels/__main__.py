"""Print the comparison with the panels, or write it to a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .data import FOLDER, PANELS, path_of
from .table import compare_all, page


def main() -> int:
    """Run from the root of the repository."""
    parser = argparse.ArgumentParser(prog="python -m tests.panels", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page here instead of printing it")
    asked = parser.parse_args()
    missing = [name for name in PANELS if not path_of(name).is_file()]
    if missing:
        print(f"no panel {', '.join(missing)} in {FOLDER}; put the files there to compare", file=sys.stderr)
        return 2
    text = page(compare_all())
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


sys.exit(main())
