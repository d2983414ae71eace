"""The house: imports go one way, luck has an address, modules stay small, and everything is packaged."""

from __future__ import annotations

import ast
import configparser
import fnmatch
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "simulator"

ORDER = {
    "parameters": 0,
    "compilation": 0,
    "randomness": 1,
    "remembered": 1,
    "scenario": 1,
    "world": 2,
    "model": 3,
    "experiment": 4,
    "evidence": 5,
    "results": 6,
    "report": 7,
    "api": 8,
    "cli": 9,
}
"""A room imports from rooms with a lower number, and from itself. ``results`` binds its pictures late, by name."""

LONGEST_MODULE = 500

KEYED_ROOMS = ("model", "world", "experiment")
"""Rooms in which everything random must be a pure function of seed, replicate, stream and entity."""


def modules(folder: Path = PACKAGE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute in this house"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in ORDER, f"{room} is a new room: give it a place in ORDER"
    for line, name in imported(tree_of(path)):
        parts = name.split(".")
        if parts[0] != "simulator" or len(parts) == 1:
            continue
        assert parts[1] in ORDER, f"{name_of(path)}:{line} imports {name}: import it from the room where it lives"
        forward = ORDER[parts[1]] < ORDER[room] or parts[1] == room
        assert forward, f"{name_of(path)}:{line}: {room} must not know {parts[1]}"


BANNED_MODULES = ("random", "secrets", "uuid", "numpy.random", "scipy.stats.qmc")
BANNED_NAMES = ("default_rng", "RandomState", "SeedSequence", "rvs", "urandom", "shuffle", "shuffle_do")
BANNED_ATTRIBUTES = ("random", "rng")


def unkeyed(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Places where luck would come from a shared stream, so that one draw more moves everybody after it."""
    for line, name in imported(tree):
        if name.startswith(tuple(f"{banned}." for banned in BANNED_MODULES)) or name in BANNED_MODULES:
            yield line, f"imports {name}"
    handed_on = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in BANNED_ATTRIBUTES  # Mesa's constructors insist on one
    }
    for node in ast.walk(tree):
        if id(node) in handed_on:
            continue
        if isinstance(node, ast.Attribute) and node.attr in (*BANNED_NAMES, *BANNED_ATTRIBUTES):
            yield node.lineno, f"uses .{node.attr}"
        elif isinstance(node, ast.Name) and node.id in BANNED_NAMES:
            yield node.lineno, f"uses {node.id}"


@pytest.mark.parametrize("path", [path for room in KEYED_ROOMS for path in modules(PACKAGE / room)], ids=name_of)
def test_luck_has_an_address(path: Path) -> None:
    found = [f"{name_of(path)}:{line} {what}" for line, what in unkeyed(tree_of(path))]
    assert not found, f"{found}; draw through simulator.randomness with a stream, an entity and a time"


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "from random import choice",
        "import numpy as np\nx = np.random.rand()",
        "from numpy.random import default_rng",
        "import numpy\nnumpy.random.default_rng(1)",
        "from scipy.stats import norm\nnorm.rvs(3)",
        "class A:\n    def go(self):\n        return self.random.choice([1])",
        "def go(model):\n    return model.rng.normal()",
        "def go(model):\n    model.agents.shuffle_do('step')",
    ],
)
def test_the_ban_on_unkeyed_luck_catches(text: str) -> None:
    assert list(unkeyed(ast.parse(text)))


def test_the_ban_on_unkeyed_luck_leaves_keyed_draws_alone() -> None:
    text = "from simulator.randomness import Stream, uniforms\nu = uniforms(run, Stream.TASTE, 0, ids)"
    assert not list(unkeyed(ast.parse(text)))
    assert not list(unkeyed(ast.parse("AgentSet([], random=self.random)")))
    assert list(unkeyed(ast.parse("AgentSet([], random=self.random.choice)")))


@pytest.mark.parametrize("path", modules(PACKAGE / "model" / "kernels"), ids=name_of)
def test_machine_code_is_made_of_hashed_sources_only(path: Path) -> None:
    from simulator import compilation

    hashed = set(compilation.sources())
    for line, name in imported(tree_of(path)):
        if name.startswith("simulator."):
            parts = name.split(".")
            room = PACKAGE.joinpath(*parts[1:-1])
            file = room / "__init__.py" if room.is_dir() else room.with_suffix(".py")
            assert file in hashed, f"{name_of(path)}:{line} imports from {file.name}, whose edits leave old code cached"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_modules_are_small_and_say_why_they_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE, "more than a module's worth: these are two concepts"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with why it exists"


LIGHT = {"__future__", "click", "yaml"}
"""What a command may import at its top beside the standard library and light rooms."""

LIGHT_ROOMS = ("simulator", "simulator.cli", "simulator.parameters")


@pytest.mark.parametrize("path", modules(PACKAGE / "cli"), ids=name_of)
def test_commands_import_what_is_heavy_only_when_they_need_it(path: Path) -> None:
    import sys

    for node in tree_of(path).body:
        for line, name in imported(node) if isinstance(node, ast.Import | ast.ImportFrom) else ():
            top = name.split(".")[0]
            light = top in LIGHT or top in sys.stdlib_module_names or name.startswith(LIGHT_ROOMS[1:])
            assert light, f"{name_of(path)}:{line} imports {name} at the top; import it inside the command"


def configuration() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def packaged_folders() -> dict[str, Path]:
    """Package name -> folder, as setup.cfg maps them."""
    options = configuration()["options"]
    places = dict(line.split(" = ") for line in options["package_dir"].strip().splitlines())
    folders = {}
    for package in options["packages"].split():
        base = max((key for key in places if package == key or package.startswith(f"{key}.")), key=len)
        folders[package] = ROOT / places[base] / Path(*package.removeprefix(base).strip(".").split("."))
    return folders


def test_setup_lists_exactly_the_packages_there_are() -> None:
    listed = {str(folder.relative_to(ROOT)) for folder in packaged_folders().values()}
    tops = ("simulator", "scenarios", "notebooks")
    found = {str(path.parent.relative_to(ROOT)) for top in tops for path in (ROOT / top).rglob("__init__.py")}
    assert listed == found


def test_every_file_beside_the_code_is_packaged() -> None:
    data = {package: patterns.split() for package, patterns in configuration()["options.package_data"].items()}
    folders = packaged_folders()
    for package, folder in folders.items():
        inner = [other for other in folders.values() if other != folder and folder in other.parents]
        for path in folder.rglob("*"):
            skip = path.is_dir() or path.suffix in (".py", ".pyc") or ".ipynb_checkpoints" in path.parts
            if skip or any(other in path.parents for other in inner):
                continue
            relative = path.relative_to(folder).as_posix()
            patterns = [pattern.strip(",") for pattern in data.get(package, [])]
            assert any(fnmatch.fnmatch(relative, pattern) for pattern in patterns), f"{path} would not be installed"


def test_nothing_is_left_for_later() -> None:
    for path in modules():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for word in ("TODO", "FIXME", "XXX", "NotImplementedError"):
                assert word not in line, f"{name_of(path)}:{number} says {word}"
