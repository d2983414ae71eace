"""Who the answer is about: the habitual customers of the focal brand at launch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Base:
    """The habitual customers of the focal brand, from the baseline arm.

    Attributes
    ----------
    rows : array of int64, shape (C,)
        Rows of the customers.
    limit : array of float64, shape (C,)
        Twice each one's mean interval between focal purchases before launch, days.
    buyers : int
        Customers who bought the focal brand in the observed year.
    buyers_units : int
        Focal units bought in the observed year.
    """

    rows: NDArray[np.int64]
    limit: NDArray[np.float64]
    buyers: int
    buyers_units: int
