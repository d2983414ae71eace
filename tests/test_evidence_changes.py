"""The catalogue of redesigns, what is read from it, and the guards, on small worlds."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.evidence import catalogue, changes, people, voices
from simulator.evidence.laboratory import Conditions, Laboratory, values_of

SEED = 1


@pytest.fixture(autouse=True)
def small_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CUSTOMERS", 6_000)
    monkeypatch.setattr(catalogue, "DESIGNS", 8)
    monkeypatch.setattr(voices, "CUSTOMERS", 3_000)
    monkeypatch.setattr(voices, "MANY", 8_000)
    monkeypatch.setattr(people, "CUSTOMERS", 3_000)


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()


def test_designs_are_keyed_by_seed_and_each_changes_something() -> None:
    values = dict(values_of(Conditions()))
    one, again, other = (catalogue.draw_designs(["A", "B"], seed, values) for seed in (1, 1, 2))
    assert one == again != other
    for design in one:
        assert set(design["cues"].values()) != {"kept"}
        assert "name" not in design["cues"]
        assert 0.0 <= design["identity_break"] <= catalogue.MOST_BROKEN


def test_the_luck_of_designs_is_that_of_the_table() -> None:
    drawn = [catalogue.draw_designs(["A"], seed, {"design_appeal_sd": 1.0})[0]["appeal"]["mean"] for seed in range(400)]
    # four standard errors of a mean and of a standard deviation
    assert abs(np.mean(drawn)) < 4.0 / np.sqrt(400)
    assert abs(np.std(drawn) - 1.0) < 4.0 / np.sqrt(800)


def test_bolder_designs_cost_more_and_nothing_liked_means_few_gains(lab: Laboratory) -> None:
    tried = [t for seed in (1, 2) for t in catalogue.try_designs(lab, seed, Conditions(without=("appeal", "identity")))]
    overlap, effect = np.array([(t.overlap, t.effect) for t in tried]).T
    assert np.corrcoef(overlap, effect)[0, 1] > 0.5
    assert (effect < 1.0).all()


def test_silence_more_are_lost_than_complain(lab: Laboratory) -> None:
    found = changes.silence(lab, SEED, Conditions())
    assert found["complaints"] < 1.0
    assert found["complaints per lost buyer"] < 0.05
    loud = changes.silence(lab, SEED, Conditions(values=(("complain_disliked_change", 0.9),)))
    assert loud["complaints per lost buyer"] > 1.0


def test_what_is_lost_is_split_into_buyers_and_purchases_per_buyer(lab: Laboratory) -> None:
    harm = changes.harm(lab, SEED, Conditions())
    assert harm.lost.shape == (catalogue.WORST,)
    assert (harm.lost > 0).all()
    assert (harm.penetration > 0).all()


def test_a_shelf_test_of_two_like_cells_is_a_matter_of_luck() -> None:
    assert changes.two_proportions(30, 30, 300) == 0.0
    assert changes.two_proportions(0, 0, 300) == 0.0
    assert changes.two_proportions(90, 60, 300) == -changes.two_proportions(60, 90, 300)


def test_the_guards_hold_on_a_small_world(lab: Laboratory) -> None:
    assert changes.null_launch(lab, SEED, Conditions())["counts that differ"] == 0
    assert abs(changes.invisible_change(lab, SEED, Conditions())["effect"]) < 1.5


def test_commitment_turns_liking_into_hurt_only_where_identity_counts(lab: Laboratory) -> None:
    usual = changes.commitment_crossover(lab, SEED, Conditions())
    assert usual["committed"] < 0.0 <= usual["weakly committed"]
    assert changes.commitment_crossover(lab, SEED, Conditions(without=("identity",)))["committed"] == 0.0


def test_severity_decides_who_complains(lab: Laboratory) -> None:
    found = voices.voice_by_severity(lab, SEED, Conditions())
    assert found["minor"] < found["medium"] < found["severe"]


def test_one_bad_word_costs_newcomers_more(lab: Laboratory) -> None:
    found = voices.talk_hits_acquisition(lab, SEED, Conditions())
    assert found["newcomers lost"] > found["buyers lost"]


def test_reps_to_whom_nobody_is_bound_are_hardly_missed(lab: Laboratory) -> None:
    found = people.rep_departure(lab, SEED, Conditions(without=("reps", "bond")))
    assert abs(found["sales"]) < 1.0
