"""What the timeline sets for a day: rows of levers, and the tuple of them that the kernels take.

Letters in shapes are those of `simulator.model.columns`: S stores, B brands, I items, R roles, Z changes, G segments, K
reps or broadcasts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.model.memory import Array

OFFER = np.dtype(
    [
        ("price", np.float64),
        ("log_price", np.float32),  # ln(price / mean list price of the market)
        ("log_size", np.float32),  # ln(pack size / size at the start)
        ("look_share", np.float32),  # share of facings that carry the new look
        ("look", np.int16),  # look being put on shelves, 0 = the original
        ("look_before", np.int16),  # look being replaced
        ("briefing", np.float32),  # probability that a visit briefs the staff
        ("gate", np.float32),  # how much service counts, given the product: 1 for an ordinary one
    ],
    align=True,
)
BRAND_LEVER = np.dtype(
    [
        ("log_list", np.float32),  # list price, same scale
        ("first_item", np.int32),
        ("last_item", np.int32),
        ("care_capacity", np.float32),  # answers a day
        ("care_quality", np.float32),  # 0..1
        ("care_policy", np.uint8),
        ("care_outsourced", np.uint8),
        ("care_relay", np.uint8),  # 1 where complaints reach the brand team
        ("care_changed", np.uint8),  # 1 where an event has changed the desk
        ("relay_new", np.uint8),  # 1 where the desk relays and did not use to
        ("defective", np.uint8),  # 1 where an incident is on
        ("defective_since", np.int32),  # day on which the first of today's incidents began
        ("newcomer", np.uint16),  # the brand's bit in ``MIND.strange``, 0 where everybody has always known it
        ("manner", np.uint8),  # bits MANNER_*: what service events are about
    ],
    align=True,
)
REP_LEVER = np.dtype(
    [
        ("interval", np.int32),  # days between two visits, 0 where the rep's own
        ("calls", np.float32),  # calls on accounts relative to the usual
        ("skill", np.float32),  # relative to the rep's own
        ("own", np.float32),  # 1 where the rep's bonds are the brand's own, 0 for a broker
        ("authentic", np.float32),  # part of the rapport that is meant
    ],
    align=True,
)
STAFF_LEVER = np.dtype(
    [
        ("met", np.float32),  # staff relative to the usual number
        ("hazard", np.float32),  # turnover relative to the usual
        ("own", np.float32),  # 1 where staff are the store's own, 0 where outsourced
    ],
    align=True,
)
PLACE_LEVER = np.dtype(
    [
        ("failures", np.float32),  # shelving failures relative to the usual, by staffing
        ("own", np.float32),  # share of roles with staff of the store's own
        ("spared", np.float32),  # part of the usual turnover that does not happen
    ],
    align=True,
)
SPECIAL = np.dtype(
    [
        ("brand", np.int32),
        ("item", np.int32),  # -1 where it holds for all
        ("segments", np.uint64),  # bit per segment that it is for
        ("log_price", np.float64),  # ln(price / the brand's price at the store)
        ("log_size", np.float64),  # ln(pack size / the brand's at the store)
    ],
    align=True,
)
"""A price or pack size of one item, or for some segments only."""
LOOK = np.dtype(
    [
        ("brand", np.int32),
        ("overlap", np.float32),  # cues kept
        ("lost", np.float32),  # (1 - overlap) ^ cue_sharpness: what of a miss is due to the lost cues
        ("appeal_mean", np.float32),
        ("appeal_sd", np.float32),
        ("identity_break", np.float32),
        ("announced", np.float32),  # share who heard of it beforehand
        ("kind", np.uint8),  # LOOK_PACK, LOOK_RECIPE, …
        ("begun", np.uint8),  # 1 while it acts anywhere (packs are met by their facings instead)
        ("moves", np.uint8),  # 1 where it moves the brand in lifestyle space
        ("item", np.int32),  # the only item concerned, -1 where all are
        ("segments", np.uint64),  # bit per segment that it is for
        ("origin", np.float32, (2,)),  # the brand's place in lifestyle space before
        ("position", np.float32, (2,)),  # its place today
        ("quality", np.float32),  # logit, shift of the mean quality of one use
        ("spread", np.float32),  # spread from use to use relative to before
        ("enrolled", np.float32),  # share of buyers who join
        ("reward", np.float32),  # share of the price that members get back
        ("log_reward", np.float32),  # ln(1 - reward)
    ],
    align=True,
)
"""A change that customers carry in mind: a row of `VIEW` says what one customer knows of it.

``brand`` is -1 where the channel of the change is closed. Of a delisting, the bits of ``VIEW.aware`` are the known
stores in which the customer has seen the gap.
"""

DEFECT = np.dtype(
    [
        ("rate", np.float32),  # further probability of a problem
        ("medium", np.float32),  # share of those problems of medium severity
        ("severe", np.float32),
    ],
    align=True,
)
BROADCAST = np.dtype(
    [
        ("number", np.uint32),  # keys its draws
        ("kind", np.uint8),  # BROADCAST_*
        ("brand", np.int32),
        ("look", np.int32),  # look it is about, -1 for all looks of the brand
        ("persuasion", np.float32),  # logit
        ("promise", np.float32),  # satisfaction promised beyond what is delivered
    ],
    align=True,
)


class Levers(NamedTuple):
    """What the timeline has set for today, and for the days up to the next change."""

    offers: Array  # (S, B) OFFER
    usual: Array  # (S,) uint8, bits USUAL_*: what is in every brand as on an ordinary day
    brands: Array  # (B,) BRAND_LEVER
    salience: Array  # (W, B) float32, logit, how much more readily than usual a brand comes to mind, week by week
    reference: Array  # (W + 1 or 1, B) float32, log price people are used to, in those weeks; the last one stays
    set_on: Array  # (1,) int64, day on which these were set, in the first of those weeks
    specials: Array  # (T,) SPECIAL, those of today; none on most days
    special_here: Array  # (S, T) uint8, 1 where a special offer holds
    looks: Array  # (Z,) LOOK
    severity: Array  # (S, I) float32, stock-out events
    service: Array  # (S, G or 1, B, R) float32, quality met in each role; by segment where an event says so
    service_change: Array  # (S, G or 1, B, R) float32, what events have changed of it
    fill_rate: Array  # (S, B) float32, share of lines that the store's distributor delivers
    usual_fill: Array  # (S, B) float32, the same without events
    lead_time: Array  # (S, B) int32, days from order to truck
    active: Array  # (S, Z) float32, 0..1, how far a change other than of the pack has come; (0, 0) on most days
    delisted: Array  # (S, I) int16, 0 or 1 + the change that delists the item; (0, 0) where nothing is delisted
    defects: Array  # (S, I) DEFECT, of incidents
    broadcasts: Array  # (K,) BROADCAST, what the media carry today
    reach: Array  # (S, G, K) float32, share of customers each reaches a day, by main store and segment
    feigned: Array  # (S, G or 1, B, R) float32, part of the service met that is not meant
    places: Array  # (S,) PLACE_LEVER
    staff: Array  # (S, R) STAFF_LEVER
    reps: Array  # (S, B) REP_LEVER
    rep_hazard: Array  # (K,) float32, turnover of a rep relative to the usual
    relation: Array  # (D, B) float32, added to a distributor's relation with a brand
