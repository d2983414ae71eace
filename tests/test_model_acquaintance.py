"""Brands that not everybody knows: who considers them, how knowledge spreads, what a bad word does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_markets import FOCAL, setting

from simulator.model import BrandMarket
from simulator.model.columns import MIND
from simulator.model.fixed import newcomers
from simulator.model.kernels import constants as c
from simulator.model.kernels.acquaintance import hear_of, introduce
from simulator.model.memory import Array
from simulator.scenario import ScenarioError

NEW = 0.1
CAMPAIGN = {"kind": "campaign", "brand": FOCAL, "reach": 0.5, "start": "week 0", "lasts": "2 weeks"}


def new_brand(*events: dict[str, Any], known: float = NEW, weeks: int = 26, **more: Any) -> BrandMarket:
    """A market in which a tenth of the customers know the focal brand."""
    scenario = setting(*events, customers=4000, weeks=weeks).at({f"market.brands.{FOCAL}.known": known})
    return BrandMarket(scenario, rng=1, panel=True, warm_up=False, **more)


def knows(model: BrandMarket) -> Array:
    return np.asarray(model.state.life.mind["strange"] == 0)


def test_a_share_knows_a_new_brand_and_nobody_else_has_any_habit_of_it() -> None:
    model = new_brand()
    informed = knows(model)
    assert informed.mean() == pytest.approx(NEW, abs=0.02)
    mine = model.state.life.ties[:, model.world.focal]
    assert (mine["habit"][~informed] == 0.0).all()
    assert (mine["bond"][~informed] == 0.0).all()
    assert (model.state.life.mind["last_brand"][~informed] != model.world.focal).all()
    assert (mine["habit"][informed] > 0.0).all()


def test_only_who_knows_a_brand_buys_it_and_what_is_known_is_not_forgotten() -> None:
    model = new_brand()
    start = knows(model)
    model.run_until(7 * 26)
    end = knows(model)
    assert end[start].all()
    assert start.sum() < end.sum() < end.size
    bought = model.purchases()
    buyers = np.unique(bought.customer[bought.brand == model.world.focal])
    assert buyers.size > 100
    assert end[buyers].all()


def test_without_talk_only_discovery_spreads_a_brand_at_its_rate() -> None:
    scenario = setting(customers=16_000, weeks=52).at({f"market.brands.{FOCAL}.known": NEW})
    model = BrandMarket(scenario, rng=1, warm_up=False, without=("talk",))
    first, before = model.day, knows(model)
    model.run_until(364)
    years = (364 - first) / 365.0
    left = 1.0 - knows(model)[~before].mean()
    # some thousand discoveries: 0.1 is three standard errors
    assert -np.log(left) / years == pytest.approx(model.values["discovery_per_year"], rel=0.1)
    talked = new_brand(weeks=52)
    talked.run_until(364)
    assert knows(talked).mean() > 1.3 * knows(model).mean()


def test_who_does_not_know_a_brand_neither_notices_its_new_look_nor_talks_of_it() -> None:
    change = {"kind": "redesign", "brand": FOCAL, "overlap": 0.2, "announced": 0.5, "identity_break": 0.5}
    recipe = {"kind": "reformulate", "brand": FOCAL, "quality": -0.5, "announced": 0.5}
    model = new_brand({**change, "start": "week 0"}, {**recipe, "start": "week 0"}, without=("talk",))
    model.run_until(7 * 26)
    views, strange = model.state.life.views, ~knows(model)
    assert strange.sum() > 1000
    for name in ("aware", "hurt", "familiarity"):
        assert (views[name][strange] == 0).all()
    assert (model.state.life.mind["first_cause"][strange] == 0).all()
    assert (views["aware"][~strange] != 0).any(axis=1).mean() > 0.3


def test_where_reps_hold_accounts_strangers_start_without_a_bond_and_meet_the_brand_by_calls() -> None:
    brand = "Inkwell"
    scenario = setting(market="office-supplies", customers=2000, weeks=4).at({f"market.brands.{brand}.known": 0.05})
    model = BrandMarket(scenario, rng=1, warm_up=False, aim=False, without=("talk",))
    b = model.world.brands.names.index(brand)
    strangers = ~knows(model)
    assert (model.state.life.ties["bond"][strangers, b] == 0.0).all()
    model.run_until(model.day + 7)
    met = knows(model)[strangers].mean()
    assert 0.0 < met < 0.4
    model.run_until(model.day + 7 * 25)
    assert knows(model)[strangers].mean() > 0.7


def test_a_campaign_makes_a_brand_known_to_those_it_reaches() -> None:
    plain, told = new_brand(without=("talk",)), new_brand(CAMPAIGN, without=("talk",))
    for model in (plain, told):
        model.run_until(14)
    gained = (knows(told) & ~knows(plain)).sum() / (~knows(plain)).sum()
    assert gained == pytest.approx(1.0 - 0.5**2, abs=0.05)  # half of them in each of two weeks
    assert (knows(told) >= knows(plain)).all()


def test_a_bad_word_has_to_be_outweighed_by_a_good_one() -> None:
    me = np.zeros(1, MIND)[0]
    bit = np.uint16(1 << 3)
    me["strange"] = 0b1010

    def after(*words: bool) -> tuple[int, int]:
        me["strange"], me["warned"] = 0b1010, 0
        for good in words:
            hear_of(me, bit, good)
        return int(me["strange"]), int(me["warned"])

    assert after(True) == (0b0010, 0)
    assert after(False) == (0b1010, 0b1000)
    assert after(False, True) == (0b1010, 0)
    assert after(False, False, True, True) == (0b0010, 0)
    assert after(True, False) == (0b0010, 0)  # who knows the brand weighs the word instead
    me["strange"], me["warned"] = 0b1010, 0b1000
    introduce(me, bit)
    assert (int(me["strange"]), int(me["warned"])) == (0b0010, 0)


def test_problems_keep_people_from_a_new_brand() -> None:
    fault = {"kind": "incident", "brand": FOCAL, "rate": 0.2, "severity": {"severe": 1.0}, "start": "week 0"}
    faulty, sound = new_brand({**fault, "lasts": "52 weeks"}, weeks=52), new_brand(weeks=52)
    for model in (faulty, sound):
        model.run_until(364)
    assert knows(faulty).sum() < knows(sound).sum()
    warned = [int((model.state.life.mind["warned"] != 0).sum()) for model in (faulty, sound)]
    assert warned[0] > 2 * warned[1]
    units = [model.state.records.totals[model.observed_weeks : -1, c.UNITS, 0].sum() for model in (faulty, sound)]
    assert units[0] < units[1]


def test_a_brand_known_to_all_is_as_if_nothing_had_been_said() -> None:
    said, unsaid = new_brand(known=1.0), BrandMarket(setting(customers=4000, weeks=26), rng=1, warm_up=False)
    assert (newcomers(said.world.brands) == 0).all()
    for model in (said, unsaid):
        model.run_until(7)
    assert said.state.life.tie_rows.tobytes() == unsaid.state.life.tie_rows.tobytes()


def test_somebody_must_know_something() -> None:
    market = setting().market
    everything = {f"market.brands.{name}.known": 0.5 for name in market.brands}
    with pytest.raises(ScenarioError, match="no brand is known to everybody"):
        setting().at(everything)
