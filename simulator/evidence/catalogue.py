"""A random catalogue of redesigns, and what each did: the base rate that every single forecast has to respect.

Named cases are famous because they went wrong. Here designs are drawn like those that companies bring out every year:
some touch little, some much, some are liked, some are not, and nobody knows beforehand which. All designs of a seed are
tried, one at a time, on the same customers with the same luck. What is drawn, and how, was set with the published base
rate (V16) in view and with nothing else; no documented case had a part in it.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.branches import SettledMarket, counted, named_brands, settled
from simulator.evidence.laboratory import Conditions, Laboratory, values_of
from simulator.model.changes import cue_overlap
from simulator.model.switches import switch_off
from simulator.randomness import Stream, normals, run_key, uniforms
from simulator.scenario import CUES, load

F64 = NDArray[np.float64]

CUSTOMERS: Final = 20_000
"""Enough that the smallest tested brand sells some five thousand packs in half a year."""

DESIGNS: Final = 24
"""Designs tried in one world: half a year each, a tenth of a second."""

WEEKS: Final = 26
"""Window of the published amendment."""

WORST: Final = 3
"""Designs that count as the worst of a catalogue; one alone brings too few complaints to be counted."""

LEAST_SHARE: Final = 0.08
"""Brands below this share are left out: their sales are too few to read an effect of a few percent."""

BOLDNESS: Final = (0.3, 1.0)
"""Probability that a cue is touched, uniform over designs (assumption): from a touch-up to a new pack."""
REPLACED: Final = 0.5
"""Share of touched cues that are replaced rather than modified (assumption)."""
KEPT_CUES: Final = ("name",)
"""What a new pack leaves alone: a new name is another kind of change."""
BREAKING: Final = 0.5
"""Share of designs that break something of what the brand stood for (assumption)."""
MOST_BROKEN: Final = 0.4
"""Largest identity break of those, uniform from nothing (assumption)."""
ANNOUNCED: Final = 0.5
"""Share of designs that are announced (assumption)."""
MOST_AWARE: Final = 0.3
"""Largest share of customers who hear of those beforehand, uniform from nothing (assumption)."""
ROLLOUT: Final = "4 weeks"
"""Old and new packs mix on the shelf while stocks sell through (assumption)."""

_OF_ITS_OWN: Final = 1 << 20
"""Replicate whose key draws designs, so that a design's luck is nobody else's."""


@dataclass(frozen=True)
class Tried:
    """One design, and what half a year of it did to its brand's units.

    Attributes
    ----------
    event : dict
        The redesign as in a scenario file.
    brand : int
        Whose.
    overlap : float
        Share of the look that is kept.
    effect : float
        Change of the brand's units against the undisturbed twin, percent.
    """

    event: dict[str, Any]
    brand: int
    overlap: float
    effect: float


def draw_designs(names: list[str], seed: int, values: dict[str, float]) -> list[dict[str, Any]]:
    """Draw redesigns of some brands in turn, as events of a scenario file.

    Parameters
    ----------
    names : list of str
        Brands.
    seed : int
        The same seed draws the same designs.
    values : dict
        Parameter values; ``design_appeal_sd`` is the spread of how lucky designs are.
    """
    key = run_key(seed, _OF_ITS_OWN)
    ids = np.arange(DESIGNS, dtype=np.uint64)
    general, more = (uniforms(key, Stream.APPEAL, 0, ids, draw=draw) for draw in range(2))
    luck = normals(key, Stream.APPEAL, 1, ids)[:, 0]
    designs = []
    for k in range(DESIGNS):
        touchable = [cue for cue in CUES if cue not in KEPT_CUES]
        cue_ids = np.arange(len(touchable), dtype=np.uint64)
        touched = uniforms(key, Stream.APPEAL, 2, cue_ids, partner=k)
        boldness = BOLDNESS[0] + (BOLDNESS[1] - BOLDNESS[0]) * general[k, 0]
        fates = {
            cue: "kept" if u[0] >= boldness else "replaced" if u[1] < REPLACED else "modified"
            for cue, u in zip(touchable, touched, strict=True)
        }
        if all(fate == "kept" for fate in fates.values()):  # a redesign changes something
            fates[touchable[int(general[k, 1] * len(touchable))]] = "modified"
        breaks = MOST_BROKEN * more[k, 1] if more[k, 0] < BREAKING else 0.0
        announced = MOST_AWARE * more[k, 3] if more[k, 2] < ANNOUNCED else 0.0
        designs.append(
            {
                "kind": "redesign",
                "brand": names[k % len(names)],
                "id": f"design-{k}",
                "cues": fates,
                "appeal": {"mean": round(float(values["design_appeal_sd"] * luck[k]), 6)},
                "identity_break": round(float(breaks), 6),
                "announced": round(float(announced), 6),
                "start": "week 0",
                "rollout": {"over": ROLLOUT},
            }
        )
    return designs


def market_of(lab: Laboratory, seed: int, conditions: Conditions) -> SettledMarket:
    """The market in which the designs of a seed are tried."""
    return settled(lab, seed, conditions, customers=CUSTOMERS)


_door = threading.Lock()
_tried: weakref.WeakKeyDictionary[Laboratory, dict[tuple[int, Conditions], tuple[Tried, ...]]] = (
    weakref.WeakKeyDictionary()
)


def try_designs(lab: Laboratory, seed: int, conditions: Conditions) -> tuple[Tried, ...]:
    """Try every design of a seed on one market; kept with the laboratory, since several facts read it."""
    key = (seed, conditions)
    with _door:
        known = _tried.setdefault(lab, {})
        if key in known:
            return known[key]
    market = market_of(lab, seed, conditions)
    values = switch_off(values_of(conditions), conditions.without)
    tested = [b for b in named_brands(market.world) if market.world.brands.target_share[b] >= LEAST_SHARE]
    usual = counted(market.baseline, 0, WEEKS)
    found = []
    for event in draw_designs([market.names[b] for b in tested], seed, values):
        brand = market.names.index(event["brand"])
        arm = market.branch([event], WEEKS)
        sold = counted(arm, 0, WEEKS)[brand]
        arm.release()
        found.append(Tried(event, brand, overlap_of(event, values), 100.0 * float(sold / usual[brand] - 1.0)))
    with _door:
        known[key] = tuple(found)
    return known[key]


def overlap_of(event: dict[str, Any], values: dict[str, float]) -> float:
    """Share of the look that a design keeps."""
    words = {"schema": "brandsim/1", "name": "Design", "market": "toothpaste", "events": [event]}
    return cue_overlap(load(words).events[0], values)


def worst(lab: Laboratory, seed: int, conditions: Conditions) -> tuple[Tried, ...]:
    """The `WORST` designs of a seed, the one that cost most first."""
    return tuple(sorted(try_designs(lab, seed, conditions), key=lambda tried: tried.effect)[:WORST])
