"""Names for the small integers that kernels share."""

from __future__ import annotations

import numpy as np

NEVER = np.int16(32767)
LONG_AGO = np.int16(-32000)
SLOTS = 16
"""Days ahead that a delivery can be planned; lead times are shorter."""
LONGEST_LEAD = 7
"""Longest lead time in days; longer ones are cut to it."""
SMALLEST_SHELF = 2
"""Units for which even the slowest item has space."""
DAYS_OF_WEEK = 7
QUARTER = 91
"""Days between two steps of the drift of tastes."""
OBSERVED_DAYS = 364
"""Length of the observed year before launch."""
GENERATIONS = 8
"""Generations of retelling that are told apart; later ones are counted in the last."""
DAYS = 1100
"""Longest gap in days that the fading tables cover."""

# rows of the fading tables
FADE_LEARNED, FADE_HEARD, FADE_BOND, FADE_HURT = range(4)
FADES = 4

# bits of Mind.aware
AWARE_HEARD = np.uint8(1)
AWARE_SEEN = np.uint8(2)
AWARE_CURIOUS = np.uint8(4)
AWARE_VOICED = np.uint8(8)

# positions along the metric axis, in the order of experiment.outcome.METRICS
(
    UNITS,
    VALUE,
    CONTRIBUTION,
    WANTED_OUT,
    TOOK_VARIANT,
    TOOK_RIVAL,
    TOOK_OTHER_STORE,
    WAITED,
    WENT_WITHOUT,
    NOT_FOUND,
    PROBLEMS,
    COMPLAINTS,
    COMPLAINTS_PUBLIC,
    SATISFIED_AFTER,
    POSITIVE,
    NEGATIVE,
) = range(16)
METRIC_COUNT = 16

# audits of items and causes of absence, in the order of experiment.outcome.OUT_CAUSES
SHELF_DAYS, OUT_ORDERING, OUT_SHELVING, OUT_UPSTREAM, OUT_EVENT = range(5)

# states of a base customer at the end of a week, in the order of experiment.outcome
BUYING, LAPSED, TOO_EARLY = range(3)

# causes of churn, in the order of experiment.outcome.CAUSES
NO_CAUSE, FINDABILITY, PROMISE, PRICE_SIZE, AVAILABILITY, SERVICE, WORD_OF_MOUTH = range(7)

# kinds of experience that may be voiced and talked about
KIND_PROBLEM, KIND_EXPERIENCE, KIND_DISLIKE, KIND_NEWS = range(4)
EVENT_KINDS = 4

# care policies, in the order of world.CARE_POLICIES
IGNORE, REFUND, APOLOGISE, IMPROVE = range(4)

# positions in Scratch.counts
SHOPPERS, EVENTS, DROPPED = range(3)

# positions in Life.heads
WAITING, NEWS = range(2)

POST = -2.0
"""Valence of a public post: negative, and heard by strangers too."""

# phases of a day, as bits of the mask that Model.plan uses to time them
(
    PHASE_EVENTS,
    PHASE_SHELVE,
    PHASE_REPS,
    PHASE_SHOP,
    PHASE_EXPERIENCE,
    PHASE_VOICE,
    PHASE_TALK,
    PHASE_REVIEW,
    PHASE_RECORD,
) = (1 << k for k in range(9))
ALL_PHASES = (1 << 9) - 1
