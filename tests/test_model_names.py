"""Names that must agree: what kernels read and what they are given, positions in code and in files."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import simulator.model.kernels as kernels
from simulator.experiment import outcome
from simulator.model.kernels import constants as c
from simulator.model.kernels.parameters import NAMES, TABLE, kernel_parameters
from simulator.model.switches import CHANNELS, MECHANISMS, check_channels, switch_off
from simulator.model.timeline import CHANNEL_OF_KIND
from simulator.parameters import table
from simulator.world.world import CARE_POLICIES
from simulator.world.world import SOURCES as ACQUISITION

SOURCES = sorted(Path(kernels.__file__).parent.glob("*.py"))


def read_from_p() -> set[str]:
    """Every ``p.name`` in the sources of the kernels."""
    return {
        node.attr
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "p"
    }


def test_kernels_are_given_the_parameters_they_read_and_no_other() -> None:
    assert read_from_p() == set(NAMES)
    assert list(NAMES) == sorted(set(NAMES))
    assert TABLE.names == NAMES


def test_every_parameter_of_a_kernel_stands_in_the_table() -> None:
    central = table().central()
    assert set(NAMES) <= set(central)
    record = kernel_parameters(central)
    assert all(record[name] == central[name] for name in NAMES)


def test_counters_stand_where_files_expect_them() -> None:
    positions = [
        c.UNITS, c.VALUE, c.CONTRIBUTION, c.WANTED_OUT, c.TOOK_VARIANT, c.TOOK_RIVAL, c.TOOK_OTHER_STORE, c.WAITED,
        c.WENT_WITHOUT, c.NOT_FOUND, c.PROBLEMS, c.COMPLAINTS, c.COMPLAINTS_PUBLIC, c.SATISFIED_AFTER, c.POSITIVE,
        c.NEGATIVE, c.ANSWERED, c.ANSWERED_LATE, c.WAITING_DAYS, c.RELAYED,
    ]  # fmt: skip
    names = (
        "units", "value", "contribution", "wanted_out_of_stock", "took_variant", "took_rival", "took_other_store",
        "waited", "went_without", "not_found", "problems", "complaints", "complaints_public", "satisfied_after",
        "positive_messages", "negative_messages", "answered", "answered_late", "waiting_days", "relayed",
    )  # fmt: skip
    assert positions == list(range(c.METRIC_COUNT))
    assert names == outcome.METRICS


def test_states_and_causes_stand_where_files_expect_them() -> None:
    assert [c.BUYING, c.LAPSED, c.TOO_EARLY] == [outcome.BUYING, outcome.LAPSED, outcome.TOO_EARLY]
    shelf = {"audits": c.SHELF_DAYS, "ordering": c.OUT_ORDERING, "shelving": c.OUT_SHELVING, "upstream": c.OUT_UPSTREAM}
    assert {**shelf, "event": c.OUT_EVENT} == {name: k for k, name in enumerate(outcome.OUT_CAUSES)}
    causes = {name: getattr(c, name.upper()) for name in outcome.CAUSES[1:]}
    assert {"none": c.NO_CAUSE, **causes} == {name: k for k, name in enumerate(outcome.CAUSES)}
    assert len(outcome.CAUSES) == c.CAUSE_COUNT <= 8  # one bit of a byte for each


def test_causes_of_churn_are_the_channels_of_a_change() -> None:
    assert outcome.CAUSES[1:] == CHANNELS
    assert set(CHANNEL_OF_KIND.values()) <= set(CHANNELS)


def test_care_policies_have_the_codes_that_kernels_know() -> None:
    codes = {"ignore": c.IGNORE, "refund": c.REFUND, "apologise_and_refund": c.APOLOGISE, "improve": c.IMPROVE}
    assert codes == {name: k for k, name in enumerate(CARE_POLICIES)}


def test_sources_have_the_codes_that_kernels_know() -> None:
    codes = {"relationship": c.OF_ITSELF, "word_of_mouth": c.BY_TALK, "campaign": c.BY_CAMPAIGN}
    assert codes == {name: k for k, name in enumerate(ACQUISITION)}


def test_mechanisms_switch_real_parameters() -> None:
    central = table().central()
    for mechanism, off in MECHANISMS.items():
        assert set(off) <= set(central), mechanism
        assert any(central[name] != value for name, value in off.items()), f"{mechanism} is off anyway"
        assert off.items() <= switch_off(central, [mechanism]).items()


def test_an_unknown_switch_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(KeyError, match="no mechanism is called 'gossip'; there are habit"):
        switch_off({}, ["gossip"])
    with pytest.raises(ValueError, match="no channel is called 'gossip'; there are findability"):
        check_channels(["gossip"])


def test_the_observed_year_is_as_long_in_kernels_as_in_the_table() -> None:
    assert table().central()["observed_weeks"] * c.DAYS_OF_WEEK == c.OBSERVED_DAYS


def test_days_fit_their_columns() -> None:
    central = table().central()
    first = -7 * (central["observed_weeks"] + central["burn_in_weeks"])
    assert first > c.LONG_AGO
    assert np.int32(c.NEVER) > 10_000
    assert c.LONGEST_LEAD + c.DAYS_OF_WEEK < c.SLOTS
