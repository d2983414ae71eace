"""``brandsim run`` end to end: streams, exit codes, the run folder, interruption and resumption."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Brandsim = Callable[..., subprocess.CompletedProcess[str]]

SMALL = ("--customers", "600", "--replicates", "2", "--set", "horizon=26 weeks")
DECISION = {"ship": 0, None: 0, "fix": 3, "stop": 3, "cannot_tell": 4}


def test_json_is_the_only_thing_on_standard_output_and_the_exit_code_is_the_decision(
    brandsim: Brandsim, tmp_path: Path
) -> None:
    done = brandsim("run", "orange_carton", *SMALL, "--json", "--out", "out")
    summary = json.loads(done.stdout)
    assert done.returncode == DECISION[summary["verdict"]["decision"]], done.stderr
    assert summary == json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["customers"], summary["replicates"], summary["seed"]) == (600, 2, 1)
    assert "2 of 2" in done.stderr
    for name in ("receipt.json", "report.html", "weekly.parquet", "weekly.csv", "fates.parquet"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    assert list((tmp_path / "out" / "plots").glob("*.png"))


def test_nothing_changes_means_exactly_nothing_and_quiet_is_quiet(brandsim: Brandsim) -> None:
    done = brandsim("run", "null_launch", *SMALL, "--quiet", "--json", "--luck-only")
    assert done.stderr.splitlines() in ([], ["run folder: runs/null_launch"])
    summary = json.loads(done.stdout)
    assert summary["metrics"]["units_change"]["mean"] == 0
    assert summary["fates"]["caused"] == summary["fates"]["saved"] == 0
    assert summary["fates"]["base"] > 0
    assert summary["luck_only"] is True


def test_the_first_screen_is_words_and_names_the_folder(brandsim: Brandsim, tmp_path: Path) -> None:
    done = brandsim("run", "logo_refresh", *SMALL, TERM="dumb")
    assert done.returncode in DECISION.values()
    assert "Verdict" in done.stdout
    assert "runs/logo_refresh" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    again = brandsim("run", "logo_refresh", *SMALL, "--quiet")
    assert "runs/logo_refresh-2" in again.stdout
    first, second = (tmp_path / "runs" / name / "summary.json" for name in ("logo_refresh", "logo_refresh-2"))
    assert first.read_bytes() == second.read_bytes()


def test_an_existing_run_is_kept_unless_asked_and_a_changed_file_is_found(brandsim: Brandsim, tmp_path: Path) -> None:
    run = ("run", "orange_carton", *SMALL, "--quiet", "--out", "out")
    assert brandsim(*run).returncode in DECISION.values()
    receipt = (tmp_path / "out" / "receipt.json").read_bytes()
    refused = brandsim(*run)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert "--resume" in refused.stderr
    assert (tmp_path / "out" / "receipt.json").read_bytes() == receipt
    assert brandsim("verify", "out").returncode == 0
    other = brandsim(*run, "--resume", "--seed", "2")
    assert other.returncode == 2
    assert "seed" in other.stderr
    (tmp_path / "out" / "weekly.csv").write_text("tampered", encoding="utf-8")
    found = brandsim("verify", "out")
    assert found.returncode == 2
    assert "weekly.csv" in found.stdout
    assert brandsim(*run, "--force").returncode in DECISION.values()
    assert brandsim("verify", "out").returncode == 0
    assert brandsim("verify", "nowhere").returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_interrupted_run_says_how_to_go_on_and_ends_as_if_nothing_had_happened(
    brandsim: Brandsim, tmp_path: Path
) -> None:
    run = ["run", "orange_carton", "--customers", "2000", "--replicates", "12", "--jobs", "1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *run, "--out", "cut"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if re.search(r": [1-9]\d* of 12", line):
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == ""
    assert "--resume --out cut" in err
    assert not (tmp_path / "cut" / "receipt.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cut" / "tasks").glob("*.npz")}
    assert kept
    resumed = brandsim(*run, "--out", "cut", "--resume")
    whole = brandsim(*run, "--out", "whole")
    assert resumed.stdout == whole.stdout
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for name in ("summary.json", "weekly.parquet", "fates.parquet"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_python_and_the_command_line_say_the_same(brandsim: Brandsim, tmp_path: Path) -> None:
    import simulator as bs

    result = bs.compare("orange_carton", replicates=2, customers=600, out=tmp_path / "api")
    assert result.folder == tmp_path / "api"
    printed = json.loads(brandsim("run", "orange_carton", *SMALL, "--json", "--quiet").stdout)
    assert json.loads((tmp_path / "api" / "summary.json").read_text(encoding="utf-8")) == printed
    assert bs.open(tmp_path / "api").summary() == result.summary()
    assert bs.compare("orange_carton", replicates=2, customers=600, seed=2).summary() != result.summary()
