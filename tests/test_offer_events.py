"""Events that change what is offered: each acts, ends, keeps to its place, works for rivals, and can be undone.

Worlds are fixed by their seeds, so there is no false alarm; margins were several standard errors when written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_markets import CARTON, FOCAL, differences, setting

from simulator.experiment.twins import Task, run_twins, twins_of
from simulator.model import BrandMarket
from simulator.model.kernels import constants as c
from simulator.model.kernels.changes import tells_apart
from simulator.model.timeline import CHANNEL_OF_KIND, Timeline
from simulator.parameters import table
from simulator.scenario import ScenarioError

RIVAL = "Groveland"

OFFERS: dict[str, dict[str, Any]] = {
    "supply": {"kind": "supply", "brand": FOCAL, "fill_rate": 0.3},
    "lead time": {"kind": "supply", "brand": FOCAL, "lead_time": "7 days"},
    "delist": {"kind": "delist", "brand": FOCAL},
    "reformulate": {"kind": "reformulate", "brand": FOCAL, "quality": -1.0, "sd": 1.5, "announced": 0.4},
    "reposition": {"kind": "reposition", "brand": FOCAL, "position": [2.0, 1.0], "announced": 0.6},
    "loyalty_programme": {"kind": "loyalty_programme", "brand": FOCAL, "enrolled": 0.6, "reward": 0.2},
    "price": {"kind": "price", "brand": FOCAL, "change": 0.15, "ramp": "3 weeks"},
    "price of an item": {"kind": "price", "brand": FOCAL, "item": "pulp", "change": 0.3},
    "resize": {"kind": "resize", "brand": FOCAL, "change": -0.2, "ramp": "3 weeks"},
}
"""A strong event of each kind."""


def arms(*events: Mapping[str, Any], customers: int = 2000, weeks: int = 12, seed: int = 1, **task: Any) -> Any:
    scenario = setting(*({"start": "week 0", **event} for event in events), customers=customers, weeks=weeks)
    values = task.pop("values", None)
    described = Task(scenario, replicate=0, seed=seed, luck_only=True, **task)
    if values is None:
        return run_twins(described)
    return twins_of(scenario, {**table().central(), **values}, described)


def weekly(model: BrandMarket, metric: int, brand: int = 0) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = model.state.records.totals[model.observed_weeks : -1, metric, brand]
    return rows


def change(pair: Any, brand: int = 0, metric: int = c.UNITS, weeks: slice = slice(None)) -> float:
    """Log ratio of the scenario's counter to the baseline's."""
    now, before = (weekly(pair[name], metric, brand)[weeks].sum() for name in ("scenario", "baseline"))
    return float(np.log(now / before))


def levers(event: Mapping[str, Any], day: int, *more: Mapping[str, Any]) -> Any:
    """Today's levers in a market to which an event happens."""
    scenario = setting({"start": "week 0", **event}, *more, customers=3000)
    model = BrandMarket(scenario, rng=1, warm_up=False)
    return model.timeline.levers(day, {}, model.state.reference)


# -- every kind -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", OFFERS.values(), ids=OFFERS)
def test_an_event_moves_its_brand_and_nothing_before_it_begins(event: dict[str, Any]) -> None:
    pair = arms({**event, "start": "week 2"})
    units = {name: weekly(model, c.UNITS) for name, model in pair.items()}
    assert (units["scenario"][:2] == units["baseline"][:2]).all()
    assert (units["scenario"][2:] != units["baseline"][2:]).any()


@pytest.mark.parametrize("event", OFFERS.values(), ids=OFFERS)
def test_a_rivals_event_reaches_the_focal_brand(event: dict[str, Any]) -> None:
    item = {"item": "original"} if "item" in event else {}
    pair = arms({**event, "brand": RIVAL, **item})
    assert (weekly(pair["scenario"], c.UNITS, 1) != weekly(pair["baseline"], c.UNITS, 1)).any()
    assert (weekly(pair["scenario"], c.UNITS) != weekly(pair["baseline"], c.UNITS)).any()


@pytest.mark.parametrize("event", OFFERS.values(), ids=OFFERS)
def test_with_its_channel_closed_an_event_is_exactly_nothing(event: dict[str, Any]) -> None:
    pair = arms(event, customers=600, weeks=8, closed=frozenset({CHANNEL_OF_KIND[event["kind"]]}))
    assert differences(pair["baseline"], pair["scenario"]) == []


@pytest.mark.parametrize("event", OFFERS.values(), ids=OFFERS)
def test_an_event_ends_when_it_is_over(event: dict[str, Any]) -> None:
    over = levers({**event, "lasts": "2 weeks"}, 14)
    quiet = BrandMarket(setting(customers=3000), rng=1, warm_up=False).levers
    for name in ("fill_rate", "lead_time", "severity", "delisted"):
        assert (getattr(over, name) == getattr(quiet, name)).all()
    assert over.active.sum() == 0
    assert not over.looks["begun"].any()
    assert over.specials.size == 0
    for name in ("log_price", "log_size"):
        assert (over.offers[name] == quiet.offers[name]).all()


@pytest.mark.parametrize("event", OFFERS.values(), ids=OFFERS)
def test_an_event_keeps_to_its_stores(event: dict[str, Any]) -> None:
    pair = arms({**event, "where": {"region": "south"}}, without=("talk",), weeks=6)
    world = pair["baseline"].world
    units = {name: model.state.records.stores for name, model in pair.items()}
    # nobody knows stores of two regions, so what happens in the south stays there
    north = world.stores.region == world.regions.index("north")
    assert (units["scenario"][:, north] == units["baseline"][:, north]).all()
    assert (units["scenario"][:, ~north] != units["baseline"][:, ~north]).any()


UNDONE = [OFFERS[name] for name in ("delist", "reformulate", "reposition", "loyalty_programme", "price", "resize")]


@pytest.mark.parametrize("event", UNDONE, ids=lambda event: event["kind"])
def test_a_rollback_undoes_a_decision(event: dict[str, Any]) -> None:
    back = {"kind": "rollback", "of": "it", "start": "week 4"}
    after = levers({**event, "id": "it"}, 28, back)
    quiet = BrandMarket(setting(customers=3000), rng=1, warm_up=False).levers
    assert after.active.sum() == 0 == after.delisted.size
    assert (after.offers["log_price"] == quiet.offers["log_price"]).all()
    assert (after.offers["log_size"] == quiet.offers["log_size"]).all()


def test_poor_supply_is_no_decision_to_undo() -> None:
    back = {"kind": "rollback", "of": "it", "start": "week 4"}
    with pytest.raises(ScenarioError, match="a supply event cannot be rolled back"):
        levers({**OFFERS["supply"], "id": "it"}, 28, back)


def test_old_goods_come_back_over_the_time_of_a_rollback() -> None:
    back = {"kind": "rollback", "of": "it", "start": "week 4", "over": "4 weeks"}
    recipe = [levers({**OFFERS["reformulate"], "id": "it"}, day, back).active for day in (27, 41, 56)]
    assert [float(active.max(initial=0.0)) for active in recipe] == pytest.approx([1.0, 0.5, 0.0])
    place = [levers({**OFFERS["reposition"], "id": "it"}, day, back).looks[0] for day in (27, 41)]
    half = (place[0]["origin"] + place[0]["position"]) / 2
    assert place[1]["position"] == pytest.approx(half)


def test_ramps_build_up_in_equal_daily_steps() -> None:
    ramp = {"ramp": "4 weeks"}
    price = [levers({**OFFERS["price"], **ramp}, day).offers["price"][0, 0] for day in (-1, 0, 13, 27, 60)]
    assert np.array(price) / 4.49 - 1 == pytest.approx(np.array([0, 1 / 28, 1 / 2, 1, 1]) * 0.15, abs=1e-9)
    size = [np.exp(levers({**OFFERS["resize"], **ramp}, day).offers["log_size"][0, 0]) for day in (-1, 13, 27)]
    assert size == pytest.approx([1.0, 0.9, 0.8])
    fill = [levers({**OFFERS["supply"], **ramp}, day).fill_rate[0, 0] for day in (-1, 13, 27)]
    assert fill == pytest.approx([fill[0], (fill[0] + 0.3) / 2, 0.3])
    gone = [(levers({"kind": "delist", "brand": FOCAL, "over": "4 weeks"}, day).delisted > 0) for day in (0, 13, 27)]
    assert [day.mean() for day in gone] == sorted(day.mean() for day in gone)
    assert gone[-1][:, :3].all()


# -- single items and segments ----------------------------------------------------------------------------------------


def test_a_cheaper_item_is_bought_more_and_for_its_own_price() -> None:
    cheaper = {"kind": "price", "brand": FOCAL, "item": "pulp", "change": -0.2, "start": "week 0"}
    model = BrandMarket(setting(cheaper, customers=3000, weeks=12), rng=1, panel=True)
    quiet = BrandMarket(setting(cheaper, customers=3000, weeks=12), rng=1, panel=True, arm="baseline")
    share = {}
    for name, one in (("cheaper", model), ("quiet", quiet)):
        one.run_until(one.last_day)
        bought = one.purchases().query("day >= 0 and brand == 0")
        share[name] = (bought["item"] == 0).mean()
        paid = bought.groupby("item")["price"].unique().map(lambda values: round(float(values[0]), 4)).to_dict()
        assert paid == ({0: 3.592, 1: 4.49, 2: 4.49} if name == "cheaper" else dict.fromkeys(range(3), 4.49))
    assert share["cheaper"] > share["quiet"] + 0.02
    assert int(weekly(model, c.UNITS).sum()) > int(weekly(quiet, c.UNITS).sum())


def test_a_dear_item_sends_its_buyers_to_the_brands_other_items_first() -> None:
    item, brand = (
        1.0 - np.exp(change(arms({"kind": "price", "brand": FOCAL, "change": 1.5, **more}, customers=3000)))
        for more in ({"item": "pulp"}, {})
    )
    # pulp is 45% of the brand; its buyers are not lost at the rate at which a whole brand's are
    assert 0.03 < item < 0.9 * 0.45 * brand


def test_a_price_for_a_segment_is_paid_by_no_other() -> None:
    event = {"kind": "price", "brand": FOCAL, "change": 0.3, "where": {"segment": "singles"}}
    pair = arms(event, customers=3000, without=("talk", "shelf"))
    world = pair["baseline"].world
    first = int(pair["scenario"].state.records.level_start[1])
    units = {name: m.state.records.levels[m.observed_weeks : -1, first:, 0].sum(0) for name, m in pair.items()}
    for g, name in enumerate(world.segments):
        gone = units["scenario"][g] - units["baseline"][g]
        assert (gone < 0) if name == "singles" else (gone == 0)


def test_a_smaller_item_costs_less_to_make() -> None:
    event = {"kind": "resize", "brand": FOCAL, "item": "smooth", "change": -0.5}
    pair = arms(event, values={"notice_size": 0.0})
    assert change(pair) == 0.0
    assert weekly(pair["scenario"], c.CONTRIBUTION).sum() > weekly(pair["baseline"], c.CONTRIBUTION).sum()


def test_people_get_used_to_the_price_of_an_item_by_its_share() -> None:
    pair = arms({"kind": "price", "brand": FOCAL, "item": "pulp", "change": 0.5}, customers=600, weeks=40)
    moved = float(pair["scenario"].state.reference[0] - pair["baseline"].state.reference[0])
    # four fifths of the way after 40 weeks, at a quarter of the gap per trip
    assert moved == pytest.approx(0.8 * 0.45 * np.log(1.5), rel=0.1)


def test_reference_prices_are_known_for_all_weeks_up_to_the_next_change() -> None:
    events = [
        {"kind": "price", "brand": FOCAL, "change": 0.2, "start": "week 0", "lasts": "6 weeks"},
        {"kind": "price", "brand": RIVAL, "item": "smooth", "change": -0.3, "start": "week 0", "lasts": "6 weeks"},
    ]
    model = BrandMarket(setting(*events, customers=300), rng=1, warm_up=False)
    usual = model.state.reference.copy()
    ahead = model.timeline.levers(3, {}, usual, 42).reference
    assert ahead.shape == (7, 4)
    path = [usual]
    for day in range(3, 42, 7):  # week by week, as if each had been set anew
        path.append(model.timeline.levers(day, {}, path[-1], day + 7).reference[1])
    assert ahead.tobytes() == np.array(path).tobytes()
    assert (np.diff(ahead[:, 0]) > 0).all()
    assert (np.diff(ahead[:, 1]) < 0).all()
    assert (ahead[:, 2:] == usual[2:]).all()
    model.run_until(24)
    assert model.state.reference.tobytes() == ahead[3].tobytes()
    model.run_until(7 * 7)
    assert usual[0] < model.state.reference[0] < ahead[6, 0]
    assert model.timeline.levers(-10, {}, usual, 0).reference.shape == (1, 4)  # nothing moves


# -- supply ---------------------------------------------------------------------------------------------------------


def test_poor_supply_empties_shelves_upstream_and_costs_sales() -> None:
    pair = arms(OFFERS["supply"])
    shelf = {name: model.state.records.shelf[model.observed_weeks : -1, 0].sum(0) for name, model in pair.items()}
    rate = {name: audits[c.OUT_UPSTREAM] / audits[c.SHELF_DAYS] for name, audits in shelf.items()}
    assert rate["scenario"] > rate["baseline"] + 0.2
    assert change(pair) < -0.1
    assert (pair["scenario"].state.life.mind["first_cause"] == c.AVAILABILITY).sum() > 100


def test_longer_lead_times_starve_shelves_until_orders_have_caught_up() -> None:
    pair = arms(OFFERS["lead time"], weeks=20)
    shelf = {name: model.state.records.shelf[model.observed_weeks : -1, 0] for name, model in pair.items()}
    empty = {name: 1.0 - (audits[:, 0] - audits[:, 1:].sum(1)) / audits[:, 0] for name, audits in shelf.items()}
    more = empty["scenario"] - empty["baseline"]
    assert more[0] > 0.15
    assert more[8:].mean() < 0.3 * more[0]


def test_a_supply_event_without_a_brand_is_everybodys() -> None:
    today = levers({"kind": "supply", "fill_rate": 0.5, "where": {"region": "north"}}, 3)
    assert sorted(set(today.fill_rate.ravel().tolist())) == pytest.approx([0.5, today.usual_fill.max()])
    assert (today.fill_rate == today.fill_rate[:, :1]).all()


# -- delisting ------------------------------------------------------------------------------------------------------


def test_what_is_delisted_is_neither_sold_nor_audited() -> None:
    model = arms({"kind": "delist", "brand": RIVAL, "start": "week 1"})["scenario"]
    assert weekly(model, c.UNITS, 1)[1:].sum() == 0 < weekly(model, c.UNITS, 1)[0]
    audits = model.state.records.shelf[model.observed_weeks : -1, 1, c.SHELF_DAYS]
    assert audits[1:].sum() == 0 < audits[0]
    assert weekly(model, c.WANTED_OUT, 1)[1:].sum() == 0


def test_nobody_distrusts_the_supply_of_what_is_not_sold() -> None:
    event = {"brand": FOCAL, "start": "week 0", "lasts": "6 weeks"}
    gone = arms({"kind": "delist", **event})["scenario"]
    empty = arms({"kind": "stockout", "severity": 1.0, **event})["scenario"]
    mean = {name: float(m.state.life.ties["distrust"][:, 0].mean()) for name, m in (("gone", gone), ("empty", empty))}
    assert mean["gone"] < 0.7 * mean["empty"]


def test_who_knows_that_a_store_no_longer_sells_it_goes_to_another() -> None:
    """Of 6,000 customers about 500 have store 0 as their main one; it stops selling the leader."""
    pair = arms({"kind": "delist", "brand": FOCAL, "where": {"store": 0}}, customers=6000)
    units = {name: m.state.records.stores[m.observed_weeks : -1, :, 0].sum(0) for name, m in pair.items()}
    assert units["scenario"][0] == 0
    lost = units["baseline"][0]
    won = (units["scenario"] - units["baseline"])[1:].sum()
    assert 0.15 * lost < won < 0.7 * lost
    knows = pair["scenario"].state.life.views["aware"][:, 0] > 0
    main = pair["scenario"].world.customers.store[:, 0] == 0
    lately = pair["scenario"].customers.get("last_purchase") > 20
    assert knows[main & lately].mean() > 0.5 > knows[~main].mean()


def test_a_delisted_item_leaves_the_brand_its_other_items() -> None:
    pair = arms({"kind": "delist", "brand": FOCAL, "item": "pulp"}, customers=4000)
    assert -0.5 < change(pair) < -0.08  # pulp is 45% of the brand; part of its buyers takes another item
    stock = pair["scenario"].state.life.stock["blocked"]
    assert (stock[:, 0] == c.DELISTED).all()
    assert (stock[:, 1:] != c.DELISTED).all()


def test_what_is_listed_again_sells_again() -> None:
    pair = arms({"kind": "delist", "brand": FOCAL, "lasts": "4 weeks"}, customers=4000, weeks=20)
    assert weekly(pair["scenario"], c.UNITS)[:4].sum() == 0
    assert change(pair, weeks=slice(14, 20)) > -0.2


# -- recipe ---------------------------------------------------------------------------------------------------------


def test_half_of_the_uses_reveal_a_just_noticeable_difference() -> None:
    p = BrandMarket(setting(customers=200), rng=1, warm_up=False).parameters
    jnd, closer = float(p["taste_jnd"]), float(p["taste_jnd"] * p["attentive_jnd"])
    assert tells_apart(jnd, False, p) == pytest.approx(0.5) == tells_apart(-closer, True, p)
    assert tells_apart(0.0, True, p) == 0.0
    assert tells_apart(jnd / 4, False, p) < 0.02 < 0.95 < tells_apart(2 * jnd, False, p)


def test_a_silent_change_too_small_to_taste_does_nothing() -> None:
    """Kraft 2015-16: a recipe changed in silence sold as usual; the guard allows one percent."""
    effects, complaints = [], []
    for seed in (1, 2, 3):
        pair = arms({"kind": "reformulate", "brand": FOCAL, "quality": -0.1}, customers=5000, weeks=16, seed=seed)
        effects.append(change(pair))
        complaints.append(weekly(pair["scenario"], c.COMPLAINTS).sum() - weekly(pair["baseline"], c.COMPLAINTS).sum())
    assert abs(np.mean(effects)) < 0.01
    assert abs(np.mean(complaints)) <= 3


def test_a_worse_recipe_loses_buyers_by_use_and_a_better_one_wins_them() -> None:
    worse, better = (
        np.mean(
            [
                change(arms({**event, "quality": quality}, customers=4000, weeks=26, seed=seed))
                for seed in (1, 2)
                for event in [{"kind": "reformulate", "brand": FOCAL}]
            ]
        )
        for quality in (-1.0, 1.0)
    )
    assert worse < -0.03
    assert better > 0.01
    assert -worse > better  # a promise broken hurts beyond the difference


def test_who_is_told_of_a_new_recipe_tastes_one_that_is_not_there() -> None:
    """Announced without a change: some are disappointed all the same, and hardly anybody buys less (April 2015)."""
    told = {"kind": "reformulate", "brand": FOCAL, "quality": 0.0, "announced": 0.8}
    pair = arms(told, customers=8000, weeks=16, values={"complain_disliked_change": 0.3}, without=("curiosity",))
    complaints = [int(weekly(pair[name], c.COMPLAINTS).sum()) for name in ("baseline", "scenario")]
    assert complaints[1] > complaints[0] + 10
    assert abs(change(pair)) < 0.01
    sober = arms(told, customers=2000, without=("imagination", "curiosity"))
    assert differences(sober["baseline"], sober["scenario"], leave_out=["view_rows"]) == []


def test_only_the_item_with_the_new_recipe_tastes_of_it() -> None:
    event = {"kind": "reformulate", "brand": FOCAL, "item": "calcium", "quality": -2.0}
    model = arms(event, customers=4000, without=("talk",))["scenario"]
    tasted = (model.state.life.views["aware"][:, 0] & c.AWARE_SEEN) > 0
    favourite = model.world.customers.favourite[:, 0]
    assert tasted[favourite == 2].mean() > 5 * tasted[favourite == 0].mean() > 0


def test_a_told_new_recipe_can_break_what_the_brand_stood_for() -> None:
    told = {"kind": "reformulate", "brand": FOCAL, "quality": 0.0, "announced": 1.0, "identity_break": 1.0}
    model = arms(told, without=("talk", "imagination"))["scenario"]
    hurt, habit = model.state.life.views["hurt"][:, 0], model.state.life.ties["habit"][:, 0]
    assert (hurt[(habit > 0.7) & (hurt != 0)] > 0).mean() > 0.9
    silent = arms({**told, "announced": 0.0}, without=("talk", "imagination"))
    assert differences(silent["baseline"], silent["scenario"]) == []


# -- position -------------------------------------------------------------------------------------------------------


def test_a_move_in_lifestyle_space_wins_those_nearby_and_loses_those_left_behind() -> None:
    event = {"kind": "reposition", "brand": FOCAL, "position": [2.0, 0.0], "announced": 1.0}
    nearer, farther = [], []
    for seed in (1, 2, 3):
        pair = arms(
            event, customers=4000, weeks=26, seed=seed, without=("curiosity",), values={"lifestyle_fit_weight": 0.6}
        )
        world = pair["baseline"].world
        place = world.customers.position - np.array([2.0, 0.0])
        left = world.customers.position - world.brands.position[0]
        gain = np.hypot(*left.T) - np.hypot(*place.T)
        habit = {name: model.state.life.ties["habit"][:, 0] for name, model in pair.items()}
        moved = habit["scenario"] - habit["baseline"]
        nearer.append(moved[gain > 0.8].mean())
        farther.append(moved[gain < -0.8].mean())
    assert max(farther) < 0 < min(nearer)


def test_a_position_nobody_has_heard_of_is_noticed_slowly() -> None:
    event = {"kind": "reposition", "brand": FOCAL, "position": [1.0, 1.0]}
    seen = {}
    for announced in (0.0, 1.0):
        model = arms({**event, "announced": announced}, without=("talk",))["scenario"]
        shopped = model.customers.get("last_purchase") >= 0
        seen[announced] = ((model.state.life.views["aware"][shopped, 0] & c.AWARE_SEEN) > 0).mean()
    assert 0.05 < seen[0.0] < 0.5 < 0.85 < seen[1.0]


def test_a_position_for_one_segment_is_lost_on_the_others() -> None:
    event = {"kind": "reposition", "brand": FOCAL, "position": [1.0, 1.0], "announced": 1.0}
    model = arms({**event, "where": {"segment": ["singles"]}}, without=("talk",))["scenario"]
    singles = model.world.customers.segment == model.world.segments.index("singles")
    aware = model.state.life.views["aware"][:, 0]
    assert aware[~singles].sum() == 0 < aware[singles].sum()


def test_a_move_to_where_the_brand_stands_is_no_move() -> None:
    world = BrandMarket(setting(customers=200), rng=1, warm_up=False).world
    home = world.brands.position[0].astype(float).round(6).tolist()
    pair = arms({"kind": "reposition", "brand": FOCAL, "position": home}, customers=600)
    assert differences(pair["baseline"], pair["scenario"], leave_out=["view_rows"]) == []


def test_a_look_can_carry_a_new_position() -> None:
    plain = {**CARTON, "overlap": 0.6, "appeal": {"mean": 0.0, "sd": 0.0}}
    pair = [arms({**plain, **more}, customers=3000) for more in ({}, {"position": [2.5, 0.0]})]
    looks = [p["scenario"].levers.looks[0] for p in pair]
    assert [int(look["moves"]) for look in looks] == [0, 1]
    assert change(pair[0]) != change(pair[1])


# -- rewards --------------------------------------------------------------------------------------------------------


def test_members_are_buyers_who_joined_and_rewards_are_paid_from_the_contribution() -> None:
    event = {"kind": "loyalty_programme", "brand": FOCAL, "enrolled": 0.5, "reward": 0.1}
    pair = arms(event, customers=4000, weeks=20, without=("membership", "talk"))
    model = pair["scenario"]
    member = (model.state.life.views["aware"][:, 0] & c.AWARE_ENROLLED) > 0
    bought = model.state.life.mind["last_focal"] >= 0
    assert member[~bought].sum() == 0
    assert abs(member[bought].mean() - 0.5) < 4 * np.sqrt(0.25 / bought.sum())
    # without any pull the same is sold, and the rewards of about half of it are missing from the contribution
    assert weekly(model, c.UNITS).sum() == weekly(pair["baseline"], c.UNITS).sum()
    assert weekly(model, c.VALUE).sum() == weekly(pair["baseline"], c.VALUE).sum()
    paid = weekly(pair["baseline"], c.CONTRIBUTION).sum() - weekly(model, c.CONTRIBUTION).sum()
    assert 0.35 * 0.1 < paid / weekly(model, c.VALUE).sum() < 0.65 * 0.1


def test_rewards_buy_repeat_while_they_last() -> None:
    event = {"kind": "loyalty_programme", "brand": FOCAL, "enrolled": 1.0, "reward": 0.25, "lasts": "20 weeks"}
    during, after = [], []
    for seed in (1, 2):
        pair = arms(event, customers=4000, weeks=44, seed=seed)
        during.append(change(pair, weeks=slice(4, 20)))
        after.append(change(pair, weeks=slice(28, 44)))
    assert np.mean(during) > 0.04
    assert np.mean(after) < 0.5 * np.mean(during)


def test_members_bonds_grow_faster() -> None:
    event = {"kind": "loyalty_programme", "brand": FOCAL, "enrolled": 1.0, "reward": 0.01}
    pair = arms(event, weeks=26, values={"programme_bond": 1.0, "reward_weight": 0.0})
    bond = {name: model.state.life.ties["bond"][:, 0].mean() for name, model in pair.items()}
    assert bond["scenario"] > 1.05 * bond["baseline"]


# -- salience -------------------------------------------------------------------------------------------------------


def test_a_campaign_brings_a_brand_to_mind_and_is_forgotten() -> None:
    event = {"kind": "campaign", "brand": RIVAL, "reach": 0.01, "persuasion": 0, "salience": 0.5, "lasts": "26 weeks"}
    scenario = setting({**event, "start": "week 0"}, customers=300, weeks=80)
    model = BrandMarket(scenario, rng=1, warm_up=False)
    path = [
        float(model.timeline.levers(7 * week, {}, model.state.reference).salience[0, 1])
        for week in (-1, 0, 13, 25, 40, 79)
    ]
    assert path[0] == 0.0 < path[1] < path[2] < path[3] < 0.5
    assert path[4] < 0.6 * path[3]
    assert path[5] < 0.1 * path[3]
    assert [float(model.levers.salience[0, b]) for b in (0, 2, 3)] == [0.0, 0.0, 0.0]


def test_salience_is_known_for_all_weeks_up_to_the_next_change() -> None:
    event = {"kind": "campaign", "brand": RIVAL, "reach": 0.01, "persuasion": 0, "salience": 0.5, "lasts": "6 weeks"}
    events = [CARTON, {**event, "start": "week 3"}]
    timeline = BrandMarket(setting(*events, customers=300), rng=1, warm_up=False).timeline
    assert timeline.next_change(23, {}) == 63
    ahead = timeline.salience(23, {}, 63)
    assert ahead.shape == (6, 4)
    alone = [timeline.salience(day, {}, day + 1) for day in (23, 28, 35, 42, 49, 56)]
    assert ahead.tobytes() == np.concatenate(alone).tobytes()
    assert (np.diff(ahead[:, [0, 1]], axis=0) > 0).all()


def test_salience_wins_those_without_habit() -> None:
    event = {"kind": "campaign", "brand": FOCAL, "reach": 0.01, "persuasion": 0, "salience": 2.0, "lasts": "26 weeks"}
    pair = arms(event, customers=4000, weeks=20, without=("talk",))
    assert change(pair) > 0.05
    before = BrandMarket(pair["scenario"].spec, rng=1, arm="baseline", without=("talk",), warm_up=False)
    before.run_until(0)
    habit = before.state.life.ties["habit"][:, 0]
    shift = pair["scenario"].state.life.ties["habit"][:, 0] - pair["baseline"].state.life.ties["habit"][:, 0]
    assert shift[habit < 0.5].mean() > 2 * shift[habit > 0.9].mean()


def test_a_look_that_lost_its_cues_is_less_salient_until_it_is_known() -> None:
    def salience(day: int, **more: Any) -> float:
        return float(levers({**CARTON, **more}, day).salience[0, 0])

    loss = table().central()["salience_cue_loss"]
    assert salience(0) == pytest.approx(-0.7 * loss)
    assert salience(7 * 13) == pytest.approx(-0.35 * loss)
    assert salience(0, overlap=1.0) == 0.0
    assert salience(-1) == 0.0


def test_salience_is_part_of_findability() -> None:
    scenario = setting(CARTON, customers=300)
    model = BrandMarket(scenario, rng=1, warm_up=False)
    shut = Timeline(scenario.events, model.world, model.values, model.run_key, ("findability",))
    assert shut.levers(3, {}, model.state.reference).salience[0, 0] == 0.0
