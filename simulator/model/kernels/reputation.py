"""Public standing of a brand: what everybody may know of it, slow to mend and heeded most by those without experience.

Reputation is counted from the usual: what ordinary posts keep up is part of a brand's fitted appeal, so it is exactly 0
in an undisturbed market. Public posts about a change and news coverage of an incident lower it by the share of people
they reach; it mends by `reputation_rate` a week. Confidence in a brand is own experience (belief, bond), others'
experience (heard) and reputation together; the last two weigh less the more one has bought oneself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.compilation import inlined, kernel

HABITS = 1024
"""Steps of habit by which the weight of what others say is looked up."""
_ALMOST_ALL = 1.0 - 2.0**-20
_STEPS, _HALF = np.float32(HABITS), np.float32(0.5)
_FORGOTTEN = 1e-4
"""Standing below which nobody notices: worth less than a ten-thousandth of a logit."""


def weights_of_others(values: Mapping[str, float]) -> NDArray[np.float32]:
    """Weight of what others say by own habit, float32, shape (HABITS + 1,).

    1 without own experience and half after ``experience_discount`` purchases, of which habit stands for
    ``-ln(1 - habit) / habit_growth``.
    """
    habit = np.minimum(np.arange(HABITS + 1) / HABITS, _ALMOST_ALL)
    half = values["habit_growth"] * values["experience_discount"]  # -ln(1 - habit) after so many purchases
    return np.asarray(half / (half - np.log1p(-habit)), np.float32)


@inlined
def weight_of_others(tie, scratch):
    """Weight of what others say to a customer with a habit."""
    return scratch.weights[np.int64(tie.habit * _STEPS + _HALF)]


@inlined
def reputed(tie, reputation, p, scratch):
    """What a brand's public standing adds to its utility for a customer (logit)."""
    return p.reputation_weight * reputation * weight_of_others(tie, scratch)


@inlined
def soil(firm, share):
    """Lower a brand's standing by bad news in public that reaches a share of people (0..1)."""
    firm.reputation -= min(1.0, share) * (1.0 + firm.reputation)


@kernel
def mend_reputations(firms, p):
    """Let every brand's standing come back towards the usual, by a day."""
    for b in range(firms.shape[0]):
        if firms[b].reputation != 0.0:
            firms[b].reputation *= (1.0 - p.reputation_rate) ** (1.0 / 7.0)
            if abs(firms[b].reputation) < _FORGOTTEN:
                firms[b].reputation = 0.0
