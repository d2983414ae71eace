"""What is compared: penetration, share of requirements, repeat and switching of sequences of choices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .data import Sequence

COMPARED = ("penetration", "share of requirements", "repeat by brand", "repeat", "switching")
"""Errors, in this order; all in points, mean absolute over brands (over pairs of brands for switching)."""


@dataclass(frozen=True)
class Measures:
    """Figures of a set of households; ``B`` brands.

    Attributes
    ----------
    share : (B,) of trips
    penetration : (B,) share of households that bought the brand at all
    requirements : (B,) share of the brand in the trips of its buyers
    repeat_by_brand : (B,) share of trips after one with the brand that have it again
    repeat : float, share of trips with the brand of the trip before
    switching : (B, B) share of consecutive pairs of trips, from row to column
    pair_repeat : float, share of random pairs of a household's trips with the same brand, households weighed by
        their number of consecutive pairs: what repeat would be if order meant nothing
    """

    share: NDArray[np.float64]
    penetration: NDArray[np.float64]
    requirements: NDArray[np.float64]
    repeat_by_brand: NDArray[np.float64]
    repeat: float
    switching: NDArray[np.float64]
    pair_repeat: float

    @property
    def polarisation(self) -> float:
        """How far households differ, 0 (all alike) to 1 (each has one brand): the Dirichlet's 1 / (1 + S)."""
        chance = float((self.share**2).sum())
        return (self.pair_repeat - chance) / (1.0 - chance)

    @property
    def excess(self) -> float:
        """Repeat beyond what who people are explains."""
        return self.repeat - self.pair_repeat


def measure(sequences: Iterable[Sequence], brands: int) -> Measures:
    """Measure sequences of choices."""
    households = [one for one in sequences if len(one)]
    counts = np.array([np.bincount(one, minlength=brands) for one in households], np.float64)
    total = counts.sum(axis=1)
    pairs = np.zeros((brands, brands))
    for one in households:
        np.add.at(pairs, (one[:-1], one[1:]), 1.0)
    several = total > 1
    n = total[several]
    same = (counts[several] * (counts[several] - 1.0)).sum(axis=1) / (n * (n - 1.0))
    buyers = counts > 0
    return Measures(
        share=counts.sum(axis=0) / total.sum(),
        penetration=buyers.mean(axis=0),
        requirements=counts.sum(axis=0) / np.maximum((buyers * total[:, None]).sum(axis=0), 1.0),
        repeat_by_brand=np.diag(pairs) / np.maximum(pairs.sum(axis=1), 1.0),
        repeat=float(np.trace(pairs) / pairs.sum()),
        switching=pairs / pairs.sum(),
        pair_repeat=float((same * (n - 1.0)).sum() / (n - 1.0).sum()),
    )


def errors(said: Measures, true: Measures) -> NDArray[np.float64]:
    """Errors in points, in the order of `COMPARED`."""
    return 100.0 * np.array(
        [
            np.abs(said.penetration - true.penetration).mean(),
            np.abs(said.requirements - true.requirements).mean(),
            np.abs(said.repeat_by_brand - true.repeat_by_brand).mean(),
            abs(said.repeat - true.repeat),
            np.abs(said.switching - true.switching).mean(),
        ]
    )
