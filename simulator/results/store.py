"""The run folder: a result that can be read, checked, resumed and opened again.

A folder is either finished, with a receipt that verifies, or it can be resumed; killing the program at any instant
loses at most the replicates in flight. Replicates are kept as task files, so a comparison is rebuilt from the folder
exactly as it was. Nothing that is not a run of ours is ever overwritten.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from simulator.results import tables
from simulator.results.comparison import Comparison, RunSettings
from simulator.results.files import RunFolderError, guarded, replacing, write_bytes, write_text
from simulator.results.receipt import NAME as RECEIPT
from simulator.results.receipt import code_hash, parameters_hash, read_receipt, version, write_receipt
from simulator.results.summary import DIGITS, to_json
from simulator.results.tasks import TaskFiles

if TYPE_CHECKING:
    from simulator.scenario import Scenario

SCHEMA = "brandsim-run/1"
PLAN = "run.json"
SCENARIO = "scenario.json"
MEMORY = "1GB"
"""Memory for the rows of a table; what is beyond waits on disk. It changes no byte of the result."""

TASKS = "tasks"
PLOTS = "plots"

_RESULTS = ("summary.json", "weekly.parquet", "weekly.csv", "fates.parquet", "report.html")


@dataclass(frozen=True)
class RunPlan:
    """What a run folder was created for; resuming must ask for the same."""

    schema: str
    name: str
    scenario: str
    seed: int
    replicates: int
    luck_only: bool
    parameters: str
    code: str
    version: str

    @property
    def identity(self) -> str:
        """Hash of all that decides what a replicate is: two runs of one identity may share replicates."""
        parts = (self.scenario, self.seed, self.luck_only, self.parameters, self.code)
        return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class RunFolder:
    """A folder in which one run is being made."""

    path: Path
    plan: RunPlan
    tasks: TaskFiles

    def finish(self, comparison: Comparison) -> Comparison:
        """Write tables, pictures, the page and last the receipt; return the comparison with its folder."""
        write_results(self.path, comparison)
        names = [PLAN, SCENARIO, *_RESULTS, *(f"{PLOTS}/{file.name}" for file in (self.path / PLOTS).glob("*.png"))]
        names += [f"{TASKS}/{self.tasks.path(number).name}" for number in comparison.numbers]
        write_receipt(
            self.path,
            names,
            {
                "scenario": self.plan.scenario,
                "parameters": self.plan.parameters,
                "seed": self.plan.seed,
                "replicates": comparison.replicates,
                "luck_only": self.plan.luck_only,
            },
        )
        return Comparison(comparison.scenario, comparison.outcomes, comparison.settings, self.path)


def create_run(
    path: str | Path,
    scenario: Scenario,
    *,
    seed: int,
    replicates: int,
    luck_only: bool = False,
    force: bool = False,
    resume: bool = False,
) -> RunFolder:
    """Make a folder ready for a run, or take up an unfinished one.

    Parameters
    ----------
    path : str or Path
        The folder; made if it does not exist. A folder with other things in it is refused.
    scenario : Scenario
        What will be run; kept in the folder.
    seed, replicates, luck_only
        How it will be run.
    force : bool
        Replace a run that is there.
    resume : bool
        Keep its finished replicates; scenario, seed and numbers must be the same, replicates may grow.

    Raises
    ------
    RunFolderError
        The folder cannot be used as asked; the message says why and what would work.
    """
    root = Path(path)
    plan = RunPlan(
        schema=SCHEMA,
        name=scenario.name,
        scenario=scenario.fingerprint(),
        seed=seed,
        replicates=replicates,
        luck_only=luck_only,
        parameters=parameters_hash(),
        code=code_hash(outcomes_only=True),
        version=version(),
    )
    _make(root)
    if resume and force:
        raise RunFolderError(f"{root}: --resume keeps what is there and --force replaces it; give one of them")
    if (root / PLAN).exists():
        if not (resume or force):
            raise RunFolderError(_occupied(root))
        if resume and not force:
            _check_same(root, read_plan(root), plan)
        _clear(root, keep_tasks=resume)
    elif any(not path.match(f".{PLAN}.*.part") for path in root.iterdir()):
        raise RunFolderError(
            f"{root}: the folder is not empty and holds no run; choose a new or empty folder, nothing was changed"
        )
    write_text(root / PLAN, to_json(asdict(plan)))  # first: from here on the folder is known as a run
    write_text(root / SCENARIO, to_json(words_of(scenario)))
    with guarded(root, "creating the folder"):
        (root / TASKS).mkdir(exist_ok=True)
    return RunFolder(root, plan, TaskFiles(root / TASKS, plan.identity))


def save_run(comparison: Comparison, path: Path, *, force: bool = False) -> Path:
    """Write a whole run folder for a comparison that is already there."""
    folder = create_run(
        path,
        comparison.scenario,
        seed=comparison.settings.seed,
        replicates=comparison.replicates,
        luck_only=comparison.settings.luck_only,
        force=force,
    )
    for outcome in comparison.outcomes:
        folder.tasks.save(outcome)
    folder.finish(comparison)
    return folder.path


def open_run(path: str | Path) -> Comparison:
    """Open a finished run.

    Raises
    ------
    RunFolderError
        The folder holds no finished run, or a file of it is damaged.
    """
    from simulator.scenario import load

    root = Path(path)
    if not root.is_dir():
        raise RunFolderError(f"{root}: there is no such folder; give the folder that a run has written")
    receipt = read_receipt(root)
    plan = read_plan(root)
    with guarded(root / SCENARIO, "reading"):
        words = json.loads((root / SCENARIO).read_text(encoding="utf-8"))
    numbers = [TaskFiles.number(name) for name in receipt["files"] if name.startswith(f"{TASKS}/")]
    tasks = TaskFiles(root / TASKS, plan.identity)
    outcomes = tasks.load_all(numbers)
    return Comparison(load(words), tuple(outcomes), RunSettings(plan.seed, plan.luck_only), root)


def read_plan(root: Path) -> RunPlan:
    """What the folder was created for."""
    try:
        plan = RunPlan(**json.loads((root / PLAN).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RunFolderError(
            f"{root / PLAN}: cannot be read ({error}); start the run anew with --force or choose another folder"
        ) from error
    if plan.schema != SCHEMA:
        raise RunFolderError(f"{root}: was written by another version ({plan.version}); start anew with --force")
    return plan


def words_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario in the words of a file, with everything it inherits written out, so that a run explains itself."""
    words: dict[str, Any] = scenario._tree.plain()
    return words


# --- tables and pictures --------------------------------------------------------------------------------------------


def write_results(root: Path, comparison: Comparison) -> None:
    """Write everything that is derived from the replicates; the same bytes however they were made."""
    with ThreadPoolExecutor(1) as aside:  # the database works while pictures are drawn
        weeks = aside.submit(_write_parquet, root / "weekly.parquet", comparison, _WEEKLY_COLUMNS, tables.weekly_rows)
        write_text(root / "summary.json", to_json(comparison.summary()))
        weekly = comparison.weekly().to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")
        write_text(root / "weekly.csv", weekly)
        with guarded(root / PLOTS, "creating the folder"):
            (root / PLOTS).mkdir(exist_ok=True)
        pictures: Mapping[str, bytes] = importlib.import_module("simulator.report.plots").pictures(comparison)
        for name, content in pictures.items():
            write_bytes(root / PLOTS / f"{name}.png", content)
        page: str = importlib.import_module("simulator.report.page").render(comparison, pictures)
        write_text(root / "report.html", page)
        _write_parquet(root / "fates.parquet", comparison, _FATE_COLUMNS, tables.fate_rows)
        weeks.result()


_WEEKLY_COLUMNS = (
    "arm VARCHAR, replicate INTEGER, week INTEGER, brand VARCHAR, dimension VARCHAR, level VARCHAR, "
    "metric VARCHAR, value BIGINT"
)
_FATE_COLUMNS = (
    "replicate INTEGER, customer UBIGINT, segment VARCHAR, weight VARCHAR, fate VARCHAR, baseline VARCHAR, "
    "scenario VARCHAR, first_cause VARCHAR, first_cause_week INTEGER, lapse_week_baseline INTEGER, "
    "lapse_week_scenario INTEGER"
)


def _write_parquet(path: Path, comparison: Comparison, columns: str, rows: Any) -> None:
    """Write rows of all replicates in order, on one thread, so that the bytes depend on nothing else."""
    with guarded(path, "writing"), replacing(path) as part:
        spill = {"memory_limit": MEMORY, "temp_directory": str(path.parent / f".{path.name}.spill")}
        connection = duckdb.connect(config={"threads": 1, **spill})
        try:
            connection.execute(f"CREATE TABLE result ({columns})")
            for outcome in comparison.outcomes:
                connection.register("part", rows(outcome))
                connection.execute("INSERT INTO result SELECT * FROM part")
                connection.unregister("part")
            target = str(part).replace("'", "''")
            connection.execute(f"COPY result TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        finally:
            connection.close()


# --- what is in the way ---------------------------------------------------------------------------------------------


def _make(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise RunFolderError(f"{root}: is a file, and a run needs a folder; choose another name")
    with guarded(root, "creating the folder"):
        root.mkdir(parents=True, exist_ok=True)


def _occupied(root: Path) -> str:
    if (root / RECEIPT).exists():
        return (
            f"{root}: holds a finished run; choose another folder with --out, replace it with --force, "
            f"or add replicates to it with --resume"
        )
    return f"{root}: holds an unfinished run; continue it with --resume, or start anew with --force"


def _check_same(root: Path, old: RunPlan, new: RunPlan) -> None:
    different = (
        ("the scenario", old.scenario, new.scenario),
        ("the seed", old.seed, new.seed),
        ("whether parameters are drawn (--luck-only)", old.luck_only, new.luck_only),
        ("the parameter table", old.parameters, new.parameters),
        ("the program", old.code, new.code),
    )
    for what, before, after in different:
        if before != after:
            values = f" ({before} then, {after} now)" if isinstance(before, int) else ""
            raise RunFolderError(
                f"{root}: cannot be resumed because {what} is not the same as when it began{values}; "
                f"replicates of both would not belong together. Run into another folder, or start anew with --force"
            )
    if new.replicates < old.replicates:
        raise RunFolderError(
            f"{root}: has {old.replicates} replicates and {new.replicates} were asked for; resuming can only add, "
            f"so ask for {old.replicates} or more, or choose another folder"
        )


def _clear(root: Path, *, keep_tasks: bool) -> None:
    """Remove our own files, the receipt first: from then on the folder is an unfinished run."""
    with guarded(root, "removing the earlier result"):
        ours = [root / RECEIPT, *(root / name for name in _RESULTS), *(root / PLOTS).glob("*.png")]
        ours += [part for folder in (root, root / TASKS, root / PLOTS) for part in folder.glob(".*.part")]
        if not keep_tasks:
            ours += (root / TASKS).glob("replicate-*.npz")
        for file in ours:
            file.unlink(missing_ok=True)
        for spilled in root.glob(".*.spill"):
            shutil.rmtree(spilled)
