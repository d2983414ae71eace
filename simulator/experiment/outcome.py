"""What one replicate leaves behind: integer counters per week and per customer of the base.

This is the only thing that crosses from the running of models to the reading of results, so that a finished task is
one small file, and results are the same bytes for any number of jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

METRICS = (
    "units",  # units bought
    "value",  # price paid, in hundredths of the market's currency
    "contribution",  # price paid less cost, in hundredths
    "wanted_out_of_stock",  # purchases for which the wanted item was out of stock (counted for the wanted brand)
    "took_variant",  # … and another item of the same brand was bought
    "took_rival",  # … another brand (counted for the wanted brand)
    "took_other_store",  # … the shopper went to another store
    "waited",  # … the purchase was put off
    "went_without",  # … no purchase
    "not_found",  # purchases at which the brand was overlooked because its look had changed
    "problems",  # purchases followed by a problem worth complaining about
    "complaints",  # complaints to the care desk
    "complaints_public",  # posts in public
    "satisfied_after",  # complaints answered to the customer's satisfaction
    "positive_messages",  # positive messages passed on to a friend about the brand
    "negative_messages",  # negative messages
    "answered",  # complaints that the care desk answered in time
    "answered_late",  # complaints that waited until no answer counted any more
    "waiting_days",  # days that the complaints answered in time had waited
    "relayed",  # complaints passed on to the brand team
)
"""Weekly counters per brand, in this order along the metric axis. Append only: files refer to positions."""

OUT_CAUSES = ("audits", "ordering", "shelving", "upstream", "event")
"""Audits of items on the shelf, two a day: all of them, and those that found none, by cause."""

BUYING, LAPSED, TOO_EARLY = 0, 1, 2
"""State of a base customer at the end of a week."""

CAUSES = ("none", "findability", "promise", "price_size", "availability", "service", "word_of_mouth")
"""Causes of churn; index 0 where the change never touched the customer."""


@dataclass(frozen=True)
class ArmRecord:
    """Counters of one arm; ``W`` weeks from ``first_week`` on, of which the last ``H`` follow the launch (week 0).

    ``C`` is the number of customers in the base (habitual customers of the focal brand).
    """

    name: str
    first_week: int
    totals: NDArray[np.int64]  # (W, len(METRICS), B)
    levels: NDArray[np.int64]  # (W, L, B) units by level; the levels are ReplicateOutcome.levels
    stores: NDArray[np.int32]  # (W, S, B) units by store
    shelf: NDArray[np.int64]  # (W, B, len(OUT_CAUSES)) audits of items
    habitual_units: NDArray[np.int64]  # (W,) focal units bought by the base
    lapse: NDArray[np.uint8]  # (H, C) BUYING, LAPSED or TOO_EARLY at the end of each week
    first_cause: NDArray[np.uint8]  # (C,) index into CAUSES: what of the change touched the customer first
    first_cause_week: NDArray[np.int16]  # (C,) week of that, -32768 where none
    tellers: NDArray[
        np.int64
    ]  # (C, G) people who told news of the change, by cause and generation (0 = own experience)
    reached: NDArray[np.int64]  # (W,) customers reached by talk about the change for the first time
    reached_by: NDArray[np.int64]  # (C,) customers reached by talk about a change with that cause
    positive: NDArray[np.int64]  # (C, G) messages about the change by cause and generation
    negative: NDArray[np.int64]  # (C, G)
    won: NDArray[np.int32]  # (W, Q) customers won by the focal brand, by week and source (world.SOURCES)
    kept: NDArray[np.int32]  # (W, Q, P) of them, bought it in each four weeks since
    rolled_back: Mapping[str, int]  # event id -> week in which a rollback took effect
    reports: Mapping[str, float] = field(default_factory=dict)  # consultation -> purchases promised, as a share
    gated: Mapping[str, str] = field(default_factory=dict)  # event id -> what a gate made of it: stop, soften, delay


@dataclass(frozen=True)
class ReplicateOutcome:
    """Both arms of one replicate (``arms["baseline"]``, ``arms["scenario"]``) and the base they share.

    Where a gate may act on the change, ``arms["ungated"]`` is the scenario had nobody been asked.
    """

    replicate: int
    brands: tuple[str, ...]
    focal: int
    customers: int
    buyers: int  # customers who bought the focal brand in the 52 weeks before launch
    buyers_units: int  # focal units those bought in that year
    base: NDArray[np.int64]  # (C,) customer uid of each habitual customer
    segment: NDArray[np.uint8]  # (C,) index into segments
    weight: NDArray[np.uint8]  # (C,) index into world.WEIGHT_CLASSES
    segments: tuple[str, ...]
    levels: tuple[tuple[str, str], ...]  # (dimension, level) of ArmRecord.levels: region, segment, source, weight
    parameters: Mapping[str, float]  # values of the uncertain parameters (and scenario ranges) of this replicate's pair
    arms: Mapping[str, ArmRecord]
