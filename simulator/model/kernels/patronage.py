"""Which of the stores that a customer knows a trip goes to: the main one mostly, and the others alike."""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined
from simulator.randomness.philox import uniform


@inlined
def other_stores(person):
    """Number of known stores besides the main one; the known ones come first."""
    return np.int64(person.store[1] >= 0) + np.int64(person.store[2] >= 0) + np.int64(person.store[3] >= 0)


@inlined
def prefers(one, other, person, town):
    """Whether a customer shops more in the store of slot ``one`` than in that of ``other``."""
    others = other_stores(person)
    return town.patronage[others, one] > town.patronage[others, other]


@inlined
def pull(patronage, mood, setting, p):
    """How much a known store attracts: patronage, satisfaction with it, and little where its people are disliked."""
    attraction = patronage * max(0.0, 1.0 + p.store_satisfaction_weight * mood)
    disliked = mood < p.rapport_floor * setting.roles_met
    return attraction * p.dislike_patronage if disliked else attraction


@inlined
def pick_store(word, person, me, town, setting, p):
    """Slot of the store for this trip: patronage weighted by satisfaction with each known store."""
    # sums without a branch: the known stores come first, and the others pull nobody
    others = other_stores(person)
    share = town.patronage
    first = pull(share[others, 0], me.store_mood[0], setting, p)
    second = first + pull(share[others, 1], me.store_mood[1], setting, p)
    third = second + pull(share[others, 2], me.store_mood[2], setting, p)
    goal = uniform(word) * (third + pull(share[others, 3], me.store_mood[3], setting, p))
    return min(np.int64(goal >= first) + np.int64(goal >= second) + np.int64(goal >= third), others)
