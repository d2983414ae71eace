"""Kernels against slow, obvious versions of themselves, and what no day may create or lose."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rows import grow_habit_of, refresh_of, weigh_for
from small_markets import CARTON, FOCAL, setting

from simulator.compilation import Unpacked, turned_view
from simulator.experiment.twins import Task, run_replicate
from simulator.model import BrandMarket
from simulator.model.columns import MIND, PERSON, TIE, TIES, VIEW, VIEWS, Lapse
from simulator.model.fixed import fading, new_crew
from simulator.model.kernels import constants as c
from simulator.model.kernels.care import satisfaction_probability
from simulator.model.kernels.choose import look_at_shelf, wanted_item
from simulator.model.kernels.experience import problem_severity, talk_probability
from simulator.model.kernels.patronage import pick_store
from simulator.model.kernels.people import grow_bond, lose_person
from simulator.model.kernels.perceive import form_opinion, grow_familiar, miss_probability
from simulator.model.kernels.record import note_lapse
from simulator.model.kernels.reputation import HABITS
from simulator.model.kernels.shelves import draw_for_stores, drawn_for, order_up_to
from simulator.model.kernels.shop import (
    advance_calendar,
    draw_calendar,
    find_shoppers,
    queue_up,
    sort_ranks,
    take_seats,
)
from simulator.model.kernels.substitute import any_in_stock, best_brand
from simulator.model.kernels.talk import persuade
from simulator.model.kernels.team import join_visits
from simulator.model.kernels.voice import complaint_probability
from simulator.model.levers import LOOK
from simulator.model.memory import aligned
from simulator.model.plan import PHASES
from simulator.parameters import table
from simulator.randomness.philox import block
from simulator.results.metrics import FATES, fate_counts

quick = settings(max_examples=40, deadline=None, derandomize=True)
words = st.integers(0, 2**32 - 1)
shares = st.floats(0.0, 1.0, width=32)


@pytest.fixture(scope="module")
def model() -> BrandMarket:
    model = BrandMarket(setting(CARTON, customers=600), rng=11, warm_up=False)
    model.run_until(-200)
    return model


def unit(word: int) -> float:
    return (word + 0.5) / 2**32


def one(kind: np.dtype[Any], **fields: Any) -> np.void:
    row = aligned(1, kind)
    for name, value in fields.items():
        row[name] = value
    return row[0]


# -- shopping -------------------------------------------------------------------------------------------------------


@quick
@given(
    due=arrays(np.int16, st.integers(0, 150), elements=st.integers(-5, 5)),
    day=st.integers(-5, 5),
    part=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    room=st.integers(0, 150),
)
def test_shoppers_are_those_whose_trip_is_due_in_order(
    due: np.ndarray[Any, Any], day: int, part: tuple[float, float], room: int
) -> None:
    first, last = sorted(int(share * due.shape[0]) for share in part)
    out = np.full(due.shape[0] + c.AT_ONCE, -1, np.int32)
    n = find_shoppers(day, due, first, last, room, out)
    assert out[:n].tolist() == [i for i in range(first, last) if due[i] <= day][:room]


@quick
@given(st.lists(st.tuples(st.integers(0, 2), words), max_size=40, unique_by=lambda t: t[1]))
def test_shoppers_are_served_store_by_store_in_order_of_priority(
    model: BrandMarket, places: list[tuple[int, int]]
) -> None:
    n = len(places)
    scratch = new_crew(model.world, model.values)[0]
    for k, (store, priority) in enumerate(places):
        scratch.trips[k]["where"] = store
        scratch.trips[k]["words"][2] = priority
        scratch.visits[0, store] += 1
    assert join_visits(scratch.visits, scratch.start) == n
    queue_up(scratch, 0, n, 0)
    for s in range(scratch.visits.shape[1]):
        sort_ranks(scratch.order, int(scratch.start[s]), int(scratch.start[s + 1]), scratch.spare)
    assert (scratch.order[:n] & 0xFFFFFFFF).tolist() == sorted(range(n), key=lambda k: places[k])


@quick
@given(
    word=words,
    known=st.integers(1, 4),
    mood=st.lists(st.floats(-1.0, 1.0, width=32), min_size=4, max_size=4),
)
def test_a_store_is_picked_by_patronage_times_satisfaction(
    model: BrandMarket, word: int, known: int, mood: list[float]
) -> None:
    store = [s if s < known else -1 for s in range(4)]
    person, me = one(PERSON, store=store), one(MIND, store_mood=mood)
    patronage = model.town.patronage[known - 1]
    slope = float(model.parameters["store_satisfaction_weight"])
    weights = [max(0.0, 1.0 + slope * mood[k]) * patronage[k] for k in range(known)]
    slot = pick_store(word, person, me, model.town, model.setting, model.parameters)
    goal = unit(word) * sum(weights)
    assert sum(weights[:slot]) - 1e-5 <= goal <= sum(weights[: slot + 1]) + 1e-5
    assert slot < known


def test_trips_come_at_the_customers_rate_and_as_regular_as_the_market_says(model: BrandMarket) -> None:
    # 4,000 intervals of one customer; the tolerances are four standard errors
    rate, shape = 0.05, model.world.regularity
    person, me = one(PERSON, uid=7, rate=rate), one(MIND)
    seats = new_crew(model.world, model.values)[0].seats
    seats.uid[:] = 7
    times = []
    for trip in range(4000):
        if trip % c.CHUNK == 0:
            seats.ordinal[:] = np.arange(trip, trip + c.CHUNK)
            seats.again[:] = 0
            draw_calendar(c.CHUNK, model.setting, seats)
        me["next_time"] = 0.0  # float32 loses days after a thousand trips
        advance_calendar(0, person, me, seats.wait[trip % c.CHUNK], 1 << 31, model.setting)
        times.append(float(me["next_time"]))
    stages = math.floor(shape)
    extra = shape - stages
    # a mixed Erlang: a fixed number of stages and one more with a probability, scaled to mean one
    variance = (stages + extra + extra * (1 - extra)) / shape**2
    assert abs(np.mean(times) * rate - 1.0) < 4 * math.sqrt(variance / 4000)
    assert abs(np.var(times) * rate**2 / variance - 1.0) < 0.15
    assert me["trips"] == 4000


@quick
@given(word=words, b=st.integers(0, 3), favourite=st.integers(0, 2))
def test_the_favourite_item_is_wanted_unless_variety_is(model: BrandMarket, word: int, b: int, favourite: int) -> None:
    first, last = model.town.first_item[b : b + 2]
    favourite = min(favourite, last - first - 1)
    usual = first + favourite
    loyalty = float(model.parameters["variant_loyalty"])
    item = wanted_item(b, usual, word, model.town, model.parameters)
    if unit(word) < loyalty or last - first == 1:
        assert item == usual
    else:
        u = (unit(word) - loyalty) / (1.0 - loyalty)
        assert item == first + int(np.searchsorted(model.town.item_share[first:last], u, side="right"))


@quick
@given(
    value=arrays(np.float64, 4, elements=st.floats(-3, 3)),
    noise=arrays(np.float64, 4, elements=st.floats(-2, 9)),
    seen=arrays(np.uint8, 4, elements=st.integers(0, 1)),
    empty=arrays(np.uint8, 4, elements=st.integers(0, 1)),
    damp=st.floats(0.2, 1.0),
    avoid=st.integers(-1, 3),
)
def test_the_best_brand_is_the_one_with_the_highest_score_within_reach(
    model: BrandMarket,
    value: np.ndarray[Any, Any],
    noise: np.ndarray[Any, Any],
    seen: np.ndarray[Any, Any],
    empty: np.ndarray[Any, Any],
    damp: float,
    avoid: int,
) -> None:
    scratch = new_crew(model.world, model.values)[0]
    state = model.state.fork()
    state.life.stock["shelf"], state.life.stock["blocked"] = 5, 0
    for b in range(4):
        if empty[b]:
            state.life.stock["shelf"][0, slice(*model.town.first_item[b : b + 2])] = 0
    look_at_shelf(0, model.town, state.life, scratch)
    value, noise = value.astype(np.float32), noise.astype(np.float32)
    sight = turned_view(scratch.sight)[0, :4]
    for name, column in (("value", value), ("noise", noise), ("seen", seen)):
        sight[name] = column
    score = np.float32(damp) * value + noise
    able = [b for b in range(4) if b != avoid and seen[b] and not empty[b]]
    assert best_brand(damp, avoid, scratch) == max(able, key=lambda b: (score[b], -b), default=-1)


def test_the_best_selling_item_in_stock_stands_for_a_brand(model: BrandMarket) -> None:
    state = model.state.fork()
    stock = state.life.stock
    stock["shelf"], stock["blocked"] = 3, 0  # Sunfield sells pulp 45%, smooth 40%, calcium 15%
    found = []
    for sold_out in (0, 1, 2):
        found.append(any_in_stock(0, 0, model.town, state.life))
        stock[0, sold_out]["shelf" if sold_out != 1 else "blocked"] = 0 if sold_out != 1 else 1
    assert found == [0, 1, 2]
    assert any_in_stock(0, 0, model.town, state.life) == -1


def seated(scratch: Any, model: BrandMarket, customer: int, ordinal: int) -> Any:
    """A trip of a customer to the first store for which the draws have been made."""
    trip = scratch.trips[0]
    trip["uid"], trip["ordinal"], trip["where"], trip["retry"] = model.town.people["uid"][customer], ordinal, 0, 0
    take_seats(np.zeros(1, np.uint64), 0, 1, model.levers, model.town.roles.shape[0], model.setting, scratch)
    return trip


def test_a_brand_that_leaves_moves_only_those_who_had_chosen_it(model: BrandMarket) -> None:
    scratch = new_crew(model.world, model.values)[0]
    sight = turned_view(scratch.sight)[0]
    with_it, without_it = [], []
    turned_view(scratch.today)[0]["there"] = 1.0
    for i in range(600):
        trip = seated(scratch, model, i, 40)
        life = model.state.life
        best = weigh_for(trip, i, model.town, life, model.levers, model.setting, model.parameters, scratch)
        sight["seen"] = 1
        with_it.append(best_brand(1.0, -1, scratch))
        assert with_it[-1] == best
        sight["seen"][1] = 0
        without_it.append(best_brand(1.0, -1, scratch))
    left = [b for a, b in zip(with_it, without_it, strict=True) if a == 1]
    assert 60 < len(left) < 250
    assert 1 not in left
    assert all(a == b for a, b in zip(with_it, without_it, strict=True) if a != 1)


def test_nine_brands_are_weighed_as_four_are() -> None:
    """More brands than are worked on at once: each is worth what its own row says."""
    model = BrandMarket(setting(market="toothpaste", customers=500), rng=3, warm_up=False)
    model.run_until(model.day + 200)
    scratch, life, p = new_crew(model.world, model.values)[0], model.state.life, model.parameters
    sight = turned_view(scratch.sight)[0, :9]
    best = []
    for i in range(200):
        tie = life.ties[i]
        best.append(
            weigh_for(seated(scratch, model, i, 7), i, model.town, life, model.levers, model.setting, p, scratch)
        )
        standing = (
            p["quality_choice_weight"] * tie["belief"] + p["bond_weight"] * tie["bond"] + tie["learned"] + tie["heard"]
        ) - (p["availability_weight"] * tie["distrust"] + p["dislike_weight"] * tie["cold"])
        used_to = p["inertia"] * (np.arange(9) == life.mind["last_brand"][i])
        assert sight["value"] == pytest.approx(tie["utility"] + standing + used_to, abs=1e-5)
        assert best[-1] == np.argmax(sight["value"] + sight["noise"])
    assert 8 in best


def test_choices_follow_the_logit_of_what_was_weighed(model: BrandMarket) -> None:
    # one customer, 3,000 trips: shares against the closed form, four standard errors
    scratch = new_crew(model.world, model.values)[0]
    life = model.state.life
    counts = np.zeros(4)
    for ordinal in range(3000):
        trip = seated(scratch, model, 3, ordinal)
        counts[weigh_for(trip, 3, model.town, life, model.levers, model.setting, model.parameters, scratch)] += 1
    odds = np.exp(turned_view(scratch.sight)[0, :4]["value"].astype(np.float64))
    expected = odds / odds.sum()
    assert (np.abs(counts / 3000 - expected) < 4 * np.sqrt(expected * (1 - expected) / 3000) + 1e-3).all()


# -- minds ----------------------------------------------------------------------------------------------------------


@quick
@given(habit=arrays(np.float32, 4, elements=shares), bought=st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_habit_grows_for_the_bought_brand_and_fades_for_the_others(
    model: BrandMarket, habit: np.ndarray[Any, Any], bought: list[int]
) -> None:
    rows = aligned((1, 4), TIE)
    ties = Unpacked.of(rows)[0]
    ties["habit"] = habit
    rate = float(model.parameters["habit_growth"])
    expected = ties["habit"].astype(float)
    for b in bought:
        grow_habit_of(rows, 0, b, model.parameters)
        expected = [h + rate * ((k == b) - h) for k, h in enumerate(expected)]
    assert ties["habit"] == pytest.approx(expected, abs=len(bought) * 2.0**-16)  # half a step each time
    assert (ties["habit"] <= 1.0 + 1e-6).all()


@quick
@given(valence=st.sampled_from([1.0, -1.0, c.POST]), heard=st.floats(-0.5, 0.5, width=32), step=st.integers(0, HABITS))
def test_a_message_takes_a_share_of_the_room_left_less_own_experience(
    model: BrandMarket, valence: float, heard: float, step: int
) -> None:
    p, habit = model.parameters, step / HABITS
    limit = float(p["message_logit"])
    heard = max(-limit, min(limit, heard))
    tie = one(TIES.plain, heard=heard, habit=habit)
    persuade(tie, valence, 0.8, p, model.scratch)
    own = -math.log(1.0 - min(habit, 1.0 - 2.0**-20)) / float(p["habit_growth"])
    weight = 0.8 / (1.0 + own / float(model.values["experience_discount"]))
    if valence > 0:
        expected = heard + weight * float(p["message_positive"]) * (limit - heard)
    else:
        expected = heard - weight * float(p["message_negative"]) * (limit + heard)
    assert float(tie["heard"]) == pytest.approx(expected, abs=1e-6)
    assert abs(float(tie["heard"])) <= limit + 1e-6


@quick
@given(overlap=shares, familiarity=shares, briefed=shares)
def test_the_probability_of_a_miss_is_the_product_in_the_description(
    model: BrandMarket, overlap: float, familiarity: float, briefed: float
) -> None:
    p = {name: float(model.parameters[name]) for name in model.parameters.dtype.names}
    lost = (1.0 - overlap) ** model.values["cue_sharpness"]
    view, look = one(VIEWS.plain, familiarity=familiarity), one(LOOK, overlap=overlap, lost=lost)
    found = miss_probability(view, look, briefed, model.setting, model.parameters)
    help_given = min(1.0, p["staff_help"] + p["briefed_help"] * briefed)
    assert found == pytest.approx(p["miss_rate"] * lost * p["clutter"] * (1 - familiarity) * (1 - help_given))
    closed = model.setting.copy()
    closed["findability"] = 0
    assert miss_probability(view, look, briefed, closed, model.parameters) == 0.0


def test_familiarity_comes_with_finds_and_a_little_with_exposure(model: BrandMarket) -> None:
    p = model.parameters
    view = one(VIEWS.plain)
    for _ in range(math.ceil(float(p["finds_to_relearn"]))):
        assert float(view["familiarity"]) < 1.0
        grow_familiar(view, True, p)
    assert float(view["familiarity"]) == 1.0
    other = one(VIEWS.plain)
    grow_familiar(other, False, p)
    assert float(other["familiarity"]) == pytest.approx(float(p["exposure_familiarity"]), rel=1e-6)


@quick
@given(habit=shares, bond=shares, briefed=shares)
def test_a_broken_identity_hurts_in_proportion_to_commitment(
    model: BrandMarket, habit: float, bond: float, briefed: float
) -> None:
    p = {name: float(model.parameters[name]) for name in model.parameters.dtype.names}
    tie, view = one(TIES.plain, habit=habit, bond=bond), one(VIEWS.plain, aware=c.AWARE_HEARD)
    look = one(LOOK, overlap=0.2, identity_break=0.5)
    assert form_opinion(tie, view, look, briefed, 0, model.setting, model.parameters)
    attitude = p["identity_slope"] * max(habit, bond) + p["identity_weak_gain"]
    soften = 1.0 - p["briefed_soften"] * briefed
    assert float(view["hurt"]) == pytest.approx(-0.5 * attitude * soften, abs=1e-6)
    assert float(tie["bond"]) == pytest.approx(bond * (1 - 0.5 * soften) if attitude < 0 else bond, abs=1e-6)
    # nobody forms a first opinion twice
    assert not form_opinion(tie, view, look, briefed, 0, model.setting, model.parameters)


def test_fading_halves_each_stock_in_its_own_half_life(model: BrandMarket) -> None:
    names = ("forced_trial_fade_weeks", "heard_fade_weeks", "bond_decay_weeks", "identity_recovery_halflife_weeks")
    fade = fading(model.values)
    rows, view_rows = aligned((1, 2), TIE), aligned((1, 1), VIEW)
    ties, views = Unpacked.of(rows), Unpacked.of(view_rows)
    for gap in (1, 30, 200):
        me = one(MIND, updated=10)
        for name in ("learned", "heard", "bond"):
            ties[name] = 1.0
        views["hurt"] = 1.0
        refresh_of(me, rows, view_rows, 10 + gap, fade)
        factors = [0.5 ** (gap / (7.0 * model.values[name])) for name in names]
        found = [ties["learned"][0, 1], ties["heard"][0, 1], ties["bond"][0, 1], views["hurt"][0, 0]]
        assert found == pytest.approx(factors, abs=2e-4)  # more than a step of what is kept in 16 bits
        refresh_of(me, rows, view_rows, 10 + gap, fade)  # a second look on the same day fades nothing
        assert ties["learned"][0, 1] == found[0]


def test_the_smallest_stocks_fade_as_fast_as_others_on_average(model: BrandMarket) -> None:
    fade, start = fading(model.values), 0.01
    rows, view_rows = aligned((1, 2), TIE), aligned((1, 1), VIEW)
    ties, views = Unpacked.of(rows), Unpacked.of(view_rows)
    left = []
    for n in range(300):
        ties["heard"], ties["bond"], views["hurt"] = start, start, start
        me = one(MIND, updated=0, next_time=100.0 + 0.37 * n)
        for day in range(1, 61):  # looked at every day, by which nothing would be lost if rounded to the nearest
            refresh_of(me, rows, view_rows, day, fade)
        left.append((ties["heard"][0, 0], ties["bond"][0, 1], views["hurt"][0, 0]))
    for k, name in enumerate(("heard_fade_weeks", "bond_decay_weeks", "identity_recovery_halflife_weeks")):
        found = np.array(left)[:, k]
        expected = start * 0.5 ** (60 / (7.0 * model.values[name]))
        assert abs(found.mean() - expected) < 4.0 * found.std() / np.sqrt(300) + 1e-5
    ties["heard"] = 0.0
    refresh_of(one(MIND), rows, view_rows, 5, fade)
    assert (ties["heard"] == 0.0).all()


@quick
@given(rank=shares)
def test_severity_goes_by_rank(model: BrandMarket, rank: float) -> None:
    p = model.parameters
    severe, medium = float(p["problem_severe_share"]), float(p["problem_medium_share"])
    expected = 3 if rank < severe else 2 if rank < severe + medium else 1
    assert problem_severity(rank, p) == expected


def test_complaints_rise_with_severity_and_talk_is_a_u(model: BrandMarket) -> None:
    p = model.parameters
    by_severity = [complaint_probability(c.KIND_PROBLEM, s, p) for s in (1.0, 2.0, 3.0)]
    assert by_severity == [float(p[f"complain_{name}"]) for name in ("minor", "medium", "severe")]
    assert by_severity[0] < by_severity[1] < by_severity[2]
    assert complaint_probability(c.KIND_NEWS, 0.5, p) == 0.0 < complaint_probability(c.KIND_NEWS, -0.5, p)
    tie, bonded = one(TIES.plain), one(TIES.plain, bond=0.8)
    good, calm, bad = (talk_probability(tie, x, p) for x in (0.5, 0.0, -0.5))
    assert calm < good < bad
    assert talk_probability(bonded, 0.5, p) > good


def test_apology_beats_money_and_a_late_answer_counts_as_none(model: BrandMarket) -> None:
    p = model.parameters
    policies = (c.IGNORE, c.REFUND, c.APOLOGISE)
    ignored, refunded, apologised = (satisfaction_probability(k, 0.9, False, p) for k in policies)
    assert ignored < refunded < apologised
    assert satisfaction_probability(c.APOLOGISE, 0.9, True, p) == ignored
    assert satisfaction_probability(c.APOLOGISE, 0.4, False, p) < apologised


@quick
@given(
    st.integers(0, 180),
    st.lists(st.tuples(st.floats(1, 200), st.integers(-300, 180), st.integers(-300, 180)), max_size=20),
)
def test_lapsed_means_silent_for_twice_the_own_interval_while_still_buying(
    model: BrandMarket, day: int, people: list[tuple[float, int, int]]
) -> None:
    mind = aligned(2 * len(people) + 1, MIND)
    base = np.arange(len(people), dtype=np.int64) * 2
    for row, (_, focal, rival) in zip(base, people, strict=True):
        mind[row]["last_focal"], mind[row]["last_rival"] = focal, rival
    lapse = Lapse(base, np.array([limit for limit, _, _ in people]), np.zeros((27, len(people)), np.uint8))
    note_lapse(day, model.state.life._replace(mind=mind), lapse, 0, 1)
    for state, (limit, focal, rival) in zip(lapse.states[day // 7], people, strict=True):
        if day + 1 < limit:
            assert state == c.TOO_EARLY
        elif rival > focal and day - focal > limit:
            assert state == c.LAPSED
        else:
            assert state == c.BUYING


# -- shelves --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stores", "blocks"), [(1, 1), (7, 6), (3, 70)])
def test_stores_draw_together_what_each_draws_alone(model: BrandMarket, stores: int, blocks: int) -> None:
    scratch = new_crew(model.world, model.values)[0]
    words = aligned((8, 256), np.uint32)
    keys = (np.uint64(12345), np.uint64(2**63 + 7))
    draw_for_stores(*keys, 2, 2 + stores, blocks, scratch.seats, words)
    for s in range(stores):
        for k in range(blocks):
            alone = [block(key, np.uint64(2 + s), k, 0) for key in keys]
            assert words[:, s * blocks + k].tolist() == [int(word) for four in alone for word in four]


@pytest.mark.parametrize("blocks", [1, 6, 50, 128])
def test_each_store_finds_its_draws_however_many_draw_together(model: BrandMarket, blocks: int) -> None:
    scratch = new_crew(model.world, model.values)[0]
    keys = (np.uint64(99), np.uint64(3))
    for s in range(5, 150 // blocks + 9):
        place = drawn_for(s, 5, 150 // blocks + 9, blocks, *keys, model.setting, scratch)
        for k in (0, blocks - 1):
            alone = [int(word) for key in keys for word in block(key, np.uint64(s), k, 0)]
            assert scratch.store_words[:, place + k].tolist() == alone


@quick
@given(demand=st.floats(0, 200), cover=st.integers(1, 12), bond=shares)
def test_a_store_orders_up_to_demand_plus_a_safety_stock(
    model: BrandMarket, demand: float, cover: int, bond: float
) -> None:
    z = float(model.parameters["service_level_z"]) + float(model.parameters["rep_safety_bonus"]) * bond
    expected = demand * cover + z * math.sqrt(demand * cover)
    assert order_up_to(demand, cover, bond, model.parameters) == pytest.approx(expected)


def arrival_of(model: BrandMarket, store: int, day: int) -> int:
    """The first truck after the lead time, found by looking at one day after the other."""
    lead = int(model.levers.lead_time[store, 0])
    return next(d for d in range(day + max(1, lead), day + 30) if model.town.places["delivery"][store, d % 7])


def test_steady_demand_gives_the_stock_path_of_the_textbook() -> None:
    """Forecasts are right, trucks come full: every order lifts the stock position to the order-up-to level."""
    values = dict(table().central())
    values |= dict.fromkeys(("forecast_rate", "forecast_error_sd", "shelving_gap_rate", "record_error_rate"), 0.0)
    scenario = setting(customers=1500)
    model = BrandMarket(scenario, rng=1, values=values, warm_up=False)
    model.levers.fill_rate[:] = 1.0
    life = model.state.life
    life.stock["shelf"], life.stock["backroom"] = 1, 0
    bond = life.chain["rep_bond"][:, model.world.brands.item_brand].astype(float)
    demand = life.stock["forecast"].astype(float)
    safety = values["service_level_z"] + values["rep_safety_bonus"] * bond
    used = np.maximum(1, np.rint(demand).astype(np.int32))
    stores = range(demand.shape[0])
    for day in range(-546, -500):
        model._run(day, day + 1, c.PHASE_SHELVE)
        life.stock["sold"] = np.minimum(used, life.stock["shelf"])
        life.stock["shelf"] -= life.stock["sold"]
        before = life.stock["shelf"] + life.stock["backroom"] + life.coming.sum(axis=2)
        model._run(day, day + 1, c.PHASE_REVIEW)
        after = life.stock["shelf"] + life.stock["backroom"] + life.coming.sum(axis=2)
        cover = np.array([arrival_of(model, s, day + scenario.market.stores.review_days) - day - 1 for s in stores])
        expected = demand * cover[:, None]
        assert (after == np.maximum(before, np.ceil(expected + safety * np.sqrt(expected)))).all()


def test_no_unit_appears_or_vanishes() -> None:
    """Day by day and shelf by shelf: stock before + delivered - sold = stock after; sold = recorded."""
    events = [
        CARTON,
        {"kind": "stockout", "brand": FOCAL, "severity": 0.5, "start": "day 4", "lasts": "2 weeks"},
        {"kind": "campaign", "brand": "Groveland", "reach": 0.6, "start": "day 2", "lasts": "2 weeks"},
    ]
    model = BrandMarket(setting(*events, customers=1500), rng=6, warm_up=False)
    model.run_until(-60)
    life, records = model.state.life, model.state.records
    item_brand = model.world.brands.item_brand
    sold_in_all = 0
    for day in range(-60, 30):
        row = model.week_row(day)
        stock_before = life.stock["shelf"] + life.stock["backroom"]
        delivered = life.coming[:, :, day % c.SLOTS].copy()
        recorded = records.stores[row].copy()
        model.run_until(day + 1)
        sold = life.stock["sold"]
        assert (stock_before + delivered - sold == life.stock["shelf"] + life.stock["backroom"]).all()
        assert (life.stock["shelf"] >= 0).all()
        assert (life.stock["backroom"] >= 0).all()
        by_brand = np.stack([sold[:, item_brand == b].sum(axis=1) for b in range(4)], axis=1)
        assert (by_brand == records.stores[row] - recorded).all()
        sold_in_all += int(sold.sum())
    assert sold_in_all > 1000


def test_counters_agree_however_they_are_cut() -> None:
    model = BrandMarket("redesign_meets_stockout", rng=2, customers=1200, warm_up=False)
    model.run_until(model.last_day)
    records = model.state.records
    units = records.totals[:, c.UNITS]
    assert (records.stores.sum(axis=1) == units).all()
    edges = [*records.level_start, records.levels.shape[1]]
    for first, last in itertools.pairwise(edges):
        assert (records.levels[:, first:last].sum(axis=1) == units).all()
    assert (records.totals[:, c.VALUE] >= records.totals[:, c.CONTRIBUTION]).all()
    answers = [c.TOOK_VARIANT, c.TOOK_RIVAL, c.TOOK_OTHER_STORE, c.WAITED, c.WENT_WITHOUT]
    assert (records.totals[:, answers].sum(axis=1) == records.totals[:, c.WANTED_OUT]).all()
    assert records.totals[:, c.WANTED_OUT].sum() > 50
    assert (records.shelf[:, :, 1:].sum(axis=2) <= records.shelf[:, :, c.SHELF_DAYS]).all()
    items = Counter(model.world.brands.item_brand.tolist())
    stores = model.world.stores.region.shape[0]
    audited = [2 * 7 * stores * items[b] for b in range(4)]  # when stores open and when they close
    assert (records.shelf[:-1, :, c.SHELF_DAYS] == audited).all()
    assert (records.habitual <= units[:, model.world.focal]).all()
    assert (records.totals[:, c.COMPLAINTS_PUBLIC] <= records.totals[:, c.COMPLAINTS]).all()
    assert model.scratch.counts[c.DROPPED] == 0


def test_the_five_fates_sum_to_the_base() -> None:
    outcome = run_replicate(Task(setting({**CARTON, "appeal": {"mean": -1.0}}, customers=1500, weeks=12), replicate=0))
    for week in range(12):
        assert fate_counts(outcome, week).sum() == outcome.base.shape[0] > 100
    found = dict(zip(FATES, fate_counts(outcome, 11).tolist(), strict=True))
    assert found["caused"] > found["saved"]


def test_the_day_has_nine_phases_in_order(model: BrandMarket) -> None:
    names = ["events", "deliver and shelve", "rep rounds", "shop", "experience", "voice", "talk", "review", "record"]
    assert [name for name, _, _ in PHASES] == names
    assert [bit for _, bit, _ in PHASES] == [1 << k for k in range(9)]
    assert sum(bit for _, bit, _ in PHASES) == c.ALL_PHASES


@quick
@given(bond=shares, owned=st.integers(0, 255), share=st.floats(0.0, 1.0), part=st.floats(0.0, 1.0))
def test_what_a_person_owns_of_a_bond_stays_a_share_and_moves_towards_what_they_add(
    bond: float, owned: int, share: float, part: float
) -> None:
    tie = one(TIES.plain, bond=bond, owned=owned)
    grow_bond(tie, share, part)
    goal = np.floor(part * c.OWNED_ALL + 0.5)
    assert bond - 1e-6 <= tie["bond"] <= 1.0 + 1e-6
    assert min(owned, goal) <= tie["owned"] <= max(owned, goal)
    left = one(TIES.plain, bond=tie["bond"], owned=tie["owned"])
    lose_person(left, 0.0)
    assert left["bond"] == pytest.approx(tie["bond"] * (1.0 - tie["owned"] / c.OWNED_ALL), abs=1e-6)
    assert left["owned"] == 0
    kept = one(TIES.plain, bond=tie["bond"], owned=tie["owned"])
    lose_person(kept, 1.0)
    assert (kept["bond"], kept["owned"]) == (tie["bond"], tie["owned"])
