"""The command line as a user meets it: a process with an exit code, answers on one stream and messages on the other."""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.cli import exits, main
from simulator.cli.consoles import may_animate, progress
from simulator.cli.loading import loading
from simulator.cli.new import CHANGES
from simulator.cli.run import _folder_for
from simulator.parameters import table

Brandsim = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = {"mesa", "numba", "pandas", "scipy", "matplotlib", "duckdb", "networkx"}
CONTROL = re.compile(r"\x1b")


def imported_by(arguments: list[str], folder: Path) -> set[str]:
    """Top-level modules that one call of the command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "simulator", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--help"], {"numpy", "pydantic", "rich", "yaml", "importlib.metadata"}),
        (["run", "--help"], {"numpy", "pydantic", "rich"}),
        (["params"], {"numpy", "pydantic"}),
        (["params", "inertia"], {"numpy", "pydantic", "rich"}),
        (["check", "orange_carton"], set()),
        (["schema"], set()),
        (["new", "--list"], set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_light_commands_do_not_load_heavy_libraries(arguments: list[str], more: set[str], tmp_path: Path) -> None:
    assert not imported_by(arguments, tmp_path) & (HEAVY | more)


def test_help_lists_every_command_with_the_line_its_own_help_opens_with(brandsim: Brandsim) -> None:
    listing = brandsim("--help")
    assert listing.returncode == 0
    for name in ("run", "check", "new", "params", "schema", "verify", "doctor"):
        line = re.search(rf"^  {name} +(.+)$", listing.stdout, re.MULTILINE)
        assert line, listing.stdout
        own = brandsim(name, "--help")
        assert own.returncode == 0
        assert line.group(1)[:30].rstrip(".") in " ".join(own.stdout.split())


def test_no_command_shows_the_help(brandsim: Brandsim) -> None:
    done = brandsim()
    assert done.returncode == 0
    assert "Commands:" in done.stdout


def test_a_misspelt_command_or_option_is_answered_with_the_nearest(brandsim: Brandsim) -> None:
    done = brandsim("chekc", "a.yaml")
    assert done.returncode == 2
    assert "did you mean 'check'?" in done.stderr
    done = brandsim("run", "orange_carton", "--replicate", "3")
    assert done.returncode == 2
    assert "--replicates" in done.stderr


def test_version_is_the_distributions(brandsim: Brandsim) -> None:
    from importlib.metadata import version

    assert brandsim("--version").stdout == f"brandsim {version('brandsim')}\n"


def test_params_prints_one_row_in_full(brandsim: Brandsim) -> None:
    done = brandsim("params", "miss_rate")
    row = table()["miss_rate"]
    assert done.returncode == 0
    for part in (
        row.meaning,
        row.source,
        f"{table()['miss_rate'].central:g} probability",
        "0.05",
        "0.4",
        "A: assumption",
    ):
        assert part in done.stdout


def test_params_lists_every_name_and_filters_by_group(brandsim: Brandsim) -> None:
    everything = brandsim("params").stdout
    assert all(f"{name} " in everything for name in table())
    habit = brandsim("params", "--group", "habit").stdout
    assert "habit_growth" in habit
    assert "taste_sd" not in habit
    wrong = brandsim("params", "--group", "hobbit")
    assert wrong.returncode == 2
    assert "groups are" in wrong.stderr


def test_params_as_json_is_the_table(brandsim: Brandsim) -> None:
    rows = json.loads(brandsim("params", "--json").stdout)
    assert rows == [row.as_dict() for row in table().values()]
    assert json.loads(brandsim("params", "inertia", "--json").stdout)["central"] == table()["inertia"].central


def test_an_unknown_parameter_is_answered_with_the_nearest(brandsim: Brandsim) -> None:
    done = brandsim("params", "mis_rate")
    assert done.returncode == 2
    assert "did you mean miss_rate" in done.stderr
    assert done.stdout == ""


def test_check_says_fine_or_everything_that_is_wrong_in_all_files(brandsim: Brandsim, tmp_path: Path) -> None:
    brandsim("new", "good.yaml")
    text = (tmp_path / "good.yaml").read_text(encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(text.replace("horizon: 26 weeks", "horizont: 26 weeks"), encoding="utf-8")
    (tmp_path / "worse.yaml").write_text(text.replace("overlap: 60%", "overlap: 160%"), encoding="utf-8")
    assert brandsim("check", "good.yaml").returncode == 0
    done = brandsim("check", "good.yaml", "bad.yaml", "worse.yaml", "none.yaml")
    assert done.returncode == 2
    assert done.stdout == "good.yaml: fine\n"
    assert re.search(r"bad\.yaml:\d+:\d+: .*horizont", done.stderr)
    assert re.search(r"worse\.yaml:\d+:\d+: ", done.stderr)
    assert "none.yaml" in done.stderr
    assert "3 of 4 files are wrong" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_explains_in_words_and_takes_overrides(brandsim: Brandsim) -> None:
    done = brandsim("check", "--explain", "orange_carton", "--set", "horizon=31 weeks")
    assert done.returncode == 0
    assert "Sunfield" in done.stdout
    assert "31 weeks" in done.stdout
    assert brandsim("check", "orange_carton", "--set", "horizon").returncode == 2


def test_schema_is_a_json_schema_and_can_be_written(brandsim: Brandsim, tmp_path: Path) -> None:
    printed = json.loads(brandsim("schema").stdout)
    assert "redesign" in json.dumps(printed)
    assert "$schema" in printed
    assert brandsim("schema", "--out", "scenario.schema.json").returncode == 0
    assert json.loads((tmp_path / "scenario.schema.json").read_text(encoding="utf-8")) == printed


@pytest.mark.parametrize("change", CHANGES)
def test_new_writes_a_scenario_that_checks(change: str, brandsim: Brandsim, tmp_path: Path) -> None:
    done = brandsim("new", "deep/my change.yaml", "--change", change, "--name", 'A "bold" move: 8% & more')
    assert done.returncode == 0, done.stderr
    content = yaml.safe_load((tmp_path / "deep" / "my change.yaml").read_text(encoding="utf-8"))
    assert content["name"] == 'A "bold" move: 8% & more'
    assert content["events"][0]["kind"] == change
    assert brandsim("check", "deep/my change.yaml").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_new_asks_in_a_terminal_and_takes_the_answers(tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    answers = ("", "Groveland", "price", "12%", "week 2", "12 weeks", "3%", "Dearer")
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "new", "asked.yaml"],
        cwd=tmp_path,
        stdin=theirs,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    content = yaml.safe_load((tmp_path / "asked.yaml").read_text(encoding="utf-8"))
    assert (content["focal_brand"], content["name"], content["horizon"]) == ("Groveland", "Dearer", "12 weeks")
    event = content["events"][0]
    assert (event["kind"], event["change"], event["start"]) == ("price", "12%", "week 2")
    assert content["guardrails"][0]["min"] == "-3%"
    assert "What changes" in done.stderr


def test_new_never_overwrites_unasked(brandsim: Brandsim, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("precious", encoding="utf-8")
    refused = brandsim("new", "mine.yaml")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == "precious"
    assert brandsim("new", "mine.yaml", "--force").returncode == 0
    assert brandsim("check", "mine.yaml").returncode == 0


def test_new_writes_nothing_when_an_answer_is_wrong(brandsim: Brandsim, tmp_path: Path) -> None:
    for wrong in (("--brand", "Sunfeild"), ("--horizon", "a while"), ("--max-loss", "lots"), ("--market", "no-market")):
        done = brandsim("new", "deep/down/wrong.yaml", *wrong)
        assert done.returncode == 2
        assert wrong[1] in done.stderr
        assert not list(tmp_path.iterdir())


def test_new_takes_a_market_file_from_where_you_stand(brandsim: Brandsim, tmp_path: Path) -> None:
    from simulator.scenario.shipped import shipped_files

    (tmp_path / "m.yaml").write_text(
        shipped_files("market")["orange-juice"].read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert brandsim("new", "sub/s.yaml", "--market", "m.yaml").returncode == 0
    assert yaml.safe_load((tmp_path / "sub" / "s.yaml").read_text(encoding="utf-8"))["market"] == "../m.yaml"
    assert brandsim("check", "sub/s.yaml").returncode == 0


def test_new_lists_what_is_shipped_and_every_one_of_it_checks(brandsim: Brandsim) -> None:
    listing = brandsim("new", "--list").stdout
    names = re.findall(r"^  (\S+)  +\S", listing.split("markets (")[0], re.MULTILINE)
    assert "orange_carton" in names
    done = brandsim("check", *names)
    assert done.returncode == 0, done.stderr


def test_new_offers_every_change_that_can_be_written() -> None:
    from simulator.scenario import HOW_MUCH

    assert set(CHANGES) == set(HOW_MUCH)


def test_doctor_finds_this_installation_well(brandsim: Brandsim) -> None:
    done = brandsim("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, found["troubles"]
    import simulator

    assert Path(found["facts"]["imported from"]) == Path(str(simulator.__file__)).parent
    assert found["facts"]["numba"] != "missing"


def test_run_refuses_what_it_cannot_do(brandsim: Brandsim, tmp_path: Path) -> None:
    for arguments, word in (
        (("no_such_scenario",), "no_such_scenario"),
        (("orange_carton", "--engine", "dask:tcp://x"), "'local'"),
        (("orange_carton", "--replicates", "0"), "replicates"),
        (("orange_carton", "--customers", "-5"), "customers"),
        (("orange_carton", "--seed", "1.5"), "seed"),
        (("orange_carton", "--set", "nonsense"), "path=value"),
        (("orange_carton", "--resume", "--force"), "one of them"),
    ):
        done = brandsim("run", *arguments, "--out", str(tmp_path / "out"))
        assert done.returncode == 2, (arguments, done.stderr)
        assert word in done.stderr
        assert done.stdout == ""


def test_run_refuses_a_folder_that_is_not_its_own(brandsim: Brandsim, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("precious", encoding="utf-8")
    for more in ((), ("--force",), ("--resume",)):
        done = brandsim("run", "orange_carton", "--out", "thesis", *more)
        assert done.returncode == 2
        assert "thesis" in done.stderr
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


def test_a_run_gets_a_folder_of_its_own_unless_it_is_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _folder_for("scenarios/a b.yaml", resume=False, force=False) == Path("runs/a_b")
    for taken in ("a", "a-2"):
        (tmp_path / "runs" / taken).mkdir(parents=True)
        (tmp_path / "runs" / taken / "run.json").touch()
    assert _folder_for("a.yaml", resume=False, force=False) == Path("runs/a-3")
    assert _folder_for("a.yaml", resume=True, force=False) == Path("runs/a-2")
    assert _folder_for("a.yaml", resume=False, force=True) == Path("runs/a-2")


class Broken(Exception):
    """Stands for a fault of ours."""


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (Broken("cogs"), exits.OUR_FAULT, "a fault of ours"),
        (PermissionError(13, "Permission denied", "/x/y"), exits.WRONG_INPUT, "/x/y: Permission denied"),
        (KeyboardInterrupt(), exits.INTERRUPTED, "interrupted"),
    ],
)
def test_exit_codes_tell_whose_fault_it_was(
    raised: BaseException,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("simulator.cli.params._chosen", fail)
    assert main(["params"]) == code
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


def test_debug_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise Broken("cogs")

    monkeypatch.setattr("simulator.cli.params._chosen", fail)
    for arguments in (["--debug", "params"], ["params", "--debug"]):
        assert main(arguments) == exits.OUR_FAULT
        assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", ["params --json", "run null_launch --customers 300 --replicates 2 --quiet"])
def test_a_reader_that_leaves_early_hears_no_complaint(tmp_path: Path, arguments: str) -> None:
    done = subprocess.run(
        f"{sys.executable} -m simulator {arguments} | head -c 10",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(done.stdout) == 10
    assert done.stderr == ""


ENDING = """
import atexit, sys
from simulator.cli import command

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()
atexit.register(print, "at the end")
sys.argv[1:] = ["no-such-command"]
print("first")
command()
print("never")
"""


def end(tmp_path: Path, out: Any) -> subprocess.CompletedProcess[str]:
    """End a process by the command, its output not yet written."""
    return subprocess.run(
        [sys.executable, "-c", ENDING],
        cwd=tmp_path,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        check=False,
    )


def test_the_command_ends_the_process_after_whatever_was_left_for_the_end(tmp_path: Path) -> None:
    done = end(tmp_path, subprocess.PIPE)
    assert done.returncode == exits.WRONG_INPUT
    assert done.stdout.split("\n") == ["first", "at the end", ""]
    assert "there is no command" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = end(tmp_path, full)
    assert done.returncode == exits.WRONG_INPUT
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_that_ends_as_usual_has_nothing_to_complain_of(tmp_path: Path) -> None:
    words = "import sys; from simulator.cli import main; "
    words += "sys.exit(main(['run', 'null_launch', '--customers', '300', '--replicates', '2', '--quiet']))"
    done = subprocess.run([sys.executable, "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_output_in_a_pipe_has_no_control_codes(brandsim: Brandsim) -> None:
    for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": ""}):
        done = brandsim("params", **environment)
        assert not CONTROL.search(done.stdout + done.stderr)


def test_progress_is_animated_only_in_a_willing_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert may_animate(quiet=False)
    assert not may_animate(quiet=True)
    for name, value in (("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert not may_animate(quiet=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not may_animate(quiet=False)


def test_the_time_left_is_reckoned_without_what_went_before(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with progress("carton", quiet=False) as step:
        step(4, 20, "compiling")
        clock[0] = 60.0
        step(4, 20, "running")
        clock[0] = 64.0
        step(12, 20, "running")
    assert capsys.readouterr().err.splitlines()[-1] == "carton: 12 of 20, about 4 s left"


def test_progress_in_a_log_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("carton", quiet=False) as step:
        for done in range(101):
            step(done, 100, "")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"carton: {done} of 100" for done in (0, 25, 50, 75, 100)]
    with progress("carton", quiet=True) as step:
        step(1, 2, "")
    assert capsys.readouterr().err == ""


def test_what_is_loaded_is_kept_from_the_collector_of_garbage() -> None:
    assert gc.isenabled()
    kept = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > kept
    gc.unfreeze()


def test_shell_completion_offers_the_commands(tmp_path: Path) -> None:
    environment = {**os.environ, "_BRANDSIM_COMPLETE": "bash_complete", "COMP_WORDS": "brandsim sc", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "simulator"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["plain,schema"]


def test_every_public_name_can_be_had_and_nothing_else() -> None:
    import simulator

    tree = ast.parse(Path(str(simulator.__file__)).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for name in simulator.__all__:
        assert getattr(simulator, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cmopare'"):
        simulator.cmopare  # noqa: B018
