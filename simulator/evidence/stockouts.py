"""What an empty shelf does: facts V11 to V15, from the answer on the spot to the scar that a long absence leaves.

Absences are stock-out events in which a brand is missing everywhere. Deficits are relative to the same customers with
the same luck and no event, so the ordinary coming and going of buyers is not in them. A *buyer* bought the brand in the
observed year before launch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.branches import counted, settled
from simulator.evidence.buying import membership
from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import Conditions, Laboratory
from simulator.model import BrandMarket

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

GROCERIES: Final = "orange-juice"
"""Market of the answers on the spot: an everyday food with variants, as in the published audits."""

GROCERY_CUSTOMERS: Final = 20_000
CUSTOMERS: Final = 40_000
"""Customers of the scars: what is left of a sale in a hundred must show."""

YEAR_WEEKS: Final = 52
DAYS_PER_WEEK: Final = 7

SMALL: Final = 0.10
LARGE: Final = 0.15
"""Brands with less than the one are small, with at least the other large."""

RESPONSES: Final = {
    "other store": ("took_other_store", 0.31),
    "other brand": ("took_rival", 0.26),
    "same brand": ("took_variant", 0.19),
    "delay": ("waited", 0.15),
    "no purchase": ("went_without", 0.09),
}
"""Answers to an empty shelf: name -> (counter, published share)."""

TOLERANCE: Final = 0.08
"""Published shares vary that much between categories (store switching 21 to 43%)."""

RATE: Final = 0.083
"""Published share of items out of stock."""

ECONOMY_WEEKS: Final = 26
SPELL_DAYS: Final = 3
"""Length of an ordinary gap on the shelf (assumption: a truck every other day mends most within three)."""
STRUCK: Final = 5
"""One store in so many is struck where the retailer's loss is read: who goes elsewhere rarely finds the same."""

LEADER_OUT_WEEKS: Final = 2
SHORT_WEEKS, LONG_WEEKS = 1, 6
AFTER_WEEKS: Final = (4, 12, 26)
"""Weeks after return at which a deficit is read."""
HALF_WINDOW: Final = 2
"""Weeks before and after such a point that are counted."""

ABSENCES: Final = 4
GAP_WEEKS: Final = 6
"""Weeks from the start of one of the repeated absences to the start of the next."""
CATCH_UP_WEEKS: Final = 2
"""Weeks after the last return that are left out: purchases put off are made up for."""
LOSS_WEEKS: Final = 8


def stockout(brand: str, start: int, weeks: int, severity: float = 1.0, **where: Any) -> dict[str, Any]:
    """A stock-out event from a week after launch on."""
    event: dict[str, Any] = {"kind": "stockout", "brand": brand, "severity": severity}
    event |= {"start": f"week {start}", "lasts": f"{weeks} weeks"}
    return event | ({"where": where} if where else {})


def ordinary_gaps(brand: str, **where: Any) -> list[dict[str, Any]]:
    """Stock-outs of items at random at the published rate, each of a few days, for half a year.

    An event strikes a share of items and stores anew every week, so a higher share for a part of each week makes it.
    """
    severity = RATE * DAYS_PER_WEEK / SPELL_DAYS
    event: dict[str, Any] = {"kind": "stockout", "brand": brand, "severity": severity, "lasts": f"{SPELL_DAYS} days"}
    if where:
        event["where"] = where
    return [event | {"start": f"week {week}"} for week in range(ECONOMY_WEEKS)]


# -- V11, V12: what shoppers do, and what it costs -----------------------------------------------------------------


def response_mix(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V11: who finds the wanted item out goes elsewhere, takes something else, comes back later or does without.

    Shares of all such occasions in the observed year of the undisturbed market, with its ordinary stock-outs.
    """
    market = settled(lab, seed, conditions, customers=GROCERY_CUSTOMERS, market=GROCERIES)
    met = counted(market.before, -YEAR_WEEKS, 0, "wanted_out_of_stock").sum()
    return {
        name: float(counted(market.before, -YEAR_WEEKS, 0, counter).sum() / met)
        for name, (counter, _) in RESPONSES.items()
    }


def economics(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V12: of the sales at stake at an ordinary rate of stock-outs, a brand loses a quarter and a retailer more.

    Half a year with 8.3% of items out at random, three days at a time, against shelves that are always full. Brand: one
    brand's items out everywhere, its units lost, over all brands. Retailer: all items out in every fifth store,
    category units lost there.
    """
    ample = Conditions((*conditions.without, "shelf"), conditions.values, conditions.market)
    market = settled(lab, seed, ample, customers=GROCERY_CUSTOMERS, market=GROCERIES)
    usual = counted(market.baseline, 0, ECONOMY_WEEKS)
    lost = 0.0
    for b, name in enumerate(market.names):
        arm = market.branch(ordinary_gaps(name), ECONOMY_WEEKS)
        lost += usual[b] - counted(arm, 0, ECONOMY_WEEKS)[b]
    struck = list(range(0, market.world.stores.region.shape[0], STRUCK))
    gaps = [event for name in market.names for event in ordinary_gaps(name, store=struck)]
    arm = market.branch(gaps, ECONOMY_WEEKS)
    sold, full = (_units_in(model, struck) for model in (arm, market.baseline))
    return {"brand loss": 100.0 * float(lost / usual.sum()), "retailer loss": 100.0 * (1.0 - sold / full)}


def _units_in(model: BrandMarket, stores: Sequence[int]) -> float:
    """Category units sold in some stores during the half-year after launch."""
    weeks = slice(model.observed_weeks, model.observed_weeks + ECONOMY_WEEKS)
    return float(model.state.records.stores[weeks][:, stores].sum())


# -- V13: who gains ------------------------------------------------------------------------------------------------


def gain_index(gained: F64, usual: F64, chosen: Bool) -> float:
    """Share of some brands in what the rivals gained, over their share in what rivals usually sell.

    Examples
    --------
    >>> gain_index(np.array([30.0, 20.0]), np.array([300.0, 100.0]), np.array([False, True]))
    1.6
    """
    return float((gained[chosen].sum() / gained.sum()) / (usual[chosen].sum() / usual.sum()))


def small_brands_gain(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V13: while the leader is out, small brands gain more than their share and large ones less.

    Two weeks without the leader; the gain of brands below 10% and of those of 15% and more.
    """
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    arm = market.branch([stockout(market.names[market.leader], 0, LEADER_OUT_WEEKS)], LEADER_OUT_WEEKS)
    usual = counted(market.baseline, 0, LEADER_OUT_WEEKS)
    gained = counted(arm, 0, LEADER_OUT_WEEKS) - usual
    rival = np.arange(usual.size) != market.leader
    share = market.world.brands.target_share[rival]
    return {
        "small": gain_index(gained[rival], usual[rival], share < SMALL),
        "large": gain_index(gained[rival], usual[rival], share >= LARGE),
    }


# -- V14, V15: what is left ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bought:
    """Purchases of one arm: customer, week after launch, brand, units and store of each, shape (P,)."""

    who: I64
    week: I64
    brand: I64
    units: I64
    store: I64

    @classmethod
    def of(cls, model: BrandMarket) -> Bought:
        """Read the panel of an arm."""
        frame = model.purchases()
        names = ("customer", "day", "brand", "units", "store")
        who, day, brand, units, store = (frame[name].to_numpy(np.int64) for name in names)
        return cls(who, day // DAYS_PER_WEEK, brand, units, store)

    def share(self, brand: int, first: int, last: int, weight: F64) -> float:
        """Share of a brand in the units bought in weeks ``first`` to ``last`` (not included), customers weighted."""
        inside = (self.week >= first) & (self.week < last)
        units = self.units[inside] * weight[self.who[inside]]
        return float(units[self.brand[inside] == brand].sum() / units.sum())

    def buyers(self, brand: int, weeks: Sequence[int], size: int) -> Bool:
        """Who bought a brand in one of some weeks, shape (N,)."""
        chosen = np.zeros(size, np.bool_)
        chosen[self.who[np.isin(self.week, weeks) & (self.brand == brand)]] = True
        return chosen

    def last_store(self, brand: int, week: int, size: int) -> I64:
        """Store in which each customer last bought a brand in a week, -1 where nowhere, shape (N,)."""
        store = np.full(size, -1, np.int64)
        inside = (self.week == week) & (self.brand == brand)
        store[self.who[inside]] = self.store[inside]
        return store

    def purchases_before(self, brand: int | None, size: int) -> I64:
        """Purchases of a brand (of the category where None) by each customer in the observed year, shape (N,)."""
        inside = (self.week >= -YEAR_WEEKS) & (self.week < 0)
        if brand is not None:
            inside &= self.brand == brand
        return np.bincount(self.who[inside], minlength=size).astype(np.int64)


def scars(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V14: a week's absence of the leader is soon forgotten; six weeks are not, least of all by its best buyers.

    Share lost, percent, over four weeks around 4, 12 and 26 weeks after return (both absences end at the same time);
    of all customers, and of the top fifth of the leader's buyers by purchases of it in the year before.
    """
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    brand, size = market.leader, market.world.size
    back = LONG_WEEKS
    usual = Bought.of(market.baseline)
    everybody = np.ones(size)
    best = membership(usual.purchases_before(brand, size))
    found: dict[str, float] = {}
    for weeks, name in ((SHORT_WEEKS, "1 week"), (LONG_WEEKS, "6 weeks")):
        event = stockout(market.names[brand], back - weeks, weeks)
        arm = Bought.of(market.branch([event], back + AFTER_WEEKS[-1] + HALF_WINDOW))
        for after in AFTER_WEEKS:
            window = (back + after - HALF_WINDOW, back + after + HALF_WINDOW)
            lost = [
                1.0 - arm.share(brand, *window, who) / usual.share(brand, *window, who) for who in (everybody, best)
            ]
            found[f"{name}, {after} after"] = 100.0 * lost[0]
            found[f"{name}, {after} after, best buyers' extra"] = 100.0 * (lost[1] - lost[0])
    return found


def logit(share: float) -> float:
    """Log odds.

    Examples
    --------
    >>> logit(0.5)
    0.0
    """
    return float(np.log(share / (1.0 - share)))


def repeated_absence(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V15: four absences of a week, six weeks apart, cost more than twice what one costs, frequent buyers most.

    Share of the leader lost among its buyers in weeks 3 to 10 after the last return: four absences over one; those who
    buy the category more often than the median buyer less the others. And doubt alone: where only every second store
    runs out, some buy the leader in another store. They have tried no other brand and dropped no habit; what their
    preference loses in the weeks to the tenth, in logits, is divided by the empty shelves they met.
    """
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    brand, size = market.leader, market.world.size
    starts = [GAP_WEEKS * k for k in range(ABSENCES)]
    first = starts[-1] + SHORT_WEEKS + CATCH_UP_WEEKS
    last = first + LOSS_WEEKS
    usual = Bought.of(market.baseline)
    four, one = (
        Bought.of(market.branch([stockout(market.names[brand], s, SHORT_WEEKS) for s in when], last))
        for when in (starts, starts[-1:])
    )
    buyers = usual.purchases_before(brand, size) > 0
    bought = usual.purchases_before(None, size)
    often = buyers & (bought > np.median(bought[buyers]))

    def lost(arm: Bought, who: Bool) -> float:
        weight = who.astype(np.float64)
        return 1.0 - arm.share(brand, first, last, weight) / usual.share(brand, first, last, weight)

    patchy = Bought.of(
        market.branch([stockout(market.names[brand], s, SHORT_WEEKS, severity=0.5) for s in starts], last)
    )
    met = np.zeros(size)
    for week in starts:
        here, there = (arm.last_store(brand, week, size) for arm in (usual, patchy))
        met += (here >= 0) & (there >= 0) & (here != there)
    elsewhere = (met > 0).astype(np.float64)
    back = starts[-1] + SHORT_WEEKS
    before, after = (logit(arm.share(brand, back, last, elsewhere)) for arm in (usual, patchy))
    return {
        "four over one": lost(four, buyers) / lost(one, buyers),
        "often less seldom": 100.0 * (lost(four, often) - lost(four, buyers & ~often)),
        "doubt": (before - after) / float(met[met > 0].mean()),
    }


def _costless() -> Conditions:
    """A world in which no answer to an empty shelf costs anything."""
    costs = ("store_travel_cost", "wait_cost", "go_without_cost", "variant_gap", "search_anxiety")
    return Conditions(values=tuple((name, 0.0) for name in costs))


FACTS = (
    Fact(
        id="V11",
        name="answers to an empty shelf",
        metric="shares of the five answers where the wanted item is out",
        parts=tuple(
            Part(name, round(share - TOLERANCE, 2), round(share + TOLERANCE, 2), "share")
            for name, (_, share) in RESPONSES.items()
        ),
        source="31, 26, 19, 15 and 9% (Gruen, Corsten & Bharadwaj 2002)",
        knockouts=(
            Knockout("no answer costs anything", _costless()),
            Knockout("nothing in stock at home", Conditions(values=(("home_stock_days", 0.0),)), fails=("delay",)),
        ),
        measure=response_mix,
    ),
    Fact(
        id="V12",
        name="economics of empty shelves",
        metric="units lost at 8.3% of items out",
        parts=(Part("brand loss", 1.5, 3.5, "%"), Part("retailer loss", 3.0, 5.0, "%")),
        source="2.3% of sales lost by manufacturers, 4% by retailers (Gruen & Corsten 2007)",
        knockouts=(Knockout("no answer costs anything", _costless()),),
        measure=economics,
    ),
    Fact(
        id="V13",
        name="small brands gain",
        metric="share in the gain over share before while the leader is out",
        parts=(Part("small", 1.0, None, "index"), Part("large", None, 1.0, "index")),
        source="field experiment (Motes & Castleberry 1985)",
        knockouts=(),
        measure=small_brands_gain,
        note="Follows from the spread of tastes; no mechanism is claimed, so no knock-out is owed.",
    ),
    Fact(
        id="V14",
        name="scars of a long absence",
        metric="share lost after the leader's return from an absence",
        parts=(
            Part("6 weeks, 12 after", 3.0, 20.0, "%"),
            Part("1 week, 12 after", None, 2.0, "%"),
            Part("6 weeks, 12 after, best buyers' extra", 0.0, None, "points"),
            Part("6 weeks, 4 after", 3.0, 20.0, "%"),
            Part("6 weeks, 26 after", None, None, "%"),
            Part("1 week, 4 after", None, 2.0, "%"),
            Part("1 week, 26 after", None, 2.0, "%"),
        ),
        source="moderate carry-over of one (Motes & Castleberry 1985), partial recovery after weeks, least among "
        "frequent buyers (Figueroa, Musalem & Noton 2019); sizes are assumptions",
        knockouts=(
            Knockout(
                "nothing learned from a forced trial",
                Conditions(without=("forced_trial",)),
                fails=("6 weeks, 12 after",),
            ),
            Knockout(
                "nor from empty shelves",
                Conditions(without=("forced_trial", "dependability")),
                fails=("6 weeks, 12 after",),
            ),
        ),
        measure=scars,
    ),
    Fact(
        id="V15",
        name="repeated absence",
        metric="preference lost after four absences of a week, by purchase interval",
        parts=(
            Part("four over one", 2.0, None, "ratio of shares lost"),
            Part("often less seldom", 0.0, None, "points of share lost"),
            Part("doubt", 0.01, 0.2, "logit per stock-out met"),
        ),
        source="preference weakens for an item often out, in households with short intervals (Che, Chen & Chen 2012); "
        "size: assumption, 0 to .2 logit, .05 at once",
        knockouts=(Knockout("empty shelves leave no doubt", Conditions(without=("dependability",)), fails=("doubt",)),),
        measure=repeated_absence,
        note="The first two parts also follow from habit and forced trials; the third is what doubt about availability "
        "adds, read from those who found the brand in another store.",
    ),
)
"""Facts V11 to V15."""
