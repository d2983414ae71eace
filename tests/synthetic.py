"""Outcomes made by hand rather than by the model, so that results and reports can be tested against known answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.experiment.outcome import CAUSES, LAPSED, METRICS, OUT_CAUSES, TOO_EARLY, ArmRecord, ReplicateOutcome
from simulator.results import Comparison, RunSettings
from simulator.scenario import Scenario
from simulator.world.world import SOURCES

BRANDS = ("Sunfield", "Groveland", "Own label")
SEGMENTS = ("families", "couples")
LEVELS = (
    ("region", "north"),
    ("region", "south"),
    ("segment", "families"),
    ("segment", "couples"),
)
FIRST_WEEK = -20
STORES = 8


@dataclass(frozen=True)
class Story:
    """What the synthetic change does."""

    loss: float = 0.06  # of focal units in the worst weeks
    churn: float = 0.02  # of the base, caused, at the end
    horizon: int = 26
    customers: int = 20_000
    base: int = 4_000
    noise: float = 0.02
    assumption_sd: float = 0.3  # relative spread of the loss between pairs
    talk: bool = True


def make_outcome(replicate: int, story: Story = Story(), seed: int = 1) -> ReplicateOutcome:
    """One replicate; its pair shares ``miss_rate``, which scales the loss."""
    luck = np.random.default_rng([seed, replicate])
    pair = np.random.default_rng([seed, 77, replicate // 2])
    miss = float(pair.normal(1.0, story.assumption_sd))
    other = {f"other_{i}": float(pair.uniform()) for i in range(5)}
    weeks = story.horizon - FIRST_WEEK
    level = luck.normal(0, story.noise, weeks)
    units = np.stack([2100 * (1 + level), 1100 * (1 + luck.normal(0, 0.02, weeks)), 1800 + 0 * level], axis=1)
    baseline = units.round().astype(np.int64)
    after = np.arange(weeks) + FIRST_WEEK
    shape = np.where(after < 0, 0.0, np.minimum(1.0, (after + 1) / 7) * np.exp(-np.maximum(after - 6, 0) / 12))
    lost = (baseline[:, 0] * story.loss * miss * shape * (1 + luck.normal(0, 0.1, weeks))).round().astype(np.int64)
    scenario = baseline.copy()
    scenario[:, 0] -= lost
    scenario[:, 1] += (lost * 0.5).astype(np.int64)
    scenario[:, 2] += (lost * 0.35).astype(np.int64)

    lapse = _baseline_lapse(luck, story)
    changed, cause, when = _scenario_lapse(luck, lapse, story, miss)
    nobody_told = np.zeros((len(CAUSES), 6), np.int64)
    quiet = {"tellers": nobody_told, "positive": nobody_told, "negative": nobody_told}
    quiet |= {"reached": np.zeros(weeks, np.int64)}
    tellers = (np.array([900, 320, 90, 20, 4, 0]) * (luck.uniform(0.8, 1.2, 6) if story.talk else 0)).astype(np.int64)
    spread = np.where(after < 0, 0, 900 * np.exp(-np.maximum(after, 0) / 5)) * story.talk
    of_promise = np.arange(len(CAUSES))[:, None] == CAUSES.index("promise")
    loud = {"tellers": tellers * of_promise, "reached": (spread * luck.uniform(0.9, 1.1)).astype(np.int64)}
    loud |= {"positive": tellers * of_promise, "negative": tellers * 3 * of_promise}
    nobody = np.zeros(story.base, np.uint8), np.full(story.base, -32768, np.int16)
    return ReplicateOutcome(
        replicate=replicate,
        brands=BRANDS,
        focal=0,
        customers=story.customers,
        buyers=9_000,
        buyers_units=110_000,
        base=np.sort(luck.choice(story.customers, story.base, replace=False)).astype(np.int64),
        segment=luck.integers(0, 2, story.base).astype(np.uint8),
        weight=luck.integers(0, 3, story.base).astype(np.uint8),
        segments=SEGMENTS,
        levels=LEVELS,
        parameters={"miss_rate": 0.2 * miss, **other},
        arms={
            "baseline": _arm("baseline", baseline, luck, lapse, nobody, quiet, complaints=50, out=0.083),
            "scenario": _arm("scenario", scenario, luck, changed, (cause, when), loud, complaints=56, out=0.086),
        },
    )


def make_outcomes(n: int = 20, story: Story = Story(), seed: int = 1) -> list[ReplicateOutcome]:
    return [make_outcome(replicate, story, seed) for replicate in range(n)]


def without_change(outcome: ReplicateOutcome) -> ReplicateOutcome:
    """The same replicate after a launch that did nothing at all."""
    same = replace(outcome.arms["baseline"], name="scenario")
    return replace(outcome, arms={"baseline": outcome.arms["baseline"], "scenario": same})


def _baseline_lapse(luck: np.random.Generator, story: Story) -> np.ndarray:
    lapse = np.zeros((story.horizon, story.base), np.uint8)
    clock = luck.integers(1, 14, story.base)
    leaves = np.where(luck.uniform(size=story.base) < 0.08, luck.integers(4, 4 + 2 * story.horizon, story.base), 999)
    for week in range(story.horizon):
        lapse[week, week >= leaves] = LAPSED
        lapse[week, week < clock] = TOO_EARLY
    return lapse


def _scenario_lapse(
    luck: np.random.Generator, lapse: np.ndarray, story: Story, miss: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    changed = lapse.copy()
    n = story.base
    touched = luck.uniform(size=n) < 0.5
    cause = np.where(touched, luck.choice([1, 2, 4, 6], n, p=[0.55, 0.25, 0.05, 0.15]), 0).astype(np.uint8)
    when = np.where(touched, luck.integers(0, 7, n), -32768).astype(np.int16)
    goes = touched & (luck.uniform(size=n) < 2 * story.churn * miss)
    leaves = luck.integers(5, 16, n)
    returns = np.where(luck.uniform(size=n) < 0.3, leaves + luck.integers(2, 10, n), 999)
    stays = luck.uniform(size=n) < 0.002
    for week in range(story.horizon):
        away = goes & (week >= leaves) & (week < returns) & (changed[week] != TOO_EARLY)
        changed[week, away] = LAPSED
        changed[week, stays & (changed[week] == LAPSED)] = 0
    assert cause.max() < len(CAUSES)
    return changed, cause, when


def _arm(
    name: str,
    units: np.ndarray,
    luck: np.random.Generator,
    lapse: np.ndarray,
    first: tuple[np.ndarray, np.ndarray],
    talk: dict[str, np.ndarray],
    *,
    complaints: int,
    out: float,
) -> ArmRecord:
    weeks, brands = units.shape
    totals = np.zeros((weeks, len(METRICS), brands), np.int64)
    totals[:, METRICS.index("units")] = units
    totals[:, METRICS.index("value")] = units * np.array([449, 429, 319])
    totals[:, METRICS.index("contribution")] = units * np.array([179, 150, 90])
    totals[:, METRICS.index("complaints"), 0] = complaints
    shelf = np.zeros((weeks, brands, len(OUT_CAUSES)), np.int64)
    shelf[:, :, 0] = STORES * 7 * 2
    shelf[:, :, 1] = round(STORES * 14 * out)
    half = units // 2
    levels = np.stack([half, units - half, half, units - half], axis=1)
    split = np.stack([units // STORES] * (STORES - 1) + [units - (units // STORES) * (STORES - 1)], axis=1)
    return ArmRecord(
        name=name,
        first_week=FIRST_WEEK,
        totals=totals,
        levels=levels,
        stores=split.astype(np.int32),
        shelf=shelf,
        habitual_units=(units[:, 0] * 0.6).astype(np.int64),
        lapse=lapse,
        first_cause=first[0],
        first_cause_week=first[1],
        tellers=talk["tellers"],
        reached=talk["reached"],
        reached_by=talk["positive"].sum(axis=1) + talk["negative"].sum(axis=1),
        won=np.full((weeks, len(SOURCES)), 5, np.int32),
        kept=np.stack([np.full((weeks, len(SOURCES)), max(1, 5 - step), np.int32) for step in range(6)], axis=2),
        positive=talk["positive"],
        negative=talk["negative"],
        rolled_back={},
    )


def make_scenario(**changes: object) -> Scenario:
    """A redesign of Sunfield with two guardrails."""
    words: dict[str, object] = {
        "name": "Orange carton redesign",
        "market": {
            "schema": "brandsim-market/1",
            "name": "Orange juice",
            "category": {
                "penetration": "70%",
                "purchases_per_buyer": "2.6 per quarter",
                "real_households": "12M",
                "currency": "EUR",
            },
            "focal_brand": "Sunfield",
            "brands": {
                "Sunfield": {"share": "42%", "price": 4.49},
                "Groveland": {"share": "22%", "price": 4.29},
                "Own label": {"share": "36%", "price": 3.19},
            },
        },
        "events": [{"kind": "redesign", "brand": "Sunfield", "id": "new-carton", "overlap": 0.4, "start": "week 0"}],
        "guardrails": [
            {"metric": "units_change", "min": "-5%", "within": "8 weeks", "confidence": "80%"},
            {"metric": "habitual_purchases_lost", "max": "5%", "within": "26 weeks", "confidence": "80%"},
        ],
    }
    return Scenario(**{**words, **changes})


def make_comparison(
    n: int = 20,
    story: Story = Story(),
    *,
    seed: int = 1,
    luck_only: bool = False,
    **changes: object,
) -> Comparison:
    """A comparison of synthetic replicates."""
    settings = RunSettings(seed, luck_only)
    return Comparison(make_scenario(**changes), tuple(make_outcomes(n, story, seed)), settings)
