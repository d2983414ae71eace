"""Everything that changes during a run, in one object that can be forked at any day."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from simulator.compilation import Unpacked
from simulator.model.columns import (
    CHAIN,
    COMPLAINT,
    DEALER,
    FIRM,
    MAILBAG,
    MIND,
    NEWS,
    POST,
    PURCHASE,
    STAFF,
    STOCK,
    TIE,
    VIEW,
    Life,
    Records,
)
from simulator.model.fixed import LEAST_LIST, MOST_TURNOVER, newcomers, product_gate, quarterly_keep, usual_newcomers
from simulator.model.kernels.constants import (
    CAUSE_COUNT,
    GENERATIONS,
    LONG_AGO,
    MAILBAGS,
    METRIC_COUNT,
    NEVER,
    OWNED_ALL,
    PERIODS,
    QUARTER,
    SLOTS,
)
from simulator.model.memory import Array, aligned, joined
from simulator.randomness import Stream, uniforms
from simulator.world.rapport import ORDINARY_BREADTH
from simulator.world.tastes import customer_shares, utility
from simulator.world.world import SOURCES, WEIGHT_CLASSES, World

_FIRST = 2
"""Draw number of who knows a brand at the start, apart from those of trips."""


@dataclass
class State:
    """The whole changing state of one arm.

    Attributes
    ----------
    day : int
        The next day to run, relative to launch.
    life, records
        Tables, see `simulator.model.columns`.
    reference : array of float32, shape (B,)
        ln of the price people are used to, relative to the market's mean list price.
    rolled_back : dict
        Event id -> day on which a trigger rolled it back.
    reports : dict
        Id of a consultation -> change of purchases that its reports promise, as a share.
    gated : dict
        Event id -> the gate of the consultation that acted on it.
    """

    day: int
    life: Life
    records: Records
    reference: NDArray[np.float32]
    rolled_back: dict[str, int]
    reports: dict[str, float] = field(default_factory=dict)
    gated: dict[str, Any] = field(default_factory=dict)

    def fork(self) -> State:
        """Return an independent copy; nothing is shared."""
        return State(
            day=self.day,
            life=self.life.copy(),
            records=Records(*(table.copy() for table in self.records)),
            reference=self.reference.copy(),
            rolled_back=dict(self.rolled_back),
            reports=dict(self.reports),
            gated=dict(self.gated),
        )

    def know_changes(self, count: int) -> None:
        """Make room in customers' minds for a number of changes, none of which anybody knows yet."""
        mind, view_rows = _room_for_minds(self.life.mind.shape[0], count)
        mind[:] = self.life.mind
        self.life = self.life._replace(mind=mind, view_rows=view_rows)


def level_names(world: World) -> tuple[tuple[str, str], ...]:
    """Rows of the counters by level: (dimension, level), in the order of ``Records.levels``."""
    return tuple(
        (dimension, level)
        for dimension, levels in (
            ("region", world.regions),
            ("segment", world.segments),
            ("source", SOURCES),
            ("weight", WEIGHT_CLASSES),
        )
        for level in levels
    )


def new_records(world: World, weeks: int, panel: int) -> Records:
    """Return zeroed counters for ``weeks`` reported weeks and one row for the rest, and room for a panel."""
    brands = len(world.brands.names)
    stores = world.stores.region.shape[0]
    sizes = (len(world.regions), len(world.segments), len(SOURCES), len(WEIGHT_CLASSES))
    return Records(
        totals=np.zeros((weeks + 1, METRIC_COUNT, brands), np.int64),
        levels=np.zeros((weeks + 1, sum(sizes), brands), np.int64),
        stores=np.zeros((weeks + 1, stores, brands), np.int32),
        shelf=np.zeros((weeks + 1, brands, 5), np.int64),
        habitual=np.zeros(weeks + 1, np.int64),
        reached=np.zeros(weeks + 1, np.int64),
        reached_by=np.zeros(CAUSE_COUNT, np.int64),
        tellers=np.zeros((CAUSE_COUNT, GENERATIONS), np.int64),
        positive=np.zeros((CAUSE_COUNT, GENERATIONS), np.int64),
        negative=np.zeros((CAUSE_COUNT, GENERATIONS), np.int64),
        won=np.zeros((weeks + 1, len(SOURCES)), np.int32),
        kept=np.zeros((weeks + 1, len(SOURCES), PERIODS), np.int32),
        panel=aligned(panel, PURCHASE),
        panel_size=np.zeros(2, np.int64),
        level_start=np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32),
    )


def initial_state(
    world: World,
    values: Mapping[str, float],
    *,
    run: np.uint64,
    first_day: int,
    weeks: int,
    looks: int,
    panel: int = 0,
) -> State:
    """Return the state at the start of the warm-up: habits, bonds and stocks near where they will settle.

    Parameters
    ----------
    world : World
        From `simulator.world.build_world`.
    values : mapping
        Parameter values.
    run : np.uint64
        Run key.
    first_day : int
        First day of the warm-up, relative to launch.
    weeks : int
        Reported weeks (observed year and horizon).
    looks : int
        Number of changed looks any arm will bring.
    panel : int
        Purchases to keep one by one; 0 keeps none.
    """
    brands = world.brands
    shares, knows = customer_shares(world, values), _acquainted(world, run)
    if knows is not None:
        shares *= knows
        shares /= shares.sum(axis=1, keepdims=True)
    with ThreadPoolExecutor(1) as aside:  # NumPy lets two threads work at once
        minds = aside.submit(_first_minds, world, shares, knows, run, first_day, looks)
        ties = _first_ties(world, shares, knows, values)
    mind, view_rows = minds.result()
    room = max(LEAST_LIST, world.size // 8)
    stock, chain, posts = _full_shelves(world, values)
    mailbags = aligned((shares.shape[1], MAILBAGS), MAILBAG)
    mailbags["week"] = LONG_AGO
    return State(
        day=first_day,
        life=Life(
            mind=mind,
            tie_rows=ties,
            view_rows=view_rows,
            stock=stock,
            coming=np.zeros((*stock.shape, SLOTS), np.int32),
            chain=chain,
            posts=posts,
            staff=_settled_staff(world, values),
            dealers=_settled_dealers(world),
            complaints=aligned(room, COMPLAINT),
            relayed=aligned(room, COMPLAINT),
            mailbags=mailbags,
            firms=aligned(shares.shape[1], FIRM),
            news=aligned(room, NEWS),
            heads=np.zeros(3, np.int64),
        ),
        records=new_records(world, weeks, panel),
        reference=np.log(brands.list_price / brands.list_price.mean()).astype(np.float32),
        rolled_back={},
    )


def _room_for_minds(size: int, looks: int) -> tuple[Array, Array]:
    """Tables of minds (size,) and of views (size, looks), blank.

    There is room for one look at least: it costs no memory, and a table without any would be of another type to the
    compiler.
    """
    return joined(size, MIND, max(1, looks), VIEW)


def _first_minds(
    world: World, shares: Array, knows: NDArray[np.bool_] | None, run: np.uint64, first_day: int, looks: int
) -> tuple[Array, Array]:
    """What customers carry of themselves and know of changes at the start, shapes (N,) and (N, looks)."""
    people = world.customers
    draw = uniforms(run, Stream.INITIAL_STATE, 0, people.uid)
    mind, view_rows = _room_for_minds(world.size, looks)
    mind["next_time"] = first_day + _residual(world, draw[:, 0], draw[:, 2:]) / people.rate
    mind["next_day"] = np.minimum(np.floor(mind["next_time"]), int(NEVER) - 1)
    mind["retry_day"] = NEVER
    mind["updated"] = first_day
    mind["quarter"] = first_day // QUARTER
    for name in ("last_focal", "last_rival", "word_day"):
        mind[name] = LONG_AGO
    mind["won_day"] = NEVER
    mind["last_brand"] = np.minimum((draw[:, 1:2] > np.cumsum(shares, axis=1)).sum(axis=1), shares.shape[1] - 1)
    if knows is not None:
        mind["strange"] = (~knows * newcomers(world.brands)).sum(axis=1)
    return mind, view_rows


def _first_ties(world: World, shares: Array, knows: NDArray[np.bool_] | None, values: Mapping[str, float]) -> Array:
    """What ties customers to brands at the start, shape (N, B), turned."""
    people = world.customers
    rows = aligned(shares.shape, TIE)
    ties = Unpacked.of(rows)
    ties["utility"] = utility(people.taste_kept, people.price_sensitivity, world.brands)
    known = 1.0 if knows is None else knows
    ties["habit"] = _settled_habits(world, shares, values) * known
    ties["bond"] = settled_bonds(world, shares, values) * known
    person_share = np.where(world.reps.accounts == 1, values["account_person_share"], values["bond_person_share"])
    ties["owned"] = np.floor(person_share * OWNED_ALL + 0.5)
    return rows


def _acquainted(world: World, run: np.uint64) -> NDArray[np.bool_] | None:
    """Who knows which brand at the start, shape (N, B); None where everybody knows all."""
    known = world.brands.known
    if (known == 1.0).all():
        return None
    knows = np.ones((world.size, known.shape[0]), np.bool_)
    for b in np.flatnonzero(known < 1.0):
        draw = uniforms(run, Stream.ACQUAINTANCE, 0, world.customers.uid, partner=int(b), draw=_FIRST)
        knows[:, b] = draw[:, 0] < known[b]
    return knows


def _residual(world: World, first: Array, second: Array) -> Array:
    """Time to the first trip of a calendar that has run for ever, in mean intervals, shape (N,).

    Whoever looks at a moment in time finds one of the exponential stages running, each as likely as it is long; what
    is left is that stage (memoryless) and those after it.
    """
    stages = max(1, int(world.regularity))
    extra = max(0.0, world.regularity - stages)
    running = np.floor(first * (stages + extra))
    left = np.where(running >= stages, 1.0, stages - running + (second[:, 0] < extra))
    wait = -np.log1p(-second[:, 1])  # of one stage
    several = left > 1.0
    wait[several] = gammaincinv(left[several], second[several, 1])
    return np.asarray(wait / (stages + extra))


def _settled_habits(world: World, shares: Array, values: Mapping[str, float]) -> Array:
    """Habit that a customer has built by following tastes that drift, shape (N, B).

    Habit averages past shares of purchases, a quarter's purchases keeping ``a = (1 - growth)^purchases`` of it; tastes
    keep ``k`` of their deviation each quarter. What is left of today's deviation from everybody's mean is then
    ``(1 - a) / (1 - a k)``, 1 where tastes stand still.
    """
    kept = (1.0 - values["habit_growth"]) ** (QUARTER * world.customers.rate.astype(np.float64))
    follows = (1.0 - kept) / np.maximum(1.0 - kept * quarterly_keep(values), 1e-12)
    mean = world.brands.target_share
    return np.asarray(mean + follows[:, None] * (shares - mean), np.float32)


def settled_bonds(world: World, shares: Array, values: Mapping[str, float]) -> Array:
    """Bond at which growth by good encounters equals decay: g / (g + d), per customer and brand.

    Encounters are those with the staff of the main store on purchases, and where reps hold accounts their calls.
    """
    people, stores, reps = world.customers, world.stores, world.reps
    home = people.store[:, 0]
    relatability = values["relatability"]
    good = np.maximum(stores.service, 0.0).astype(np.float64) @ world.role_met
    apart = people.position.astype(np.float64) - stores.staff_position[home]
    close = 1.0 / (1.0 + (apart**2).sum(axis=1) / ORDINARY_BREADTH**2)
    pace = (1.0 + relatability * close) / (1.0 + relatability * stores.staff_usual[home])
    per_brand = (good[home] * people.rate * pace)[:, None] * shares
    for b in np.flatnonzero(reps.accounts):
        rep = reps.rep_of[home, b]
        apart = people.position.astype(np.float64) - reps.position[rep]
        close = 1.0 / (1.0 + (apart**2).sum(axis=1) / reps.breadth[rep] ** 2)
        known = reps.tenure_days[rep] / (reps.tenure_days[rep] + 7.0 * values["rep_learning_weeks"])
        pace = (1.0 + relatability * close) / (1.0 + relatability * reps.usual[rep])
        # who does not buy takes a call only from someone alike
        taken = close + (1.0 - close) * shares[:, b]
        calls = values["account_calls"] / 7.0 * taken
        per_brand[:, b] += np.where(rep >= 0, calls * reps.skill[rep] * known * pace, 0.0)
    growth = values["bond_growth"] * per_brand * product_gate(world, values)
    decay = np.log(2.0) / (7.0 * values["bond_decay_weeks"])
    return np.asarray(growth / (growth + decay), np.float32)


def _full_shelves(world: World, values: Mapping[str, float]) -> tuple[Array, Array, Array]:
    """Stock of an ordinary day: shelves full, a day's sales in the backroom, reps and stores acquainted."""
    demand = world.stores.expected_demand
    stock = aligned(demand.shape, STOCK)
    stock["shelf"] = np.maximum(2, np.ceil(demand * values["shelf_capacity_days"]))
    stock["backroom"] = np.ceil(demand)
    stock["forecast"] = demand
    stock["error"] = 1.0
    reps = world.reps
    chain = aligned((demand.shape[0], len(world.brands.names)), CHAIN)
    if reps.brand.size:
        visits = reps.visits_per_week * reps.tenure_days / 7.0
        known = 1.0 - (1.0 - values["rep_bond_growth"]) ** visits
        chain["rep_bond"] = np.where(reps.rep_of >= 0, known[reps.rep_of], 0.0)
    posts = aligned(reps.brand.shape[0], POST)
    posts["tenure"] = reps.tenure_days
    posts["skill"] = reps.skill
    posts["position"] = reps.position
    posts["load"] = 1.0
    posts["vacant_until"] = LONG_AGO
    return stock, chain, posts


def _settled_staff(world: World, values: Mapping[str, float]) -> Array:
    """Staff of an ordinary day: the usual share of newcomers, nobody trained beyond the usual."""
    staff = aligned((world.stores.region.shape[0], len(world.roles)), STAFF)
    hazard = 1.0 - (1.0 - np.minimum(world.role_turnover.astype(np.float64), MOST_TURNOVER)) ** (1.0 / 52.0)
    staff["fresh"] = usual_newcomers(hazard, values)
    return staff


def _settled_dealers(world: World) -> Array:
    """Relations of distributors with brands as the market states them; favour is reckoned at the end of a week."""
    dealers = aligned(world.distributors.relation.shape, DEALER)
    dealers["relation"] = world.distributors.relation
    return dealers
