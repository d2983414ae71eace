"""Asking the reps before a change: what the customers they know say, and what a gate makes of it.

A report is a noisy sample of the customers whom reps know, the better known the likelier asked, and sounds better than
they feel: people are kind to those they like. A gate decides on the reports alone; nothing else that the model knows
reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.changes import LOOK_OF_KIND, NEVER_COMES, cue_overlap, views_of
from simulator.randomness import Stream, normals, uniforms
from simulator.world.world import World

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket

Event = Any  # the typed events of simulator.scenario
Floats = NDArray[np.float64]

UNGATED = "ungated"
"""The arm with every event but the consultations: what would have come had nobody been asked."""

_SAMPLE, _NOISE = 0, 1


def hold(model: BrandMarket, consultation: Event) -> None:
    """Hold a consultation today: note what the reps report, and let the gate act on it."""
    state = model.state
    change = next(e for e in model.spec.events if e.id == consultation.of)
    number = 1 + [e.id for e in model.spec.events].index(consultation.id)
    report = report_of(model, consultation, change, number)
    if np.isnan(report):
        return  # nobody was asked: there is nothing to decide on
    state.reports[consultation.id] = report
    gate = consultation.gate
    if gate is not None and report < gate.below:
        state.gated[consultation.of] = gate
        model.timeline = model.new_timeline(model.timeline.closed)


def report_of(model: BrandMarket, consultation: Event, change: Event, number: int) -> float:
    """Change of purchases that the reps report customers to expect, as a share; NaN where nobody could be asked.

    Each rep in post sounds out a number of customers of the territory, drawn with weights in proportion to how well
    they are known: the bond with the rep where reps hold accounts, else the rep's bond with the store times the
    customer's commitment. A customer says ``feels + consult_optimism x known + consult_noise x N`` (logit), which moves
    the customer's purchases of the brand by ``(1 - share)`` of it; purchases are what the report adds up.
    """
    world, values, life = model.world, model.values, model.state.life
    people = world.customers
    b = world.brands.names.index(consultation.brand)
    ties = life.ties[:, b]
    home = people.store[:, 0]
    rep = world.reps.rep_of[home, b]
    asked_here = model.timeline.scope(consultation)[home] & (rep >= 0)
    in_post = model.day >= life.posts["vacant_until"][np.maximum(rep, 0)]
    commitment = np.maximum(ties["habit"], ties["bond"]).astype(np.float64)
    known = ties["bond"].astype(np.float64)
    if world.reps.accounts[b] == 0:
        known = life.chain["rep_bond"][home, b] * commitment
    able = np.flatnonzero(asked_here & in_post & (known > 0.0))
    if able.size == 0:
        return float("nan")
    uid, run = people.uid[able], model.run_key
    draw = uniforms(run, Stream.CONSULTATION, model.day, uid, partner=number, draw=_SAMPLE)[:, 0]
    # the largest of log weight + Gumbel noise are a weighted sample without replacement
    rank = np.log(known[able]) - np.log(-np.log(draw))
    size = int(values["consult_customers"] if consultation.customers is None else consultation.customers)
    chosen = able[_best_of_each(rep[able], rank, size)]
    noise = normals(run, Stream.CONSULTATION, model.day, people.uid[chosen], partner=number, draw=_NOISE)[:, 0]
    feels, misses = reaction(change, chosen, model)
    says = feels + values["consult_optimism"] * known[chosen] + values["consult_noise"] * noise
    share = life.ties["habit"][chosen, _brand_of(change, world)].astype(np.float64)
    moves = (1.0 - share) * says - values["consult_foresight"] * misses
    return float((share * moves).sum() / max(share.sum(), 1e-12))


def _best_of_each(group: NDArray[np.int32], rank: Floats, size: int) -> NDArray[np.int64]:
    """Positions of the ``size`` largest ranks of each group.

    Examples
    --------
    >>> _best_of_each(np.array([0, 1, 0, 0], np.int32), np.array([1.0, 5.0, 3.0, 2.0]), 2).tolist()
    [2, 3, 1]
    """
    order = np.lexsort((-rank, group))
    sorted_group = group[order]
    first = np.searchsorted(sorted_group, sorted_group, side="left")
    return np.asarray(order[np.arange(order.size) - first < size], np.int64)


def _brand_of(change: Event, world: World) -> int:
    return world.focal if change.brand is None else world.brands.names.index(change.brand)


def reaction(change: Event, rows: NDArray[np.int64], model: BrandMarket) -> tuple[Floats, Floats]:
    """What a change would do to customers who have it explained: (utility in logit, probability of overlooking it).

    What they like and what hurts them is what the model holds for them; those outside its stores feel nothing.
    """
    world, values = model.world, model.values
    people, ties = world.customers, model.state.life.ties[rows, _brand_of(change, world)]
    commitment = np.maximum(ties["habit"], ties["bond"]).astype(np.float64)
    feels, misses = np.zeros(rows.shape[0]), np.zeros(rows.shape[0])
    beta = people.price_sensitivity[rows].astype(np.float64)
    b = _brand_of(change, world)
    z = [e.id for e in views_of(model.spec.events)].index(change.id) if change.kind in LOOK_OF_KIND else -1
    if change.kind == "redesign":
        look = model.levers.looks[z]
        own = normals(model.run_key, Stream.APPEAL, 0, people.uid[rows], partner=z)[:, 0]
        feels += look["appeal_mean"] + look["appeal_sd"] * own
        misses += values["miss_rate"] * (1.0 - look["overlap"]) ** values["cue_sharpness"] * values["clutter"]
        misses *= 1.0 - values["effort_loyalty"] * commitment
    elif change.kind == "reformulate":
        # tasters who have been told of it: some notice no difference, and less than was promised hurts
        told = 0.5 ** ((abs(change.quality) / (values["taste_jnd"] * values["attentive_jnd"])) ** values["jnd_slope"])
        weight = values["quality_choice_weight"] + (values["disconfirmation_weight"] if change.quality < 0.0 else 0.0)
        feels += (1.0 - told) * weight * change.quality
    elif change.kind == "reposition":
        place = people.position[rows].astype(np.float64)
        here = model.levers.looks[z]["origin"].astype(np.float64)
        nearer = [np.hypot(*(place - point).T) for point in (here, np.asarray(change.position))]
        feels += values["lifestyle_fit_weight"] * (nearer[0] - nearer[1])
    elif change.kind == "price":
        ratio = change.to / world.brands.list_price[b] if change.to is not None else 1.0 + change.change
        feels += beta * np.log(ratio)
    elif change.kind == "resize":
        feels -= beta * np.log1p(change.change)
    else:
        names = world.roles if change.where.role is None else change.where.role
        met = sum(float(world.role_met[world.roles.index(name)]) for name in names if name in world.roles)
        feels += values["quality_choice_weight"] * values["service_weight"] * change.quality * met
    broken = getattr(change, "identity_break", 0.0)
    feels += broken * (values["identity_slope"] * commitment + values["identity_weak_gain"])
    inside = model.timeline.scope(change)[people.store[rows, 0]]
    if getattr(change, "item", None) is not None:
        item = world.brands.item_names.index(f"{world.brands.names[b]}/{change.item}") - world.brands.first_item[b]
        inside = inside & (people.favourite[rows, b] == item)
    if change.where.segment is not None:
        inside = inside & np.isin(people.segment[rows], [world.segments.index(name) for name in change.where.segment])
    return feels * inside, misses * inside


def gated(events: Sequence[Event], gates: Mapping[str, Any], world: World, values: Mapping[str, float]) -> list[Event]:
    """Return the events as the gates have left them: stopped, softened or put off; the others as they are."""
    found = []
    places = dict(zip(world.brands.names, world.brands.position.astype(np.float64), strict=True))
    for event in events:
        gate = gates.get(event.id)
        back = gates.get(event.of) if event.kind == "rollback" else None
        if gate is not None:
            event = _acted_on(event, gate, places, world, values)
        elif back is not None and back.then == "delay" and event.start_day is not None:
            event = event.model_copy(update={"start_day": event.start_day + back.for_days})
        if getattr(event, "position", None) is not None and event.start_day < NEVER_COMES:
            places[event.brand] = np.asarray(event.position, np.float64)
        found.append(event)
    return found


def _acted_on(
    event: Event, gate: Any, places: Mapping[str, Floats], world: World, values: Mapping[str, float]
) -> Event:
    """Return an event as its gate leaves it; ``places`` says where each brand stands before it."""
    if gate.then == "stop":
        return event.model_copy(update={"start_day": NEVER_COMES})
    if gate.then == "delay":
        return event.model_copy(update={"start_day": event.start_day + gate.for_days})
    left = 1.0 - gate.by
    changes: dict[str, Any]
    if event.kind == "redesign":
        sd = values["appeal_sd"] if event.appeal.sd is None else event.appeal.sd
        changes = {
            "cues": None,
            "overlap": 1.0 - left * (1.0 - cue_overlap(event, values)),
            "identity_break": left * event.identity_break,
            "appeal": event.appeal.model_copy(update={"mean": left * event.appeal.mean, "sd": left * sd}),
        }
    elif event.kind == "reformulate":
        spread = 1.0 + left * (event.sd - 1.0)
        changes = {"quality": left * event.quality, "sd": spread, "identity_break": left * event.identity_break}
    elif event.kind == "reposition":
        here = places[event.brand]
        there = tuple((here + left * (np.asarray(event.position) - here)).tolist())
        changes = {"position": there, "identity_break": left * event.identity_break}
    elif event.kind == "price" and event.to is not None:
        listed = float(world.brands.list_price[_brand_of(event, world)])
        changes = {"to": listed + left * (event.to - listed)}
    elif event.kind == "service":
        changes = {name: left * getattr(event, name) for name in ("quality", "turnover", "staffing")}
    else:
        changes = {"change": left * event.change}
    return event.model_copy(update=changes)
