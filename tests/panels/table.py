"""The comparison of all models on all panels, and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .baselines import dirichlet, guadagni_little, markov
from .data import PANELS, Panel, halves, read
from .measures import COMPARED, Measures, errors, measure
from .simulate import plausible, simulate

FLOOR = "real half against real half"
MODEL = "brandsim"
FREE = "brandsim, any spread of tastes"
BASELINES = ("Dirichlet", "first-order Markov", "Guadagni and Little")
ROWS = (FLOOR, MODEL, FREE, *BASELINES)

ANY_SPREAD = (0.2, 4.0)
"""Spread of tastes where the table's range does not count."""


@dataclass(frozen=True)
class Compared:
    """Errors on one panel, averaged over both directions (fit on one half, held against the other).

    Attributes
    ----------
    panel : Panel
    whole : Measures
        Of all households.
    errors : dict
        Row of the table -> errors in points, in the order of `COMPARED`.
    excess : dict
        Row -> repeat beyond what who people are explains, points; ``FLOOR`` holds the real households'.
    taste_sd, free_sd : tuple of float
        Spread of tastes chosen in each direction, within the table's range and without it.
    at_bound : bool
        Whether the plausible range stopped it in any direction.
    """

    panel: Panel
    whole: Measures
    errors: dict[str, NDArray[np.float64]]
    excess: dict[str, float]
    taste_sd: tuple[float, ...]
    free_sd: tuple[float, ...]
    at_bound: bool


def compare(panel: Panel, seed: int = 1) -> Compared:
    """Fit everything on one half and hold it against the other, both ways round."""
    brands = len(panel.brands)
    one, two = halves(panel)
    found: dict[str, list[NDArray[np.float64]]] = {row: [] for row in ROWS}
    excess: dict[str, list[float]] = {row: [] for row in ROWS}
    spreads, free_spreads, bounds = [], [], []
    for fitted, held in ((one, two), (two, one)):
        true = measure(held.chosen, brands)
        model = simulate(fitted, held.lengths, plausible(), seed)
        free = simulate(fitted, held.lengths, ANY_SPREAD, seed) if model.at_bound else model
        spreads.append(model.taste_sd)
        free_spreads.append(free.taste_sd)
        bounds.append(model.at_bound)
        said = {
            FLOOR: fitted.chosen,
            MODEL: model.sequences,
            FREE: free.sequences,
            BASELINES[0]: dirichlet(fitted, held.lengths, seed),
            BASELINES[1]: markov(fitted, held.lengths, seed),
            BASELINES[2]: guadagni_little(fitted, held, seed),
        }
        for row, sequences in said.items():
            measured = measure(sequences, brands)
            found[row].append(errors(measured, true))
            excess[row].append(100.0 * measured.excess)
    return Compared(
        panel,
        measure(panel.chosen, brands),
        {row: np.mean(values, axis=0) for row, values in found.items()},
        {row: float(np.mean(values)) for row, values in excess.items()},
        tuple(spreads),
        tuple(free_spreads),
        any(bounds),
    )


def compare_all() -> list[Compared]:
    """Every panel."""
    return [compare(read(name)) for name in PANELS]


def winners(one: Compared) -> dict[str, tuple[str, ...]]:
    """For each measure the baselines whose error is smaller than the model's."""
    return {
        what: tuple(row for row in BASELINES if one.errors[row][k] < one.errors[MODEL][k])
        for k, what in enumerate(COMPARED)
    }


def page(results: list[Compared]) -> str:
    """Return the page of the documentation."""
    low, high = plausible()
    lines = [
        "# Against household panels",
        "",
        "<!-- written by `python -m tests.panels --write docs/panels.md`; change the code, not the page -->",
        "",
        "Three household panels of the R package Ecdat (Jain, Vilcassim & Chintagunta 1994) that are not part of this",
        "repository. Rows that are several units of one trip are one trip. Households are split in two halves. Shares,",
        "mean prices and purchase frequency of one half make a market file; the spread of tastes is the one, within",
        f"the table's range of {low:g} to {high:g}, that gives the half's polarisation. All other numbers are",
        "the table's central ones. The other half is what the simulated households, with as many trips each, are held",
        "against; then the halves change places, and errors are averaged.",
        "",
        "Errors are in points (hundredths), mean absolute over brands, over pairs of brands for switching; in *repeat*",
        "the sign is dropped. The first row is what sampling alone gives: one real half as a forecast of the other. An",
        "error near that row cannot be told from none. *Excess* is repeat beyond what stable differences between",
        "households explain (points; the first row shows the real one).",
        "",
        "- **brandsim, any spread of tastes**: the same, where the table's range does not bind.",
        "- **Dirichlet**: stable tastes, no memory; shares and polarisation of the half.",
        "- **First-order Markov**: memory of one trip, all households alike; the half's transition matrix.",
        "- **Guadagni and Little (1983)**: smoothed loyalty, price, feature and display, all households alike; fitted",
        "  to every choice of the half, and told the shelf that each household of the other half met on each trip.",
        "",
        "Two things the market file cannot know. In the panels prices and features change from trip to trip and make",
        "households switch; in the undisturbed market prices stand still. And the panels have no dates: two years are",
        "assumed, which sets how much of the world's slow change falls between two trips.",
        "",
    ]
    for one in results:
        whole, panel = one.whole, one.panel
        shares = ", ".join(f"{brand} {share:.0%}" for brand, share in zip(panel.brands, whole.share, strict=True))
        spread = " and ".join(f"{value:.2f}" for value in one.taste_sd)
        free = " and ".join(f"{value:.2f}" for value in one.free_sd)
        bound = f", where the range ends; without it {free}" if one.at_bound else ""
        lines += [
            f"## {panel.name.capitalize()}",
            "",
            f"{len(panel.chosen)} households, {panel.trips:,} trips; {shares}. Polarisation {whole.polarisation:.2f}, "
            f"repeat {whole.repeat:.3f}. Spread of tastes {spread}{bound}.",
            "",
            f"| | {' | '.join(COMPARED)} | excess |",
            f"|---|{'--:|' * (len(COMPARED) + 1)}",
        ]
        for name in ROWS:
            cells = " | ".join(f"{value:.1f}" for value in one.errors[name])
            lines.append(f"| {name} | {cells} | {one.excess[name]:+.1f} |")
        lines += ["", _reading(one), ""]
    return "\n".join(lines)


def _reading(one: Compared) -> str:
    """Say where simple baselines win, and where the model is within twice the noise of the panel."""
    better = [f"{what} ({', '.join(names)})" for what, names in winners(one).items() if names]
    noise = [what for k, what in enumerate(COMPARED) if one.errors[MODEL][k] <= 2.0 * one.errors[FLOOR][k]]
    first = (
        f"A simple baseline is nearer than the model in {'; '.join(better)}." if better else "No baseline is nearer."
    )
    second = (
        f"The model is within twice the noise of the panel in {', '.join(noise)}."
        if noise
        else ("The model is outside twice the noise of the panel everywhere.")
    )
    return f"{first} {second}"
