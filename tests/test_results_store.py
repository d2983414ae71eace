"""The run folder: whole or resumable, the same bytes, and never someone else's files."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest
from synthetic import make_comparison, make_outcomes, make_scenario

from simulator.results import Comparison, RunFolder, RunFolderError, RunSettings, create_run, files, open_run, verify
from simulator.results.tasks import DamagedTaskError, TaskFiles, load_outcome, save_outcome
from simulator.scenario import load

SAME_BYTES = ("summary.json", "weekly.csv", "weekly.parquet", "fates.parquet")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return make_comparison(4)


@pytest.fixture(scope="module")
def finished(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return comparison.save(tmp_path_factory.mktemp("runs") / "carton")


def start(path: Path, **how: object) -> RunFolder:
    return create_run(path, make_scenario(), **{"seed": 1, "replicates": 4, **how})  # type: ignore[arg-type]


def test_a_finished_folder_holds_everything_and_verifies(finished: Path) -> None:
    names = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert {*SAME_BYTES, "report.html", "receipt.json", "run.json", "scenario.json"} <= names
    assert {f"plots/{kind}.png" for kind in ("units", "churn", "fates", "word_of_mouth")} <= names
    check = verify(finished)
    assert check.sound
    assert check.files == len(names) - 1


def test_every_changed_or_missing_file_is_found(comparison: Comparison, tmp_path: Path) -> None:
    folder = comparison.save(tmp_path / "run")
    (folder / "summary.json").write_text("{}")
    (folder / "weekly.csv").unlink()
    assert verify(folder).problems == (
        "summary.json: changed since the run finished",
        "weekly.csv: missing",
    )


def test_opening_a_folder_gives_back_the_same_comparison(comparison: Comparison, finished: Path) -> None:
    opened = open_run(finished)
    assert opened.summary() == comparison.summary()
    assert opened.scenario.fingerprint() == comparison.scenario.fingerprint()
    assert opened.folder == finished
    assert opened.fates(detail=True).equals(comparison.fates(detail=True))


def test_results_are_the_same_bytes_in_any_order_and_any_folder(
    comparison: Comparison, finished: Path, tmp_path: Path
) -> None:
    other = Comparison(comparison.scenario, comparison.outcomes[::-1], comparison.settings).save(
        tmp_path / "other name"
    )
    for name in SAME_BYTES:
        assert (other / name).read_bytes() == (finished / name).read_bytes(), name


def test_results_name_no_place_and_no_time(finished: Path) -> None:
    for name in ("summary.json", "weekly.csv", "run.json", "scenario.json", "report.html"):
        assert str(finished.parent) not in (finished / name).read_text()


def test_weekly_parquet_sums_to_the_counters_in_every_dimension(comparison: Comparison, finished: Path) -> None:
    query = (
        "SELECT dimension, sum(value) FROM read_parquet(?) WHERE metric = 'units' AND brand = 'Sunfield' "
        "AND arm = 'scenario' AND replicate = 2 AND week >= 0 GROUP BY dimension"
    )
    sums = dict(duckdb.execute(query, [str(finished / "weekly.parquet")]).fetchall())
    units = int(comparison.outcomes[2].arms["scenario"].totals[20:, 0, 0].sum())
    assert sums == {"all": units, "store": units, "region": units, "segment": units}
    described = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(finished / "weekly.parquet")]).fetchall()
    names = [row[0] for row in described]
    assert names == ["arm", "replicate", "week", "brand", "dimension", "level", "metric", "value"]


def test_fates_parquet_has_one_row_per_habitual_customer(comparison: Comparison, finished: Path) -> None:
    query = "SELECT fate, count(*) FROM read_parquet(?) GROUP BY fate"
    counts = dict(duckdb.execute(query, [str(finished / "fates.parquet")]).fetchall())
    fates = comparison.summary()["fates"]
    assert counts == {name: count for name, count in fates.items() if name != "base" and count}


def test_a_replicate_survives_the_disk_unchanged(tmp_path: Path) -> None:
    outcome = make_outcomes(1)[0]
    save_outcome(outcome, tmp_path / "one.npz")
    back = load_outcome(tmp_path / "one.npz")
    assert (back.brands, back.levels, back.parameters) == (outcome.brands, outcome.levels, outcome.parameters)
    for name, arm in outcome.arms.items():
        for field, value in vars(arm).items():
            other = getattr(back.arms[name], field)
            if isinstance(value, np.ndarray):
                assert value.dtype == other.dtype
                assert np.array_equal(value, other), field
            else:
                assert value == other


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_replicate_counts_as_missing(tmp_path: Path, damage: str) -> None:
    tasks = TaskFiles(tmp_path, "run")
    tasks.save(make_outcomes(1)[0])
    file = tasks.path(0)
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    else:
        content = bytearray(b"" if damage == "empty" else b"not a record")
    file.write_bytes(content)
    again = TaskFiles(tmp_path, "run")
    assert not again.has(0)
    with pytest.raises(DamagedTaskError):
        again.load(0)


def test_a_flipped_bit_is_found_or_harmless_but_never_read_as_another_result(tmp_path: Path) -> None:
    outcome = make_outcomes(1)[0]
    save_outcome(outcome, tmp_path / "one.npz")
    sound = (tmp_path / "one.npz").read_bytes()
    found = 0
    for position in range(0, len(sound), len(sound) // 60):
        content = bytearray(sound)
        content[position] ^= 0x10
        (tmp_path / "one.npz").write_bytes(content)
        try:
            back = load_outcome(tmp_path / "one.npz")
        except DamagedTaskError:
            found += 1
        else:
            assert np.array_equal(back.arms["scenario"].lapse, outcome.arms["scenario"].lapse)
            assert np.array_equal(back.arms["scenario"].totals, outcome.arms["scenario"].totals)
    assert found > 30


def test_a_replicate_of_another_run_counts_as_missing(tmp_path: Path) -> None:
    TaskFiles(tmp_path, "one").save(make_outcomes(1)[0])
    assert TaskFiles(tmp_path, "one").has(0)
    assert not TaskFiles(tmp_path, "other").has(0)
    assert not TaskFiles(tmp_path, "one").has(1)


def test_a_killed_run_keeps_its_replicates_and_can_be_resumed(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    for outcome in make_outcomes(4)[:3]:
        folder.tasks.save(outcome)
    (tmp_path / "run" / "tasks" / ".replicate-0003.npz.x.part").write_bytes(b"half")
    with pytest.raises(RunFolderError, match=r"not a finished run.*--resume"):
        verify(tmp_path / "run")
    with pytest.raises(RunFolderError, match=r"unfinished run.*--resume"):
        start(tmp_path / "run")
    resumed = start(tmp_path / "run", resume=True)
    assert [resumed.tasks.has(number) for number in range(4)] == [True, True, True, False]
    assert not list((tmp_path / "run").rglob("*.part"))


@pytest.mark.parametrize("after", [0, 1, 3, 7, 13])
def test_a_run_killed_after_any_write_can_be_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    class Killed(BaseException):
        pass

    renames = 0
    rename = Path.replace

    def rename_until_killed(self: Path, target: Path) -> Path:
        nonlocal renames
        if renames == after:
            raise Killed
        renames += 1
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", rename_until_killed)
    with pytest.raises(Killed):
        make_comparison(2).save(tmp_path / "run")
    monkeypatch.undo()
    with pytest.raises(RunFolderError, match="not a finished run"):
        open_run(tmp_path / "run")
    again = start(tmp_path / "run", replicates=2, resume=True)
    for outcome in make_outcomes(2):
        if not again.tasks.has(outcome.replicate):
            again.tasks.save(outcome)
    again.finish(Comparison(make_scenario(), tuple(again.tasks.load_all(range(2))), RunSettings(1)))
    assert verify(tmp_path / "run").sound
    assert open_run(tmp_path / "run").summary() == make_comparison(2).summary()


def test_a_finished_run_is_not_overwritten_unless_asked(comparison: Comparison, tmp_path: Path) -> None:
    folder = comparison.save(tmp_path / "run")
    with pytest.raises(RunFolderError, match=r"holds a finished run.*--out.*--force.*--resume"):
        comparison.save(folder)
    assert verify(folder).sound
    make_comparison(2).save(folder, force=True)
    assert verify(folder).sound
    assert open_run(folder).replicates == 2


def test_resuming_a_finished_run_may_add_replicates_but_not_take_any_away(
    comparison: Comparison, tmp_path: Path
) -> None:
    path = comparison.save(tmp_path / "run")
    with pytest.raises(RunFolderError, match="has 4 replicates and 2 were asked for"):
        start(path, replicates=2, resume=True)
    assert verify(path).sound
    more = start(path, replicates=6, resume=True)
    assert not (path / "receipt.json").exists()
    for outcome in make_outcomes(6)[4:]:
        more.tasks.save(outcome)
    outcomes = more.tasks.load_all(range(6))
    more.finish(Comparison(make_scenario(), tuple(outcomes), RunSettings(1)))
    assert verify(path).sound
    assert open_run(path).summary() == make_comparison(6).summary()


@pytest.mark.parametrize(
    ("how", "named"),
    [({"seed": 2}, "the seed"), ({"luck_only": True}, "parameters are drawn")],
)
def test_resuming_something_else_is_refused(tmp_path: Path, how: dict[str, object], named: str) -> None:
    start(tmp_path)
    with pytest.raises(RunFolderError, match=f"cannot be resumed because .*{named}"):
        start(tmp_path, resume=True, **how)


def test_resuming_another_scenario_is_refused(tmp_path: Path) -> None:
    start(tmp_path)
    with pytest.raises(RunFolderError, match="because the scenario is not the same"):
        create_run(tmp_path, make_scenario(guardrails=[]), seed=1, replicates=4, resume=True)


def test_a_folder_with_other_things_is_left_alone_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="not empty and holds no run"):
        start(tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_force_removes_only_what_a_run_wrote(comparison: Comparison, tmp_path: Path) -> None:
    folder = comparison.save(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    start(folder, force=True)
    assert (folder / "notes.txt").read_text() == "mine"
    assert not list((folder / "tasks").iterdir())


def test_a_file_in_the_way_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunFolderError, match=r"is a file.*choose another name"):
        start(tmp_path / "file")
    with pytest.raises(RunFolderError, match="a part of the path is a file"):
        start(tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission was denied")],
)
def test_errors_of_the_disk_name_the_mend_and_leave_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    (tmp_path / "a.json").write_text("before")

    def fail(*_: object) -> None:
        raise OSError(number, "told by the test")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(RunFolderError, match=words):
        files.write_text(tmp_path / "a.json", "after")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.json", "before")]


def test_a_folder_that_is_no_run_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no such folder"):
        open_run(tmp_path / "nothing")
    with pytest.raises(RunFolderError, match="not a finished run"):
        open_run(tmp_path)
    (tmp_path / "receipt.json").write_text("{")
    with pytest.raises(RunFolderError, match="receipt cannot be read"):
        open_run(tmp_path)


def test_a_damaged_replicate_stops_the_opening_and_names_the_way_out(comparison: Comparison, tmp_path: Path) -> None:
    folder = comparison.save(tmp_path / "run")
    (folder / "tasks" / "replicate-0001.npz").write_bytes(b"gone")
    with pytest.raises(RunFolderError, match=r"replicate 1 is missing or damaged.*--resume"):
        open_run(folder)


def test_a_run_with_a_failed_replicate_opens_with_those_that_finished(tmp_path: Path) -> None:
    folder = create_run(tmp_path, make_scenario(), seed=1, replicates=4)
    outcomes = [outcome for outcome in make_outcomes(4) if outcome.replicate != 1]
    for outcome in outcomes:
        folder.tasks.save(outcome)
    folder.finish(Comparison(make_scenario(), tuple(outcomes), RunSettings(1)))
    assert open_run(tmp_path).numbers == [0, 2, 3]


def test_the_receipt_says_what_made_the_result(finished: Path) -> None:
    receipt = json.loads((finished / "receipt.json").read_text())
    assert {"scenario", "parameters", "code", "seed", "replicates", "versions", "files"} <= set(receipt)
    assert receipt["scenario"] == make_scenario().fingerprint()
    assert len(receipt["parameters"]) == len(receipt["code"]) == 64


@pytest.mark.parametrize("change", [{}, {"customers": 5_000}])
def test_the_scenario_kept_in_the_folder_is_the_one_that_was_run(tmp_path: Path, change: dict[str, int]) -> None:
    scenario = load("orange_carton").at(change)
    create_run(tmp_path, scenario, seed=1, replicates=2)
    kept = load(json.loads((tmp_path / "scenario.json").read_text()))
    assert kept.fingerprint() == scenario.fingerprint()
