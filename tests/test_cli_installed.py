"""What is shipped must work from any folder, installed as a wheel, without the source beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

SHIPPED = ("simulator", "scenarios", "notebooks", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that the source folder stays clean."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        if (root / name).is_dir():
            shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(root / name, source / name)
    offline = ["--no-build-isolation", "--no-index"] if builds_wheels() else []
    pip(["wheel", "--no-deps", *offline, "-w", str(source / "dist"), str(source)])
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("target")
    pip(["install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)])
    return folder


def builds_wheels() -> bool:
    """Whether this environment's setuptools makes wheels by itself (from 70.1 on), so that nothing is downloaded."""
    try:
        major, minor = version("setuptools").split(".")[:2]
    except PackageNotFoundError:
        return False
    return (int(major), int(minor)) >= (70, 1)


def pip(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def installed(target: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_wheel_holds_the_code_the_scenarios_and_the_table(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (root / "scenarios").rglob("*.yaml"):
        assert f"simulator/scenarios/{path.relative_to(root / 'scenarios').as_posix()}" in names
    for path in (root / "simulator").rglob("*.py"):
        assert path.relative_to(root).as_posix() in names
    assert {"simulator/parameters/parameters.yaml", "simulator/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "scenarios/"))]


def test_the_wheel_lists_checks_and_writes_scenarios_from_another_folder(target: Path, tmp_path: Path) -> None:
    where = installed(target, tmp_path, "doctor").stdout
    assert re.search(rf"imported from +{re.escape(str(target))}", where), where
    listing = installed(target, tmp_path, "new", "--list")
    assert listing.returncode == 0, listing.stderr
    assert "orange_carton" in listing.stdout
    assert "orange-juice" in listing.stdout
    assert installed(target, tmp_path, "check", "orange_carton").returncode == 0
    assert installed(target, tmp_path, "new", "mine.yaml").returncode == 0
    assert installed(target, tmp_path, "check", "mine.yaml").returncode == 0


def test_the_readme_holds_the_two_commands_of_setting_up(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    top = "\n".join(readme.splitlines()[:40])
    assert "\npip install . && brandsim run scenarios/orange_carton.yaml\n" in top
    assert '\npip install -e ".[test]" && pytest\n' in top


def test_what_the_readme_shows_is_true(root: Path) -> None:
    from simulator.cli.root import _COMMANDS
    from simulator.scenario import loads, shipped

    readme = (root / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    scenario = loads(example, file="README.md")
    assert scenario.events[0].id in example
    table = re.findall(r"^\| `brandsim (\w+)", readme, re.MULTILINE)
    assert set(table) == set(_COMMANDS)
    for name in re.findall(r"^brandsim run (\w+)", readme, re.MULTILINE):
        assert name in shipped()
