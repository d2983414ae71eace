"""Customers of the reference model: how they shop, live with what they bought, complain and talk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from .chain import Store
    from .market import Redesign, ReferenceMarket


def liking(score: float, skew: float) -> float:
    """Standardised lognormal value of a normal score."""
    if skew == 0.0:
        return score
    variance = math.exp(skew**2)
    return (math.exp(skew * score) - math.sqrt(variance)) / math.sqrt(variance * (variance - 1.0))


def score_of(value: float, skew: float) -> float:
    """Normal score of a standardised lognormal value."""
    if skew == 0.0:
        return value
    variance = math.exp(skew**2)
    return math.log(max(value * math.sqrt(variance * (variance - 1.0)) + math.sqrt(variance), 1e-9)) / skew


NEVER = 10**9
FORGOTTEN = 0.01
"""Distrust below which a brand is trusted again."""
QUARTER = 91
"""Days between two steps of the drift of tastes."""
POST = -2.0
"""Valence of a public post: negative, and heard by strangers too."""


@dataclass
class Tie:
    """What one customer thinks of one brand."""

    utility: float
    favourite: int  # item
    habit: float
    bond: float
    distrust: float = 0.0
    belief: float = 0.0
    learned: float = 0.0
    heard: float = 0.0

    def standing(self, p: Mapping[str, float]) -> float:
        return (
            p["quality_choice_weight"] * self.belief
            + p["bond_weight"] * self.bond
            + self.learned
            + self.heard
            - p["availability_weight"] * self.distrust
        )

    def talk_probability(self, outcome: float, p: Mapping[str, float]) -> float:
        slope = p["talk_satisfied_slope"] if outcome > 0.0 else p["talk_dissatisfied_slope"]
        return (p["talk_base_rate"] + slope * abs(outcome)) * (1.0 + p["talk_bond"] * self.bond)


@dataclass
class View:
    """What one customer knows and thinks of the changed look."""

    rank: float  # heard the announcement where below its reach
    liking: float
    familiarity: float = 0.0
    hurt: float = 0.0
    heard: bool = False
    seen: bool = False
    asked: bool = False  # whether curiosity has had its chance


@dataclass
class Trip:
    """One trip: luck that stays the same when it goes on to another store, and what comes of it."""

    retry: bool
    units: int
    noise: list[float]
    variant_luck: float
    home_stock: float  # days of supply at home
    look_luck: tuple[float, float, float]
    slot: int
    target: int = -1
    bought: int = -1
    forced: bool = False
    values: list[float] | None = None
    overlooked: int = -1  # the one brand whose pack was not recognised


@dataclass
class News:
    """Something to tell."""

    customer: Customer
    brand: int
    valence: float
    change: bool = False


class Customer(mesa.Agent):
    """One customer with habits, opinions and friends."""

    model: ReferenceMarket

    def __init__(self, model: ReferenceMarket, row: int) -> None:
        super().__init__(model)
        people = model.world.customers
        self.rate = float(people.rate[row])
        self.beta = float(people.price_sensitivity[row])
        self.position = [float(x) for x in people.position[row]]
        self.stores: list[Store] = [model.stores[s] for s in people.store[row] if s >= 0]
        self.patronage = [float(w) for w in people.patronage[row][: len(self.stores)]]
        self.mood = [0.0] * len(self.stores)
        self.close: list[Customer] = []
        self.wider: list[Customer] = []
        shares = model.initial_shares[row]
        self.ties = [
            Tie(
                utility=model.initial_utility[row][b],
                favourite=model.items_of[b][int(people.favourite[row, b])],
                habit=model.settled_habit(shares[b], b, self.rate),
                bond=self._settled_bond(shares[b], b),
            )
            for b in range(model.brands)
        ]
        self.last_brand = self.random.choices(range(model.brands), shares)[0]
        self.next_time = model.first_day + self._first_interval() / self.rate
        self.next_day = math.floor(self.next_time)
        self.retry_day = NEVER
        self.updated = model.first_day
        self.quarter = model.first_day // QUARTER
        look = model.redesign
        liking = self.random.gauss(look.appeal_mean, look.appeal_sd) if look else 0.0
        self.view = View(rank=self.random.random(), liking=liking)
        self.trip: Trip | None = None
        self.waited_for = -1
        self.waited_units = 0
        self.purchases: list[tuple[int, int]] = []  # (day, brand)

    def relating(self, store: Store) -> float:
        """How fast a bond grows with the people of a store, by closeness of lifestyle, relative to the usual."""
        distance = math.dist(self.position, store.staff_position)
        relatability = self.model.p["relatability"]
        return (1.0 + relatability / (1.0 + distance**2)) / (1.0 + relatability * store.staff_usual)

    def _settled_bond(self, share: float, b: int) -> float:
        """Bond at which growth by good encounters equals decay."""
        p = self.model.p
        met = zip(self.stores[0].service, self.model.role_met, strict=True)
        growth = p["bond_growth"] * sum(max(0.0, q) * m for q, m in met) * self.rate * share
        growth *= self.relating(self.stores[0]) * self.model.gate[b]
        return growth / (growth + math.log(2.0) / (7.0 * p["bond_decay_weeks"]))

    # -- the mind -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Let fading stocks fade up to today."""
        p, gap = self.model.p, self.model.day - self.updated
        if gap > 0:
            weeks = gap / 7.0
            learned = 0.5 ** (weeks / p["forced_trial_fade_weeks"])
            heard = 0.5 ** (weeks / p["heard_fade_weeks"])
            bond = 0.5 ** (weeks / p["bond_decay_weeks"])
            for tie in self.ties:
                tie.learned *= learned
                tie.heard *= heard
                tie.bond *= bond
            self.view.hurt *= 0.5 ** (weeks / p["identity_recovery_halflife_weeks"])
            self.updated = self.model.day

    def drift(self) -> None:
        """Let tastes drift around what everybody thinks of a brand, once a quarter, keeping their spread."""
        model = self.model
        while self.quarter < model.day // QUARTER:
            self.quarter += 1
            for b, tie in enumerate(self.ties):
                fit = model.p["lifestyle_fit_weight"] * math.dist(self.position, model.positions[b])
                middle = model.mean_utility[b] + self.beta * model.log_price[b] - fit
                sd, skew = model.p["taste_sd"], model.p["taste_skew"]
                score = model.drift_keep * score_of((tie.utility - middle) / sd, skew)
                tie.utility = middle + sd * liking(score + self.random.gauss(0.0, model.drift_noise), skew)

    def commitment(self, b: int) -> float:
        return max(self.ties[b].habit, self.ties[b].bond)

    # -- shopping -----------------------------------------------------------------------------------------------

    def _first_interval(self) -> float:
        """Rest of the interval that runs when the world begins, in mean intervals: each stage is as likely to run."""
        model = self.model
        running = int(self.random.random() * (model.stages + model.stage_extra))
        left = 1 if running >= model.stages else model.stages - running + (self.random.random() < model.stage_extra)
        return sum(self.random.expovariate(1.0) for _ in range(left)) / (model.stages + model.stage_extra)

    def start_trip(self) -> None:
        """Draw today's trip; set the next one unless this one was put off earlier."""
        model, draw = self.model, self.random.random
        retry = self.next_day > model.day
        units = self.waited_units if retry else model.whole_units
        if not retry:
            interval = sum(self.random.expovariate(1.0) for _ in range(model.stages))
            if draw() < model.stage_extra:
                interval += self.random.expovariate(1.0)
            self.next_time += interval / (model.stages + model.stage_extra) / self.rate
            self.next_day = max(math.floor(self.next_time), model.day + 1)
            units += draw() < model.units_extra
        self.retry_day = NEVER
        weight = model.p["store_satisfaction_weight"]
        weights = [w * max(0.0, 1.0 + weight * m) for w, m in zip(self.patronage, self.mood, strict=True)]
        self.trip = Trip(
            retry=retry,
            units=units,
            noise=[self._gumbel() for _ in self.ties],
            variant_luck=draw(),
            home_stock=self.random.expovariate(1.0) * model.p["home_stock_days"],
            look_luck=(draw(), draw(), draw()),
            slot=self.random.choices(range(len(weights)), weights)[0],
        )

    def shop(self, second: bool = False) -> bool:
        """Choose and buy at the trip's store; return True to go on to another one."""
        trip = self.trip
        assert trip is not None
        store = self.stores[trip.slot]
        p = self.model.p
        self.refresh()
        self.drift()
        trip.forced = False
        trip.values = None
        met = self._look_around(trip)
        for b, tie in enumerate(self.ties):
            if tie.distrust > FORGOTTEN and store.any_in_stock(b) is not None:
                tie.distrust *= 1.0 - p["availability_recovery"]
        if second:
            b = trip.target
            trip.overlooked = -1 if trip.overlooked == b else trip.overlooked
        else:
            b = self._curious_brand(trip, met)
            if b < 0 and trip.retry:
                b = self.waited_for
            if b < 0:
                b = self._autopilot(met)
            if b < 0:
                scores = self._scores(trip, met)
                b = max(range(len(scores)), key=scores.__getitem__)
                if not self._buys_category(trip, met):
                    return False
            if b == trip.overlooked:
                b = self._settle_for(trip, b, store, met)
                if b < 0:
                    return False
                trip.forced = True
        trip.target = b
        item = self._wanted_item(b, trip.variant_luck)
        if not store.in_stock(item):
            answer, found = self._answer_empty_shelf(trip, b, store, second, met)
            if not second:
                self.model.count("wanted_out_of_stock", b)
                self.model.count(answer, b)
            if answer == "took_other_store":
                return True
            if found is None:
                return False
            item = found
            if self.model.brand_of[item] != b:
                trip.forced = True
                b = self.model.brand_of[item]
        self._take(trip, b, item, store, met)
        return False

    def _look_around(self, trip: Trip) -> bool:
        """Meet the changed look, if there is one: overlook it or not, notice it or not; return True if it was met."""
        look, p, view = self.model.look_today, self.model.p, self.view
        trip.overlooked = -1
        if look is None:
            return False
        b = look.brand
        if view.rank < look.announced:
            view.heard = True
        miss = p["miss_rate"] * (1.0 - look.overlap) ** p["cue_sharpness"] * p["clutter"]
        miss *= (1.0 - view.familiarity) * (1.0 - min(1.0, p["staff_help"]))
        if trip.look_luck[0] < miss and trip.look_luck[1] >= p["effort_loyalty"] * self.commitment(b):
            trip.overlooked = b
            return True
        notice = p["notice_shelf"] * (1.0 - look.overlap)
        if view.heard:
            notice = max(notice, p["announced_notice"])
        if not view.seen and trip.look_luck[2] < notice:
            view.seen = True
            if look.identity_break > 0.0:
                attitude = p["identity_slope"] * self.commitment(b) + p["identity_weak_gain"]
                view.hurt = -look.identity_break * attitude
                if attitude < 0.0:
                    self.ties[b].bond *= 1.0 - look.identity_break
            self.model.note(self, b, "news", view.liking - view.hurt, True)
        return True

    def _curious_brand(self, trip: Trip, met: bool) -> int:
        look, view = self.model.look_today, self.view
        if look is None or not met or trip.overlooked == look.brand or not view.heard or view.asked:
            return -1
        view.asked = True
        return look.brand if self.random.random() < self.model.p["curiosity_trial"] else -1

    def _autopilot(self, met: bool) -> int:
        """The habitual brand, with a probability that grows with habit and shrinks where the pack looks strange."""
        p, look = self.model.p, self.model.look_today
        b = max(range(len(self.ties)), key=lambda k: self.ties[k].habit)
        strength = p["autopilot_ceiling"] * self.ties[b].habit
        if met and look is not None and look.brand == b:
            strange = (1.0 - look.overlap) * (1.0 - self.view.familiarity)
            strength *= 1.0 - strange * (1.0 - p["habit_transfer"])
        return b if self.random.random() < strength else -1

    def _weigh(self, trip: Trip, met: bool) -> list[float]:
        """Utility of each brand without noise; worked out once per store."""
        if trip.values is None:
            p, look = self.model.p, self.model.look_today
            trip.values = [tie.utility + tie.standing(p) for tie in self.ties]
            trip.values[self.last_brand] += p["inertia"]
            if look is not None:
                trip.values[look.brand] += self._strange(met)
        return trip.values

    def _strange(self, met: bool) -> float:
        """What the changed look adds to its brand's utility today: hurt, liking, and less salience without a habit."""
        model, view = self.model, self.view
        look = model.look_today
        if look is None:
            return 0.0
        worth = model.salience_today * (1.0 - self.ties[look.brand].habit)
        if view.seen or view.heard:
            worth += (view.liking if met and view.seen else 0.0) - view.hurt
        return worth

    def _buys_category(self, trip: Trip, met: bool) -> bool:
        """Category incidence: buy less often, or a unit more, as the shelf is worth less or more than usual."""
        look = self.model.look_today
        values = self._weigh(trip, met)
        usual = list(values)
        if look is not None:
            usual[look.brand] -= self._strange(met)
        worth = math.log(sum(map(math.exp, values)) / sum(map(math.exp, usual)))
        wanted = math.exp(self.model.p["category_response"] * worth)
        luck = self.random.random()
        trip.units += luck < wanted - 1.0
        return luck < wanted

    def _scores(self, trip: Trip, met: bool) -> list[float]:
        return [value + noise for value, noise in zip(self._weigh(trip, met), trip.noise, strict=True)]

    def _best_in_stock(self, trip: Trip, store: Store, avoid: int, damp: float, met: bool) -> int:
        """Brand in sight and in stock with the highest score, or -1."""
        values = self._weigh(trip, met)
        there = [
            b for b in range(len(values)) if b not in (avoid, trip.overlooked) and store.any_in_stock(b) is not None
        ]
        return max(there, key=lambda b: damp * values[b] + trip.noise[b], default=-1)

    def _settle_for(self, trip: Trip, missed: int, store: Store, met: bool) -> int:
        """The wanted pack was overlooked: take the first acceptable one, or go home without (-1)."""
        p = self.model.p
        self.model.count("not_found", missed)
        self.model.note(self, missed, "dislike", -1.0, True)
        scores = self._scores(trip, met)
        b = self._best_in_stock(trip, store, missed, 1.0 - p["search_haste"], met)
        if b >= 0 and scores[b] - p["search_anxiety"] < scores[missed] - p["go_without_cost"]:
            return -1
        return b

    def _wanted_item(self, b: int, luck: float) -> int:
        """Mostly the favourite item of the brand, now and then any, by share."""
        items = self.model.items_of[b]
        loyalty = self.model.p["variant_loyalty"]
        if luck < loyalty or len(items) == 1:
            return self.ties[b].favourite
        luck = (luck - loyalty) / (1.0 - loyalty)
        for item in items[:-1]:
            luck -= self.model.item_share[item]
            if luck < 0.0:
                return item
        return items[-1]

    def _answer_empty_shelf(self, trip: Trip, b: int, store: Store, second: bool, met: bool) -> tuple[str, int | None]:
        """The wanted item is out: the best of variant, rival, other store, waiting and doing without."""
        p = self.model.p
        tie = self.ties[b]
        tie.distrust += p["availability_fall"] * (1.0 - tie.distrust)
        scores = self._scores(trip, met)
        wanted = scores[b]
        options: list[tuple[float, str, int | None]] = [
            (wanted - p["go_without_cost"] + self._gumbel(), "went_without", None)
        ]
        variant = store.any_in_stock(b)
        if variant is not None:
            options.append((wanted - p["variant_gap"] + self._gumbel(), "took_variant", variant))
        rival = self._best_in_stock(trip, store, b, 1.0, met)
        if rival >= 0:
            item = self.ties[rival].favourite
            found = item if store.in_stock(item) else store.any_in_stock(rival)
            options.append((scores[rival] - p["search_anxiety"], "took_rival", found))
        others = [k for k in range(len(self.stores)) if k != trip.slot]
        if others and not second:
            options.append((wanted - p["store_travel_cost"] + self._gumbel(), "took_other_store", None))
        if not trip.retry and trip.home_stock > p["wait_days"]:
            options.append((wanted - p["wait_cost"] + self._gumbel(), "waited", None))
        _, answer, found = max(options, key=lambda option: option[0])
        if answer == "took_other_store":
            trip.slot = max(others, key=self.patronage.__getitem__)
        elif answer == "waited":
            self.retry_day = self.model.day + max(1, int(p["wait_days"]))
            self.waited_for, self.waited_units = b, trip.units
        return answer, found

    def _take(self, trip: Trip, b: int, item: int, store: Store, met: bool) -> None:
        stock = store.items[item]
        trip.units = min(trip.units, stock.shelf)
        stock.shelf -= trip.units
        stock.sold += trip.units
        trip.bought = b
        look, p, view = self.model.look_today, self.model.p, self.view
        if look is not None and met and trip.overlooked != look.brand:
            if look.brand == b:
                view.familiarity = min(1.0, view.familiarity + 1.0 / p["finds_to_relearn"])
            else:
                view.familiarity += p["exposure_familiarity"] * (1.0 - view.familiarity)

    # -- after shopping -----------------------------------------------------------------------------------------

    def live_with_it(self) -> None:
        """Use the product, meet the people, compare with what was expected."""
        trip, model, p, draw = self.trip, self.model, self.model.p, self.random.random
        assert trip is not None
        b = trip.bought
        tie = self.ties[b]
        store = self.stores[trip.slot]
        service = store.service_today()
        met = [q for q, m in zip(service, model.role_met, strict=True) if draw() < m]
        level = sum(met)
        outcome = p["quality_weight"] * p["quality_sd"] * self.random.gauss(0.0, 1.0)
        rate = p["satisfaction_rate"]
        if draw() < p["problem_rate"]:
            rank = draw()
            severe, medium = p["problem_severe_share"], p["problem_medium_share"]
            severity = 3 if rank < severe else 2 if rank < severe + medium else 1
            outcome -= model.hurt_of(severity) * (1.0 - p["bond_buffer"] * tie.bond)
            rate = min(1.0, p["problem_weight"] * rate)
            model.count("problems", b)
            model.note(self, b, "problem", severity, False)
        elif (luck := draw()) < tie.talk_probability(outcome, p):
            ordinary = luck < p["talk_base_rate"] * (1.0 + p["talk_bond"] * tie.bond)
            model.note(self, b, "experience", tie.belief + p["talk_liking"] if ordinary else outcome, False)
        tie.belief += rate * (outcome - tie.belief)
        self.mood[trip.slot] += p["satisfaction_rate"] * (level - self.mood[trip.slot])
        for other in self.ties:
            other.habit -= p["habit_growth"] * other.habit
        tie.habit += p["habit_growth"]
        if level > 0.0:
            pace = self.relating(store) * model.gate[b]
            tie.bond += min(1.0, p["bond_growth"] * level * pace) * (1.0 - tie.bond)
        if trip.forced:
            tie.learned += p["forced_trial_step"] * (p["forced_trial_learning"] - tie.learned)
        self.last_brand = b
        self.purchases.append((model.day, b))
        model.count("units", b, trip.units)

    def pick_friends(self, count: int) -> list[tuple[Customer, float]]:
        """So many friends to tell, each once, and the strength of the ties."""
        p = self.model.p
        close, wider = list(self.close), list(self.wider)
        found = []
        for _ in range(count):
            near = bool(self.close) and (not self.wider or self.random.random() < p["close_tie_share"])
            near = bool(close) if near or not wider else False
            circle = close if near else wider
            friend = circle.pop(self.random.randrange(len(circle)))
            found.append((friend, 1.0 if near else p["weak_tie_persuasion"]))
        return found

    def hear(self, news: News, strength: float) -> None:
        """Be moved by a message: by the room there is, less with more experience of one's own."""
        p, tie = self.model.p, self.ties[news.brand]
        self.model.count("positive_messages" if news.valence > 0.0 else "negative_messages", news.brand)
        self.refresh()
        own = -math.log(1.0 - min(tie.habit, 1.0 - 1e-6)) / p["habit_growth"]
        weight = strength / (1.0 + own / p["experience_discount"])
        if news.valence > 0.0:
            tie.heard += weight * p["message_positive"] * (p["message_logit"] - tie.heard)
        else:
            tie.heard -= weight * p["message_negative"] * (p["message_logit"] + tie.heard)
        look: Redesign | None = self.model.redesign
        if news.change and look is not None and look.brand == news.brand:
            self.view.heard = True
            self.view.familiarity += p["exposure_familiarity"] * (1.0 - self.view.familiarity)

    def _gumbel(self) -> float:
        return -math.log(self.random.expovariate(1.0))
