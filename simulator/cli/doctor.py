"""``brandsim doctor``: is this installation the one you think it is, and does it work?"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json as jsonlib
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from simulator.cli import exits
from simulator.cli.root import debug_option

_NEEDED: Final = (
    "numpy",
    "numba",
    "mesa",
    "networkx",
    "pandas",
    "scipy",
    "duckdb",
    "matplotlib",
    "click",
    "rich",
    "pydantic",
    "PyYAML",
    "jinja2",
)
_FOLDERS: Final = ("simulator.scenarios", "simulator.scenarios.markets", "simulator.notebooks")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
def doctor(as_json: bool) -> int:
    """Check the installation: which simulator runs, versions, the folder of compiled kernels."""
    facts, troubles = examine()
    if as_json:
        click.echo(jsonlib.dumps({"facts": facts, "troubles": troubles}, indent=1, ensure_ascii=False))
    else:
        width = max(map(len, facts))
        for name, fact in facts.items():
            click.echo(f"{name:{width}}  {fact}")
        click.echo()
        for trouble in troubles:
            click.echo(f"trouble: {trouble}")
        if not troubles:
            click.echo("All is well.")
    return exits.OUR_FAULT if troubles else exits.FINE


def examine() -> tuple[dict[str, str], list[str]]:
    """Facts about the installation, and what is wrong with it with a way to mend it."""
    import simulator
    from simulator.experiment.processors import default_jobs

    home = Path(str(simulator.__file__)).parent
    facts = {
        "brandsim": simulator.__version__,
        "imported from": str(home),
        "python": f"{platform.python_version()} ({sys.executable})",
        "processors": str(default_jobs()),
    }
    troubles: list[str] = []
    for name in _NEEDED:
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            facts[name] = "missing"
            troubles.append(f"{name} is not installed; run `pip install brandsim` again")
    owner = _owner_of(home)
    if owner:
        troubles.append(
            f"the imported package `simulator` belongs to {owner}; uninstall that or use a clean environment"
        )
    for folder in _FOLDERS:
        if importlib.util.find_spec(folder) is None:
            troubles.append(f"{folder} did not come with the installation; install it again with `pip install .`")
    facts["compiled kernels"], trouble = _cache()
    troubles += [trouble] if trouble else []
    facts["this folder"] = f"{Path.cwd()} ({'can' if os.access(Path.cwd(), os.W_OK) else 'cannot'} be written)"
    if not os.access(Path.cwd(), os.W_OK):
        troubles.append("runs are written below this folder, which is read-only; use --out or another folder")
    facts["temporary folder"] = tempfile.gettempdir()
    return facts, troubles


def _owner_of(home: Path) -> str | None:
    """Another distribution that claims the imported package, where there is one."""
    if (home / "parameters" / "parameters.yaml").exists():
        return None
    owners = importlib.metadata.packages_distributions().get("simulator", [])
    return ", ".join(sorted({owner for owner in owners if owner != "brandsim"})) or f"an unknown distribution at {home}"


def _cache() -> tuple[str, str | None]:
    if importlib.util.find_spec("numba") is None:
        return "numba is missing", None
    from simulator.compilation import cache_folder, is_warm

    folder = cache_folder()
    if folder is None:
        advice = "set BRANDSIM_CACHE_DIR to one, or every run compiles anew"
        return "no folder to write to", f"no writable folder for compiled kernels; {advice}"
    return f"{folder} ({'compiled' if is_warm() else 'the first run will compile'})", None
