"""Wrong files: each gets its message, and nothing but a `ScenarioError` ever comes out of one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.scenario import ScenarioError, load, load_market, loads, tree
from simulator.scenario.shipped import shipped_files

CORPUS = Path(__file__).parent / "wrong_scenarios"
FILES = sorted(CORPUS.glob("*.yaml"))
CARTON = shipped_files("scenario")["orange_carton"].read_text(encoding="utf-8").replace("markets/", "")
CARTON = CARTON.replace("orange-juice.yaml", "orange-juice")


def test_the_corpus_is_large() -> None:
    assert len(FILES) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_file_gets_its_message(path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(path)
    message = str(caught.value).replace(f"{CORPUS}/", "")
    for line in path.with_suffix(".expected").read_text(encoding="utf-8").splitlines():
        assert line in message
    starts = [line for line in message.splitlines() if not line.startswith(" ")]
    expected = [
        line for line in path.with_suffix(".expected").read_text(encoding="utf-8").splitlines() if ".yaml:" in line
    ]
    assert starts == expected, "no message more than those expected"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_says_how_to_mend_it(path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(path)
    for problem in caught.value.problems:
        assert problem.reason
        assert problem.mend
        assert problem.line > 0
        assert problem.column > 0


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"orange_carton\.yaml(.|\n)*did you mean the shipped scenario"):
        load(tmp_path / "orange_carton.yaml")
    with pytest.raises(ScenarioError, match='did you mean "orange_carton"'):
        load("orange_cartn")
    with pytest.raises(ScenarioError, match="is a folder, not a file"):
        load(tmp_path)
    with pytest.raises(ScenarioError, match="no shipped market of that name"):
        load_market("orange_carton")
    with pytest.raises(ScenarioError, match="there is no file"):
        load("a\0b")
    with pytest.raises(ScenarioError, match="there is no file"):
        load("x" * 5000)
    with pytest.raises(ScenarioError, match="is not a regular file"):
        load("/dev/null")


def test_a_shipped_name_means_the_shipped_file_even_beside_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orange_carton").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("orange_carton").name == "Orange carton redesign"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(5_000_000_000)
    with pytest.raises(ScenarioError, match=r"5000\.0 MB large"):
        load(huge)


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + CARTON.replace("\n", "\r\n").encode())
    assert load(path).name == "Orange carton redesign"


def test_the_slow_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = loads(CARTON)
    monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert loads(CARTON) == fast
    for name in ("alias_bomb", "too_deep", "recursive_alias", "tag", "duplicate_key"):
        with pytest.raises(ScenarioError):
            load(CORPUS / f"{name}.yaml")


def check(text: str) -> None:
    said = "read"
    try:
        loads(text)
    except ScenarioError as error:
        said = str(error)
    assert said


YAMLISH = st.text(alphabet="abk0129:-.%[]{}&*!#'\"|>,\n \t~?@`\\é", max_size=80)
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(st.one_of(st.text(), YAMLISH))
def test_arbitrary_text_is_refused_with_a_message(text: str) -> None:
    check(text)


@QUICK
@given(st.data())
def test_a_damaged_scenario_is_read_or_refused_with_a_message(data: st.DataObject) -> None:
    start = data.draw(st.integers(900, len(CARTON)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(
        st.one_of(YAMLISH, st.sampled_from(["null", "{low: 1, high: 2}", "..", "1..2", "[]", "{}", "true"]))
    )
    check(CARTON[:start] + put + CARTON[start + length :])


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["1..2", "20%"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["low", "high", "value", "source", "share", "kind", "id", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
PATHS = [
    "name", "market", "focal_brand", "customers", "horizon", "events", "guardrails", "events.new-carton",
    "events.new-carton.cues", "events.new-carton.cues.logo", "events.new-carton.appeal",
    "events.new-carton.appeal.mean",
    "events.new-carton.where", "events.new-carton.start", "events.new-carton.rollout.by", "guardrails.0",
    "guardrails.0.min", "market.brands", "market.brands.Sunfield", "market.brands.Sunfield.items",
    "market.brands.Sunfield.position", "market.segments", "market.regions", "market.stores", "market.stores.delivery",
    "market.stores.per_customer", "market.stores.per_customer.one", "market.stores.roles", "market.reps", "market.care",
    "market.network.edges", "market.category", "market.schema", "events.new-carton.kind", "events.new-carton.id",
]  # fmt: skip


@QUICK
@given(st.sampled_from(PATHS), VALUES)
def test_any_value_at_any_place_is_read_or_refused_with_a_message(path: str, value: object) -> None:
    said = "read"
    try:
        load("guarded_launch").at({path: value})
    except ScenarioError as error:
        said = str(error)
    assert said
