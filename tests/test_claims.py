"""The table of claims is whole and true: every function, scenario and test that it names is there."""

from __future__ import annotations

import pytest
from claims.table import DOCUMENTS, PAGE, ROOT, UNTESTED, VERDICTS, Claim, functions_of, page, read

from simulator.evidence.facts import all_facts
from simulator.scenario import shipped

CLAIMS = read()


def test_all_56_claims_are_there_once_and_in_order() -> None:
    expected = [f"{document}-{letter}" for document, letters in DOCUMENTS.items() for letter in letters]
    assert len(expected) == 56
    assert [claim.id for claim in CLAIMS] == expected


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_a_claim_names_is_there(claim: Claim) -> None:
    assert claim.verdict in VERDICTS
    assert claim.mechanism
    for name in (*claim.mechanism, *claim.tests):
        file, _, function = name.partition("::")
        assert (ROOT / file).is_file(), file
        assert function in functions_of(ROOT / file), name
    assert claim.scenario in shipped() or claim.scenario in {fact.id for fact in all_facts()}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_the_evidence_does_not_support_bears_a_label(claim: Claim) -> None:
    if claim.verdict in ("N", "A"):
        assert claim.note.startswith("assumption")
    if claim.verdict == "W":
        assert claim.note.startswith("contradicted")


def test_the_page_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.claims"
    assert page().count(UNTESTED) == sum(not claim.tests for claim in CLAIMS)
