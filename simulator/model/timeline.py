"""Events become today's levers: phase 1 of a day.

The timeline is a pure function of the day, the scenario's events and the rollbacks that triggers have caused, so an arm
can be forked at any day and two arms never share anything but the world. A closed channel drops what an event does
through it; the baseline is the timeline without events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.model.changes import (
    LOOK_OF_KIND,
    campaign_salience,
    describe,
    look_salience,
    special_offer,
    views_of,
)
from simulator.model.desks import open_desks
from simulator.model.fixed import newcomers, product_gate
from simulator.model.incidents import defects_of, recall
from simulator.model.kernels.constants import LOOK_RECIPE, USUAL_LOOKS, USUAL_PRICES
from simulator.model.levers import BRAND_LEVER, OFFER, SPECIAL, Levers
from simulator.model.media import broadcasts_of
from simulator.model.reference_prices import reference_by_week
from simulator.model.staffing import Move, channel_of_reps, many, moves_of, people_levers
from simulator.model.switches import check_channels
from simulator.randomness import Stream, uniforms
from simulator.world.world import World

CHANNEL_OF_KIND = {
    "stockout": "availability",
    "delist": "availability",
    "supply": "availability",
    "service": "service",
    "price": "price_size",
    "resize": "price_size",
    "loyalty_programme": "price_size",
    "reformulate": "promise",
    "reposition": "promise",
    "campaign": "word_of_mouth",
    "announce": "word_of_mouth",
    "care_policy": "service",
}
"""Channel through which each kind acts as a whole.

A redesign acts through findability and promise; a change among reps through availability, or service where they hold
accounts; an incident through service (defects), availability (a recall) and word
of mouth (news coverage).
"""

GRADUALLY_UNDONE = ("redesign", "reformulate", "reposition", "delist")
"""Kinds that a rollback undoes over its own time: goods have to change, or minds; the others end at once."""

Event = Any  # the typed events of simulator.scenario, read by attribute so that tests may use plain objects


class Timeline:
    """Levers by day.

    Parameters
    ----------
    events : sequence
        The scenario's events; none for the baseline.
    world : World
        Names and shapes.
    values : mapping
        Parameter values of this replicate.
    run : np.uint64
        Run key, for which stores change first.
    closed : iterable of str
        Channels through which the change must not act. Closing ``word_of_mouth`` silences all talk, so the arm is to
        be compared with a baseline that has it closed too.
    """

    def __init__(
        self,
        events: Sequence[Event],
        world: World,
        values: Mapping[str, float],
        run: np.uint64,
        closed: Sequence[str] = (),
    ) -> None:
        self.closed = check_channels(closed)
        self.world = world
        self.values = values
        self.run = run
        self.rollbacks = [e for e in events if e.kind == "rollback"]
        open_events = [e for e in events if self._channel(e) not in self.closed]
        self.consultations = [e for e in events if e.kind == "consult_reps"]
        self.events = [e for e in open_events if e.kind not in ("rollback", "consult_reps")]
        self.redesigns = [e for e in self.events if e.kind == "redesign"]
        # numbered before any channel is closed, so that closing one leaves the luck of the others alone
        self._number = {e.id: n for n, e in enumerate(events, 1)}
        self._stores = {e.id: self.scope(e) for e in self.events}
        self._briefed = {e.id: self._covered(n, e) for n, e in enumerate(self.events) if e.kind == "brief_reps"}
        self._usual_people = people_levers((), 0, world, values)
        self.changes = views_of(events)
        shut = [CHANNEL_OF_KIND.get(e.kind) in self.closed for e in self.changes]
        self._looks = describe(self.changes, shut, world, values)
        self._order = {e.id: self._store_order(n, e.rollout.by, e) for n, e in enumerate(self.redesigns)}
        late = [e for e in self.events if e.kind == "delist"]
        self._order |= {e.id: self._store_order(_DELISTING + self._number[e.id], "store", e) for e in late}

    def _channel(self, event: Event) -> str | None:
        if event.kind in ("rep_turnover", "rep_staffing"):
            return channel_of_reps(event, self.world)
        return CHANNEL_OF_KIND.get(event.kind)

    # -- when ---------------------------------------------------------------------------------------------------

    def end_day(self, event: Event, rolled_back: Mapping[str, int]) -> float:
        """First day on which an event no longer acts, its own end or a rollback; infinite where neither comes."""
        end = np.inf if event.lasts_days is None else event.start_day + event.lasts_days
        undone, _ = self.undone(event, rolled_back)
        return float(min(end, undone))

    def undone(self, event: Event, rolled_back: Mapping[str, int]) -> tuple[float, int]:
        """Day from which an event is rolled back (infinite where never) and the days that takes."""
        for back in self.rollbacks:
            if back.of == event.id:
                day = back.start_day if back.start_day is not None else rolled_back.get(event.id)
                if day is not None:
                    return float(day), int(back.over_days)
        return np.inf, 0

    def next_change(self, day: int, rolled_back: Mapping[str, int]) -> float:
        """First day after ``day`` on which some lever differs from today's; infinite where none does."""
        best = np.inf
        for e in self.events:
            marks = [float(e.start_day), self.end_day(e, rolled_back)]
            ramp = self._ramp_days(e)
            spans = [(float(e.start_day), float(e.start_day + ramp))] if ramp else []
            undone, over = self.undone(e, rolled_back)
            if over:
                spans.append((undone, undone + over))
            for first, last in spans:
                if first <= day + 1 <= last:
                    marks.append(float(day + 1))
            best = min([best, *(m for m in marks if m > day)])
        return float(min([best, *(float(e.start_day) for e in self.consultations if e.start_day > day)]))

    @staticmethod
    def _ramp_days(event: Event) -> int:
        if event.kind == "redesign":
            return int(event.rollout.over_days)
        return int(getattr(event, "ramp_days", getattr(event, "over_days", 0)))

    def _part(self, event: Event, day: int, rolled_back: Mapping[str, int]) -> float:
        """Part of an event's full effect that is there on a day, 0..1: it builds up, and a rollback may take time."""
        over = self._ramp_days(event)
        part = 0.0 if day < event.start_day else 1.0 if over == 0 else min(1.0, (day - event.start_day + 1) / over)
        undone, back_over = self.undone(event, rolled_back)
        end = self.end_day(event, rolled_back)
        if day >= end:
            slow = event.kind in GRADUALLY_UNDONE and end == undone and back_over > 0
            part *= 1.0 - (min(1.0, (day - undone + 1) / back_over) if slow else 1.0)
        return part

    # -- where --------------------------------------------------------------------------------------------------

    def scope(self, event: Event) -> NDArray[np.bool_]:
        """Stores in which an event acts, shape (S,)."""
        stores = self.world.stores
        where = event.where
        inside = np.ones(stores.region.shape[0], np.bool_)
        if where.region is not None:
            wanted = [self.world.regions.index(r) for r in many(where.region)]
            inside &= np.isin(stores.region, wanted)
        if where.store is not None:
            inside &= np.isin(np.arange(inside.shape[0]), [int(s) for s in many(where.store)])
        if where.distributor is not None:
            wanted = [self.world.distributors.names.index(d) for d in many(where.distributor)]
            inside &= np.isin(stores.distributor, wanted)
        return inside

    def _covered(self, number: int, event: Event) -> NDArray[np.bool_]:
        """Stores whose rep passes the briefing on: each with probability ``coverage``, once and for all."""
        ids = np.arange(self.world.stores.region.shape[0], dtype=np.uint64)
        drawn = uniforms(self.run, Stream.BRIEFING, 0, ids, partner=number)[:, 0]
        return np.asarray(drawn < event.coverage, np.bool_)

    def _store_order(self, number: int, by: str, event: Event) -> NDArray[np.float64]:
        """Point of the rollout, 0..1, at which each store changes over."""
        stores = self.world.stores.region.shape[0]
        if by == "region":
            regions = len(self.world.regions)
            return np.asarray((self.world.stores.region + 0.5) / regions, np.float64)
        ids = np.arange(stores, dtype=np.uint64)
        return uniforms(self.run, Stream.ROLLOUT, 0, ids, partner=number)[:, 0]

    # -- levers -------------------------------------------------------------------------------------------------

    def look_number(self, event: Event) -> int:
        """Number of the look that a redesign brings, or of another change; 0 is the original."""
        return self.changes.index(event) + 1

    def _is_gone(self, event: Event, day: int, rolled_back: Mapping[str, int]) -> bool:
        """Whether a look has left the shelves altogether."""
        undone, over = self.undone(event, rolled_back)
        end = self.end_day(event, rolled_back)
        return day >= end and (end < undone or day >= undone + over)

    def _look_share(self, event: Event, day: int, rolled_back: Mapping[str, int]) -> NDArray[np.float64]:
        """Share of the brand's facings that carry the new look in each store on a day."""
        over = int(event.rollout.over_days)
        progress = 1.0 if over == 0 else min(1.0, (day - event.start_day + 1) / over)
        if day < event.start_day:
            progress = 0.0
        if event.rollout.by == "stock_rotation":
            share = np.full(self.world.stores.region.shape[0], progress)
        else:
            share = (self._order[event.id] <= progress).astype(np.float64) * (progress > 0.0)
        undone, back_over = self.undone(event, rolled_back)
        end = self.end_day(event, rolled_back)
        if day >= end:
            back = 1.0 if end < undone or back_over == 0 else min(1.0, (day - undone + 1) / back_over)
            share = share * (1.0 - back)
        return share * self._stores[event.id]

    def levers(
        self, day: int, rolled_back: Mapping[str, int], reference: NDArray[np.float32], until: int | None = None
    ) -> Levers:
        """Return today's levers.

        Parameters
        ----------
        day : int
            Day relative to launch.
        rolled_back : mapping
            Event id -> day of a triggered rollback.
        reference : array of float32, shape (B,)
            Reference prices, see `State`.
        until : int, optional
            First day, not after the next change, for which they need not hold; by default they are for today.
        """
        world, values = self.world, self.values
        brands, stores = world.brands, world.stores.region.shape[0]
        count, items = len(brands.names), len(brands.item_names)
        log_list = np.log(brands.list_price / brands.list_price.mean())
        price = np.broadcast_to(brands.list_price, (stores, count)).astype(np.float64)
        size = np.ones((stores, count))
        look = np.zeros((stores, count), np.int16)
        look_before = np.zeros((stores, count), np.int16)
        look_share = np.zeros((stores, count), np.float32)
        severity = np.zeros((stores, items), np.float32)
        briefing = np.zeros((stores, count), np.float32)
        specials: list[NDArray[Any]] = []
        special_here: list[NDArray[np.bool_]] = []
        depot = world.stores.distributor
        fill_rate = world.distributors.fill_rate[depot].astype(np.float32)
        usual_fill = fill_rate.copy()
        lead_time = np.repeat(world.distributors.lead_time[depot, None].astype(np.int32), count, axis=1)
        looks = self._looks.copy()
        active = np.zeros((stores, len(looks)), np.float32)
        delisted = np.zeros((stores, items), np.int16)
        for event in self.events:
            if day < event.start_day:
                continue
            inside = self._stores[event.id]
            b = brands.names.index(event.brand) if event.brand is not None else None
            if event.kind == "redesign":
                assert b is not None
                if day > event.start_day and self._is_gone(event, day, rolled_back):
                    continue
                look_before[inside, b] = look[inside, b]
                look[inside, b] = self.look_number(event)
                share = self._look_share(event, day, rolled_back)
                look_share[inside, b] = share[inside]
                continue
            part = self._part(event, day, rolled_back)
            if part == 0.0:
                continue
            if event.kind in LOOK_OF_KIND:
                z = self.look_number(event) - 1
                looks["begun"][z] = 1
                self._set_change(event, z, part, inside, looks, active, delisted)
            elif event.kind == "supply":
                whose = slice(None) if b is None else slice(b, b + 1)
                if event.fill_rate is not None:
                    usual = usual_fill[inside, whose]
                    fill_rate[inside, whose] = usual + part * (event.fill_rate - usual)
                if event.lead_time_days is not None:
                    lead_time[inside, whose] = event.lead_time_days
            elif event.kind == "stockout":
                assert b is not None
                chosen = slice(brands.first_item[b], brands.first_item[b + 1])
                for i in range(chosen.start, chosen.stop):
                    if event.item is None or brands.item_names[i] == f"{event.brand}/{event.item}":
                        severity[inside, i] = np.maximum(severity[inside, i], event.severity)
            elif event.kind in ("price", "resize") and (event.item is not None or event.where.segment is not None):
                specials.append(special_offer(event, part, world))
                special_here.append(inside)
            elif event.kind == "incident" and event.recall and "availability" not in self.closed:
                recall(event, world, inside, severity)
            elif event.kind == "price":
                new = event.to if event.to is not None else brands.list_price[b] * (1.0 + event.change)
                price[inside, b] = new if part == 1.0 else brands.list_price[b] + part * (new - brands.list_price[b])
            elif event.kind == "resize":
                size[inside, b] = 1.0 + part * event.change
            elif event.kind == "brief_reps":
                briefing[inside & self._briefed[event.id], b] = 1.0
        offers = np.zeros((stores, count), OFFER)
        offers["price"] = price
        # the very same float where nothing changed, so that "away from list" is an exact comparison
        log_price = np.log(price / brands.list_price.mean())
        offers["log_price"] = np.where(price == brands.list_price, log_list, log_price)
        offers["log_size"] = np.log(size)
        offers["look_share"] = look_share
        offers["look"] = look
        offers["look_before"] = look_before
        offers["briefing"] = briefing
        offers["gate"] = product_gate(world, values, self._recipe_shift(looks, active))
        by_brand = np.zeros(count, BRAND_LEVER)
        by_brand["log_list"] = log_list
        acting = self._acting_people(day, rolled_back)
        people = people_levers(acting, day, world, values) if acting else self._usual_people
        by_brand["manner"] = people.manner
        by_brand["newcomer"] = newcomers(brands)
        by_brand["first_item"] = brands.first_item[:-1]
        by_brand["last_item"] = brands.first_item[1:]
        here = np.zeros((stores, len(specials)), np.uint8)
        for t, inside in enumerate(special_here):
            here[:, t] = inside
        running = [e for e in self.events if e.start_day <= day < self.end_day(e, rolled_back)]
        open_desks(by_brand, running, world, people.care_change, values["customers_default"])
        broken = [e for e in running if e.kind == "incident" and "service" not in self.closed]
        defects = defects_of(broken, world, self._stores, values, by_brand)
        broadcasts, reach = broadcasts_of(running, world, values, self.closed, self._stores, self._number, self.changes)
        usual_looks = (look == 0).all(axis=1) & ~delisted.any(axis=1)
        usual_prices = (offers["log_price"] == by_brand["log_list"]) & (offers["log_size"] == 0.0)
        until = day + 1 if until is None else until
        levers = Levers(
            offers=offers,
            usual=np.where(usual_looks, USUAL_LOOKS, 0).astype(np.uint8)
            | np.where(usual_prices.all(axis=1) & ~here.any(axis=1), USUAL_PRICES, 0).astype(np.uint8),
            brands=by_brand,
            salience=self.salience(day, rolled_back, until),
            reference=reference[None],
            set_on=np.array([day]),
            specials=np.concatenate([np.zeros(0, SPECIAL), *specials]),
            special_here=here,
            looks=looks,
            severity=severity,
            service=(world.stores.service[:, None, None, :] + people.change).astype(np.float32),
            service_change=people.change,
            fill_rate=fill_rate,
            usual_fill=usual_fill,
            lead_time=lead_time,
            defects=defects,
            broadcasts=broadcasts,
            reach=reach,
            active=active if active.any() else np.zeros((0, 0), np.float32),
            delisted=delisted if delisted.any() else np.zeros((0, 0), np.int16),
            feigned=people.feigned,
            places=people.places,
            staff=people.staff,
            reps=people.reps,
            rep_hazard=people.rep_hazard,
            relation=people.relation,
        )
        return levers._replace(reference=reference_by_week(reference, levers, until // 7 - day // 7, world, values))

    def _recipe_shift(self, looks: NDArray[Any], active: NDArray[np.float32]) -> NDArray[np.float64]:
        """Quality (logit) that new recipes add to each brand today, by items' shares, shape (S, B)."""
        brands = self.world.brands
        shift = np.zeros((len(active), len(brands.names)))
        for z in np.flatnonzero((looks["kind"] == LOOK_RECIPE) & (looks["brand"] >= 0)):
            look = looks[z]
            part = 1.0 if look["item"] < 0 else brands.item_share[look["item"]]
            shift[:, look["brand"]] += part * look["quality"] * active[:, z]
        return shift

    def salience(self, day: int, rolled_back: Mapping[str, int], until: int) -> NDArray[np.float32]:
        """How much more readily than usual each brand comes to mind (logit), today and at the start of further weeks.

        It builds up and fades, by the week. Shape (weeks, B): today, and the Mondays before ``until``, up to which
        nothing else changes.
        """
        names, values = self.world.brands.names, self.values
        days = [day, *range(7 * (day // 7 + 1), until, 7)]
        salience = np.zeros((len(days), len(names)))
        for event in self.events:
            if day < event.start_day:
                continue
            if event.kind == "campaign" and event.salience:
                end = self.end_day(event, rolled_back)
                gain = [campaign_salience(event, then, end, values) for then in days]
            elif event.kind == "redesign" and "findability" not in self.closed:
                if day > event.start_day and self._is_gone(event, day, rolled_back):
                    continue
                overlap = float(self._looks["overlap"][self.look_number(event) - 1])
                share = float(self._look_share(event, day, rolled_back).mean())
                gain = [look_salience(overlap, share, then, event.start_day, values) for then in days]
            else:
                continue
            salience[:, names.index(event.brand)] += gain
        return salience.astype(np.float32)

    def _acting_people(self, day: int, rolled_back: Mapping[str, int]) -> list[tuple[Event, NDArray[np.bool_]]]:
        """Events about people that act on a day, with their stores."""
        return [
            (e, self._stores[e.id])
            for e in self.events
            if e.kind in ("service", "rep_staffing") and e.start_day <= day < self.end_day(e, rolled_back)
        ]

    def _set_change(
        self,
        event: Event,
        z: int,
        part: float,
        inside: NDArray[np.bool_],
        looks: NDArray[Any],
        active: NDArray[np.float32],
        delisted: NDArray[np.int16],
    ) -> None:
        """Set how far a recipe, a position, a programme or a delisting has come today."""
        if event.kind == "delist":
            brands = self.world.brands
            b = brands.names.index(event.brand)
            gone = inside & (self._order[event.id] <= part)
            for i in range(brands.first_item[b], brands.first_item[b + 1]):
                if event.item is None or brands.item_names[i] == f"{event.brand}/{event.item}":
                    delisted[gone, i] = z + 1
            return
        active[inside, z] = part
        if event.kind == "reposition":
            # everybody who knows of the move sees how far it has come
            looks["position"][z] = looks["origin"][z] + part * (looks["position"][z] - looks["origin"][z])
            active[inside, z] = 1.0

    # -- what happens on a day rather than holds on it ------------------------------------------------------------

    def moves(self, day: int, rolled_back: Mapping[str, int]) -> list[Move]:
        """What events do to people today: who leaves, who takes over, who is trained."""
        found: list[Move] = []
        for event in self.events:
            end = self.end_day(event, rolled_back)
            found += moves_of(
                event, self._number[event.id], self._stores[event.id], day, end, self.run, self.world, self.values
            )
        return found

    def first_day(self) -> int | None:
        """First day on which anything differs from the baseline; None where nothing ever does."""
        return min((int(e.start_day) for e in (*self.events, *self.consultations)), default=None)


_DELISTING = 1 << 16
"""First number of the draws that order stores for a delisting, beyond those of rollouts."""
