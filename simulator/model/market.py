"""One run: a Mesa model whose daily plan is compiled.

`BrandMarket` owns the state, asks the timeline for today's levers, and hands both to the kernels. Stretches of days on
which no lever moves are run without a return to Python; `step` runs a single day.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from simulator.model.base import Base, base_of, is_of, room_for_lapse
from simulator.model.changes import views_of
from simulator.model.columns import Scratch
from simulator.model.consult import UNGATED, gated, hold
from simulator.model.crew import add_books, empty_books, run_team, tasks_of_team
from simulator.model.customers import CustomerSet
from simulator.model.fixed import lay_out, new_crew, seen_through, settings, with_ample_stock
from simulator.model.kernels import constants as c
from simulator.model.kernels.parameters import kernel_parameters
from simulator.model.kernels.people import dismiss
from simulator.model.kernels.shelves import place_order
from simulator.model.pilot import aim as aim_at
from simulator.model.plan import PHASES, Plan
from simulator.model.reporters import day_run, empty_at_closing, focal_share_today, focal_units_today, people_reached
from simulator.model.reps import Rep
from simulator.model.state import initial_state
from simulator.model.stores import Store
from simulator.model.switches import switch_off
from simulator.model.timeline import Timeline
from simulator.model.triggers import alarm
from simulator.parameters import Watched, table
from simulator.randomness import run_key
from simulator.scenario import Scenario, load
from simulator.world import World, build_world

if TYPE_CHECKING:
    import pandas as pd

LONGEST_STRETCH = 50_000_000
"""Customer-days after which a run comes back to Python, so that an impatient user can stop it within seconds."""
SHOWN_WEEKS = 4
"""Weeks before launch at which a model made for looking at starts."""


class BrandMarket(mesa.Model):
    """A market of habitual customers, stores and reps through which a scenario runs day by day.

    Parameters
    ----------
    scenario : Scenario, path or name of a shipped scenario
        What changes.
    rng : int, optional
        Seed; the same seed and replicate give the same customers and the same luck. Default 1. ``seed`` is a synonym.
    customers : int, optional
        Overrides the scenario's number of customers.
    replicate : int
        Which world of this seed.
    arm : {"scenario", "baseline", "ungated"}
        The baseline lives through the same days without the events, the ungated arm without consultations.
    without : iterable of str
        Mechanisms switched off everywhere, see `simulator.model.switches`.
    closed : iterable of str
        Channels through which the change must not act.
    values : mapping, optional
        Parameter values; the central ones by default.
    world : World, optional
        A world built before; by default it is built here.
    looks : int, optional
        Changes that customers carry in mind to make room for, where other arms bring more than this one.
    shared_population : bool
        Take the customers of the first replicate; only their luck is this one's.
    panel : bool
        Keep every purchase, for `purchases`.
    warm_up : bool
        Run the warm-up and the observed year up to shortly before the first event, so that the first `step` is where
        things begin to happen.
    aim : bool
        Build for the stated shares, penetration and frequency less what pilots miss, see `simulator.model.pilot`.
    threads : int
        Threads that share the work of a day; the result is the same for any number. They help large populations only
        (a hundred thousand customers and more); for many replicates it is better to run those side by side.
    store_class, rep_class : type
        Subclasses of `Store` and `Rep` with decisions of their own.

    Examples
    --------
    >>> model = BrandMarket("orange_carton", rng=1, customers=400)
    >>> model.step()
    >>> model.day
    -27
    """

    def __init__(
        self,
        scenario: Scenario | str = "orange_carton",
        *,
        rng: int | None = None,
        seed: int | None = None,
        customers: int | None = None,
        replicate: int = 0,
        arm: str = "scenario",
        without: Iterable[str] = (),
        closed: Iterable[str] = (),
        values: Mapping[str, float] | None = None,
        world: World | None = None,
        looks: int | None = None,
        shared_population: bool = False,
        panel: bool = False,
        warm_up: bool = True,
        aim: bool = True,
        threads: int = 1,
        store_class: type[Store] = Store,
        rep_class: type[Rep] = Rep,
    ) -> None:
        chosen = rng if rng is not None else seed if seed is not None else 1
        super().__init__(seed=int(chosen))
        self.spec = load(scenario)
        self.arm = arm
        self.replicate = int(replicate)
        self.threads = int(threads)
        self.mechanisms_off = tuple(without)
        if self.spec.market.stores.stock == "unlimited" and "shelf" not in self.mechanisms_off:
            self.mechanisms_off += ("shelf",)
        given = dict(table().central() if values is None else values)
        given["review_days"] = float(self.spec.market.stores.review_days)
        if any(spec.accounts for spec in self.spec.market.reps.values()):
            given["bond_weight"] = given["account_bond_weight"]
        self.values = Watched(switch_off(given, self.mechanisms_off))
        self.run_key = run_key(int(chosen), self.replicate)
        self.world = world or build_world(
            aim_at(self.spec, table().central()).market if aim else self.spec.market,
            self.values,
            focal=self.spec.focal_brand,
            customers=int(customers or self.spec.customers),
            seed=int(chosen),
            replicate=0 if shared_population else self.replicate,
        )
        if "shelf" in self.mechanisms_off:
            self.world = with_ample_stock(self.world)
        self.horizon_weeks = int(self.spec.horizon_weeks)
        self.observed_weeks = int(self.values["observed_weeks"])
        looks_here = len(views_of(self.spec.events))
        self.town = lay_out(self.world, self.values)
        self.world = seen_through(self.world, self.town)
        self.parameters = kernel_parameters(self.values)
        burn_in = int(self.values["burn_in_weeks"])
        self.state = initial_state(
            self.world,
            self.values,
            run=self.run_key,
            first_day=-7 * (self.observed_weeks + burn_in),
            weeks=self.observed_weeks + self.horizon_weeks,
            looks=looks_here if looks is None else looks,
            panel=self._panel_room(burn_in) if panel else 0,
        )
        self.timeline = self.new_timeline(closed)
        self._settle(store_class, rep_class)
        self._set_levers()
        if warm_up:
            first = self.timeline.first_day()
            self.run_until(min(-7 * SHOWN_WEEKS, 0 if first is None else first))

    # -- set-up -------------------------------------------------------------------------------------------------

    def _panel_room(self, burn_in: int) -> int:
        """Room for every purchase up to the horizon: the expected number, a tenth, and ten standard deviations."""
        days = 7 * (burn_in + self.observed_weeks + self.horizon_weeks)
        expected = days * float(self.world.customers.rate.sum())
        return int(1.1 * expected + 10.0 * expected**0.5) + 100

    def new_timeline(self, closed: Iterable[str]) -> Timeline:
        """Return this arm's timeline, as gates have left its events; an ungated arm asks nobody."""
        events: Sequence[Any] = self.spec.events if self.arm != "baseline" else ()
        if self.arm == UNGATED:
            events = [event for event in events if event.kind != "consult_reps"]
        events = gated(events, self.state.gated, self.world, self.values)
        return Timeline(events, self.world, self.values, self.run_key, tuple(closed))

    def _settle(self, store_class: type[Store], rep_class: type[Rep]) -> None:
        """Make what belongs to this arm alone: working memory, agents, data collector."""
        keeps_panel = self.state.records.panel.shape[0] > 0  # purchases are kept in the order of one thread
        self.threads = 1 if keeps_panel else max(1, self.threads)
        self._crew = new_crew(self.world, self.values, self.threads, self.state.life.views.shape[1])
        self._books = (self.state.records, *(empty_books(self.state.records) for _ in self._crew[1:]))
        shelves = "shelf" not in self.mechanisms_off
        self.setting = settings(self.world, self.values, self.run_key, self.timeline.closed, shelves=shelves)
        self._refresh_due()
        self.base: Base | None = None
        self._lapse = room_for_lapse(None, self.horizon_weeks)
        stores = self.world.stores.region.shape[0]
        reps = self.world.reps.brand.shape[0]
        for index in range(stores):
            store_class(self, index)
        for index in range(reps):
            rep_class(self, index)
        own_order = store_class.order is not Store.order
        own_route = rep_class.route is not Rep.route
        self._own_orders = np.full(stores, own_order, np.uint8)
        self._own_routes = np.full(reps, own_route, np.uint8)
        self._visits = np.zeros((stores, len(self.world.brands.names)), np.uint8)
        self._decides_daily = own_order or own_route
        self._classes = (store_class, rep_class)
        self._seconds = dict.fromkeys((name for name, _, _ in PHASES), 0.0)
        self._timed_days = 0
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "day": day_run,
                "focal_units": focal_units_today,
                "focal_share": focal_share_today,
                "empty_at_closing": empty_at_closing,
                "people_reached": people_reached,
            }
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up a model that was pickled: its tables lie as they did, and its working memory is its own."""
        self.__dict__.update(state)
        self.town = self.town.copy_of_people()
        self.world = seen_through(self.world, self.town)
        self.state.life = self.state.life.copy()
        self._crew = new_crew(self.world, self.values, self.threads, self.state.life.views.shape[1])
        self._refresh_due()

    def _refresh_due(self) -> None:
        mind = self.state.life.mind
        self.scratch.due[:] = np.minimum(mind["next_day"], mind["retry_day"])

    def fork(
        self,
        *,
        arm: str | None = None,
        closed: Iterable[str] = (),
        scenario: Scenario | None = None,
        threads: int | None = None,
    ) -> BrandMarket:
        """Return an independent copy at this very day, to live on as another arm.

        The world, the run key and the parameter values are shared, so that copies with the same timeline stay
        identical to the byte. ``scenario`` may be another one of the same market whose events all lie ahead;
        ``threads`` another number of threads.
        """
        other = object.__new__(type(self))
        mesa.Model.__init__(other, seed=self._seed)
        for name in (
            "spec",
            "replicate",
            "mechanisms_off",
            "values",
            "run_key",
            "world",
            "horizon_weeks",
            "observed_weeks",
            "town",
            "parameters",
        ):
            setattr(other, name, getattr(self, name))
        other.arm = self.arm if arm is None else arm
        other.threads = self.threads if threads is None else threads
        other.state = self.state.fork()
        if scenario is not None and scenario is not self.spec:
            other.spec = scenario
            other.state.know_changes(len(views_of(scenario.events)))
        other.timeline = other.new_timeline(closed)
        other._settle(*self._classes)
        if other.arm == self.arm and other.spec is self.spec and other.timeline.closed == self.timeline.closed:
            other.levers, other._levers_until = self.levers, self._levers_until
        else:
            other._set_levers()
        other.base = self.base
        other._lapse = self._lapse._replace(states=self._lapse.states.copy())
        return other

    def release(self) -> None:
        """Let Mesa forget this model: its agents' counters would otherwise keep every model of a process alive.

        The model still runs; only agents that are added from now on are numbered anew.
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    # -- agents -------------------------------------------------------------------------------------------------

    @property
    def stores(self) -> Any:
        """The stores, a `mesa.agent.AgentSet`."""
        return self.agents_by_type[self._classes[0]]

    @property
    def reps(self) -> Any:
        """The sales reps, a `mesa.agent.AgentSet` (empty where no brand has any)."""
        return self.agents_by_type.get(self._classes[1], mesa.agent.AgentSet([], random=self.random))

    @property
    def customers(self) -> CustomerSet:
        """The customers: light views on demand, with Mesa's verbs."""
        return CustomerSet(self)

    # -- running ------------------------------------------------------------------------------------------------

    @property
    def scratch(self) -> Scratch:
        """Working memory, of the first thread where there are several."""
        return self._crew[0]

    @property
    def day(self) -> int:
        """The next day to run; day 0 is the first day of week 0, the launch."""
        return self.state.day

    @property
    def last_day(self) -> int:
        """The first day after the horizon."""
        return 7 * self.horizon_weeks

    def step(self) -> None:
        """Run one day and collect data."""
        if self.state.day >= self.last_day:
            self.running = False
            return
        self.run_until(self.state.day + 1)
        self.datacollector.collect(self)
        self.running = self.state.day < self.last_day

    def run_until(self, day: int) -> None:
        """Run up to (not including) ``day``, in stretches on which no lever moves."""
        day = min(day, self.last_day)
        while self.state.day < day:
            today = self.state.day
            self._begin(today)
            end = min(day, self._levers_until, self._next_review(today))
            if self._decides_daily:
                end = today + 1
            self._run(today, int(end), c.ALL_PHASES)
            self._finish(today, int(end))

    def _next_review(self, today: int) -> int:
        """The next day to come back to Python: after a long stretch, or each week where a trigger looks back at it."""
        end = 7 * (today // 7 + 1)
        if today < 0 or not self._triggers():
            end = max(end, today + LONGEST_STRETCH // self.world.size)
        return min(end, 0) if today < 0 else end

    def time_phases(self, days: int) -> None:
        """Run days and note the time of each phase, for `plan`; the result is the same.

        Phases are timed by the processor's clock within the compiled day, where programs may read it (x86).
        """
        last = min(self.state.day + days, self.last_day)
        clock = self.scratch.clock
        while self.state.day < last:
            today = self.state.day
            start = time.perf_counter()
            self._begin(today)
            self._seconds["events"] += time.perf_counter() - start
            clock[:] = 0
            start = time.perf_counter()
            self._run(today, today + 1, c.ALL_PHASES | c.PHASE_TIMED)
            spent = time.perf_counter() - start
            ticks = max(1, int(clock.sum()))
            for (name, _, _), count in zip(PHASES, clock, strict=True):
                self._seconds[name] += spent * int(count) / ticks
            self._finish(today, today + 1)
            self._timed_days += 1

    def _begin(self, today: int) -> None:
        """Phase 1: set the day's levers where they move; let people decide who decide for themselves."""
        if today == 0 and self.base is None and self.arm == "baseline":
            self.set_base(self.find_base())
        for consultation in self.timeline.consultations:
            if consultation.start_day == today:
                hold(self, consultation)
        if today >= self._levers_until:
            self._set_levers()
        for move in self.timeline.moves(today, self.state.rolled_back):
            move.apply(self, today)
        if self._decides_daily:
            self._visits[:] = 0
            if self._own_routes.any():
                for rep in self.reps:
                    for store in rep.route(today):
                        self._visits[store, self.world.reps.brand[rep.index]] = 1

    def _set_levers(self) -> None:
        """Set the levers of today, and of the days up to the next change."""
        today, rolled_back = self.state.day, self.state.rolled_back
        self._levers_until = self.timeline.next_change(today, rolled_back)
        until = int(min(self._levers_until, self.last_day))
        self.levers = self.timeline.levers(today, rolled_back, self.state.reference, until)

    def tasks(self, first: int, last: int, phases: int) -> list[tuple[Any, ...]]:
        """Return for each thread the arguments of `run_days`."""
        before = (first, last, self.observed_weeks, phases, self.town, self.state.life, self.levers, self.setting)
        own = (self._own_routes, self._visits, self._own_orders, self._lapse)
        return tasks_of_team(before, self.parameters, self._crew, self._books, own)

    def _run(self, first: int, last: int, phases: int) -> None:
        run_team(self.tasks(first, last, phases))
        for other in self._books[1:]:
            add_books(self.state.records, other)

    def _finish(self, today: int, end: int) -> None:
        """What follows a stretch of days: managers' own orders, what people are used to, and triggers."""
        if self._own_orders.any():
            for store in self.stores:
                wanted = store.order(today)
                if wanted is not None:
                    asked, town, life = np.asarray(wanted, np.int32), self.town, self.state.life
                    place_order(today, store.index, asked, town, life, self.levers, self.setting, self.parameters)
        self.state.day = end
        weeks = end // 7 - int(self.levers.set_on[0]) // 7
        self.state.reference[:] = self.levers.reference[min(weeks, len(self.levers.reference) - 1)]
        if end % 7 == 0 and end > 0:
            self._look_back(end // 7 - 1)

    def _triggers(self) -> list[Any]:
        """Rollbacks that wait for what they watch."""
        return [e for e in self.timeline.rollbacks if e.when is not None and e.of not in self.state.rolled_back]

    def _look_back(self, week: int) -> None:
        """Roll back what a trigger says is to be rolled back."""
        for back in self._triggers():
            if alarm(self, back, week):
                self.state.rolled_back[back.of] = self.state.day
                self._levers_until = self.state.day

    def dismiss(self, reps: Sequence[int], until: int, successor: int = c.NEW_HIRE) -> None:
        """Let reps leave; their posts stay empty until the given day, and a successor of a kind follows."""
        leaving, (town, life) = np.asarray(reps, np.int64), (self.town, self.state.life)
        territory = self.scratch.territory
        dismiss(leaving, int(until), successor, self.day, territory, town, life, self.setting, self.parameters)

    # -- reading ------------------------------------------------------------------------------------------------

    def week_row(self, day: int) -> int:
        """Row of the weekly counters for a day; the last row takes what is not reported (the warm-up)."""
        row = day // 7 + self.observed_weeks
        return row if 0 <= row < self.observed_weeks + self.horizon_weeks else self.observed_weeks + self.horizon_weeks

    def find_base(self) -> Base:
        """Return buyers and habitual customers, from the observed year that ends today (launch)."""
        return base_of(self.state, self.observed_weeks, self.world.focal, self.values)

    def set_base(self, base: Base) -> None:
        """Tell an arm who its base is; every arm of a replicate takes the baseline's.

        Of weeks that have passed since launch nobody can tell any more who of a new base had lapsed by then.
        """
        self.base = base
        mind = self.state.life.mind
        mind["base"] = 0
        mind["base"][base.rows] = 1
        if not is_of(self._lapse, base):
            self._lapse = room_for_lapse(base, self.horizon_weeks)

    def lapse_by_week(self) -> NDArray[np.uint8]:
        """State of each base customer at the end of each week since launch, shape (weeks, C)."""
        return self._lapse.states[: max(0, self.state.day // 7)].copy()

    def purchases(self) -> pd.DataFrame:
        """Return every purchase so far, in order: customer, day, store, brand, item, units, price.

        ``customer``, ``store``, ``brand`` and ``item`` are indices; ``day`` counts from launch.

        Raises
        ------
        ValueError
            Where the model keeps no panel, or its room did not suffice.
        """
        import pandas as pd

        records = self.state.records
        if records.panel.shape[0] == 0:
            raise ValueError("this model keeps no panel; build it with panel=True")
        kept, lost = (int(count) for count in records.panel_size)
        if lost:
            raise ValueError(f"{lost} purchases found no room in the panel; run fewer weeks")
        return pd.DataFrame(records.panel[:kept]).rename(columns={"who": "customer"})

    @property
    def plan(self) -> Plan:
        """The phases of a day with their timings (after `time_phases`); prints as a table."""
        return Plan(tuple((name, note, self._seconds[name]) for name, _, note in PHASES), self._timed_days)
