"""The parameter table: every number has a grade and a source, and draws depend on nothing but index and seed."""

from __future__ import annotations

import itertools
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

import simulator
from simulator.parameters import (
    GRADES,
    Parameter,
    ParameterTableError,
    UnknownParameter,
    Values,
    parse,
    table,
    table_text,
)
from simulator.parameters.sampling import points, quantile

ROW = """
- {name: inertia, symbol: "γ", unit: logit, group: choice, role: uncertain, distribution: pert,
   low: 0.2, central: 0.35, high: 0.5, grade: D, source: "household panels", meaning: "advantage of the last brand"}
"""


def changed(old: str, new: str) -> str:
    assert old in ROW
    return ROW.replace(old, new)


@pytest.mark.parametrize("row", table().values(), ids=lambda row: row.name)
def test_every_number_has_a_grade_a_source_and_a_range(row: Parameter) -> None:
    assert row.grade in GRADES
    assert len(row.source.split()) >= 2
    assert len(row.meaning.split()) >= 3
    assert row.low <= row.central <= row.high
    if row.grade == "A":
        assert row.source.startswith("assumption")
    else:
        assert re.search(r"\d", row.source), "evidence names a year or a figure"


def test_names_stand_once_in_the_file() -> None:
    names = [row["name"] for row in yaml.safe_load(table_text())]
    assert len(names) == len(set(names)) == len(table())


def test_groups_are_not_scattered_over_the_file() -> None:
    groups = [row.group for row in table().values()]
    assert sum(a != b for a, b in itertools.pairwise(groups)) == len(set(groups)) - 1


def test_shares_of_known_stores_sum_to_one() -> None:
    central = table().central()
    assert sum(central[f"known_stores_{count}"] for count in ("one", "two", "three", "four")) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed("grade: D, ", ""), "has no grade"),
        (changed('source: "household panels", ', ""), "has no source"),
        (changed('"household panels"', '"  "'), "source must be text and not empty"),
        (changed("meaning:", "meening:"), "unknown key 'meening'; did you mean meaning?"),
        (changed("low: 0.2", "low: 0.4"), "low <= central <= high does not hold"),
        (changed("high: 0.5", "high: 0.3"), "low <= central <= high does not hold"),
        (changed("low: 0.2", "low: .nan"), "must be a finite number"),
        (changed("low: 0.2", "low: yes"), "must be a finite number"),
        (changed("low: 0.2", "low: 20%"), "must be a finite number"),
        (changed("grade: D", "grade: B"), "must be one of F, F2, M, D, A"),
        (changed("grade: D", "grade: A"), "its source must start with 'assumption'"),
        (changed("distribution: pert", "distribution: normal"), "must be one of pert, uniform, fixed"),
        (changed("distribution: pert", "distribution: fixed"), "an uncertain parameter cannot be fixed"),
        (changed("name: inertia", "name: Inertia of brands"), "lower-case words joined by underscores"),
        (changed("low: 0.2", "low: 0.2, low: 0.1"), "stands twice in one row"),
        (ROW + ROW, "stands in the table twice"),
        ("- 3", "must be a mapping with a name"),
        ("inertia: 3", "must be a list of rows"),
        ("- {name: inertia", "not valid YAML"),
    ],
)
def test_a_wrong_row_does_not_load_and_says_why(text: str, message: str) -> None:
    with pytest.raises(ParameterTableError, match=re.escape(message)):
        parse(text)


def test_a_uniform_range_may_leave_out_its_central_value() -> None:
    rows = parse(changed("central: 0.35, ", "").replace("pert", "uniform"))
    assert rows["inertia"].central == pytest.approx(0.35)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    for ask in (table(), table().central()):
        with pytest.raises(UnknownParameter, match="did you mean habit_growth"):
            ask["habit_grwth"]
        with pytest.raises(KeyError):
            ask["habit_grwth"]


def test_values_are_frozen_and_travel_between_processes() -> None:
    values = table().draw(2, seed=5)
    with pytest.raises(TypeError):
        values["inertia"] = 1.0  # type: ignore[index]
    assert pickle.loads(pickle.dumps(values)) == values
    assert hash(Values(dict(values))) == hash(values)


def test_an_error_about_a_name_travels_between_processes() -> None:
    with pytest.raises(UnknownParameter) as caught:
        table()["nothing"]
    assert str(pickle.loads(pickle.dumps(caught.value))).strip("'\"") == str(caught.value)


@settings(max_examples=15, deadline=None)
@given(index=st.integers(0, 4000), seed=st.integers(0, 2**64 - 1))
def test_a_draw_depends_on_index_and_seed_alone_and_keeps_the_bounds(index: int, seed: int) -> None:
    first = table().draw(index, seed)
    table().draw(index + 7, seed)
    assert table().draw(index, seed) == first
    for name, row in table().items():
        assert row.low <= first[name] <= row.high
        if row.role != "uncertain":
            assert first[name] == row.central


def test_different_seeds_and_indices_give_different_values() -> None:
    drawn = {(index, seed): table().draw(index, seed)["inertia"] for index in range(8) for seed in range(4)}
    assert len(set(drawn.values())) == len(drawn)


def test_extra_ranges_never_shift_the_columns_of_the_table() -> None:
    plain = table().draw(6, seed=3)
    extra = table().draw(6, seed=3, extra={"events.b.x": (1, None, 2), "events.a.x": (-1, 0, 1)})
    assert {name: extra[name] for name in plain} == dict(plain)
    assert set(extra) - set(plain) == {"events.a.x", "events.b.x"}
    assert 1 <= extra["events.b.x"] <= 2
    swapped = table().draw(6, seed=3, extra={"events.a.x": (-1, 0, 1), "events.b.x": (1, None, 2)})
    assert swapped == extra


def test_an_extra_range_may_not_hide_a_parameter() -> None:
    with pytest.raises(ValueError, match="has the name of a parameter"):
        table().draw(0, 1, extra={"inertia": (0, None, 1)})


@pytest.mark.parametrize(("first", "count"), [(0, 2), (0, 8), (8, 8), (48, 16), (64, 64)])
def test_aligned_draws_put_exactly_one_value_into_each_part_of_every_range(first: int, count: int) -> None:
    # Independent draws would leave about 37% of the parts empty.
    drawn = np.array([points(index, 11, table().uncertain) for index in range(first, first + count)])
    assert np.all(np.sort((drawn * count).astype(int), axis=0) == np.arange(count)[:, None])


def test_pert_follows_its_distribution() -> None:
    # Mean of PERT(0, 0.2, 1) is (0 + 4 × 0.2 + 1) / 6; the midpoint rule over 2,000 quantiles is exact to 1e-3.
    grid = (np.arange(2000) + 0.5) / 2000
    values = np.array([quantile(u, 0.0, 0.2, 1.0) for u in grid])
    assert values.mean() == pytest.approx(0.3, abs=1e-3)
    assert np.all(np.diff(values) > 0)
    uniform = np.array([quantile(u, 2.0, None, 6.0) for u in grid])
    assert kstest((uniform - 2) / 4, "uniform").statistic < 0.01


def test_no_two_numbers_share_a_pattern() -> None:
    # 256 draws of 150 independent numbers: some 11,000 correlations with sd 0.08 (aligned pairs of draws mirror each
    # other), so 0.5 is more than 6 sd away. A joint Sobol sequence of that many columns has pairs above 0.9.
    drawn = np.array([points(index, 2, table().uncertain) for index in range(256)])
    matrix = np.corrcoef(drawn.T)
    np.fill_diagonal(matrix, 0.0)
    assert np.abs(matrix).max() < 0.5


def test_a_new_row_moves_nobody_elses_values() -> None:
    names = table().uncertain
    more = sorted([*names, "aaa_new", "zzz_new"])
    moved = dict(zip(more, points(9, 4, more), strict=True))
    assert [moved[name] for name in names] == list(points(9, 4, names))


def test_the_same_draw_is_made_on_every_machine() -> None:
    # Integer arithmetic only, so the bits are fixed; a change here changes every result.
    assert list(points(3, 1, ("inertia", "clutter"))) == [0.565801925607957, 0.44266027060803026]


def test_impossible_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="counts from 0"):
        table().draw(-1, seed=1)
    with pytest.raises(ValueError, match="counts from 0"):
        points(2**32, 1, ("inertia",))


def test_every_number_is_read_somewhere_unless_it_is_reserved() -> None:
    rooms = Path(simulator.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(rooms.rglob("*.py")))
    built = {"cue_weight_": 'f"cue_weight_{', "redesign_base_rate_": 'f"redesign_base_rate_{', "source_": 'f"source_{'}
    for name, row in table().items():
        prefix = next((p for p in built if name.startswith(p)), None)
        read = f'"{name}"' in code or (prefix is not None and built[prefix] in code)
        assert read == (row.role != "reserved"), name
