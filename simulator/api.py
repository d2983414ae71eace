"""The verbs of the Python interface: run a comparison, prepare for several, open one that was run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.parameters import table

if TYPE_CHECKING:
    from simulator.experiment.prepared import Prepared as Pasts
    from simulator.results import Comparison
    from simulator.scenario import Scenario

Progress = Callable[[int, int, str], None]


def _asked(
    scenario: Scenario | str | Path | Mapping[str, Any], customers: int | None, replicates: int | None
) -> tuple[Scenario, int]:
    """Return the scenario with its number of customers, and the number of replicates."""
    from simulator.scenario import load

    loaded = load(scenario, overrides=[] if customers is None else [f"customers={int(customers)}"])
    return loaded, int(table()["replicates_default"].central) if replicates is None else replicates


def compare(
    scenario: Scenario | str | Path | Mapping[str, Any],
    *,
    replicates: int | None = None,
    customers: int | None = None,
    seed: int = 1,
    jobs: int | None = None,
    luck_only: bool = False,
    shared_population: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Run the scenario and its paired baseline on the same customers with the same luck.

    Parameters
    ----------
    scenario : Scenario, path, name of a shipped scenario, or mapping
        What is asked.
    replicates : int, optional
        Independent worlds; pairs of them share one draw of the uncertain parameters. Default: the parameter table's.
    customers : int, optional
        Customers per world, instead of the scenario's.
    seed : int
        The same seed gives the same bytes.
    jobs : int, optional
        Replicates at a time; one per processor by default. Changes nothing in the result.
    luck_only : bool
        Hold all parameters at their central values, so that the interval shows luck alone.
    shared_population : bool
        The same customers in every replicate, so that the interval leaves out who happens to live there.
    out : path, optional
        Run folder. Finished replicates are kept there as they come, so that an interrupted run can be resumed.
    resume, force : bool
        Keep, or replace, the run that is in ``out``.
    progress : callable, optional
        Called with replicates done, replicates in all, and a message.

    Returns
    -------
    Comparison
        The result; in Jupyter it shows itself as a card.

    Examples
    --------
    >>> import simulator as bs
    >>> result = bs.compare("orange_carton", replicates=2, customers=1000)  # doctest: +SKIP
    """
    from simulator.results import Comparison, RunSettings, create_run

    loaded, count = _asked(scenario, customers, replicates)
    settings = RunSettings(seed=seed, luck_only=luck_only)
    folder = None
    if out is not None:
        folder = create_run(out, loaded, seed=seed, replicates=count, luck_only=luck_only, force=force, resume=resume)

    from simulator.experiment.compare import run_comparison

    outcomes = run_comparison(
        loaded,
        replicates=count,
        seed=seed,
        jobs=jobs,
        luck_only=luck_only,
        shared_population=shared_population,
        tasks=folder.tasks if folder else None,
        progress=progress,
    )
    comparison = Comparison(loaded, tuple(outcomes), settings)
    return folder.finish(comparison) if folder else comparison


class Prepared:
    """Customers who have lived up to the day of a change, to be asked one question after another; see `prepare`."""

    def __init__(self, pasts: Pasts) -> None:
        self._pasts = pasts

    def compare(
        self, scenario: Scenario | str | Path | Mapping[str, Any] | None = None, *, progress: Progress | None = None
    ) -> Comparison:
        """Compare a scenario with its absence on these customers: the result of `compare`, in a fraction of its time.

        Parameters
        ----------
        scenario : Scenario, path, name of a shipped scenario, or mapping, optional
            What is asked; by default what was prepared. It must be about the same market, customers and horizon, and
            begin no earlier.
        progress : callable, optional
            Called with replicates done, replicates in all, and a message.

        Raises
        ------
        ValueError
            Where these customers cannot answer it; the message says what to prepare instead.
        """
        from simulator.results import Comparison, RunSettings
        from simulator.scenario import load

        customers = self._pasts.scenario.customers
        asked = self._pasts.scenario if scenario is None else load(scenario, overrides=[f"customers={customers}"])
        settings = RunSettings(seed=self._pasts.seed, luck_only=self._pasts.luck_only)
        return Comparison(asked, tuple(self._pasts.outcomes(asked, progress)), settings)


def prepare(
    scenario: Scenario | str | Path | Mapping[str, Any],
    *,
    replicates: int | None = None,
    customers: int | None = None,
    seed: int = 1,
    jobs: int | None = None,
    luck_only: bool = False,
    shared_population: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Let customers live up to the first event of a scenario and keep them, to ask several questions of them.

    Parameters are those of `compare`. All replicates are kept in memory, about a kilobyte per customer each.

    Examples
    --------
    >>> import simulator as bs
    >>> customers = bs.prepare("orange_carton", replicates=2, customers=1000)  # doctest: +SKIP
    >>> customers.compare("orange_carton").headline()  # doctest: +SKIP
    """
    from simulator.experiment.prepared import Prepared as Pasts

    loaded, count = _asked(scenario, customers, replicates)
    pasts = Pasts(
        loaded,
        replicates=count,
        seed=seed,
        jobs=jobs,
        luck_only=luck_only,
        shared_population=shared_population,
        progress=progress,
    )
    return Prepared(pasts)


def open(path: str | Path) -> Comparison:
    """Open a run folder. It says exactly what it said when it was made.

    Examples
    --------
    >>> import simulator as bs
    >>> bs.open("runs/orange_carton").headline()  # doctest: +SKIP
    """
    from simulator.results import open_run

    return open_run(Path(path))
