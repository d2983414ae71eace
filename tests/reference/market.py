"""The reference model: the daily plan, the counters, and the start from a `World`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import mesa

from simulator.world import World
from simulator.world.tastes import customer_shares, utility

from .chain import CareDesk, Complaint, Rep, Store
from .customer import POST, QUARTER, Customer, News

PLAN = ("deliver_and_shelve", "rep_rounds", "shop", "experience", "voice", "talk", "review")
"""Phases of a day, in order; each is a method of `ReferenceMarket`."""


@dataclass(frozen=True)
class Redesign:
    """A new look of one brand, on every shelf from one day on."""

    brand: int
    start_day: int
    overlap: float
    appeal_mean: float = 0.0
    appeal_sd: float = 0.0
    identity_break: float = 0.0
    announced: float = 0.0


@dataclass(frozen=True)
class Event:
    """An experience that may be voiced and talked about."""

    customer: Customer
    brand: int
    kind: str  # problem, experience, dislike or news
    score: float  # outcome, or severity 1..3 of a problem
    change: bool


class ReferenceMarket(mesa.Model):
    """A market of customers, stores, reps and care desks, one object each.

    Parameters
    ----------
    world : World
        From `simulator.world.build_world`.
    values : mapping
        Parameter values; ``review_days`` is the market's.
    seed : int
        Seed of Python's ``random``.
    first_day : int
        Day on which the run starts.
    redesign : Redesign, optional
        A changed look.

    Attributes
    ----------
    counts : dict
        (metric, week, brand) -> count; the metrics' names are those of ``simulator.experiment.outcome``, and
        ``item_days``, ``empty_ordering``, ``empty_shelving``, ``empty_upstream``.
    """

    def __init__(
        self,
        world: World,
        values: Mapping[str, float],
        *,
        seed: int,
        first_day: int = 0,
        redesign: Redesign | None = None,
    ) -> None:
        super().__init__(seed=seed)
        self.world = world
        self.p = dict(values)
        self.first_day = self.day = first_day
        self.redesign = redesign
        self.look_today: Redesign | None = None
        self.salience_today = 0.0
        self.brands = len(world.brands.names)
        first = world.brands.first_item
        self.items_of = [list(range(first[b], first[b + 1])) for b in range(self.brands)]
        self.brand_of = [int(b) for b in world.brands.item_brand]
        self.item_share = [float(share) for share in world.brands.item_share]
        self.role_met = [float(met) for met in world.role_met]
        self.role_turnover = [float(share) for share in world.role_turnover]
        keep = 0.5 ** (1.0 / self.p["staff_learning_weeks"])
        hazards = [1.0 - (1.0 - turnover) ** (1.0 / 52.0) for turnover in self.role_turnover]
        self.usual_newcomers = [h * keep / (1.0 - keep * (1.0 - h)) for h in hazards]
        ordinary = float(world.brands.quality @ world.brands.target_share)
        self.gate = [math.exp(self.p["service_gate"] * (float(q) - ordinary)) for q in world.brands.quality]
        self.lead_time = [int(days) for days in world.distributors.lead_time]
        self.stages = max(1, math.floor(world.regularity))
        self.stage_extra = max(0.0, world.regularity - self.stages)
        self.whole_units = math.floor(world.units_per_purchase)
        self.units_extra = world.units_per_purchase - self.whole_units
        spread, drift = self.p["taste_sd"], self.p["taste_drift_per_year"]
        yearly = 1.0 - 0.5 * (drift / spread) ** 2 if spread > 0.0 else 1.0
        self.drift_keep = max(yearly, 0.0) ** 0.25
        self.drift_noise = math.sqrt(1.0 - self.drift_keep**2)
        self.mean_utility = [float(v) for v in world.mean_utility]
        self.log_price = [math.log(price / world.brands.list_price.mean()) for price in world.brands.list_price]
        self.positions = [[float(x) for x in position] for position in world.brands.position]
        people = world.customers
        self.initial_shares = customer_shares(world, values).tolist()
        self.market_shares = world.brands.target_share.tolist()
        self.initial_utility = utility(people.taste, people.price_sensitivity, world.brands).tolist()
        self.counts: defaultdict[tuple[str, int, int], int] = defaultdict(int)
        self.events: list[Event] = []
        self.news: list[News] = []
        self.stores = [Store(self, s) for s in range(world.stores.region.shape[0])]
        self.reps = [Rep(self, k) for k in range(world.reps.brand.shape[0])]
        self.desks = [CareDesk(self, b) for b in range(self.brands)]
        self.customers = [Customer(self, row) for row in range(world.size)]
        self._befriend()

    def settled_habit(self, share: float, b: int, rate: float) -> float:
        """Habit that has followed a drifting taste: today's share of purchases, drawn towards everybody's."""
        kept = (1.0 - self.p["habit_growth"]) ** (QUARTER * rate)
        follows = (1.0 - kept) / max(1.0 - kept * self.drift_keep, 1e-12)
        return self.market_shares[b] + follows * (share - self.market_shares[b])

    def _befriend(self) -> None:
        network = self.world.network
        for row, customer in enumerate(self.customers):
            known = [self.customers[j] for j in network.friends[network.indptr[row] : network.indptr[row + 1]]]
            customer.close = known[: int(network.close[row])]
            customer.wider = known[int(network.close[row]) :]

    # -- a day --------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Run one day."""
        look = self.redesign
        self.look_today = look if look is not None and self.day >= look.start_day else None
        self.salience_today = 0.0
        if self.look_today is not None:
            known = 0.5 ** ((self.day - self.look_today.start_day) / (7.0 * self.p["salience_fade_weeks"]))
            self.salience_today = -self.p["salience_cue_loss"] * (1.0 - self.look_today.overlap) * known
        self.events = []
        for phase in PLAN:
            getattr(self, phase)()
        self.day += 1

    def run_until(self, day: int) -> None:
        """Run up to (not including) ``day``."""
        while self.day < day:
            self.step()

    def deliver_and_shelve(self) -> None:
        for store in self.stores:
            store.deliver_and_shelve()

    def rep_rounds(self) -> None:
        for rep in self.reps:
            rep.rounds()
        if self.day % 7 == 0:
            for store in self.stores:
                store.staff_week()

    def shop(self) -> None:
        """Today's shoppers in random order; who finds an empty shelf may go on to another store afterwards."""
        today = self.day
        self.shoppers = [c for c in self.customers if c.next_day <= today or c.retry_day <= today]
        self.random.shuffle(self.shoppers)
        for customer in self.shoppers:
            customer.start_trip()
        for customer in [c for c in self.shoppers if c.shop()]:
            customer.shop(second=True)

    def experience(self) -> None:
        for customer in self.shoppers:
            if customer.trip is not None and customer.trip.bought >= 0:
                customer.live_with_it()

    def voice(self) -> None:
        """Complaints and what is worth telling; then the care desks answer."""
        p, draw = self.p, self.random.random
        for event in self.events:
            customer, b = event.customer, event.brand
            if event.kind == "experience":
                self.tell(customer, b, 1.0 if event.score > 0.0 else -1.0)
                continue
            tie = customer.ties[b]
            if draw() < self._complaint_probability(event):
                self.count("complaints", b)
                if draw() < p["public_post_share"] * (1.0 - p["bond_complaint_private"] * tie.bond):
                    self.count("complaints_public", b)
                    self.tell(customer, b, POST, event.change)
                severity = int(event.score) if event.kind == "problem" else 0
                self.desks[b].queue.append(Complaint(customer, self.day, severity))
            told = p["talk_change_rate"]
            if event.kind == "problem":
                told = tie.talk_probability(-self.hurt_of(int(event.score)), p)
            if draw() < told:
                self.tell(customer, b, 1.0 if event.kind == "news" and event.score > 0.0 else -1.0, event.change)
        for desk in self.desks:
            desk.answer()

    def _complaint_probability(self, event: Event) -> float:
        p = self.p
        if event.kind == "problem":
            return (p["complain_minor"], p["complain_medium"], p["complain_severe"])[int(event.score) - 1]
        return p["complain_disliked_change"] if event.score < 0.0 else 0.0

    def talk(self) -> None:
        """Tellers tell friends, posts reach strangers; who is struck by it retells tomorrow."""
        p, today = self.p, self.news
        self.news = []
        for news in today:
            teller = news.customer
            mean = p["people_told"] * (1.0 if news.valence > 0.0 else p["people_told_ratio"])
            told = min(self._poisson(mean), len(teller.close) + len(teller.wider))
            heard = teller.pick_friends(told)
            if news.valence == POST:
                strangers = self.random.choices(self.customers, k=self._poisson(p["post_reach"]))
                heard += [(stranger, p["weak_tie_persuasion"]) for stranger in strangers]
            for receiver, strength in heard:
                receiver.hear(news, strength)
                if self.random.random() < p["retell_share"] * strength:
                    self.tell(receiver, news.brand, 1.0 if news.valence > 0.0 else -1.0, news.change)

    def review(self) -> None:
        for store in self.stores:
            store.review()

    # -- what agents tell the model ------------------------------------------------------------------------------

    def count(self, metric: str, brand: int, number: int = 1) -> None:
        self.counts[metric, self.day // 7, brand] += number

    def note(self, customer: Customer, brand: int, kind: str, score: float, change: bool) -> None:
        self.events.append(Event(customer, brand, kind, score, change))

    def tell(self, customer: Customer, brand: int, valence: float, change: bool = False) -> None:
        self.news.append(News(customer, brand, valence, change))

    def begins(self, length: str) -> bool:
        """Whether a spell of a parameter's length begins today."""
        days = self.p[length]
        return self.day == self.first_day or self.day // days != (self.day - 1) // days

    def hurt_of(self, severity: int) -> float:
        """Loss of satisfaction by a problem of severity 1 (minor), 2 or 3 (severe)."""
        p = self.p
        return (p["problem_hurt_minor"], p["problem_hurt_medium"], p["problem_hurt_severe"])[severity - 1]

    def _poisson(self, mean: float) -> int:
        count, arrival = 0, self.random.expovariate(1.0)
        while arrival < mean:
            count += 1
            arrival += self.random.expovariate(1.0)
        return count

    # -- reading ------------------------------------------------------------------------------------------------

    def total(self, metric: str, first_day: int, last_day: int) -> list[int]:
        """Count of a metric by brand in the weeks of ``first_day`` up to (not including) ``last_day``."""
        found = [0] * self.brands
        for (name, week, brand), number in self.counts.items():
            if name == metric and first_day <= 7 * week < last_day:
                found[brand] += number
        return found
