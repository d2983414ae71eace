"""Pictures that a brand manager reads without help: titles state the finding, axes have units, bands are explained.

Colours stay apart for colour-blind readers and in print (grey against vermilion, line styles differ too). Files are
drawn on their own figures, never on the program-wide state of pyplot, so that drawing is safe anywhere.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulator.results import wording
from simulator.results.metrics import HUNDREDTHS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from simulator.results import Comparison

WITHOUT, WITH, QUIET = "#4d4d4d", "#d55e00", "#8c8c8c"
GAIN = "#0072b2"
SIZE, DPI = (7.2, 4.4), 160
TITLE_WIDTH, FATES_TITLE_WIDTH = 62, 48
BAND = "5% to 95% of replicates"

WEEKS_BEFORE = 12
"""Weeks before launch that are drawn, the stretch against which brands watch a launch."""

Draw = Callable[["Comparison", "Axes"], None]


def draw(comparison: Comparison, kind: str, ax: Axes | None = None) -> Axes:
    """Draw one picture of a comparison.

    Parameters
    ----------
    comparison : Comparison
        What to draw.
    kind : {"units", "churn", "fates", "word_of_mouth"}
        Which picture.
    ax : matplotlib Axes, optional
        Where; by default a new pyplot figure, so that notebooks show it.

    Returns
    -------
    matplotlib Axes
    """
    if kind not in KINDS:
        raise ValueError(f"there is no plot {kind!r}; choose one of {', '.join(KINDS)}")
    if ax is None:
        import matplotlib.pyplot as plt  # only here: a person wants to see it

        _, ax = plt.subplots(figsize=SIZE, layout="constrained")
    KINDS[kind](comparison, ax)
    return ax


def pictures(comparison: Comparison) -> dict[str, bytes]:
    """Every picture as PNG, by kind."""
    return {kind: picture(comparison, kind) for kind in KINDS}


def picture(comparison: Comparison, kind: str) -> bytes:
    """One picture as PNG."""
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    draw(comparison, kind, figure.add_subplot())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def units(comparison: Comparison, ax: Axes) -> None:
    """Weekly units of the focal brand in both arms."""
    frame = comparison.weekly()
    frame = frame[frame["week"] >= -WEEKS_BEFORE]
    change = comparison.results["units_change"]
    _two_arms(ax, frame, "units")
    _zoom(ax, frame, "units")
    ax.set_ylabel(f"{comparison.brand}: units per week")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value)))
    mean = change.value.mean
    if mean is None:
        finding = f"{comparison.brand} sells nothing without the change, so there is no change to state"
    elif wording.percent(mean) == "0.0%":
        finding = (
            f"{comparison.brand} sells as much with the change as without it over {comparison.horizon_weeks} weeks"
        )
    else:
        way = "less" if mean < 0 else "more"
        weeks = comparison.horizon_weeks
        finding = f"{comparison.brand} sells {wording.percent(abs(mean))} {way} with the change over {weeks} weeks"
    _frame(ax, finding, f"{_people(comparison)}; both lines share people and luck")
    _launch(ax)


def churn(comparison: Comparison, ax: Axes) -> None:
    """Share of habitual customers lapsed in both arms, and the part the change caused."""
    frame = comparison.weekly()
    frame = frame[frame["week"] >= -1]
    _two_arms(ax, frame, "churn", scale=HUNDREDTHS)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("habitual customers who have lapsed (%)")
    caused = comparison.results["caused_churn"].value
    mean = caused.mean or 0.0
    share = wording.percent(abs(mean))
    if share == "0.0%":
        finding = "The change makes no habitual customers leave who would have stayed, on balance"
    elif mean > 0:
        finding = f"{share} of habitual customers have left because of it by week {comparison.horizon_weeks - 1}"
    else:
        finding = (
            f"The change keeps {share} of habitual customers who would have left by week {comparison.horizon_weeks - 1}"
        )
    _frame(ax, finding, "Lapsed: not bought for twice the usual interval; those too early to tell count as not")
    _launch(ax)


def fates(comparison: Comparison, ax: Axes) -> None:
    """What became of the habitual customers by the horizon."""
    frame = comparison.fates().set_index("fate")
    shown = ("left_anyway", "caused", "saved", "too_early")
    colours = (QUIET, WITH, GAIN, "#d9d9d9")
    share = HUNDREDTHS * frame.loc[list(shown), "share"].to_numpy(dtype=float)
    low = HUNDREDTHS * frame.loc[list(shown), "low"].to_numpy(dtype=float)
    high = HUNDREDTHS * frame.loc[list(shown), "high"].to_numpy(dtype=float)
    at = np.arange(len(shown))
    ax.barh(at, share, color=colours, height=0.62)
    for row, (middle, left, right) in enumerate(zip(share, low, high, strict=True)):
        known = not (np.isnan(left) or np.isnan(right))
        if known:
            ax.plot([left, right], [row, row], color="black", linewidth=1.4, solid_capstyle="butt")
        band = f"  ({wording.number(left, 1)} to {wording.number(right, 1)}%)" if known else ""
        edge = max(middle, right) if known else middle
        ax.annotate(
            f"{wording.number(middle, 1)}%{band}", (edge, row), xytext=(8, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(at, [wording.FATE_WORDS[name] for name in shown])
    ax.invert_yaxis()
    ax.set_xlim(0, max(1.0, float(np.nanmax([share.max(), np.nan_to_num(high).max()]))) * 1.45)
    ax.set_xlabel("share of habitual customers (%)")
    stayed = wording.percent(_share(frame, "stayed"))
    net = _share(frame, "caused") - _share(frame, "saved")
    effect = f"on balance {wording.percent(net)} leave because of the change"
    if wording.percent(net) == "0.0%":
        effect = "on balance nobody leaves because of the change"
    elif net < 0:
        effect = f"on balance the change keeps {wording.percent(-net)}"
    finding = f"{stayed} of habitual customers stay either way; {effect}"
    note = f"At week {comparison.horizon_weeks - 1}; black line: {BAND}; person by person, under common luck"
    _frame(ax, finding, note, FATES_TITLE_WIDTH)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)


def _share(frame: pd.DataFrame, fate: str) -> float:
    return float(frame["share"].to_numpy(dtype=float)[list(frame.index).index(fate)])


def word_of_mouth(comparison: Comparison, ax: Axes) -> None:
    """How far talk about the change spread, and through how many mouths."""
    frame = comparison.weekly()
    frame = frame[frame["week"] >= -1]
    weeks = frame["week"].to_numpy()
    _line(ax, weeks, frame, "reached", WITH, "-", "customers reached by talk (mean)", HUNDREDTHS)
    ax.set_ylabel("customers reached by talk about it (%)")
    reach = comparison.results["wom_reach"].value.mean or 0.0
    tellers = np.mean([outcome.arms["scenario"].tellers.sum(axis=0) for outcome in comparison.outcomes], axis=0)
    if reach <= 0 and not tellers.any():
        _frame(ax, "Nobody talks about the change", _people(comparison))
        ax.set_ylim(0, 1)
        return
    # the upper third is kept free for the small chart, whatever the curve's shape
    ax.set_ylim(0, max(1.0, HUNDREDTHS * float(frame["reached_high"].max())) * 1.6)
    balance = comparison.results["wom_net_sentiment"].value.mean
    tone = "" if balance is None else f"; {_tone(balance)}"
    _frame(
        ax,
        f"Talk about the change reaches {wording.percent(reach)} of customers{tone}",
        _people(comparison),
    )
    _launch(ax)
    last = int(np.flatnonzero(tellers)[-1]) if tellers.any() else 0
    if last:
        _generations(ax, tellers[: last + 1])


KINDS: dict[str, Draw] = {"units": units, "churn": churn, "fates": fates, "word_of_mouth": word_of_mouth}
"""The pictures by name, in the order in which pages show them."""


def _generations(ax: Axes, tellers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """A small chart of tellers by generation, above the curve."""
    small = ax.inset_axes((0.3, 0.71, 0.66, 0.17))
    small.bar(np.arange(tellers.size), tellers, color=QUIET, width=0.7)
    for generation, count in enumerate(tellers):
        text = wording.number(float(count)) if count >= 1 else "<1"
        small.annotate(text, (generation, count), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8)
    small.set_title("people who told others, by steps from own experience", fontsize=8, loc="left")
    small.set_xticks(np.arange(tellers.size), ["own", *(str(step) for step in range(1, tellers.size))], fontsize=8)
    small.set_yticks([])
    small.set_ylim(0, float(tellers.max()) * 1.25)
    for side in ("top", "right", "left"):
        small.spines[side].set_visible(False)


def _tone(balance: float) -> str:
    """The balance of messages as people say it."""
    positive, negative = (1 + balance) / 2, (1 - balance) / 2
    more, less, word = (negative, positive, "negative") if balance < 0 else (positive, negative, "positive")
    if abs(balance) < 0.1:
        return "good and bad talk balance"
    if less == 0 or more / less > 20:
        return f"nearly all of it {word}"
    other = "positive" if word == "negative" else "negative"
    return f"{wording.number(more / less, 1).removesuffix('.0')} {word} messages for each {other} one"


def _two_arms(ax: Axes, frame: pd.DataFrame, name: str, scale: float = 1.0) -> None:
    weeks = frame["week"].to_numpy()
    _line(ax, weeks, frame, f"{name}_baseline", WITHOUT, "--", "without the change (mean)", scale)
    _line(ax, weeks, frame, f"{name}_scenario", WITH, "-", "with the change (mean)", scale)


def _line(
    ax: Axes,
    weeks: np.ndarray[tuple[int], np.dtype[np.int64]],
    frame: pd.DataFrame,
    name: str,
    colour: str,
    style: str,
    label: str,
    scale: float,
) -> None:
    low, high = scale * frame[f"{name}_low"], scale * frame[f"{name}_high"]
    ax.fill_between(weeks, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.fill_between([], [], [], color=QUIET, alpha=0.3, linewidth=0, label=BAND)
    ax.plot(weeks, scale * frame[name], color=colour, linestyle=style, linewidth=2, label=label)


def _zoom(ax: Axes, frame: pd.DataFrame, name: str) -> None:
    """Leave zero out only where it would hide the answer, and say so at the axis."""
    bands = frame[[f"{name}_{arm}_{end}" for arm in ("baseline", "scenario") for end in ("low", "high")]].to_numpy()
    lowest, highest = float(bands.min()), float(bands.max())
    if highest > 0 and lowest / highest > 0.5:
        room = 0.25 * (highest - lowest) or 0.05 * highest
        ax.set_ylim(lowest - room, highest + room)
        ax.annotate("axis does not start at 0", (0.005, 0.015), xycoords="axes fraction", fontsize=8, color=QUIET)
    else:
        ax.set_ylim(bottom=0)


def _frame(ax: Axes, finding: str, note: str, width: int = TITLE_WIDTH) -> None:
    """Title, note, legend and grid: the same for every picture."""
    title = "\n".join(textwrap.wrap(finding, width))
    ax.set_title(f"{title}\n", loc="left", fontsize=12, fontweight="bold", pad=4)
    below = ax.annotate(
        note, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color="#555555"
    )
    below.set_in_layout(False)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="both", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        first = dict(reversed(list(zip(labels, handles, strict=True))))
        order = sorted(first, key=lambda label: (label == BAND, labels.index(label)))
        ax.legend(
            [first[label] for label in order],
            order,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.14),
            ncols=len(order),
            fontsize=9,
            frameon=False,
        )
        ax.set_xlabel("weeks since the launch (week 0)")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 4, 5, 10]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value)))
        ax.margins(x=0.01)


def _launch(ax: Axes) -> None:
    ax.axvline(0, color="black", linewidth=1, linestyle=":")
    ax.annotate(
        "launch",
        (0, 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8.5,
    )


def _people(comparison: Comparison) -> str:
    return f"{comparison.replicates} replicates of {comparison.outcomes[0].customers:,} simulated customers"
