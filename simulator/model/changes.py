"""Changes that customers carry in mind, as the kernels see them, and what changes do to a brand's salience.

A redesign, a recipe, a position, a programme and a delisting each have a row of `LOOK`; what one customer knows of it
is a row of `VIEW`. Rows are numbered by the scenario, whatever channels are closed, so that luck stays with its change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.model.kernels import constants as c
from simulator.model.levers import LOOK, SPECIAL
from simulator.world.world import World

LOOK_OF_KIND = {
    "redesign": c.LOOK_PACK,
    "reformulate": c.LOOK_RECIPE,
    "reposition": c.LOOK_POSITION,
    "loyalty_programme": c.LOOK_PROGRAMME,
    "delist": c.LOOK_RANGE,
}
"""Kinds of events of which customers carry something in mind."""

NEVER_COMES = 10**7
"""Start day of a change that was stopped."""

_WEEK = 7.0
_MOST_SEGMENTS = 64

Event = Any  # the typed events of simulator.scenario, read by attribute so that tests may use plain objects


def views_of(events: Sequence[Event]) -> list[Event]:
    """Return the events that have a row of `LOOK`, in its order."""
    return [e for e in events if e.kind in LOOK_OF_KIND]


def cue_overlap(event: Event, values: Mapping[str, float]) -> float:
    """Share of a look's cues that survives a redesign, weighted by how much each serves to recognise a pack.

    A kept cue counts in full, a modified one ``cue_modified_kept``, a replaced one nothing.
    """
    if event.overlap is not None:
        return float(event.overlap)
    kept = {"kept": 1.0, "modified": values["cue_modified_kept"], "replaced": 0.0}
    weights = {cue: values[f"cue_weight_{cue}"] for cue in event.cues}
    total = sum(weights.values())
    return float(sum(weights[cue] * kept[fate] for cue, fate in event.cues.items()) / total)


def mean_appeal(event: Event, values: Mapping[str, float]) -> float:
    """Mean liking of a design: what the scenario says, and how lucky the design is, which nobody knows before."""
    luck = float(ndtri(min(max(values["design_appeal_draw"], 1e-6), 1.0 - 1e-6)))
    return float(event.appeal.mean + values["design_appeal_sd"] * luck)


def describe(changes: Sequence[Event], closed: Sequence[bool], world: World, values: Mapping[str, float]) -> Any:
    """Return the rows of `LOOK` for the changes of a scenario, shape (Z,); a closed one belongs to no brand.

    A second move of a brand in lifestyle space starts where the first one led.
    """
    looks = np.zeros(len(changes), LOOK)
    places = {name: world.brands.position[b] for b, name in enumerate(world.brands.names)}
    for z, (event, is_closed) in enumerate(zip(changes, closed, strict=True)):
        look = looks[z]
        look["brand"] = -1 if is_closed else world.brands.names.index(event.brand)
        look["kind"] = LOOK_OF_KIND[event.kind]
        item = getattr(event, "item", None)
        look["item"] = -1 if item is None else world.brands.item_names.index(f"{event.brand}/{item}")
        look["segments"] = _segments(event, world)
        look["identity_break"] = getattr(event, "identity_break", 0.0)
        look["announced"] = getattr(event, "announced", 0.0)
        look["origin"] = look["position"] = places[event.brand]
        position = getattr(event, "position", None)
        if position is not None:
            look["moves"] = 1
            look["position"] = np.asarray(position, np.float32)
            if event.start_day < NEVER_COMES:
                places[event.brand] = look["position"]
        if event.kind == "redesign":
            look["overlap"] = cue_overlap(event, values)
            look["lost"] = (1.0 - float(look["overlap"])) ** values["cue_sharpness"]
            look["appeal_mean"] = mean_appeal(event, values)
            look["appeal_sd"] = values["appeal_sd"] if event.appeal.sd is None else event.appeal.sd
        elif event.kind == "reformulate":
            look["quality"] = event.quality
            look["spread"] = event.sd
        elif event.kind == "loyalty_programme":
            look["enrolled"] = event.enrolled
            look["reward"] = event.reward
            look["log_reward"] = np.log1p(-event.reward)
    return looks


def special_offer(event: Event, part: float, world: World) -> NDArray[Any]:
    """Return the row of `SPECIAL` of a price or size that holds for one item or some segments, shape (1,).

    ``part`` is how much of the change is there today, 0..1.
    """
    row = np.zeros(1, SPECIAL)
    b = world.brands.names.index(event.brand)
    row["brand"] = b
    row["item"] = -1 if event.item is None else world.brands.item_names.index(f"{event.brand}/{event.item}")
    row["segments"] = _segments(event, world)
    if event.kind == "resize":
        row["log_size"] = np.log1p(part * event.change)
    else:
        change = event.change if event.to is None else event.to / world.brands.list_price[b] - 1.0
        row["log_price"] = np.log1p(part * change)
    return row


def _segments(event: Event, world: World) -> np.uint64:
    """Bit per segment that a change is for; all of them where it names none."""
    names = event.where.segment
    chosen = range(min(_MOST_SEGMENTS, len(world.segments))) if names is None else map(world.segments.index, names)
    return np.uint64(sum(1 << g for g in chosen))


def look_salience(overlap: float, share: float, day: int, start: int, values: Mapping[str, float]) -> float:
    """Change of a brand's salience by a look that lost cues (logit, negative), while people get to know it.

    Parameters
    ----------
    overlap : float
        Share of the cues that are kept.
    share : float
        Share of all facings with the new look.
    day, start : int
        Today, and the day on which the look came.
    values : mapping
        Parameter values.
    """
    known = 0.5 ** ((day - start) / (_WEEK * values["salience_fade_weeks"]))
    return float(-values["salience_cue_loss"] * (1.0 - overlap) * share * known)


def campaign_salience(event: Event, day: int, end: float, values: Mapping[str, float]) -> float:
    """Gain of a brand's salience by a campaign (logit): it builds up while the campaign runs and fades afterwards.

    Built up and forgotten with the half-life ``salience_fade_weeks``; read in the middle of the week that follows.
    """
    half_life = _WEEK * values["salience_fade_weeks"]
    now = day + _WEEK / 2.0
    built = 1.0 - 0.5 ** ((min(now, end) - event.start_day) / half_life)
    return float(event.salience * built * 0.5 ** (max(0.0, now - end) / half_life))
