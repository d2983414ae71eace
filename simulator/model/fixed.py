"""The world as the kernels see it: read-only tables, made once and shared by every arm of a replicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compilation import COUNTED, LANES
from simulator.model.columns import (
    BRAND,
    EVENT,
    MESSAGE,
    NEWS,
    PERSON,
    PLACE,
    REP,
    ROLE,
    SETTING,
    SIGHT,
    TODAY,
    TRIP,
    Scratch,
    Seats,
    Town,
)
from simulator.model.kernels.constants import (
    AT_ONCE,
    CALENDAR_WORDS,
    CHUNK,
    CLOCKS,
    COUNTS,
    DAYS,
    EVENTS,
    FADE_BOND,
    FADE_HEARD,
    FADE_HURT,
    FADE_LEARNED,
    FADES,
    FIRST_EVENT,
    LAST_EVENT,
    MOST_TOLD,
    PROGRESS,
    SERVICE_WORDS,
)
from simulator.model.kernels.reputation import weights_of_others
from simulator.model.memory import aligned, joined
from simulator.world.shape import moments
from simulator.world.world import Brands, World, patronage

LEAST_LIST = 1024
"""Room of the shortest lists (complaints, news, events); they grow with the population."""

MESSAGES_AT_ONCE = 8192
"""Messages that a thread writes before they are heard; more than any one piece of news can make."""

MOST_TURNOVER = 0.999
"""Share of staff who leave in a year at which it is cut: a constant rate that empties a place has no end."""

_COLUMNS = ("uid", "rate", "store", "position", "segment", "source", "weight")
"""Columns that world and kernels call by the same name."""

AMPLE = np.float32(100.0)
"""How much more a store plans for when shelves are switched off: nothing ever runs out."""


def with_ample_stock(world: World) -> World:
    """Return the world with stores that plan for a hundredfold demand."""
    demand = world.stores.expected_demand * AMPLE + AMPLE
    return replace(world, stores=replace(world.stores, expected_demand=demand))


def lay_out(world: World, values: Mapping[str, float]) -> Town:
    """Lay the world out for the kernels."""
    customers, brands, stores, reps = world.customers, world.brands, world.stores, world.reps
    people, favourites = joined(world.size, PERSON, len(brands.names), np.dtype(np.uint8))
    for name in _COLUMNS:
        people[name] = getattr(customers, name)
    people["beta"] = customers.price_sensitivity
    people["first_friend"] = world.network.first
    people["friends"] = world.network.degree
    people["close"] = world.network.close
    favourites[:] = customers.favourite
    brand = aligned(len(brands.names), BRAND)
    brand["cost"] = brands.cost
    brand["mean_utility"] = world.mean_utility
    brand["position"] = brands.position
    brand["share"] = brands.target_share
    brand["accounts"] = reps.accounts
    place = aligned(stores.region.shape[0], PLACE)
    place["staff_position"] = stores.staff_position
    place["staff_pace"] = 1.0 / (1.0 + values["relatability"] * stores.staff_usual)
    place["region"] = stores.region
    place["distributor"] = stores.distributor
    place["delivery"] = stores.delivery
    rep = aligned(reps.brand.shape[0], REP)
    rep["breadth"] = reps.breadth
    rep["usual"] = reps.usual
    rep["hazard"] = 1.0 - (1.0 - reps.turnover_per_year) ** (1.0 / 52.0)
    rep["interval"] = np.maximum(1, np.rint(7.0 / np.maximum(reps.visits_per_week, 1e-3)))
    role = aligned(len(world.roles), ROLE)
    role["met"] = world.role_met
    role["hazard"] = 1.0 - (1.0 - np.minimum(world.role_turnover, MOST_TURNOVER)) ** (1.0 / 52.0)
    role["usual"] = usual_newcomers(role["hazard"].astype(np.float64), values)
    first = brands.first_item
    spans = [slice(first[b], first[b + 1]) for b in range(len(brands.names))]
    return Town(
        people=people,
        favourites=favourites,
        patronage=patronage(world.customers.loyalty),
        friends=world.network.friends,
        brands=brand,
        first_item=first.astype(np.int32),
        item_share=np.concatenate([np.cumsum(brands.item_share[span]) for span in spans]),
        places=place,
        demand=np.ascontiguousarray(stores.expected_demand, np.float32),
        rep_of=reps.rep_of.astype(np.int32),
        reps=rep,
        roles=role,
        relation=world.distributors.relation,
    )


def seen_through(world: World, town: Town) -> World:
    """Return the world with its customers' columns as views of the kernels' table, so that they are there once."""
    table = town.people
    columns: dict[str, Any] = {name: table[name] for name in _COLUMNS}
    customers = replace(world.customers, price_sensitivity=table["beta"], favourite=town.favourites, **columns)
    network = replace(world.network, first=table["first_friend"], degree=table["friends"], close=table["close"])
    return replace(world, customers=customers, network=network)


def newcomers(brands: Brands) -> NDArray[np.uint16]:
    """A bit for each brand that some do not know at the start, 0 for those that everybody knows, shape (B,)."""
    new = brands.known < 1.0
    return np.where(new, 1 << np.maximum(np.cumsum(new) - 1, 0), 0).astype(np.uint16)


def product_gate(
    world: World, values: Mapping[str, float], shift: NDArray[np.float64] | float = 0.0
) -> NDArray[np.float64]:
    """How much good service counts for each brand, given its product: ``exp(gate x quality above the category's)``.

    Service cannot save a poor product, sets a good one apart and multiplies an exceptional one. 1 at the quality that
    the category has on average over what is bought; ``shift`` (S, B) is what new recipes add to
    a brand's quality in each store.
    """
    quality = world.brands.quality.astype(np.float64)
    return np.asarray(np.exp(values["service_gate"] * (quality + shift - quality @ world.brands.target_share)))


def usual_newcomers(hazard: NDArray[np.float64], values: Mapping[str, float]) -> NDArray[np.float64]:
    """Share of newcomers among staff of whom ``hazard`` leaves in a week: the mean of `people.staff_week`."""
    keep = 0.5 ** (1.0 / values["staff_learning_weeks"])
    return np.asarray(hazard * keep / (1.0 - keep * (1.0 - hazard)))


def quarterly_keep(values: Mapping[str, float]) -> float:
    """Part of a taste's score that a quarter keeps.

    Tastes with spread s whose change over a year has standard deviation d are correlated ``1 - d^2 / 2 s^2`` over that
    year.
    """
    spread, drift = values["taste_sd"], values["taste_drift_per_year"]
    yearly = 1.0 - 0.5 * (drift / spread) ** 2 if spread > 0.0 else 1.0
    return float(max(yearly, 0.0) ** 0.25)


def settings(
    world: World, values: Mapping[str, float], run: np.uint64, closed: frozenset[str], *, shelves: bool = True
) -> np.void:
    """Return the constants of a run and which channels are open, as one record."""
    keep = quarterly_keep(values)
    setting = np.zeros(1, SETTING)
    whole = int(np.floor(world.units_per_purchase))
    stages = max(1, int(np.floor(world.regularity)))
    setting["run"] = run
    setting["units"] = whole
    setting["units_extra"] = world.units_per_purchase - whole
    setting["stages"] = stages
    setting["stage_extra"] = max(0.0, world.regularity - stages)
    setting["drift_keep"] = keep
    setting["drift_noise"] = np.sqrt(1.0 - keep * keep)
    setting["roles_met"] = world.role_met.sum()
    setting["taste_mean"], setting["taste_sd"] = moments(values["taste_skew"])
    setting["focal"] = world.focal
    setting["findability"] = "findability" not in closed
    setting["promise"] = "promise" not in closed
    setting["talk"] = "word_of_mouth" not in closed
    setting["shelves"] = shelves
    record: np.void = setting[0]
    return record


def most_trips(world: World) -> int:
    """Trips for which a day has room: half as many again as are expected, ten standard deviations, and some more.

    Who finds no room comes the day after; at most everybody shops on a day.
    """
    expected = float(np.minimum(world.customers.rate, 1.0).sum())
    return int(min(world.size, 1.5 * expected + 10.0 * expected**0.5 + LEAST_LIST))


def new_crew(world: World, values: Mapping[str, float], team: int = 1, looks: int = 0) -> tuple[Scratch, ...]:
    """Return working memory for one model, a row per thread; what the threads share is the same in each.

    ``looks`` is the number of changes that customers carry in mind.
    """
    n, stores, brands = world.size, world.stores.region.shape[0], len(world.brands.names)
    room = team * most_trips(world)  # any thread's part has room for all
    each = room // team
    eights = -(-brands // LANES) * LANES
    columns = max(2 * CHUNK, -(-len(world.brands.item_names) // CHUNK) * CHUNK)
    due, trips = aligned(n, np.int16), aligned(room, TRIP)
    order, onward = aligned(room, np.uint64), aligned(room, np.int32)
    visits, events = aligned((team, stores), np.int32), aligned(2 * room, EVENT)
    progress, meeting = aligned((team, PROGRESS), np.int64), aligned(2, np.int64)
    messages, tomorrow = aligned((team, MESSAGES_AT_ONCE), MESSAGE), aligned((team, max(LEAST_LIST, n // 8)), NEWS)
    addresses = aligned(1, np.int64)
    fade, weights = fading(values), weights_of_others(values)
    rows = max(CALENDAR_WORDS + 4, eights, SERVICE_WORDS + 4 * -(-len(world.roles) // 4) + 4 * looks)
    crew = []
    for worker in range(team):
        counts = aligned(COUNTS, np.int64)
        counts[EVENTS] = counts[FIRST_EVENT] = 2 * each * worker
        counts[LAST_EVENT] = 2 * each * (worker + 1)
        crew.append(
            Scratch(
                due=due,
                trips=trips,
                order=order,
                onward=onward,
                visits=visits,
                events=events,
                progress=progress,
                addresses=addresses,
                meeting=meeting,
                messages=messages,
                tomorrow=tomorrow,
                shoppers=aligned(each + AT_ONCE, np.int32),  # listed a few at a time, even past the end
                later=aligned(each, np.uint64),
                spare=aligned(each + COUNTED, np.uint64),
                start=aligned(stores + 1, np.int32),
                place=aligned(stores + 1, np.int32),
                territory=aligned(stores, np.uint8),
                counts=counts,
                clock=aligned(CLOCKS, np.int64),
                answers=aligned(brands, np.int64),
                sight=aligned((1, eights), SIGHT),
                today=aligned((1, eights), TODAY),
                store_words=aligned((8, columns), np.uint32),
                told=aligned(MOST_TOLD, np.int32),
                fade=fade,
                weights=weights,
                seats=Seats(
                    uid=aligned(CHUNK, np.uint64),
                    ordinal=aligned(CHUNK, np.int32),
                    again=aligned(CHUNK, np.uint32),
                    words=aligned((rows, CHUNK), np.uint32),
                    noise=aligned((eights, CHUNK), np.float32),
                    luck=aligned(CHUNK, np.float32),
                    late=aligned(2 * CHUNK, np.int32),
                    beta=aligned(CHUNK, np.float32),
                    x=aligned(CHUNK, np.float32),
                    y=aligned(CHUNK, np.float32),
                    middle=aligned(CHUNK, np.float32),
                    value=aligned(CHUNK, np.float32),
                    wait=aligned(CHUNK, np.float64),
                    about=aligned(CHUNK, np.int32),
                    friend=aligned(CHUNK, np.int32),
                ),
            )
        )
    return tuple(crew)


def fading(values: Mapping[str, float]) -> NDArray[Any]:
    """Factors by which each fading stock shrinks in 0, 1, 2, … days, float32, shape (DAYS, kinds)."""
    half_life = np.empty(FADES)
    half_life[FADE_LEARNED] = values["forced_trial_fade_weeks"]
    half_life[FADE_HEARD] = values["heard_fade_weeks"]
    half_life[FADE_BOND] = values["bond_decay_weeks"]
    half_life[FADE_HURT] = values["identity_recovery_halflife_weeks"]
    return np.asarray(0.5 ** (np.arange(DAYS)[:, None] / (7.0 * half_life)), np.float32)
