"""Pictures and the page: they say what was found, and need nothing but themselves."""

from __future__ import annotations

import re

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from synthetic import Story, make_comparison, make_outcomes, make_scenario, without_change

from simulator.report import page, plots
from simulator.results import Comparison, RunSettings
from simulator.results.card import shown_results

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return make_comparison(4)


@pytest.fixture(scope="module")
def html(comparison: Comparison) -> str:
    return page.render(comparison)


def title(comparison: Comparison, kind: str) -> str:
    axes = comparison.plot(kind, Figure().add_subplot())
    return " ".join(axes.get_title(loc="left").split())


def nothing() -> Comparison:
    return Comparison(make_scenario(), tuple(without_change(o) for o in make_outcomes(2)), RunSettings(1))


@pytest.mark.parametrize("kind", plots.KINDS)
def test_a_plot_returns_the_axes_it_was_given(comparison: Comparison, kind: str) -> None:
    axes = Figure().add_subplot()
    assert comparison.plot(kind, axes) is axes
    assert axes.get_xlabel()


def test_without_axes_a_notebook_gets_a_figure_of_its_own(comparison: Comparison) -> None:
    axes = comparison.plot()
    assert isinstance(axes, Axes)
    assert axes.figure.number in plt.get_fignums()  # type: ignore[union-attr]
    plt.close(axes.figure)  # type: ignore[arg-type]


def test_files_are_drawn_without_touching_the_figures_of_the_program(comparison: Comparison) -> None:
    before = plt.get_fignums()
    drawn = plots.pictures(comparison)
    assert plt.get_fignums() == before
    assert set(drawn) == {"units", "churn", "fates", "word_of_mouth"}
    assert all(content.startswith(b"\x89PNG") for content in drawn.values())


def test_titles_state_the_finding_with_its_number(comparison: Comparison) -> None:
    share = abs(comparison.results["units_change"].value.mean or 0.0)
    assert title(comparison, "units") == (f"Sunfield sells {100 * share:.1f}% less with the change over 26 weeks")
    assert "have left because of it by week 25" in title(comparison, "churn")
    assert "3 negative messages for each positive one" in title(comparison, "word_of_mouth")


def test_titles_of_a_launch_that_does_nothing_claim_nothing() -> None:
    assert "sells as much with the change as without it" in title(nothing(), "units")
    assert "makes no habitual customers leave" in title(nothing(), "churn")
    assert title(nothing(), "word_of_mouth") == "Nobody talks about the change"


def test_axes_carry_units_and_the_launch_is_marked(comparison: Comparison) -> None:
    axes = comparison.plot("units", Figure().add_subplot())
    assert axes.get_xlabel() == "weeks since the launch (week 0)"
    assert axes.get_ylabel() == "Sunfield: units per week"
    assert "launch" in [text.get_text() for text in axes.texts]
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["without the change (mean)", "with the change (mean)", "5% to 95% of replicates"]


def test_an_axis_that_leaves_out_zero_says_so(comparison: Comparison) -> None:
    texts = [text.get_text() for text in comparison.plot("units", Figure().add_subplot()).texts]
    assert "axis does not start at 0" in texts


def test_one_replicate_and_short_horizons_can_be_drawn() -> None:
    assert set(plots.pictures(make_comparison(1, Story(horizon=2), guardrails=[]))) == set(plots.KINDS)


def test_an_unknown_plot_names_the_known_ones(comparison: Comparison) -> None:
    with pytest.raises(ValueError, match=r"no plot 'pie'; choose one of units, churn, fates, word_of_mouth"):
        comparison.plot("pie")


def test_the_page_needs_no_network(html: str) -> None:
    assert len(re.findall(r'src="data:image/png;base64,', html)) == 4
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(link.startswith("data:") for link in links)
    assert "http" not in re.sub(r"base64,[^\"]*", "", html)
    assert "@import" not in html
    assert "<script" not in html


def test_the_page_says_what_the_screen_says(comparison: Comparison, html: str) -> None:
    for metric in shown_results(comparison):
        assert metric.metric.label in html
    assert "chance of breach" in html
    assert "Not modelled:" in html
    assert "Orange carton redesign" in html


def test_the_page_escapes_what_users_wrote() -> None:
    text = page.render(make_comparison(2, name="<b>bold</b> & co"), {})
    assert "<b>bold</b>" not in text
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; co" in text


def test_the_page_is_the_same_every_time(comparison: Comparison, html: str) -> None:
    assert page.render(comparison) == html
