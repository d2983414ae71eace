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
from scipy.stats import norm

from simulator.model.columns import BRAND_LEVER, LOOK, OFFER, Levers
from simulator.model.staffing import Move, channel_of_reps, moves_of, people_levers
from simulator.model.switches import check_channels
from simulator.randomness import Stream, uniforms
from simulator.world.world import World

CHANNEL_OF_KIND = {
    "stockout": "availability",
    "service": "service",
    "price": "price_size",
    "resize": "price_size",
    "campaign": "word_of_mouth",
}
"""Channel through which each kind acts as a whole; a redesign acts through findability and promise, a change among
reps through availability, or service where they hold accounts."""

Event = Any  # the typed events of simulator.scenario, read by attribute so that tests may use plain objects


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
        self._looks = self._describe_looks()
        self._order = {e.id: self._store_order(n, e) for n, e in enumerate(self.redesigns)}

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
        if event.kind == "service":
            return int(event.ramp_days)
        return 0

    # -- where --------------------------------------------------------------------------------------------------

    def scope(self, event: Event) -> NDArray[np.bool_]:
        """Stores in which an event acts, shape (S,)."""
        stores = self.world.stores
        where = event.where
        inside = np.ones(stores.region.shape[0], np.bool_)
        if where.region is not None:
            wanted = [self.world.regions.index(r) for r in _many(where.region)]
            inside &= np.isin(stores.region, wanted)
        if where.store is not None:
            inside &= np.isin(np.arange(inside.shape[0]), [int(s) for s in _many(where.store)])
        if where.distributor is not None:
            wanted = [self.world.distributors.names.index(d) for d in _many(where.distributor)]
            inside &= np.isin(stores.distributor, wanted)
        return inside

    def _covered(self, number: int, event: Event) -> NDArray[np.bool_]:
        """Stores whose rep passes the briefing on: each with probability ``coverage``, once and for all."""
        ids = np.arange(self.world.stores.region.shape[0], dtype=np.uint64)
        drawn = uniforms(self.run, Stream.BRIEFING, 0, ids, partner=number)[:, 0]
        return np.asarray(drawn < event.coverage, np.bool_)

    def _store_order(self, number: int, event: Event) -> NDArray[np.float64]:
        """Point of the rollout, 0..1, at which each store changes over."""
        stores = self.world.stores.region.shape[0]
        if event.rollout.by == "region":
            regions = len(self.world.regions)
            return np.asarray((self.world.stores.region + 0.5) / regions, np.float64)
        ids = np.arange(stores, dtype=np.uint64)
        return uniforms(self.run, Stream.ROLLOUT, 0, ids, partner=number)[:, 0]

    # -- levers -------------------------------------------------------------------------------------------------

    def look_number(self, event: Event) -> int:
        """Number of the look that a redesign brings; 0 is the original."""
        return self.redesigns.index(event) + 1

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

    def levers(self, day: int, rolled_back: Mapping[str, int], reference: NDArray[np.float32]) -> Levers:
        """Return today's levers.

        Parameters
        ----------
        day : int
            Day relative to launch.
        rolled_back : mapping
            Event id -> day of a triggered rollback.
        reference : array of float32, shape (B,)
            Reference prices, see `State`.
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
        reach = np.zeros((stores, len(world.segments), count), np.float32)
        strength = np.zeros(count, np.float32)
        briefing = np.zeros((stores, count), np.float32)
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
                look_share[inside, b] = self._look_share(event, day, rolled_back)[inside]
                continue
            if day >= self.end_day(event, rolled_back):
                continue
            if event.kind == "stockout":
                assert b is not None
                chosen = slice(brands.first_item[b], brands.first_item[b + 1])
                for i in range(chosen.start, chosen.stop):
                    if event.item is None or brands.item_names[i] == f"{event.brand}/{event.item}":
                        severity[inside, i] = np.maximum(severity[inside, i], event.severity)
            elif event.kind == "price":
                new = event.to if event.to is not None else brands.list_price[b] * (1.0 + event.change)
                price[inside, b] = new
            elif event.kind == "resize":
                size[inside, b] = 1.0 + event.change
            elif event.kind == "campaign":
                daily = 1.0 - (1.0 - event.reach) ** (1.0 / 7.0)
                names = event.where.segment
                groups = (
                    slice(None) if names is None else [world.segments.index(n) for n in _many(names)]
                )  # everybody, or the named segments
                for s in np.flatnonzero(inside):
                    reach[s, groups, b] = daily
                strength[b] = values["campaign_persuasion"] if event.persuasion is None else event.persuasion
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
        by_brand = np.zeros(count, BRAND_LEVER)
        by_brand["log_list"] = log_list
        by_brand["log_reference"] = reference
        acting = self._acting_people(day, rolled_back)
        people = people_levers(acting, day, world, values) if acting else self._usual_people
        by_brand["care_change"] = people.care_change
        by_brand["manner"] = people.manner
        by_brand["campaign"] = strength
        return Levers(
            offers=offers,
            brands=by_brand,
            looks=self._looks,
            severity=severity,
            service=(world.stores.service[:, None, :] + people.change).astype(np.float32),
            service_change=people.change,
            fill_rate=world.distributors.fill_rate.astype(np.float32),
            reach=reach,
            feigned=people.feigned,
            places=people.places,
            staff=people.staff,
            reps=people.reps,
            rep_hazard=people.rep_hazard,
            relation=people.relation,
        )

    def _acting_people(self, day: int, rolled_back: Mapping[str, int]) -> list[tuple[Event, NDArray[np.bool_]]]:
        """Events about people that act on a day, with their stores."""
        return [
            (e, self._stores[e.id])
            for e in self.events
            if e.kind in ("service", "rep_staffing") and e.start_day <= day < self.end_day(e, rolled_back)
        ]

    def _describe_looks(self) -> NDArray[Any]:
        looks = np.zeros(len(self.redesigns), LOOK)
        for z, event in enumerate(self.redesigns):
            looks[z]["brand"] = self.world.brands.names.index(event.brand)
            looks[z]["overlap"] = cue_overlap(event, self.values)
            looks[z]["appeal_mean"] = self._mean_appeal(event)
            looks[z]["appeal_sd"] = self.values["appeal_sd"] if event.appeal.sd is None else event.appeal.sd
            looks[z]["identity_break"] = event.identity_break
            looks[z]["announced"] = event.announced
        return looks

    def _mean_appeal(self, event: Event) -> float:
        """Mean liking of a design: what the scenario says, and how lucky the design is, which nobody knows before."""
        luck = norm.ppf(min(max(self.values["design_appeal_draw"], 1e-6), 1.0 - 1e-6))
        return float(event.appeal.mean + self.values["design_appeal_sd"] * luck)

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


def _many(names: Any) -> tuple[Any, ...]:
    return tuple(names) if isinstance(names, tuple | list) else (names,)
