"""Names for the small integers that kernels share."""

from __future__ import annotations

import numpy as np

CACHE_LINE = 64
"""Bytes that memory is fetched in."""
LOWEST = -1e30
"""Below any utility."""
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
MOST_TOLD = 64
"""Friends whom one teller can tell of one thing in a day."""
PERIOD_DAYS = 28
"""Days of one step of a retention curve."""
PERIODS = 26
"""Steps of a retention curve, two years."""
MAILBAGS = 32
"""Weeks for which what was relayed to the brand team is kept; the time to mend is shorter."""
LONGEST_MEND = 30
"""Longest time to mend in weeks; longer ones are cut to it."""
DAYS = 1100
"""Longest gap in days that the fading tables cover."""

# rows of the fading tables
FADE_LEARNED, FADE_HEARD, FADE_BOND, FADE_HURT = range(4)
FADES = 4

# bits of Mind.aware
AWARE_HEARD = np.uint8(1)
AWARE_SEEN = np.uint8(2)
AWARE_CURIOUS = np.uint8(4)
AWARE_JUDGED = np.uint8(8)  # of a recipe: what it says about the brand was taken to heart
AWARE_ENROLLED = np.uint8(16)  # of a programme: a member
AWARE_VOICED = np.uint8(32)  # of a look: dislike was voiced

# bits of View.drawn
DRAWN_HEARD = np.uint8(1)  # whether the announcement was heard
DRAWN_LIKING = np.uint8(2)

# bits of Levers.usual
USUAL_LOOKS = np.uint8(1)  # every brand looks as ever and is in the range
USUAL_PRICES = np.uint8(2)  # and every price and pack size is the usual one

# kinds of changes that customers carry in mind, see levers.LOOK
LOOK_PACK, LOOK_RECIPE, LOOK_POSITION, LOOK_PROGRAMME, LOOK_RANGE = range(5)

# Stock.blocked: what an event does to an item today
LISTED, BLOCKED, DELISTED = range(3)
# Stock.short: what the distributor did with the last order
SENT, SHORT, SHORT_BY_EVENT = range(3)
# Sight.absent: whether the store sells the brand at all
SOLD, ABSENT, KNOWN_ABSENT = range(3)

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
    ANSWERED,
    ANSWERED_LATE,
    WAITING_DAYS,
    RELAYED,
) = range(20)
METRIC_COUNT = 20

# audits of items and causes of absence, in the order of experiment.outcome.OUT_CAUSES
SHELF_DAYS, OUT_ORDERING, OUT_SHELVING, OUT_UPSTREAM, OUT_EVENT = range(5)

# states of a base customer at the end of a week, in the order of experiment.outcome
BUYING, LAPSED, TOO_EARLY = range(3)

# bits of BrandLever.manner
MANNER_NAMED = np.uint8(1)
"""A service event names this brand: hostility is the brand's, not the store's."""
MANNER_FEIGNED = np.uint8(2)
"""Some of the service is not meant."""

# who follows a rep who left, in the order of scenario.events.SUCCESSORS; brokers come by rep_staffing only
NEW_HIRE, COLLEAGUE, BROKER = range(3)

OWNED_ALL = 250.0
"""Steps of the part of a bond that is with persons."""
MOST_COLD = 15
"""Hostile encounters that are counted: the next one makes no difference."""

# causes of churn, in the order of experiment.outcome.CAUSES
NO_CAUSE, FINDABILITY, PROMISE, PRICE_SIZE, AVAILABILITY, SERVICE, WORD_OF_MOUTH = range(7)
CAUSE_COUNT = 7

# kinds of experience that may be voiced and talked about
KIND_PROBLEM, KIND_EXPERIENCE, KIND_DISLIKE, KIND_NEWS = range(4)
EVENT_KINDS = 4

# acquisition sources, in the order of world.SOURCES
OF_ITSELF, BY_TALK, BY_CAMPAIGN = range(3)

# kinds of broadcast
BROADCAST_CAMPAIGN, BROADCAST_ANNOUNCEMENT, BROADCAST_COVERAGE = range(3)

# care policies, in the order of world.CARE_POLICIES
IGNORE, REFUND, APOLOGISE, IMPROVE = range(4)

CHUNK = 128
"""Trips whose draws are made together."""
AT_ONCE = 4
"""Shoppers that are listed without asking whether there are as many."""

# rows of Seats.words: while trips are planned, while shoppers are served (after those of the roles come those of
# the changed looks, see `perceive.look_words`), and while news is told
TRIP_WORDS, CALENDAR_WORDS = 0, 4
EXPERIENCE_WORDS, CHOICE_WORDS, INCIDENCE_WORDS, SERVICE_WORDS = 0, 4, 8, 12
NEWS_WORDS, MESSAGE_WORDS = 0, 4

# positions in Scratch.counts, a thread's own
(
    SHOPPERS,
    EVENTS,
    DROPPED,
    MESSAGES,
    RETOLD,
    FIRST_EVENT,  # where its part of the lists begins
    LAST_EVENT,
    STIRRED,  # 1 where today something may move people to buy more or less of the category
    DRAWN_INCIDENCE,  # 1 where the draws for that have been made
) = range(9)
COUNTS = 9

# positions in a row of Scratch.progress, by which threads know how far the others have come
(
    PLANNED,  # trips planned today
    FIRST_TRIP,  # where they begin in Scratch.trips
    ONWARD,  # trips that went on to another store
    FIRST_ONWARD,  # where they begin in Scratch.onward
    FIRST_SAID,  # events of the first pass
    AFTER_FIRST,
    AFTER_SECOND,
    SAID,  # messages that wait to be heard
    LEFT,  # news that is still to be told
) = range(9)
PROGRESS = 16  # two cache lines, so that threads do not disturb each other

# positions in Scratch.meeting
ARRIVED, HELD = range(2)

# positions in Life.heads
WAITING, NEWS, RELAYED_WAITING = range(3)

POST = -2.0
"""Valence of a public post: negative, and heard by strangers too."""

HURT_STEP = 2.0**-13
"""Step in which `View.hurt` is kept."""

SERVE = 0
"""Place in Scratch.addresses of `shop.serve`."""

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
PHASE_TIMED = 1 << 9
"""Added to a mask of phases: note the time that each takes."""
(
    CLOCK_EVENTS,
    CLOCK_SHELVE,
    CLOCK_REPS,
    CLOCK_SHOP,
    CLOCK_EXPERIENCE,
    CLOCK_VOICE,
    CLOCK_TALK,
    CLOCK_REVIEW,
    CLOCK_RECORD,
) = range(9)
CLOCKS = 9
