"""Stores, reps, distributors and care desks of the reference model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from .customer import Customer
    from .market import ReferenceMarket

LONGEST_LEAD = 7
SMALLEST_SHELF = 2


@dataclass
class Item:
    """One item in one store."""

    demand: float  # units a day the store was planned for
    shelf: int
    backroom: int
    forecast: float
    record_error: int = 0  # recorded minus real stock
    sold: int = 0  # today
    short: bool = False  # the last order was not delivered
    depot_rank: float = 0.0  # the depot has none in this spell where at or above the fill rate
    shelving_rank: float = 1.0  # overlooked in this spell where below the gap rate
    forecast_luck: float = 0.0  # this week's error of the forecast, standard normal
    coming: dict[int, int] = field(default_factory=dict)  # arrival day -> units


class Store(mesa.Agent):
    """A store with shelves; keeps each item up to a target that follows its own forecast."""

    model: ReferenceMarket

    def __init__(self, model: ReferenceMarket, index: int) -> None:
        super().__init__(model)
        world, p = model.world, model.p
        self.index = index
        self.distributor = int(world.stores.distributor[index])
        self.fill_rate = [float(share) for share in world.distributors.fill_rate[self.distributor]]
        self.delivery = [bool(d) for d in world.stores.delivery[index]]
        self.service = [float(q) for q in world.stores.service[index]]
        self.items = []
        for demand in map(float, world.stores.expected_demand[index]):
            shelf = max(SMALLEST_SHELF, math.ceil(demand * p["shelf_capacity_days"]))
            self.items.append(Item(demand, shelf, math.ceil(demand), demand))
        self.staff_position = [float(x) for x in world.stores.staff_position[index]]
        self.staff_usual = float(world.stores.staff_usual[index])
        self.fresh = list(model.usual_newcomers)  # share of newcomers by role
        self.reps: dict[int, Rep] = {}  # brand -> rep
        self.rep_bond = [0.0] * model.brands

    def in_stock(self, item: int) -> bool:
        return self.items[item].shelf > 0

    def any_in_stock(self, b: int) -> int | None:
        """The brand's best-selling item in stock."""
        there = [i for i in self.model.items_of[b] if self.in_stock(i)]
        return max(there, key=self.model.item_share.__getitem__, default=None)

    def failure_ratio(self, b: int) -> float:
        """Ordering and shelving failures relative to a store with an established rep."""
        rep = self.reps.get(b)
        if rep is None:
            return 1.0
        p = self.model.p
        known = rep.tenure / (rep.tenure + 7.0 * p["rep_learning_weeks"]) if rep.in_post else 0.0
        return 1.0 + (p["rep_newness_multiplier"] - 1.0) * (1.0 - known)

    def deliver_and_shelve(self) -> None:
        model, p, day = self.model, self.model.p, self.model.day
        draw = self.random.random
        for b in range(model.brands):
            failures = self.failure_ratio(b)
            for i in model.items_of[b]:
                item = self.items[i]
                item.backroom += item.coming.pop(day, 0)
                if model.begins("shelving_gap_days"):
                    item.shelving_rank = draw()
                space = max(SMALLEST_SHELF, math.ceil(item.demand * p["shelf_capacity_days"])) - item.shelf
                if space > 0 and item.shelving_rank >= p["shelving_gap_rate"] * failures:
                    moved = min(item.backroom, space)
                    item.backroom -= moved
                    item.shelf += moved
                if draw() < p["record_error_rate"] * failures:
                    item.record_error += 1 + int(item.demand)
                if draw() < 1.0 / p["record_check_days"]:
                    item.record_error = 0
                self.audit(item, b)
                item.sold = 0

    def audit(self, item: Item, b: int) -> None:
        """Count an item, and the cause of its absence; done when the store opens and when it closes."""
        self.model.count("item_days", b)
        if item.shelf <= 0:
            cause = "shelving" if item.backroom > 0 else "upstream" if item.short else "ordering"
            self.model.count(f"empty_{cause}", b)

    def staff_week(self) -> None:
        """Let one in so many of each role leave, one by one, and newcomers settle in."""
        p = self.model.p
        people = int(p["staff_per_role"])
        for r, turnover in enumerate(self.model.role_turnover):
            hazard = 1.0 - (1.0 - turnover) ** (1.0 / 52.0)
            left = sum(self.random.random() < hazard for _ in range(people)) / people
            self.fresh[r] = (self.fresh[r] + left * (1.0 - self.fresh[r])) * 0.5 ** (1.0 / p["staff_learning_weeks"])

    def service_today(self) -> list[float]:
        """Quality of each role: the store's own, less newcomers beyond the usual."""
        gap, usual = self.model.p["staff_newness_gap"], self.model.usual_newcomers
        return [q - gap * (f - u) for q, f, u in zip(self.service, self.fresh, usual, strict=True)]

    def arrival_day(self, day: int) -> int:
        """Day on which goods ordered on ``day`` arrive: the first truck after the lead time."""
        day += max(1, min(LONGEST_LEAD, self.model.lead_time[self.distributor]))
        while not self.delivery[day % 7]:
            day += 1
        return day

    def review(self) -> None:
        """Order up to the target; the depot sends all of a line, or in a spell of shortage nothing of it."""
        model, p, day = self.model, self.model.p, self.model.day
        interval = max(1, int(p["review_days"]))
        arrival = self.arrival_day(day)
        cover = self.arrival_day(day + interval) - day - 1  # from tomorrow's opening to the truck after next
        for b in range(model.brands):
            for i in model.items_of[b]:
                item = self.items[i]
                self.audit(item, b)
                if model.begins("upstream_spell_days"):
                    item.depot_rank = self.random.random()
                if day % 7 == 0 or day == model.first_day:
                    item.forecast_luck = self.random.gauss(0.0, 1.0)
                if item.shelf > 0 or item.sold > 0:
                    item.forecast += p["forecast_rate"] * (item.sold - item.forecast)
                if day % interval != 0:
                    continue
                expected = item.forecast * math.exp(p["forecast_error_sd"] * item.forecast_luck) * cover
                safety = p["service_level_z"] + p["rep_safety_bonus"] * self.rep_bond[b]
                target = expected + safety * math.sqrt(expected)
                position = item.shelf + item.backroom + item.record_error + sum(item.coming.values())
                wanted = math.ceil(target) - position
                if wanted > 0:
                    item.short = item.depot_rank >= self.fill_rate[b]
                    if not item.short:
                        item.coming[arrival] = item.coming.get(arrival, 0) + wanted


class Rep(mesa.Agent):
    """A sales rep: mends records, gets goods out of the backroom, leaves now and then."""

    model: ReferenceMarket

    def __init__(self, model: ReferenceMarket, index: int) -> None:
        super().__init__(model)
        reps = model.world.reps
        self.brand = int(reps.brand[index])
        self.skill = float(reps.skill[index])
        self.tenure = float(reps.tenure_days[index])
        self.interval = max(1, round(7.0 / max(float(reps.visits_per_week[index]), 1e-3)))
        self.hazard = 1.0 - (1.0 - float(reps.turnover_per_year[index])) ** (1.0 / 52.0)
        self.vacant_until = model.first_day
        self.stores = [s for s in model.stores if reps.rep_of[s.index, self.brand] == index]
        visits = float(reps.visits_per_week[index]) * self.tenure / 7.0
        for store in self.stores:
            store.reps[self.brand] = self
            store.rep_bond[self.brand] = 1.0 - (1.0 - model.p["rep_bond_growth"]) ** visits

    @property
    def in_post(self) -> bool:
        return self.model.day >= self.vacant_until

    def rounds(self) -> None:
        p, b = self.model.p, self.brand
        if not self.in_post:
            return
        for store in self.stores:
            if (self.model.day + store.index) % self.interval != 0:
                continue
            if self.random.random() < p["rep_fix_share"] * self.skill * store.rep_bond[b]:
                for i in self.model.items_of[b]:
                    item = store.items[i]
                    item.record_error = 0
                    item.shelf += item.backroom
                    item.backroom = 0
            store.rep_bond[b] += p["rep_bond_growth"] * (1.0 - store.rep_bond[b])
        self.tenure += 1.0
        if self.model.day % 7 == 0 and self.random.random() < self.hazard:
            self.vacant_until = self.model.day + int(p["rep_vacancy_days"])
            self.tenure = 0.0
            self.skill = min(1.0, max(0.0, self.random.gauss(p["rep_skill_mean"], p["rep_skill_sd"])))
            for store in self.stores:
                store.rep_bond[b] *= p["rep_successor_bond"]


@dataclass
class Complaint:
    """A complaint that waits for an answer."""

    customer: Customer
    day: int
    severity: int


class CareDesk(mesa.Agent):
    """Answers a brand's complaints in order of arrival."""

    model: ReferenceMarket

    def __init__(self, model: ReferenceMarket, brand: int) -> None:
        super().__init__(model)
        care, p = model.world.care, model.p
        self.brand = brand
        self.capacity = float(care.capacity[brand])
        given = (0.0, p["satisfied_refund"], p["satisfied_apologise"], p["satisfied_improve"])[int(care.policy[brand])]
        self.satisfies = max(p["satisfied_ignore"], given * min(1.0, max(0.0, float(care.quality[brand]))))
        self.queue: list[Complaint] = []

    def answer(self) -> None:
        model, p = self.model, self.model.p
        left = math.floor(self.capacity + self.random.random())
        waiting, self.queue = self.queue, []
        for complaint in waiting:
            late = model.day - complaint.day > p["care_answer_days"]
            if left <= 0 and not late:
                self.queue.append(complaint)
                continue
            if not late:
                left -= 1
            tie = complaint.customer.ties[self.brand]
            hurt = model.hurt_of(complaint.severity) if complaint.severity else 0.0  # 0: a dislike, no problem
            hurt *= 1.0 - p["bond_buffer"] * tie.bond
            if self.random.random() < (p["satisfied_ignore"] if late else self.satisfies):
                tie.belief += p["recovery_share"] * min(1.0, p["problem_weight"] * p["satisfaction_rate"]) * hurt
                model.count("satisfied_after", self.brand)
            else:
                tie.belief += p["unresolved_loyalty_gap"]
                if self.random.random() < tie.talk_probability(-hurt, p):
                    model.tell(complaint.customer, self.brand, -1.0)
