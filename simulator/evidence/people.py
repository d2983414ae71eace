"""What people between firm and customer are worth: fact V24, the departure of a sales rep.

The sources are about firms that buy from a rep, so this is measured in a market of accounts held by reps, where the
language has one; else in grocery stores, whose shoppers no rep has ever met. Sales are those to the accounts of the
reps who left, in the year after, against the same accounts with the same luck and nobody leaving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import Conditions, Laboratory, scenario_of, values_of
from simulator.model import BrandMarket

F64 = NDArray[np.float64]

ACCOUNTS: Final = ("office-supplies", "Inkwell")
"""Market whose reps hold accounts, and its leader."""
CUSTOMERS: Final = 10_000
YEAR_WEEKS: Final = 52

SERVICE_MARKET: Final = "coffee-shops"
SMALL_UNITS: Final = (("stores.customers_per_store", 10.0),)
"""Units as small as they come, so that there are enough of them for a correlation near -.1."""


def rep_departure(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V24: the accounts of reps who left buy a good tenth less in the year after; a new hire mends less than a peer.

    All reps of a leader leave at launch. Percent change of its sales to their accounts in 52 weeks under new hires;
    percentage points by which that is worse than under experienced colleagues like those who left; and the correlation
    over units of staff turnover in a year and the service met there.
    """
    new_hire, colleague = (_change(lab, seed, conditions, successor) for successor in ("new_hire", "colleague"))
    return {
        "sales": new_hire,
        "new hire behind similar colleague": colleague - new_hire,
        "turnover and service": turnover_and_service(seed, conditions),
    }


def _change(lab: Laboratory, seed: int, conditions: Conditions, successor: str) -> float:
    """Percent change of the leader's units to those who had bought from it in the year before."""
    market, brand = ACCOUNTS
    event = {"kind": "rep_turnover", "brand": brand, "share": 1.0, "start": "week 0", "successor": successor}
    arms = lab.twins(
        seed,
        conditions,
        [event],
        market=market,
        focal=brand,
        customers=CUSTOMERS,
        horizon_weeks=YEAR_WEEKS,
        panel=True,
    )
    sold, usual = (_units(arms[name]) for name in ("scenario", "baseline"))
    return 100.0 * (sold / usual - 1.0)


def _units(model: BrandMarket) -> float:
    """Units of the focal brand after launch to its buyers of the year before."""
    bought = model.purchases()
    bought = bought[bought["brand"] == model.world.focal]
    day = bought["day"]
    accounts = bought.loc[(day >= -7 * YEAR_WEEKS) & (day < 0), "customer"].unique()
    return float(bought.loc[(day >= 0) & bought["customer"].isin(accounts), "units"].sum())


def turnover_and_service(seed: int, conditions: Conditions) -> float:
    """Correlation over stores of staff turnover in the observed year and the service met there; else nan.

    Service met is quality plus what newcomers and fading training take from it, mean over weeks and roles.
    """
    small = Conditions(conditions.without, conditions.values, conditions.market + SMALL_UNITS)
    scenario = scenario_of(small, (), market=SERVICE_MARKET, focal=None, customers=CUSTOMERS, horizon_weeks=1)
    model = BrandMarket(
        scenario, rng=seed, arm="baseline", without=small.without, values=values_of(small), warm_up=False
    )
    life: Any = model.state.life
    if not hasattr(life, "staff"):
        model.release()
        return float("nan")
    learned = 0.5 ** (1.0 / model.values["staff_learning_weeks"])
    model.run_until(-7 * YEAR_WEEKS)
    fresh = life.staff["fresh"].copy()
    left: list[F64] = []
    served: list[F64] = []
    while model.day < 0:
        model.run_until(model.day + 7)
        staff = life.staff
        left.append(((staff["fresh"] / learned - fresh) / (1.0 - fresh)).mean(axis=1))
        served.append((model.world.stores.service + staff["shift"]).mean(axis=1))
        fresh = staff["fresh"].copy()
    model.release()
    return float(np.corrcoef(np.mean(left, axis=0), np.mean(served, axis=0))[0, 1])


FACTS = (
    Fact(
        id="V24",
        name="rep departure",
        metric="units to the accounts of reps who left, in the year after; staff turnover and service over stores",
        parts=(
            Part("sales", -20.0, -10.0, "%"),
            Part("new hire behind similar colleague", 2.0, None, "points"),
            Part("turnover and service", -0.20, -0.02, "correlation over units"),
        ),
        source="13.2 to 17.6% of annual sales; new hires mend less than existing, similar reps (Shi, Sridhar, Grewal & "
        "Lilien 2017); r about -.03 to -.10 (Hancock et al. 2013)",
        knockouts=(Knockout("bonds do not count", Conditions(without=("bond",)), fails=("sales",)),),
        measure=rep_departure,
        kind="verification",
        note="Only bonds and who owns them are put in, and what is lost with them emerges; but the weight of a bond "
        "with a rep was chosen with this fact in view. In markets without accounts a rep acts on availability alone, "
        "and hardly anything is lost.",
    ),
)
"""Fact V24."""
