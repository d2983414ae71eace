"""Results that changed without anybody meaning to: distributions over seeds against those on file.

Bytes may change with every improvement; distributions may not, unless the model is meant to say something else. Then
refresh the file and say in the changelog what moved and why::

    python tests/test_experiment_golden.py

Each metric's mean over ``SEEDS`` worlds is compared with the mean on file, in standard errors of the difference. With
a limit of 4.5 the chance of a false alarm is below 1e-5 per number for seeds that differ; with the same seeds an
unchanged model gives a difference of zero.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from simulator.experiment.outcome import LAPSED, METRICS, ReplicateOutcome
from simulator.experiment.twins import Task, run_replicate
from simulator.scenario import load

FILE = Path(__file__).parent / "golden" / "distributions.yaml"
SEEDS = 32
LIMIT = 4.5
CUSTOMERS = 2000
SCENARIOS = ("orange_carton", "price_rise", "regional_stockout", "service_meltdown")


def metrics_of(outcome: ReplicateOutcome) -> dict[str, float]:
    """A handful of numbers that between them feel every phase of the day."""
    focal, weeks = outcome.focal, slice(52, None)
    totals = {name: record.totals[weeks] for name, record in outcome.arms.items()}

    def count(arm: str, metric: str) -> float:
        return float(totals[arm][:, METRICS.index(metric), focal].sum())

    shelf = outcome.arms["baseline"].shelf[weeks].sum(axis=(0, 1))
    buyers_of_all = totals["baseline"][:, METRICS.index("units")].sum()
    lapsed = {name: float((record.lapse[-1] == LAPSED).mean()) for name, record in outcome.arms.items()}
    messages = count("baseline", "positive_messages") + count("baseline", "negative_messages")
    return {
        "focal_share": count("baseline", "units") / buyers_of_all,
        "units_change": count("scenario", "units") / count("baseline", "units") - 1.0,
        "net_lapsed": lapsed["scenario"] - lapsed["baseline"],
        "lapsed_in_the_baseline": lapsed["baseline"],
        "base_share": outcome.base.shape[0] / outcome.customers,
        "out_of_stock": float(shelf[1:].sum() / shelf[0]),
        "messages_per_unit": messages / count("baseline", "units"),
        "complaints_per_unit": count("baseline", "complaints") / count("baseline", "units"),
    }


def distributions(scenario: str) -> dict[str, dict[str, float]]:
    task = load(scenario, overrides=[f"customers={CUSTOMERS}"])
    rows = [metrics_of(run_replicate(Task(task, replicate=0, seed=seed, luck_only=True))) for seed in range(SEEDS)]
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {
        name: {"mean": round(float(v.mean()), 7), "sd": round(float(v.std(ddof=1)), 7)} for name, v in found.items()
    }


def on_file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_distributions_are_those_on_file(scenario: str) -> None:
    expected = on_file()["scenarios"][scenario]
    found = distributions(scenario)
    assert found.keys() == expected.keys()
    far = {}
    for name, now in found.items():
        then = expected[name]
        error = math.sqrt((now["sd"] ** 2 + then["sd"] ** 2) / SEEDS)
        distance = abs(now["mean"] - then["mean"]) / max(error, 1e-9)
        if distance > LIMIT:
            far[name] = f"{then['mean']} on file, {now['mean']} now, {distance:.1f} standard errors"
    assert not far, far


def test_the_file_says_how_it_was_made() -> None:
    content = on_file()
    assert (content["seeds"], content["customers"]) == (SEEDS, CUSTOMERS)
    assert SEEDS >= 30
    assert set(content["scenarios"]) == set(SCENARIOS)


def refresh() -> None:
    """Write the file anew from the model as it is."""
    content = {"seeds": SEEDS, "customers": CUSTOMERS, "scenarios": {name: distributions(name) for name in SCENARIOS}}
    head = "# Means and standard deviations over seeds; written by: python tests/test_experiment_golden.py\n"
    FILE.write_text(head + yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    refresh()
