"""What comes with the package: scenarios and markets that load anywhere, their schemas, and first files."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from simulator.scenario import (
    HOW_MUCH,
    ScenarioError,
    json_schema,
    load,
    load_market,
    loads,
    new_scenario,
    shipped,
    write_schemas,
)
from simulator.scenario.json_schemas import SCHEMA_FILES
from simulator.scenario.shipped import shipped_files

STORIES = {
    "orange_carton", "logo_refresh", "regional_stockout", "rep_turnover", "service_meltdown", "price_rise",
    "redesign_meets_stockout", "briefed_launch", "guarded_launch", "rival_campaign", "null_launch", "consulted_launch",
    "account_reps_leave",
    "quiet_recipe_change", "rival_stockout", "shrinkflation",
    "bullhorn_vs_bonds", "care_desk_outsourced",
}  # fmt: skip
LONG = {"bullhorn_vs_bonds": 104, "care_desk_outsourced": 52, "shrinkflation": 52}
"""Stories that take more than half a year."""
MARKETS = {"orange-juice", "coffee-shops", "mobile-plan", "office-supplies", "benchmark"}
WRONG = Path(__file__).parent / "wrong_scenarios"


def test_the_stories_and_markets_are_shipped() -> None:
    assert set(shipped()) >= STORIES
    assert set(shipped("market")) >= MARKETS


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_shipped_scenario_runs_as_it_is_from_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scenario = load(name)
    assert scenario.customers == 20_000
    assert scenario.horizon_weeks == LONG.get(name, 26)
    assert scenario.events
    assert scenario.guardrails
    assert scenario.path is not None
    assert scenario.path.stem == name
    assert scenario.path.is_absolute()


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_shipped_scenario_says_what_it_shows_and_assumes(name: str) -> None:
    text = shipped_files("scenario")[name].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert shipped()[name].endswith(".")
    assert "\n# It shows " in text
    assert "\n# Assumptions: " in text


@pytest.mark.parametrize("market", ["orange-juice", "coffee-shops", "mobile-plan", "office-supplies"])
def test_each_market_has_a_story(market: str) -> None:
    name = load_market(market).name
    assert any(load(story).market.name == name for story in STORIES)


def test_the_benchmark_is_the_named_workload() -> None:
    market = load_market("benchmark")
    weekly = market.category.penetration * market.category.purchases_per_buyer / 13
    assert weekly == pytest.approx(0.3, rel=1e-3)
    assert [len(brand.items) for brand in market.brands.values()] == [2] * 6
    assert market.stores.customers_per_store == 500
    assert (market.network.close_ties, market.network.wider_ties) == (4, 6)


def test_the_null_launch_changes_nothing() -> None:
    event = load("null_launch").events[0]
    assert (event.overlap, event.identity_break, event.announced, event.appeal.mean, event.appeal.sd) == (1, 0, 0, 0, 0)  # type: ignore[union-attr]


def test_heirs_of_the_carton_keep_its_redesign() -> None:
    carton = load("orange_carton").events[0]
    for name in ("redesign_meets_stockout", "guarded_launch"):
        assert load(name).events[0] == carton
    assert {event.id for event in load("briefed_launch").events} == {"new-carton", "briefing"}


# --- JSON Schema ----------------------------------------------------------------------------------------------------


def plain(path: Path) -> object:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["scenario", "market"])
def test_shipped_files_validate_against_the_json_schema(kind: str) -> None:
    schema = json_schema(kind)  # type: ignore[arg-type]
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for path in shipped_files(kind).values():
        validator.validate(plain(path))


def test_exported_schemas_are_those_of_the_code(tmp_path: Path) -> None:
    (tmp_path / "markets").mkdir()
    write_schemas(tmp_path)
    folder = shipped_files("scenario")["orange_carton"].parent
    for name in SCHEMA_FILES.values():
        fresh, kept = (json.loads((base / name).read_text(encoding="utf-8")) for base in (tmp_path, folder))
        assert fresh == kept, "the language has changed: run simulator.scenario.write_schemas on the folder scenarios/"


@pytest.mark.parametrize(
    "name",
    [
        "unknown_key", "unknown_kind", "unknown_cue", "unknown_cue_fate", "unknown_metric", "unknown_top_key",
        "share_too_large", "negative_customers", "start_without_unit", "list_for_number", "missing_lasts", "no_market",
        "other_schema", "yes_is_a_word", "wrong_weekday", "missing_price", "one_brand", "range_unknown_key",
        "events_is_a_mapping", "trigger_without_below", "duration_wrong_unit",
    ],
)  # fmt: skip
def test_editors_underline_wrong_files_too(name: str) -> None:
    words = yaml.load((WRONG / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    typed = plain(WRONG / f"{name}.yaml") if name != "yes_is_a_word" else words
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(typed)


# --- new ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(HOW_MUCH))
@pytest.mark.parametrize("market", ["orange-juice", "benchmark"])
def test_a_new_scenario_runs_as_it_is(kind: str, market: str) -> None:
    text = new_scenario(kind=kind, market=market, name="Ours: now", customers=900, when="week 1")
    scenario = loads(text)
    assert (scenario.name, scenario.customers, scenario.events[0].kind) == ("Ours: now", 900, kind)
    assert scenario.events[0].start_day == 7
    assert scenario.guardrails
    jsonschema.validate(yaml.safe_load(text), json_schema())


def test_answers_are_used() -> None:
    scenario = loads(new_scenario(kind="price", brand="Own label", how_much="-5%..-1%", horizon="12 weeks"))
    assert scenario.focal_brand == "Own label"
    assert scenario.events[0].change == pytest.approx(-0.03)  # type: ignore[union-attr]
    assert scenario.horizon_weeks == 12
    assert loads(new_scenario(horizon="4 weeks")).guardrails[0].within_weeks == 4


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"kind": "stokout"}, 'did you mean "stockout"'),
        ({"brand": "Sunfeild"}, 'did you mean "Sunfield"'),
        ({"market": "orange-jiuce"}, 'did you mean "orange-juice"'),
        ({"how_much": "200%"}, "is too large"),
        ({"when": "tomorrow"}, "is not a moment"),
        ({"name": ""}, "an empty name"),
        ({"customers": -1}, "too small"),
        ({"max_loss": "much"}, "is not a share"),
        ({"horizon": "4 months"}, "is not a duration"),
        ({"kind": "rep_turnover", "market": "coffee-shops"}, "has no reps in this market"),
        ({"how_much": "60%\nevil: true"}, "is not a share"),
    ],
)
def test_wrong_answers_are_refused(answers: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        new_scenario(**answers)  # type: ignore[arg-type]


# --- explain --------------------------------------------------------------------------------------------------------


def test_explain_tells_the_scenario_in_words() -> None:
    words = load("guarded_launch").explain()
    for phrase in (
        "what happens to Sunfield in the market Orange juice",
        "Sunfield holds 42% of purchases",
        "20,000 customers are simulated until 26 weeks after the launch",
        "colour, image replaced; logo modified; name, shape, layout kept",
        "on the shelves over 7 weeks, as old stock sells through",
        "new-carton is rolled back once units stay below -10% of the weeks before launch for 2 weeks, over 3 weeks",
        "units sold: at least -10% within 8 weeks, with 80% confidence",
        "events.new-carton.identity_break: 0.05 to 0.4, most likely 0.2 (assumption)",
    ):
        assert phrase in words


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("regional_stockout", "80% of Sunfield is missing in north at the launch for 3 weeks"),
        ("briefed_launch", "Reps of Sunfield are briefed 2 weeks before the launch, in 77.5% of their stores"),
        ("quiet_recipe_change", "Sunfield gets a new recipe, worse by 0.1 logit in use at the launch, in silence"),
        ("rival_stockout", "90% of Groveland is missing at the launch for 5 weeks"),
        ("shrinkflation", "The packs of Sunfield change in size by -10% at the launch, building up over 6 weeks"),
        ("rep_turnover", "50% of the reps of Sunfield leave at the launch; territories stay empty for 8 weeks"),
        ("rep_turnover", "events.exodus.vacancy: 4 weeks to 16 weeks, most likely 8 weeks (assumption)"),
        ("price_rise", "The price of Telmora changes by +8% at the launch"),
        ("service_meltdown", "Service is worse by 0.25 for buyers of Copper Kettle at the barista and cashier"),
        ("care_desk_outsourced", "The care desk of Copper Kettle changes at the launch: it refunds; it answers 10"),
        ("care_desk_outsourced", "Something goes wrong with Copper Kettle in week 24 for 10 weeks: 10% of purchases"),
        ("bullhorn_vs_bonds", "reaches 40% of customers a week; it promises 0.5 more than is delivered"),
        ("consulted_launch", "Reps of Sunfield ask 25 customers each 6 weeks before the launch about daring-carton"),
        ("consulted_launch", "if they promise less than -5% purchases, 50% of it is taken back"),
        (
            "rival_campaign",
            "Groveland advertises in south at the launch for 8 weeks and reaches 20% of customers a week",
        ),
    ],
)
def test_explain_tells_each_kind_of_event(name: str, phrase: str) -> None:
    assert phrase in load(name).explain()
