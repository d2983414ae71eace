"""The scorecard says what it says: means against ranges, knock-outs that must fail, the same for any number of jobs."""

from __future__ import annotations

import json
import math
import threading
import weakref
from pathlib import Path

import pytest
from conftest import Brandsim

from simulator.evidence.cache import MeasureCache
from simulator.evidence.document import markdown
from simulator.evidence.facts import Fact, Knockout, Part, UnknownFact, all_facts, find_facts
from simulator.evidence.laboratory import AS_IT_IS, Conditions, Laboratory, release_models, values_of
from simulator.evidence.scorecard import FIRST_SEED, KNOCKOUT_SEEDS, run_scorecard
from simulator.parameters import table
from simulator.parameters.registry import UnknownParameter

BROKEN = Conditions(without=("talk",))


class Counting(Laboratory):
    """A laboratory that runs nothing and counts what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, Conditions]] = []


def ratio(lab: Laboratory, seed: int, conditions: Conditions) -> dict[str, float]:
    """1, 2, 3, … by seed; nothing where the mechanism is out."""
    assert isinstance(lab, Counting)
    lab.asked.append((seed, conditions))
    return {"ratio": 0.0 if conditions == BROKEN else float(seed - FIRST_SEED + 1), "other": 5.0}


def fact(low: float, high: float, *, measure=ratio, fails: tuple[str, ...] | None = None, kind: str = "fact") -> Fact:
    parts = (Part("ratio", low, high, "ratio"), Part("other", None, 9.0))
    return Fact("V99", "a fact", "a ratio", parts, "somebody", (Knockout("talk", BROKEN, fails),), measure, "", kind)


def test_a_fact_passes_where_the_mean_over_seeds_lies_in_the_range():
    score = run_scorecard([fact(2.4, 2.6)], replicates=4, laboratory=Counting()).facts[0]
    assert score.passed
    assert score.parts[0].value == 2.5
    error = math.sqrt(5.0 / 3.0 / 4.0)  # of the mean of 1, 2, 3, 4
    assert score.parts[0].low == pytest.approx(2.5 - 1.96 * error)
    assert score.parts[0].high == pytest.approx(2.5 + 1.96 * error)
    assert not run_scorecard([fact(2.6, 9.0)], replicates=4, laboratory=Counting()).facts[0].passed


def test_one_part_outside_its_range_fails_the_fact():
    def far(lab, seed, conditions):
        return {"ratio": 2.5, "other": 10.0}

    assert not run_scorecard([fact(2.4, 2.6, measure=far)], replicates=2).facts[0].passed


def test_what_cannot_be_measured_fails():
    def nothing(lab, seed, conditions):
        return {"ratio": math.nan, "other": 1.0}

    card = run_scorecard([fact(0.0, 9.0, measure=nothing)], replicates=2)
    assert not card.facts[0].passed
    assert json.loads(json.dumps(card.as_dict(), allow_nan=False))["facts"][0]["value"] is None


def test_a_fact_that_fails_without_its_mechanism_stands():
    score = run_scorecard([fact(1.0, 9.0)], replicates=4, knockouts=True, laboratory=Counting()).facts[0]
    assert score.passed
    assert not score.knockouts[0].passed
    assert not score.proves_nothing


def test_a_fact_that_survives_its_knockout_proves_nothing():
    card = run_scorecard([fact(0.0, 9.0)], replicates=4, knockouts=True, laboratory=Counting())
    assert card.facts[0].passed
    assert card.facts[0].proves_nothing
    assert not card.fine
    assert "proves nothing" in markdown(card)


def test_a_knockout_may_name_the_parts_that_must_fail():
    named = run_scorecard([fact(1.0, 9.0, fails=("other",))], replicates=2, knockouts=True, laboratory=Counting())
    assert named.facts[0].proves_nothing  # "ratio" fails, but "other" was to


def test_knockouts_take_fewer_seeds_and_say_so():
    lab = Counting()
    card = run_scorecard([fact(1.0, 99.0)], replicates=20, knockouts=True, laboratory=lab)
    assert sum(conditions == AS_IT_IS for _, conditions in lab.asked) == 20
    assert sum(conditions == BROKEN for _, conditions in lab.asked) == KNOCKOUT_SEEDS >= 6
    assert card.facts[0].knockouts[0].seeds == KNOCKOUT_SEEDS


def test_any_number_of_jobs_gives_the_same_scorecard():
    cards = [
        run_scorecard([fact(1.0, 9.0)], replicates=8, knockouts=True, jobs=jobs, laboratory=Counting()).as_dict()
        for jobs in (1, 2, 5)
    ]
    assert cards[0] == cards[1] == cards[2]


def test_checks_on_the_model_are_shown_and_not_counted():
    card = run_scorecard([fact(0.0, 9.0, kind="check")], replicates=2, laboratory=Counting())
    assert (card.passed, card.total, len(card.facts)) == (0, 0, 1)


def test_a_verification_is_shown_apart_named_as_one_and_not_counted():
    facts = [fact(0.0, 9.0), fact(0.0, 9.0, kind="verification")]
    card = run_scorecard(facts, replicates=2, laboratory=Counting())
    found = card.as_dict()
    assert (found["passed"], found["total"]) == (1, 1)
    assert [row["kind"] for row in found["facts"]] == ["fact", "verification"]
    assert found["not counted"] == {"verification": {"passed": 1, "total": 1}}
    page = markdown(card)
    assert "1 of 1 facts pass" in page
    assert page.index("## Fact by fact") < page.index("## Verification")


def test_a_number_without_a_range_is_reported_and_fails_nothing():
    part = Part("x", None, None)
    assert part.reported
    assert part.holds(math.nan)


def test_the_suite_has_all_the_facts_and_guards():
    ids = {known.id for known in all_facts()}
    assert {f"V{n}" for n in range(1, 26)} | {"V5b", "S1", "G1", "G2"} <= ids
    apart = {known.id for known in all_facts() if known.kind == "verification"}
    assert {"V17", "V18", "V19"} <= apart


def test_what_was_measured_is_not_measured_again(tmp_path: Path):
    first, again, more = Counting(), Counting(), Counting()
    settings = {"replicates": 3, "knockouts": True}
    one = run_scorecard([fact(1.0, 9.0)], **settings, cache=MeasureCache(tmp_path), laboratory=first)
    two = run_scorecard([fact(1.0, 9.0)], **settings, cache=MeasureCache(tmp_path), laboratory=again)
    assert len(first.asked) == 6
    assert not again.asked
    assert one.as_dict() == two.as_dict()
    run_scorecard([fact(1.0, 9.0)], replicates=4, cache=MeasureCache(tmp_path), laboratory=more)
    assert more.asked == [(FIRST_SEED + 3, AS_IT_IS)]


def test_a_damaged_or_unwritable_cache_is_no_cache(tmp_path: Path):
    run_scorecard([fact(1.0, 9.0)], replicates=2, cache=MeasureCache(tmp_path), laboratory=Counting())
    for file in tmp_path.iterdir():
        file.write_text("{not json", encoding="utf-8")
    lab = Counting()
    run_scorecard([fact(1.0, 9.0)], replicates=2, cache=MeasureCache(tmp_path), laboratory=lab)
    assert len(lab.asked) == 2
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder should be", encoding="utf-8")
    assert run_scorecard([fact(1.0, 9.0)], replicates=2, cache=MeasureCache(taken), laboratory=Counting()).total == 1


def test_conditions_that_do_not_exist_are_refused():
    with pytest.raises(UnknownParameter, match="did you mean inertia"):
        values_of(Conditions(values=(("inertai", 1.0),)))
    with pytest.raises(KeyError, match="no mechanism is called"):
        Laboratory(customers=200, years=2).panel(1, Conditions(without=("gravity",)))


def test_conditions_change_values_and_market_numbers():
    assert values_of(AS_IT_IS) == table().central()
    assert values_of(Conditions(values=(("inertia", 1.75),)))["inertia"] == 1.75
    run = Laboratory(customers=300, years=2).panel(1, Conditions(market=(("category.regularity", 12),)))
    assert run.world.regularity == 12


def test_a_panel_is_run_once_for_all_who_want_it(monkeypatch: pytest.MonkeyPatch):
    lab = Laboratory(customers=200, years=2)
    runs: list[int] = []
    inner = lab._run_panel
    monkeypatch.setattr(lab, "_run_panel", lambda seed, conditions: runs.append(seed) or inner(seed, conditions))
    threads = [threading.Thread(target=lab.panel, args=(seed,)) for seed in (1, 1, 2, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs) == [1, 2]
    assert lab.panel(1) is lab.panel(1)


def test_a_panel_holds_every_purchase_of_its_years():
    run = Laboratory(customers=500, years=2).panel(1)
    assert run.days == (-364, 364)
    days = run.purchases["day"]
    assert days.min() >= -364
    assert days.max() < 364
    assert days.is_monotonic_increasing
    assert run.counts.shape == (500, 8, 9)
    assert run.counts.sum() == len(run.purchases)
    assert len(run.weekly) == 104


def test_twins_without_events_are_the_same_and_with_one_they_differ():
    lab = Laboratory()
    settings = {"focal": "Brightwell", "customers": 300, "horizon_weeks": 4, "panel": True}
    quiet = lab.twins(1, AS_IT_IS, (), **settings)
    assert quiet["baseline"].purchases().equals(quiet["scenario"].purchases())
    event = {"kind": "stockout", "brand": "Brightwell", "severity": 1.0, "start": "week 0", "lasts": "4 weeks"}
    loud = lab.twins(1, AS_IT_IS, [event], **settings)
    assert loud["baseline"].purchases().equals(quiet["baseline"].purchases())
    gone = loud["scenario"].purchases().query("day >= 0")
    assert (gone["brand"] != 0).all()


def test_worlds_are_let_go_when_nobody_needs_them():
    arms = Laboratory().twins(1, AS_IT_IS, (), focal="Brightwell", customers=200, horizon_weeks=1)
    model = weakref.ref(arms.pop("baseline"))
    arms.clear()
    release_models()
    assert model() is None


def test_every_fact_is_complete():
    facts = all_facts()
    ids = [fact.id for fact in facts]
    assert len(set(ids)) == len(ids)
    assert {"V1", "V2", "V3", "V4", "V5", "V5b", "V6", "V7"} <= set(ids)
    for one in facts:
        names = [part.name for part in one.parts]
        assert one.parts
        assert len(set(names)) == len(names)
        assert one.source
        assert one.metric
        for knockout in one.knockouts:
            assert set(knockout.fails or ()) <= set(names)
            assert knockout.conditions != AS_IT_IS
            values_of(knockout.conditions)


def test_facts_are_found_by_id_in_any_case_and_order():
    assert [one.id for one in find_facts(["v5B", "V1"])] == ["V1", "V5b"]
    assert find_facts([]) == all_facts()
    with pytest.raises(UnknownFact, match="There are V1"):
        find_facts(["double jeopardy"])


def test_the_command_prints_one_json_document(brandsim: Brandsim):
    done = brandsim("validate", "--facts", "V1,v5b", "--replicates", "1", "--json", "--no-cache", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = json.loads(done.stdout)
    assert set(shown) == {"facts", "passed", "total", "not counted"}
    assert shown["total"] == 2
    assert shown["passed"] == sum(one["passed"] for one in shown["facts"])
    keys = {"id", "kind", "name", "metric", "value", "low", "high", "target", "passed", "source", "knockout", "parts"}
    assert [set(one) for one in shown["facts"]] == [keys, keys]
    assert [one["id"] for one in shown["facts"]] == ["V1", "V5b"]
    assert shown["facts"][0]["target"] == [0.75, 0.92]
    assert shown["facts"][0]["knockout"]["passed"] is None


def test_the_command_knows_its_facts(brandsim: Brandsim):
    done = brandsim("validate", "--facts", "V5c")
    assert done.returncode == 2
    assert "no fact is called 'V5c'" in done.stderr
    assert "did you mean" in done.stderr
    assert brandsim("validate", "--facts", "V1", "--write", "page.md").returncode == 2


def test_the_page_shows_failures():
    page = markdown(run_scorecard([fact(2.6, 9.0)], replicates=4, knockouts=True, laboratory=Counting()))
    assert "**0 of 1 facts pass.**" in page
    assert "## What the model does not reproduce" in page
    assert "**fail**" in page
    assert "somebody" in page
