"""Events about people as levers and as things that happen on a day: who serves, who calls, who leaves, who follows.

Part of phase 1. `people_levers` says what holds today; `moves` what happens today and leaves its mark on the state:
staff or reps who leave take along the part of the bonds that is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.kernels.constants import BROKER, COLLEAGUE, MANNER_FEIGNED, MANNER_NAMED, NEW_HIRE
from simulator.model.kernels.people import hand_over, shake_staff
from simulator.model.levers import PLACE_LEVER, REP_LEVER, STAFF_LEVER
from simulator.randomness import Stream, uniforms
from simulator.world.world import World

if TYPE_CHECKING:
    from simulator.model.market import BrandMarket

Event = Any  # the typed events of simulator.scenario, read by attribute so that tests may use plain objects
Mask = NDArray[np.bool_]

NEVER_VISITED = 10**6
"""Days between two visits of a rep who does not come."""

SUCCESSOR_CODES = {"new_hire": NEW_HIRE, "colleague": COLLEAGUE}


@dataclass(frozen=True)
class PeopleLevers:
    """What events about people have set for today; shapes as in `simulator.model.levers.Levers`."""

    change: NDArray[np.float32]
    feigned: NDArray[np.float32]
    care_change: NDArray[np.float32]
    manner: NDArray[np.uint8]
    places: NDArray[Any]
    staff: NDArray[Any]
    reps: NDArray[Any]
    rep_hazard: NDArray[np.float32]
    relation: NDArray[np.float32]


def people_levers(
    acting: Iterable[tuple[Event, Mask]], day: int, world: World, values: Mapping[str, float]
) -> PeopleLevers:
    """Return the levers of the `service` and `rep_staffing` events that act today, each with its stores."""
    acting = list(acting)
    stores, brands, roles = world.stores.region.shape[0], len(world.brands.names), len(world.roles)
    apart = any(event.kind == "service" and event.where.segment is not None for event, _ in acting)
    groups = len(world.segments) if apart else 1
    levers = PeopleLevers(
        change=np.zeros((stores, groups, brands, roles), np.float32),
        feigned=np.zeros((stores, groups, brands, roles), np.float32),
        care_change=np.zeros(brands, np.float32),
        manner=np.zeros(brands, np.uint8),
        places=np.zeros(stores, PLACE_LEVER),
        staff=np.zeros((stores, roles), STAFF_LEVER),
        reps=np.zeros((stores, brands), REP_LEVER),
        rep_hazard=np.ones(world.reps.brand.shape[0], np.float32),
        relation=np.zeros((len(world.distributors.names), brands), np.float32),
    )
    for table, fields in ((levers.staff, ("met", "hazard", "own")), (levers.reps, ("calls", "skill", "own"))):
        for name in fields:
            table[name] = 1.0
    levers.reps["authentic"] = 1.0
    for event, inside in acting:
        if event.kind == "service":
            _serve(event, inside, day, world, values, levers)
        else:
            _staff_reps(event, inside, world, values, levers)
    if roles:
        levers.places["failures"] = (1.0 / levers.staff["met"]).mean(axis=1)
        levers.places["own"] = levers.staff["own"].mean(axis=1)
        levers.places["spared"] = (1.0 - levers.staff["hazard"]).mean(axis=1)
    else:
        levers.places["failures"] = levers.places["own"] = 1.0
    return levers


def _serve(
    event: Event, inside: Mask, day: int, world: World, values: Mapping[str, float], levers: PeopleLevers
) -> None:
    """Add what one `service` event changes."""
    part = min(1.0, (day - event.start_day + 1) / event.ramp_days) if event.ramp_days else 1.0
    delta = event.quality * part - (values["outsourced_gap"] if event.outsourced else 0.0)
    brand = None if event.brand is None else world.brands.names.index(event.brand)
    chosen = slice(None) if brand is None else slice(brand, brand + 1)
    if brand is not None:
        levers.manner[brand] |= MANNER_NAMED
    for role in roles_of(event, world):
        if role == "care_desk":
            weeks = day // 7 - event.start_day // 7
            faded = event.training * 0.5 ** (weeks / values["staff_training_decay_weeks"])
            gain = faded + values["status_listening"] * event.status
            levers.care_change[world.focal if brand is None else brand] += delta + gain
            continue
        r = world.roles.index(role)
        for group in _groups(event, world, levers.change.shape[1]):
            levers.change[inside, group, chosen, r] += delta
            if delta > 0.0 and event.authentic < 1.0:
                levers.feigned[inside, group, chosen, r] += delta * (1.0 - event.authentic)
                levers.manner[chosen] |= MANNER_FEIGNED
        staff = levers.staff
        staff["met"][inside, r] *= 1.0 + event.staffing
        staff["hazard"][inside, r] *= 1.0 - values["status_turnover"] * event.status
        if event.outsourced:
            staff["own"][inside, r] = 0.0


def _groups(event: Event, world: World, groups: int) -> list[int]:
    """Segments that an event is for, all where it names none."""
    named = event.where.segment
    return list(range(groups)) if named is None else [world.segments.index(name) for name in many(named)]


def _staff_reps(event: Event, inside: Mask, world: World, values: Mapping[str, float], levers: PeopleLevers) -> None:
    """Add what one `rep_staffing` event changes."""
    b = world.brands.names.index(event.brand)
    reps = world.reps
    here = inside & (reps.rep_of[:, b] >= 0)
    own = reps.rep_of[here, b]
    usual = np.maximum(reps.visits_per_week[own].astype(np.float64), 1e-3)
    visits = usual.copy()
    if event.stores_per_rep is not None:
        visits *= reps.stores_per_rep[own] / event.stores_per_rep
    if event.visits_per_week is not None:
        visits[:] = event.visits_per_week
    lever = levers.reps
    if event.stores_per_rep is not None or event.visits_per_week is not None:
        interval = np.rint(7.0 / np.maximum(visits, 7.0 / NEVER_VISITED))
        lever["interval"][here, b] = np.maximum(1, interval).astype(np.int32)
        lever["calls"][here, b] = visits / usual
    if event.outsourced:
        lever["skill"][here, b] *= values["broker_skill"]
        lever["own"][here, b] = 0.0
    lever["authentic"][here, b] = event.authentic
    for rep in np.unique(own):
        part = here[reps.rep_of[:, b] == rep].mean()
        levers.rep_hazard[rep] *= 1.0 - values["status_turnover"] * event.status * part
    names = event.where.distributor
    wanted = world.distributors.names if names is None else many(names)
    levers.relation[[world.distributors.names.index(name) for name in wanted], b] += event.relation


def roles_of(event: Event, world: World) -> tuple[str, ...]:
    """Touchpoint roles that an event is about: those it names, else all of the stores."""
    return world.roles if event.where.role is None else many(event.where.role)


# -- what happens on a day --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Departure:
    """Reps leave; their posts stay empty until a day, and someone follows."""

    reps: NDArray[np.int64]
    until: int
    successor: int

    def apply(self, model: BrandMarket, day: int) -> None:
        """Let it happen to a model."""
        model.dismiss(self.reps.tolist(), self.until, self.successor)


@dataclass(frozen=True)
class Handover:
    """Stores of a brand's reps go to somebody else, who keeps part of the bonds; the posts stay as they are."""

    brand: int
    stores: Mask
    kept: float

    def apply(self, model: BrandMarket, day: int) -> None:
        """Let it happen to a model."""
        inside = self.stores.astype(np.uint8)
        hand_over(day, self.brand, inside, self.kept, 1.0, model.town, model.state.life, model.setting)


@dataclass(frozen=True)
class Shake:
    """A share of store staff leaves, or staff are trained."""

    number: int
    stores: Mask
    roles: NDArray[np.uint8]
    left: float
    training: float

    def apply(self, model: BrandMarket, day: int) -> None:
        """Let it happen to a model."""
        shake_staff(
            day,
            self.number,
            self.stores.astype(np.uint8),
            self.roles,
            self.left,
            self.training,
            model.town,
            model.state.life,
            model.setting,
            model.parameters,
        )


Move = Departure | Handover | Shake


def moves_of(
    event: Event,
    number: int,
    inside: Mask,
    day: int,
    end: float,
    run: np.uint64,
    world: World,
    values: Mapping[str, float],
) -> list[Move]:
    """What an event does to people today: on the day it starts, and on the day it ends.

    Parameters
    ----------
    event : Event
    number : int
        Number of the event in the scenario, which keys its luck.
    inside : (S,) bool
        Stores in which it acts.
    day : int
    end : float
        First day on which the event no longer acts.
    run : np.uint64
        Run key.
    """
    starts, ends = day == event.start_day and day < end, day == end
    if event.kind == "service" and (starts or ends):
        return _shakes(event, number, inside, starts, world)
    if event.kind == "rep_turnover" and starts:
        b = world.brands.names.index(event.brand)
        reps = _reps_in(inside, b, world)
        ids = reps.astype(np.uint64)
        draw = uniforms(run, Stream.REP_TURNOVER, day, ids, partner=number)[:, 0]
        colleague = event.successor == "colleague"
        usual = 0.0 if colleague else values["rep_vacancy_days"]
        vacancy = usual if event.vacancy_days is None else event.vacancy_days
        return [Departure(reps[draw < event.share], day + int(vacancy), SUCCESSOR_CODES[event.successor])]
    if event.kind == "rep_staffing" and (starts or ends):
        return _restaffed(event, number, inside, day, starts, run, world, values)
    return []


def _shakes(event: Event, number: int, inside: Mask, starts: bool, world: World) -> list[Move]:
    left = max(event.turnover, 1.0 if event.outsourced else 0.0) if starts else float(event.outsourced)
    training = event.training if starts else 0.0
    roles = np.isin(world.roles, [role for role in roles_of(event, world) if role != "care_desk"]).astype(np.uint8)
    if event.brand is not None or not roles.any() or (left == 0.0 and training == 0.0):
        return []
    return [Shake(number, inside, roles, left, training)]


def _restaffed(
    event: Event,
    number: int,
    inside: Mask,
    day: int,
    starts: bool,
    run: np.uint64,
    world: World,
    values: Mapping[str, float],
) -> list[Move]:
    """Own reps go where brokers come, and come back as new hires; larger territories change hands in part."""
    b = world.brands.names.index(event.brand)
    rep_of = world.reps.rep_of[:, b]
    reps = _reps_in(inside, b, world)
    found: list[Move] = []
    if event.outsourced:
        whole = np.array([bool(inside[rep_of == rep].all()) for rep in reps], np.bool_)
        if whole.any():
            found.append(Departure(reps[whole], day, BROKER if starts else NEW_HIRE))
        rest = inside & np.isin(rep_of, reps[~whole])
        if rest.any():
            found.append(Handover(b, rest, 0.0))
    elif event.stores_per_rep is not None and starts:
        ids = np.arange(rep_of.shape[0], dtype=np.uint64)
        draw = uniforms(run, Stream.HANDED_OVER, day, ids, partner=number)[:, 0]
        usual = np.where(rep_of >= 0, world.reps.stores_per_rep[rep_of], np.inf)
        found.append(Handover(b, inside & (draw < 1.0 - usual / event.stores_per_rep), values["rep_colleague_bond"]))
    return found


def _reps_in(inside: Mask, b: int, world: World) -> NDArray[np.int64]:
    """Reps of a brand who have a store among the given ones."""
    covered = world.reps.rep_of[inside, b]
    return np.unique(covered[covered >= 0]).astype(np.int64)


def many(names: Any) -> tuple[Any, ...]:
    """Names as a tuple, where one alone may stand for itself."""
    return tuple(names) if isinstance(names, tuple | list) else (names,)


def channel_of_reps(event: Event, world: World) -> str:
    """Channel of a change among reps: relationships where they hold accounts, else what stands on the shelves."""
    holds = bool(world.reps.accounts[world.brands.names.index(event.brand)])
    return "service" if holds else "availability"
