"""The scenario language: values as people write them, files that inherit, overrides, ranges."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.scenario import (
    Price,
    Range,
    Redesign,
    Rollback,
    Scenario,
    ScenarioError,
    Service,
    load,
    load_market,
    loads,
)

BASE = """\
schema: brandsim/1
name: Test
market: orange-juice
customers: 5000
horizon: 26 weeks
"""


def with_event(words: str) -> Scenario:
    return loads(f"{BASE}events:\n  - {words}\n")


@pytest.mark.parametrize(
    ("written", "day"),
    [("week 0", 0), ("week 3", 21), ("week -2", -14), ("day 10", 10), ("day -364", -364), ("week 25", 175)],
)
def test_moments_are_days_from_the_launch(written: str, day: int) -> None:
    event = with_event(f"{{kind: price, brand: Sunfield, change: 8%, start: {written}}}").events[0]
    assert event.start_day == day


@pytest.mark.parametrize(
    ("written", "days"), [("10 days", 10), ("1 day", 1), ("7 weeks", 49), ("1 week", 7), ("1.0 weeks", 7)]
)
def test_durations_are_days(written: str, days: int) -> None:
    assert with_event(f"{{kind: stockout, brand: Sunfield, lasts: {written}}}").events[0].lasts_days == days


@pytest.mark.parametrize(("written", "share"), [("20%", 0.2), ("0.2", 0.2), ("1e-1", 0.1), ("12.5 %", 0.125), ("1", 1)])
def test_shares_are_fractions(written: str, share: float) -> None:
    event = with_event(f"{{kind: redesign, brand: Sunfield, overlap: {written}}}").events[0]
    assert isinstance(event, Redesign)
    assert event.overlap == pytest.approx(share)


def market_with(category: str = "", rest: str = "") -> Scenario:
    text = f"""\
schema: brandsim/1
name: Test
focal_brand: A
market:
  name: M
  category: {{penetration: 70%, purchases_per_buyer: 2.6 per quarter{category}}}
  brands: {{A: {{share: 60%, price: 2}}, B: {{share: 40%, price: 1}}}}
{rest}"""
    return loads(text)


def test_rates_are_converted_to_the_unit_of_their_field() -> None:
    market = market_with(
        rest="  reps: {A: {visits: 2 per month, turnover: 5% per quarter}}\n  care: {A: {capacity: 280 per week}}\n"
    ).market
    assert market.reps["A"].visits_per_week == pytest.approx(2 * 12 / 52)
    assert market.reps["A"].turnover_per_year == pytest.approx(0.2)
    assert market.care["A"].capacity_per_day == pytest.approx(40)


def test_large_numbers_may_be_abbreviated() -> None:
    assert market_with(", real_households: 12M").market.category.real_households == 12_000_000
    assert market_with(", real_households: 800k").market.category.real_households == 800_000


def test_what_a_market_leaves_out_is_none_and_groups_have_one_member() -> None:
    market = market_with().market
    assert market.stores.customers_per_store is None
    assert market.network.rewiring is None
    assert list(market.segments) == ["everyone"]
    assert market.regions == {"everywhere": 1.0}


def test_stores_read_weekdays_and_knowledge_of_stores() -> None:
    stores = market_with(
        rest="  stores: {delivery: [thu, mon], review: 2 days, per_customer: {one: 60%, three: 40%}}\n"
    ).market.stores
    assert stores.delivery == (0, 3)
    assert stores.review_days == 2
    assert stores.per_customer == (0.6, 0.0, 0.4, 0.0)


def test_cues_not_named_are_kept() -> None:
    event = with_event("{kind: redesign, brand: Sunfield, cues: {logo: modified}}").events[0]
    assert isinstance(event, Redesign)
    assert event.overlap is None
    assert event.cues == {cue: "modified" if cue == "logo" else "kept" for cue in event.cues or {}}
    assert len(event.cues or {}) == 6


def test_places_are_tuples_of_names() -> None:
    event = with_event("{kind: service, where: {role: [cashier, care_desk], region: north, store: 3}, quality: -20%}")
    service = event.events[0]
    assert isinstance(service, Service)
    assert service.where.role == ("cashier", "care_desk")
    assert service.where.region == ("north",)
    assert service.where.store == (3,)
    assert service.quality == -0.2


def test_a_trigger_is_read_from_words() -> None:
    scenario = loads(
        BASE
        + """\
events:
  - {kind: redesign, id: new, brand: Sunfield, overlap: 50%}
  - {kind: rollback, of: new, when: {units_vs_before: below -10%, for: 2 weeks}, over: 3 weeks}
"""
    )
    rollback = scenario.events[1]
    assert isinstance(rollback, Rollback)
    assert rollback.when is not None
    assert (rollback.when.metric, rollback.when.limit, rollback.when.for_weeks) == ("units_vs_before", -0.1, 2)
    assert (rollback.start_day, rollback.over_days) == (None, 21)


def test_events_without_an_id_are_numbered_by_kind() -> None:
    scenario = loads(
        BASE
        + """\
events:
  - {kind: price, brand: Sunfield, change: 8%}
  - {kind: price, id: price-2, brand: Groveland, change: 8%}
  - {kind: price, brand: Groveland, change: -3%}
"""
    )
    assert [event.id for event in scenario.events] == ["price-1", "price-2", "price-3"]


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "012", "1e3", "12:30:00", "~", "7UP", "0o7"])
def test_names_keep_what_was_written(word: str) -> None:
    text = f"""\
schema: brandsim/1
name: Test
focal_brand: "{word}"
market:
  name: M
  category: {{penetration: 70%, purchases_per_buyer: 2 per quarter}}
  brands: {{{word}: {{share: 60%, price: 2}}, other: {{share: 40%, price: 012}}}}
"""
    market = loads(text).market
    assert list(market.brands) == [word, "other"]
    assert market.brands["other"].price == 12


# --- ranges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "central", "span"),
    [
        ("0.1..0.5", 0.3, Range(0.1, None, 0.5)),
        ("10%..50%", 0.3, Range(0.1, None, 0.5)),
        ("10..50%", 0.3, Range(0.1, None, 0.5)),
        ("{low: 10%, central: 20%, high: 50%, source: a study}", 0.2, Range(0.1, 0.2, 0.5, "a study")),
        ("{value: 10%..50%, source: a guess}", 0.3, Range(0.1, None, 0.5, "a guess")),
    ],
)
def test_any_number_may_be_a_range(written: str, central: float, span: Range) -> None:
    scenario = with_event(f"{{kind: redesign, id: new, brand: Sunfield, overlap: 50%, identity_break: {written}}}")
    event = scenario.events[0]
    assert isinstance(event, Redesign)
    assert event.identity_break == pytest.approx(central)
    found = scenario.ranges["events.new.identity_break"]
    assert (found.low, found.high, found.source) == (pytest.approx(span.low), pytest.approx(span.high), span.source)
    assert found.central == span.central


def test_ranges_carry_units_and_round_to_whole_days() -> None:
    scenario = with_event("{kind: stockout, id: gap, brand: Sunfield, start: week 1..4, lasts: 2..5 days}")
    assert scenario.ranges["events.gap.start"] == Range(7, None, 28)
    assert scenario.events[0].lasts_days in (3, 4)
    assert scenario.at({"events.gap.lasts": 4.4}).events[0].lasts_days == 4


def test_a_value_with_a_source_is_no_range() -> None:
    scenario = with_event("{kind: price, brand: Sunfield, change: {value: 8%, source: the board}}")
    assert isinstance(scenario.events[0], Price)
    assert scenario.events[0].change == 0.08
    assert scenario.ranges == {}


def test_market_numbers_may_be_ranges() -> None:
    scenario = market_with(", regularity: 1..3", "  stores: {per_customer: {one: 50%..70%, two: 40%}}\n")
    assert scenario.market.category.regularity == 2
    assert scenario.ranges["market.category.regularity"] == Range(1, None, 3)
    assert scenario.ranges["market.stores.per_customer.one"].high == 0.7


def test_at_substitutes_and_leaves_the_original_alone() -> None:
    scenario = with_event("{kind: redesign, id: new, brand: Sunfield, overlap: 50%, appeal: {mean: -0.3..0.3}}")
    other = scenario.at({"events.new.appeal.mean": 0.2, "customers": 800, "market.category.penetration": 0.5})
    assert (other.events[0].appeal.mean, other.customers, other.market.category.penetration) == (0.2, 800, 0.5)  # type: ignore[union-attr]
    assert (scenario.events[0].appeal.mean, scenario.customers) == (0.0, 5000)  # type: ignore[union-attr]
    assert other.ranges == {}
    assert other != scenario


def test_a_substituted_share_leaves_the_rest_to_its_group_in_proportion() -> None:
    scenario = load("orange_carton")
    brands = scenario.at({"market.brands.Own label.share": 0.5}).market.brands
    assert brands["Own label"].share == 0.5
    assert sum(brand.share for brand in brands.values()) == pytest.approx(1)
    before = scenario.market.brands
    ratio = before["Sunfield"].share / before["Groveland"].share
    assert brands["Sunfield"].share / brands["Groveland"].share == pytest.approx(ratio)


def test_at_refuses_what_a_file_could_not_say() -> None:
    scenario = load("orange_carton")
    with pytest.raises(ScenarioError, match=r"value of events\.new-carton\.announced: 1\.5 is too large"):
        scenario.at({"events.new-carton.announced": 1.5})
    with pytest.raises(ScenarioError, match="not a finite number"):
        scenario.at({"events.new-carton.announced": float("nan")})
    with pytest.raises(ScenarioError, match='did you mean "new-carton"'):
        scenario.at({"events.new-cartn.announced": 0.5})


# --- overrides ------------------------------------------------------------------------------------------------------


def test_overrides_reach_events_by_id_and_by_index() -> None:
    scenario = load(
        "orange_carton",
        overrides=[
            "events.new-carton.announced=30%",
            "events.0.rollout.over=2 weeks",
            "customers=900",
            "guardrails.0.min=-3%",
            "market.network.rewiring=20%",
            "events.new-carton.appeal.mean={low: 0, central: 0.1, high: 0.4}",
        ],
    )
    event = scenario.events[0]
    assert isinstance(event, Redesign)
    assert (event.announced, event.rollout.over_days, event.appeal.mean) == (0.3, 14, 0.1)
    assert (scenario.customers, scenario.guardrails[0].min, scenario.market.network.rewiring) == (900, -0.03, 0.2)


def test_an_override_may_take_a_value_out_and_choose_another_market() -> None:
    scenario = load(
        "null_launch",
        overrides=["market=benchmark", "focal_brand=Birch", "events.same-carton.brand=Birch", "guardrails="],
    )
    assert (scenario.market.name, scenario.guardrails) == ("Benchmark", ())


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("customers=-5", "--set customers=-5: -5 is too small"),
        ("custmers=5", '--set custmers=5: unknown key "custmers"'),
        ("customers", "--set customers: an override has the form path=value"),
        ("events.new-cartn.announced=3%", 'did you mean "new-carton"?'),
        ("events.7.announced=3%", 'events has no element "7"'),
        ("customers.low=3", "customers is a value and has nothing below it"),
        ("market.brands.Sunfeild.share=3%", 'market.brands has no "Sunfeild"'),
        ("events.new-carton.announced=[3", "this is not YAML"),
        ("market=nowhere.yaml", "there is no file nowhere.yaml"),
        ("horizon=4 weeks", "the guardrail looks 8 weeks ahead, the run only 4"),
    ],
)
def test_a_wrong_override_is_named_as_it_was_typed(override: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("orange_carton", overrides=[override])
    assert message in str(caught.value)


# --- extends --------------------------------------------------------------------------------------------------------


def test_an_heir_changes_events_by_id_and_adds_others(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        BASE + "events:\n  - {kind: redesign, id: new, brand: Sunfield, overlap: 50%, appeal: {mean: 0.1, sd: 0.4}}\n"
        "guardrails:\n  - {metric: caused_churn, max: 5%, within: 8 weeks}\n"
    )
    heir = tmp_path / "heir.yaml"
    heir.write_text(
        "extends: base.yaml\nname: Heir\nguardrails: null\nevents:\n"
        "  - {id: new, appeal: {mean: 0.2}, overlap: null, cues: {logo: replaced}}\n"
        "  - {kind: price, brand: Sunfield, change: 8%}\n"
    )
    scenario = load(heir)
    new, price = scenario.events
    assert isinstance(new, Redesign)
    assert (new.appeal.mean, new.appeal.sd, new.overlap) == (0.2, 0.4, None)
    assert (price.id, scenario.name, scenario.customers, scenario.guardrails) == ("price-1", "Heir", 5000, ())


def test_an_heir_may_change_one_number_of_the_market(tmp_path: Path) -> None:
    heir = tmp_path / "heir.yaml"
    heir.write_text("extends: orange_carton\nmarket: {category: {penetration: 40%}}\n")
    market = load(heir).market
    assert (market.category.penetration, market.category.regularity, len(market.brands)) == (0.4, 1.5, 4)


def test_an_error_in_what_is_inherited_points_to_the_file_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "market.yaml").write_text("schema: brandsim-market/1\nextends: orange-juice\nfocal_brand: Sunfeild\n")
    (tmp_path / "base.yaml").write_text("schema: brandsim/1\nname: Base\nmarket: market.yaml\ncustomers: few\n")
    heir = tmp_path / "heir.yaml"
    heir.write_text("extends: base.yaml\nhorizon: 9\n")
    with pytest.raises(ScenarioError) as caught:
        load(heir)
    places = {(Path(problem.file).name, problem.line, problem.column) for problem in caught.value.problems}
    assert places == {("market.yaml", 3, 14), ("base.yaml", 4, 12), ("heir.yaml", 2, 10)}


def test_a_market_path_starts_from_the_file_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "markets").mkdir()
    (tmp_path / "markets" / "juice.yaml").write_text("schema: brandsim-market/1\nextends: orange-juice\nname: Ours\n")
    (tmp_path / "markets" / "edges.csv").write_text("a,b\n1,2\n")
    (tmp_path / "mine.yaml").write_text(BASE.replace("orange-juice", "markets/juice.yaml"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load("../mine.yaml").market.name == "Ours"
    edges = load("../mine.yaml", overrides=["market.network.edges=../markets/edges.csv"]).market.network.edges
    assert edges is not None
    assert edges.is_absolute()


# --- the object -----------------------------------------------------------------------------------------------------


def test_the_same_words_in_python_make_the_same_scenario() -> None:
    words = {"kind": "price", "brand": "Sunfield", "change": "8%"}
    in_python = Scenario(name="Test", market="orange-juice", customers=5000, horizon="26 weeks", events=[words])
    in_a_file = with_event("{kind: price, brand: Sunfield, change: 8%}")
    assert in_python == in_a_file
    assert hash(in_python) == hash(in_a_file)
    assert Scenario(name="Test", market=load_market("orange-juice"), customers=5000, events=[words]) == in_a_file


def test_wrong_words_in_python_are_refused_like_a_file() -> None:
    with pytest.raises(ScenarioError, match='did you mean "Sunfield"'):
        Scenario(name="Test", market="orange-juice", events=[{"kind": "price", "brand": "Sunfeild", "change": "8%"}])


def test_a_scenario_travels_to_workers_and_cannot_be_changed() -> None:
    scenario = load("orange_carton")
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert copy.ranges == scenario.ranges
    assert copy.at({"customers": 300}).customers == 300
    with pytest.raises(ValueError, match="frozen"):
        scenario.customers = 3


def test_the_fingerprint_sees_what_acts_on_the_result_and_nothing_else(tmp_path: Path) -> None:
    one = with_event("{kind: price, brand: Sunfield, change: 8%, start: week 1}")
    same = with_event(
        "{start: day 7, kind: price, change: {value: 0.08, source: the board}, brand: Sunfield}  # dearer"
    )
    other = with_event("{kind: price, brand: Sunfield, change: 8.1%, start: week 1}")
    ranged = with_event("{kind: price, brand: Sunfield, change: 7%..9%, start: week 1}")
    assert one.fingerprint() == same.fingerprint()
    assert len({one.fingerprint(), other.fingerprint(), ranged.fingerprint()}) == 3


def test_reading_a_scenario_needs_no_heavy_library() -> None:
    code = (
        "import sys, simulator.scenario as s; s.loads('schema: brandsim/1\\nname: x\\nmarket: orange-juice\\n"
        "customers: 500\\n'); print([m for m in ('numpy', 'pandas', 'mesa', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
