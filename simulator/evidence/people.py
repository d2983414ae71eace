"""What people between firm and customer are worth: fact V24, the departure of a sales rep.

The accounts of a packaged good's rep are stores, so sales at affected accounts are the brand's units in the stores of
the reps who left, in the year after, against the same stores with the same luck and nobody leaving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import Conditions, Laboratory
from simulator.model import BrandMarket

MARKET: Final = "orange-juice"
"""A market in which the leader keeps reps."""
CUSTOMERS: Final = 10_000
YEAR_WEEKS: Final = 52

SIMILAR: Final = (("rep_newness_multiplier", 1.0), ("rep_successor_bond", 0.5), ("rep_vacancy_days", 14.0))
"""An existing rep like the one who left takes over: knows the work, keeps as much of the bonds and comes as soon as the
ranges of the parameter table allow."""


def rep_departure(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V24: the accounts of reps who left buy a good tenth less in the year after; a new hire mends less than a peer.

    All reps of the leader leave at launch. Percent change of its units in their stores in 52 weeks; percent points by
    which the loss under a new hire exceeds that under an existing, similar rep; and the correlation over stores of
    changes of rep with the service that customers meet there.
    """
    new_hire = _change(lab, seed, conditions)
    similar = _change(lab, seed, Conditions(conditions.without, conditions.values + SIMILAR, conditions.market))
    return {
        "sales": new_hire,
        "new hire behind similar rep": similar - new_hire,
        # nobody's leaving changes service yet, so there is nothing to correlate
        "turnover and service": float("nan"),
    }


def _change(lab: Laboratory, seed: int, conditions: Conditions) -> float:
    """Percent change of the leader's units at the stores that have a rep of it, in the year after all of them left."""
    event = {"kind": "rep_turnover", "brand": "Sunfield", "share": 1.0, "start": "week 0"}
    arms = lab.twins(
        seed, conditions, [event], market=MARKET, focal="Sunfield", customers=CUSTOMERS, horizon_weeks=YEAR_WEEKS
    )
    sold, usual = (_units(arms[name]) for name in ("scenario", "baseline"))
    return 100.0 * (sold / usual - 1.0)


def _units(model: BrandMarket) -> float:
    brand = model.world.focal
    visited = np.flatnonzero(model.world.reps.rep_of[:, brand] >= 0)
    weeks = slice(model.observed_weeks, model.observed_weeks + YEAR_WEEKS)
    return float(model.state.records.stores[weeks][:, visited, brand].sum())


FACTS = (
    Fact(
        id="V24",
        name="rep departure",
        metric="units at the accounts of reps who left, in the year after",
        parts=(
            Part("sales", -20.0, -10.0, "%"),
            Part("new hire behind similar rep", 2.0, None, "points"),
            Part("turnover and service", -0.20, -0.02, "correlation over units"),
        ),
        source="13.2 to 17.6% of annual sales; new hires mend less than existing, similar reps (Shi, Sridhar, Grewal "
        "& Lilien 2017); r about -.03 to -.10 (Hancock et al. 2013)",
        knockouts=(Knockout("reps do nothing", Conditions(without=("reps",)), fails=("sales",)),),
        measure=rep_departure,
        note="The source is about firms that buy from a rep. Here a rep's accounts are stores whose shoppers choose "
        "for themselves, and a rep acts on availability only; no bond of a buyer leaves with the rep.",
    ),
)
"""Fact V24."""
