"""State as rows of columns: what one customer's day touches together lies together.

Every table is an array of records, so that a kernel reads ``me.trips`` or ``mine[b].habit`` and one purchase touches
few cache lines. Brands are a second axis rather than a field, so one compiled program serves every market; where eight
brands are worked on at once, rows are turned (`simulator.compilation.turned`). The tuples at the end are what the
kernels take. N customers, B brands, I items, S stores, R roles, K reps, Z changed looks, W recorded weeks, G segments,
D distributors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.compilation import Packing, Unpacked, count, share, within
from simulator.model.kernels.constants import HURT_STEP
from simulator.model.memory import Array, copy_of, copy_of_joined

# -- what never changes -------------------------------------------------------------------------------------------

PERSON = np.dtype(
    [
        ("uid", np.uint64),
        ("beta", np.float32),  # coefficient of ln price
        ("rate", np.float32),  # trips per day
        ("store", np.int32, (4,)),  # known stores, -1 where none
        ("position", np.float32, (2,)),
        ("first_friend", np.uint32),  # where the friends are listed
        ("friends", np.uint32),  # how many there are
        ("segment", np.uint8),
        ("source", np.uint8),
        ("weight", np.uint8),
        ("close", np.uint8),  # how many of the friends are close
    ],
    align=True,
)
BRAND = np.dtype(
    [
        ("cost", np.float64),
        ("mean_utility", np.float64),  # fitted mean taste, quality, ln(salience)
        ("position", np.float32, (2,)),  # lifestyle space
        ("share", np.float32),  # of the category's purchases, as the market states
        ("accounts", np.uint8),  # 1 where the brand's reps hold customers as accounts
    ],
    align=True,
)
PLACE = np.dtype(
    [
        ("staff_position", np.float32, (2,)),  # lifestyle space
        ("staff_pace", np.float32),  # how fast bonds grow with them, over 1 + relatability x closeness
        ("region", np.uint8),
        ("distributor", np.uint8),
        ("delivery", np.uint8, (7,)),
    ],
    align=True,
)
REP = np.dtype(
    [
        ("hazard", np.float32),  # probability of leaving in a week
        ("breadth", np.float32),  # lifestyle distance at which a rep relates half as well
        ("usual", np.float32),  # mean closeness of such a rep and the customers of the market
        ("interval", np.int32),  # days between two visits to a store
    ],
    align=True,
)
ROLE = np.dtype(
    [
        ("met", np.float32),  # probability of meeting the role on one purchase
        ("hazard", np.float32),  # part of the staff that leaves in a week
        ("usual", np.float32),  # share of newcomers at that rate
    ],
    align=True,
)
SETTING = np.dtype(
    [
        ("run", np.uint64),  # run key
        ("units_extra", np.float64),  # probability of one more unit
        ("drift_keep", np.float64),  # part of a taste's score that a quarter keeps
        ("drift_noise", np.float64),  # sd of what a quarter adds to it
        ("taste_mean", np.float64),  # moments of the lognormal that tastes are, see world.shape
        ("taste_sd", np.float64),
        ("roles_met", np.float64),  # touchpoint roles met on one purchase, on average
        ("stage_extra", np.float64),  # probability of one more exponential stage of a purchase interval
        ("stages", np.int32),
        ("units", np.int32),  # whole units of a purchase
        ("focal", np.int32),
        ("findability", np.uint8),  # channel switches: 1 lets the change act through the channel
        ("promise", np.uint8),
        ("talk", np.uint8),
        ("shelves", np.uint8),  # 0 where shelves are always full
    ],
    align=True,
)

# -- what customers carry from day to day ---------------------------------------------------------------------------


MIND = np.dtype(
    [
        ("next_time", np.float32),  # day (and part) of the next calendar trip
        ("store_mood", np.float32, (4,)),  # satisfaction with each known store
        ("trips", np.uint16),  # ordinal of the next calendar trip
        ("next_day", np.int16),
        ("retry_day", np.int16),  # NEVER where nothing was put off
        ("updated", np.int16),  # day up to which fading is accounted for
        ("last_focal", np.int16),  # day of the last focal purchase
        ("last_rival", np.int16),
        ("cause_week", np.int16),
        ("waited_units", np.int16),  # units that were put off
        ("year_category", np.int16),  # category purchases in the observed year
        ("year_focal", np.int16),
        ("won_day", np.int16),  # day on which the focal brand won the customer, NEVER where it did not
        ("word_day", np.int16),  # day of the last good word about the focal brand
        ("last_brand", np.int8),
        ("quarter", np.int8),  # up to which tastes have drifted
        ("waited_for", np.int8),  # brand that was put off
        ("first_cause", np.uint8),
        ("reached", np.uint8),  # bit 1 << cause where talk about a change with that cause has arrived
        ("won_by", np.uint8),  # source of the win, index into world.SOURCES
        ("word_by", np.uint8),  # source of the last good word, the same
        ("base", np.uint8),  # 1 for habitual customers of the focal brand
        ("strange", np.uint16),  # bits of brands that the customer does not consider, see `kernels.acquaintance`
        ("warned", np.uint16),  # of these, bits of those that the last word was bad about
    ],
    align=True,
)
TIES = Packing(
    # what fades lies apart from habit, which is looked at right after
    {
        "bond": share(),
        "heard": within(4.0),  # logit, what others said
    },
    {
        "learned": within(4.0),  # logit, liking learned from forced trials
        "belief": within(8.0),  # experience beyond what was expected
    },
    {
        "habit": share(),
        "utility": within(32.0),  # logit, taste and list price: drifts slowly
    },
    {
        "promised": count(),  # satisfaction promised beyond the usual and believed, in hundredths
        "owned": count(),  # part of the bond that is with persons, in 1 / OWNED_ALL
        "cold": count(4),  # hostile encounters not forgiven
        "distrust": share(12),  # fear of not finding the brand
    },
)
TIE = TIES.kind
VIEWS = Packing(
    {
        "familiarity": share(),  # with a changed look
        "hurt": within(HURT_STEP * 2.0**15),  # logit, dislike of a broken identity
    },
    {
        "aware": count(),  # bits AWARE_*
        "drawn": count(),  # bits DRAWN_*: what has been drawn once and for all
        "liking": within(8.0),  # logit, what the look itself adds, once it has been asked for
    },
)
VIEW = VIEWS.kind

# -- the chain ------------------------------------------------------------------------------------------------------

STOCK = np.dtype(
    [
        ("shelf", np.int32),
        ("backroom", np.int32),
        ("record_error", np.int32),  # recorded minus real stock
        ("sold", np.int32),  # today
        ("coming", np.int32),  # units on the way, all days
        ("forecast", np.float32),  # units a day
        ("error", np.float32),  # factor by which this week's forecast is off
        ("short", np.uint8),  # SENT, SHORT (the last order was not delivered) or SHORT_BY_EVENT
        ("blocked", np.uint8),  # LISTED, BLOCKED (an event keeps the item off the shelf today) or DELISTED
    ],
    align=True,
)
CHAIN = np.dtype([("briefed", np.float32), ("rep_bond", np.float32)], align=True)
POST = np.dtype(
    [
        ("tenure", np.float32),  # days
        ("skill", np.float32),  # 0..1
        ("position", np.float32, (2,)),  # lifestyle space
        ("load", np.float32),  # part of the calls and visits that whoever holds the post has time for
        ("vacant_until", np.int32),
    ],
    align=True,
)
STAFF = np.dtype(
    [
        ("fresh", np.float32),  # share of newcomers
        ("trained", np.float32),  # quality added by training
        ("shift", np.float32),  # quality beyond what is usual: training less newcomers beyond the usual
        ("stirred", np.uint8),  # 1 once an event has trained or replaced them
    ],
    align=True,
)
DEALER = np.dtype(
    [
        ("relation", np.float32),  # 0..1, of a distributor's people with a brand
        ("edge", np.float32),  # priority when supply is short: part of the shortage spared, negative where it is worse
    ],
    align=True,
)

# -- lists ----------------------------------------------------------------------------------------------------------

COMPLAINT = np.dtype(
    [
        ("who", np.uint32),
        ("day", np.int16),
        ("brand", np.int8),
        ("severity", np.uint8),  # 1..3 of a problem, 0 of a dislike
        ("incident", np.uint8),  # 1 where an incident caused the problem
        ("cause", np.uint8),  # of the change that is behind it, 0 where none is
    ],
    align=True,
)
FIRM = np.dtype(
    [
        ("reputation", np.float64),  # public standing away from the usual, -1..0
        ("mended", np.float64),  # share of the ordinary problems that relayed complaints have removed
        ("cured", np.float64),  # share of an incident's problems that they have removed
    ],
    align=True,
)
MAILBAG = np.dtype(
    [
        ("week", np.int32),  # the week that this row holds
        ("problems", np.int32),  # ordinary problems of the week
        ("relayed", np.int32),  # of which the brand team has heard
        ("incident_problems", np.int32),
        ("incident_relayed", np.int32),
    ],
    align=True,
)
NEWS = np.dtype(
    [
        ("who", np.uint32),
        ("luck", np.uint32),  # draw number, apart from that of the person's other news of the day
        ("valence", np.int8),  # 1, -1, or POST
        ("brand", np.int8),
        ("cause", np.uint8),  # cause of what is talked about, 0 where no change is behind it
        ("generation", np.uint8),  # 0 from own experience, 1 heard from someone, ...
    ],
    align=True,
)
EVENT = np.dtype(
    [
        ("who", np.uint32),
        ("score", np.float32),  # outcome, or severity 1..3 of a problem
        ("brand", np.int8),
        ("kind", np.uint8),
        ("cause", np.uint8),  # of the change behind it, 0 where none is
        ("incident", np.uint8),  # 1 where an incident caused the problem
    ],
    align=True,
)
TRIP = np.dtype(
    [
        ("words", np.uint32, (4,)),  # store, autopilot, priority, variant
        ("uid", np.uint64),
        ("who", np.uint32),
        ("ordinal", np.int32),  # trip ordinal that keys the draws
        ("where", np.uint32),
        ("item", np.int16),  # item bought
        ("units", np.int16),
        ("retry", np.uint8),  # 1 where the trip was put off earlier
        ("slot", np.uint8),  # which of the known stores
        ("seat", np.uint8),  # place in the chunk of trips that are drawn for together
        ("target", np.int8),  # brand wanted
        ("bought", np.int8),  # brand bought, -1 where none
        ("forced", np.uint8),  # 1 where it was a substitute
    ],
    align=True,
)
MESSAGE = np.dtype(
    [
        ("receiver", np.uint32),
        ("news", np.uint32),  # place in the list of today's news
        ("strength", np.float32),  # of the tie
    ],
    align=True,
)
PURCHASE = np.dtype(
    [
        ("who", np.int32),  # row of the customer
        ("price", np.float32),  # of one unit
        ("day", np.int16),
        ("store", np.int16),
        ("item", np.int16),
        ("units", np.int16),
        ("brand", np.int8),
    ],
    align=True,
)
SIGHT = np.dtype(
    [
        ("value", np.float32),  # utility without noise
        ("shift", np.float32),  # part of it that is not so on an ordinary day: price, size, a changed look
        ("noise", np.float32),
        ("met", np.int32),  # look met at the shelf, 0 = the original
        ("seen", np.int32),
        ("absent", np.int32),  # SOLD, ABSENT (the store does not sell the brand) or KNOWN_ABSENT
        ("item", np.int32),  # item preferred to the favourite, -1 where none is
    ]
)
TODAY = np.dtype(
    [
        ("salience", np.float32),  # logit, what is added to a brand's utility for who has no habit of it
        ("reference", np.float32),  # log price people are used to
        ("apart", np.float32),  # 1 where a change or a reputation makes the brand worth something else today
        ("there", np.float32),  # 1 where the brand stands on the shelf of the store that is being served
    ]
)

# -- what kernels take ----------------------------------------------------------------------------------------------


class Town(NamedTuple):
    """What never changes, shared by every arm of a replicate."""

    people: Array  # (N,) PERSON
    favourites: Array  # (N, B) uint8, favourite item within the brand, in the rows of ``people``
    friends: Array  # (E,) int32
    patronage: Array  # (4, 4) float64, share of trips by how many other stores are known and by slot
    brands: Array  # (B,) BRAND
    first_item: Array  # (B + 1,) int32
    item_share: Array  # (I,) float64, cumulative within the brand
    places: Array  # (S,) PLACE
    demand: Array  # (S, I) float32, units a day
    rep_of: Array  # (S, B) int32
    reps: Array  # (K,) REP
    roles: Array  # (R,) ROLE
    relation: Array  # (D, B) float32, relation of a distributor's people with a brand

    def copy_of_people(self) -> Town:
        """Return the town with a copy of its people, whose rows lie as they should."""
        people, favourites = copy_of_joined(self.people, self.favourites)
        return self._replace(people=people, favourites=favourites)


class Life(NamedTuple):
    """What changes, one copy per arm."""

    mind: Array  # (N,) MIND, in one row of memory with the views
    tie_rows: Array  # (N, B) TIE, turned; see `ties`
    view_rows: Array  # (N, Z) VIEW, turned; see `views`
    stock: Array  # (S, I) STOCK
    coming: Array  # (S, I, SLOTS) int32, units on the way by arrival day
    chain: Array  # (S, B) CHAIN
    posts: Array  # (K,) POST
    staff: Array  # (S, R) STAFF
    dealers: Array  # (D, B) DEALER
    complaints: Array  # (Q,) COMPLAINT, waiting at the care desks
    relayed: Array  # (Q,) COMPLAINT, told to the brand team and not yet acted upon
    mailbags: Array  # (B, MAILBAGS) MAILBAG, by week
    firms: Array  # (B,) FIRM
    news: Array  # (T,) NEWS, to be told today
    heads: Array  # (3,) int64: complaints waiting, news, complaints relayed

    @property
    def ties(self) -> Unpacked:
        """What ties customers to brands, (N, B) TIE, to be read and set."""
        return Unpacked.of(self.tie_rows)

    @property
    def views(self) -> Unpacked:
        """What customers know of changes, (N, Z) VIEW, to be read and set."""
        return Unpacked.of(self.view_rows)

    def copy(self) -> Life:
        """Return an independent copy; nothing is shared."""
        mind, view_rows = copy_of_joined(self.mind, self.view_rows)
        rest = {name: copy_of(getattr(self, name)) for name in self._fields if name not in ("mind", "view_rows")}
        return Life(mind=mind, view_rows=view_rows, **rest)


class Seats(NamedTuple):
    """A chunk of trips, of stores' items or of messages, whose draws are made together by vector instructions."""

    uid: Array  # (CHUNK,) uint64
    ordinal: Array  # (CHUNK,) int32, of the trip; or of whom the draw is about
    again: Array  # (CHUNK,) uint32, draw number: 1 where the trip was put off earlier
    words: Array  # (rows, CHUNK) uint32, see `kernels.constants`
    noise: Array  # (B rounded up to eights, CHUNK) float32, Gumbel noise by brand
    luck: Array  # (CHUNK,) float32, standard normal: quality of this use
    late: Array  # (2 CHUNK,) int32, customers whose tastes have a quarter to catch up with
    beta: Array  # (CHUNK,) float32, their coefficient of ln price
    x: Array  # (CHUNK,) float32, their place in lifestyle space
    y: Array  # (CHUNK,) float32
    middle: Array  # (CHUNK,) float32, what their tastes drift around
    value: Array  # (CHUNK,) float32, utility of a brand for them
    wait: Array  # (CHUNK,) float64, time to the next trip in mean intervals
    about: Array  # (CHUNK,) int32, place of the news that a message carries
    friend: Array  # (CHUNK,) int32, which of the friends told of it is the receiver, -1 for a stranger


class Scratch(NamedTuple):
    """Working memory of one thread of one model.

    Nothing in it outlives a day but ``due``, which follows from the minds. The lists of the first group are shared by
    all threads, each of which writes to its own part of them; the rest is a thread's own.
    """

    due: Array  # (N,) int16, day of the next trip
    trips: Array  # (C,) TRIP, in order of the customers' rows
    order: Array  # (C,) uint64, priority and place of the trips in order of service
    onward: Array  # (C,) int32, trips that went on to another store
    visits: Array  # (threads, S) int32, trips to each store
    events: Array  # (2 C,) EVENT, experiences worth a word
    progress: Array  # (threads, 16) int64, how far each thread has come, see `kernels.constants`
    addresses: Array  # (1,) int64, where kernels that stand apart are, 0 until they are needed
    meeting: Array  # (2,) int64, threads that have come to the meeting point, meetings held
    messages: Array  # (threads, L) MESSAGE
    tomorrow: Array  # (threads, T) NEWS

    shoppers: Array  # (C + AT_ONCE,) int32
    later: Array  # (C,) uint64, as ``order`` for those who went on
    spare: Array  # (C + COUNTED,) uint64
    start: Array  # (S + 1,) int32
    place: Array  # (S + 1,) int32
    territory: Array  # (S,) uint8, stores of the rep who is leaving
    counts: Array  # (9,) int64, see `kernels.constants`
    clock: Array  # (phases,) int64, ticks spent in each phase
    answers: Array  # (B,) int64, complaints that each care desk can still answer today
    sight: Array  # (1, B rounded up to eights) SIGHT, turned: the shelf before the shopper
    today: Array  # (1, B rounded up to eights) TODAY, turned: what holds for everybody today
    store_words: Array  # (8, whole chunks: two, or as many as I take) uint32, draws of a few stores for their items
    told: Array  # (MOST_TOLD,) int32, friends whom a teller has told, by place in the list of friends
    fade: Array  # (DAYS, F) float32
    weights: Array  # (HABITS + 1,) float32, weight of what others say by steps of own habit
    seats: Seats


class Lapse(NamedTuple):
    """The habitual customers of the focal brand, and who of them has lapsed."""

    rows: Array  # (C,) int64, their rows; none before launch
    limit: Array  # (C,) float64, twice the mean interval between focal purchases before launch, days
    states: Array  # (W, C) uint8, BUYING, LAPSED or TOO_EARLY at the end of each week since launch


class Records(NamedTuple):
    """Integer counters; the last row along the week axis collects what is not reported."""

    totals: Array  # (W + 1, M, B) int64
    levels: Array  # (W + 1, L, B) int64
    stores: Array  # (W + 1, S, B) int32
    shelf: Array  # (W + 1, B, 5) int64
    habitual: Array  # (W + 1,) int64
    reached: Array  # (W + 1,) int64
    reached_by: Array  # (causes,) int64, customers reached by talk about a change with that cause
    tellers: Array  # (causes, generations) int64
    positive: Array  # (causes, generations) int64
    negative: Array  # (causes, generations) int64
    won: Array  # (W + 1, sources) int32, customers whom the focal brand won, by week and acquisition source
    kept: Array  # (W + 1, sources, PERIODS) int32, of them: bought again in each four weeks since
    panel: Array  # (P,) PURCHASE, every purchase in order, where a panel is kept (P = 0 where none is)
    panel_size: Array  # (2,) int64: purchases in the panel, purchases that found no room
    level_start: Array  # (4,) int32, first row of region, segment, source, weight in levels
