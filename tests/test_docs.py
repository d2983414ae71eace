"""The documentation is true: its examples load, its names exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from synthetic import make_comparison

from simulator.experiment.outcome import METRICS
from simulator.model.kernels.parameters import NAMES
from simulator.parameters import table
from simulator.report.words import paragraphs
from simulator.results.metrics import FATES, REGISTRY
from simulator.scenario import CUES, Guardrail, Scenario, load_market, loads
from simulator.scenario.events import KINDS, PLACES
from simulator.scenario.market import CareSpec, Distributor, Market, NetworkSpec, RepSpec, StoreSpec

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def examples(name: str, language: str) -> list[str]:
    return [body for label, body in FENCE.findall(text_of(name)) if label == language]


def as_scenario(example: str) -> Scenario:
    """A fragment of a scenario file, put where it belongs."""
    head = "schema: brandsim/1\nname: Example\nmarket: orange-juice\n"
    if example.startswith("- "):
        return loads(f"{head}events:\n{example}")
    if example.startswith("guardrails:"):
        return loads(f"{head}{example}")
    return loads(example)


SCENARIOS = [e for e in examples("scenario-files.md", "yaml") if not e.startswith("schema: brandsim-market/1")]
MARKETS = [e for e in examples("scenario-files.md", "yaml") if e.startswith("schema: brandsim-market/1")]


@pytest.mark.parametrize("example", SCENARIOS, ids=lambda e: e.split("\n", 1)[0])
def test_every_example_of_a_scenario_loads(example: str) -> None:
    assert as_scenario(example).explain()


@pytest.mark.parametrize("example", MARKETS, ids=lambda e: e.split("\n", 2)[1])
def test_every_example_of_a_market_loads(example: str, tmp_path: Path) -> None:
    file = tmp_path / "market.yaml"
    file.write_text(example, encoding="utf-8")
    assert load_market(file).brands


def test_every_kind_of_event_has_an_example_that_uses_each_of_its_words() -> None:
    used: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for example in SCENARIOS:
        data = yaml.safe_load(example)
        events = data if isinstance(data, list) else data.get("events", [])
        for event in events:
            if "kind" in event:
                used[event["kind"]] |= event.keys()
    common = {"id", "lasts", "where", "source", "kind"}
    for kind, model in KINDS.items():
        words = {field.alias or name for name, field in model.model_fields.items()} - common
        shown = used[kind] | set(CODE.findall(section("scenario-files.md", f"### {kind}")))
        missing = {word for word in words - shown if word not in section("scenario-files.md", f"### {kind}")}
        assert used[kind], f"{kind} has no example"
        assert not missing, f"{kind}: {sorted(missing)} is not explained"


def section(page: str, heading: str) -> str:
    rest = text_of(page).split(f"{heading}\n", 1)[1]
    return re.split(r"^#{2,3} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def test_the_table_of_places_is_that_of_the_language() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.+) \|$", section("scenario-files.md", "## When and where"), re.M)
    stated = {kind: tuple(CODE.findall(places)) for kinds, places in rows for kind in CODE.findall(kinds)}
    assert stated == PLACES


def test_every_word_of_a_market_file_is_shown() -> None:
    shown = "\n".join(MARKETS) + section("scenario-files.md", "## A market file")
    for model in (Market, StoreSpec, Distributor, RepSpec, CareSpec, NetworkSpec):
        for name, field in model.model_fields.items():
            assert re.search(rf"\b{field.alias or name}\b", shown), f"{model.__name__}.{name}"


def test_cues_and_guardrail_metrics_are_all_named() -> None:
    redesign = section("scenario-files.md", "### redesign")
    assert set(CUES) <= set(CODE.findall(redesign))
    metrics = Guardrail.model_fields["metric"].annotation.__args__  # type: ignore[union-attr]
    assert set(metrics) <= set(CODE.findall(section("scenario-files.md", "## Guardrails")))


def test_every_metric_and_fate_is_defined() -> None:
    named = set(CODE.findall(text_of("definitions.md")))
    assert set(REGISTRY) <= named
    assert set(FATES) <= named


def test_every_number_that_the_kernels_use_is_explained_by_its_name() -> None:
    named = set(CODE.findall(text_of("model.md")))
    assert not sorted(set(NAMES) - named)


def test_the_model_page_names_nothing_that_does_not_exist() -> None:
    page = re.sub(FENCE, "", text_of("model.md"))
    words = {word for word in CODE.findall(page) if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", word)}
    known = {*table(), *METRICS, *REGISTRY, *KINDS, "care_desk", "word_of_mouth", "price_size", "stock_rotation"}
    fields = {"identity_break", "real_households", "customers_per_store"}
    assert not sorted(words - known - fields)


def test_what_is_reserved_is_said_to_be_missing() -> None:
    reserved = {name for name in table() if table()[name].role == "reserved"}
    missing = section("model.md", "## Not modelled yet")
    assert reserved <= set(CODE.findall(missing))


def test_the_tutorial_explains_every_line_of_the_first_screen() -> None:
    tutorial = text_of("tutorial.md")
    for paragraph in paragraphs(make_comparison(4)):
        assert f"**{paragraph.heading}**" in tutorial


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        goal = (page.parent / file).resolve() if file else page
        assert goal.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_modules_that_pages_name_exist(page: Path) -> None:
    for word in CODE.findall(page.read_text(encoding="utf-8")):
        if re.fullmatch(r"(simulator|tests|notebooks|scenarios|docs)/[\w./-]+", word):
            assert (ROOT / word).exists(), word
