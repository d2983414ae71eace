"""What a change of looks does: facts V16 to V18 and V25, and the two guards, read from one catalogue of redesigns.

The catalogue (`simulator.evidence.catalogue`) and two numbers of the parameter table, ``miss_rate`` and
``design_appeal_sd``, were set so that V16 comes out, and were then left alone: the documented cases (`brandsim
backtest`) were run afterwards. Effects are of half a year of units, against the same customers with the same luck.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.branches import counted
from simulator.evidence.catalogue import WEEKS, Tried, market_of, try_designs, worst
from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import Conditions, Laboratory
from simulator.evidence.stockouts import Bought
from simulator.model import BrandMarket
from simulator.randomness import Stream, run_key, uniforms

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

# -- V16: base rate --------------------------------------------------------------------------------------------------

BIG_LOSS: Final = -10.0
"""Percent of units from which a loss is big, as in the published amendment."""

CELL: Final = 300
"""Respondents in each of the two cells of a monadic shelf test (from memory: 150 to 300 are usual)."""
TEST_WEEKS: Final = 4
"""A respondent's choice is the first purchase within these weeks: the first or second sight of the new pack."""
TEST_REPEATS: Final = 20
"""Times that each design is tested on other respondents, so that the shares are not a matter of who was asked."""
SIGNIFICANT: Final = 1.96
"""Standard errors of a difference that is significant at 95%."""
_RESPONDENTS: Final = 1 << 21
"""Replicate whose key picks respondents."""


def base_rate(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V16: most redesigns do little, losses outnumber gains, a few do great harm.

    Percent change of units over half a year, over the designs of one catalogue.
    """
    effects = np.array([tried.effect for tried in try_designs(lab, seed, conditions)])
    up, down = shelf_test(lab, seed, conditions)
    return {
        "mean": float(effects.mean()),
        "spread": float(effects.std(ddof=1)),
        "losses": float((effects < 0.0).mean()),
        "losses over 10%": float((effects < BIG_LOSS).mean()),
        "shelf test up": up,
        "shelf test down": down,
    }


def first_choices(model: BrandMarket, size: int) -> I64:
    """Brand of each customer's first purchase within `TEST_WEEKS` after launch, -1 where there is none, shape (N,)."""
    bought = Bought.of(model)
    inside = (bought.week >= 0) & (bought.week < TEST_WEEKS)
    chosen = np.full(size, -1, np.int64)
    # the panel is in order of day: written backwards, the first purchase is what remains
    chosen[bought.who[inside][::-1]] = bought.brand[inside][::-1]
    return chosen


def shelf_test(lab: Laboratory, seed: int, conditions: Conditions) -> tuple[float, float]:
    """Shares of designs with significantly more and fewer purchases in an emulated monadic shelf test.

    Two cells of different respondents, one before a shelf with the old pack and one with the new (all facings, not
    announced); purchases of the brand are compared by a test of two proportions at 95%.
    """
    market = market_of(lab, seed, conditions)
    size = market.world.size
    old = first_choices(market.baseline, size)
    asked = np.flatnonzero(old >= 0)
    key = run_key(seed, _RESPONDENTS)
    up = down = 0
    designs = try_designs(lab, seed, conditions)
    for k, tried in enumerate(designs):
        arm = market.branch([_on_test(tried)], TEST_WEEKS)
        new = first_choices(arm, size)
        arm.release()
        able = asked[new[asked] >= 0]
        for repeat in range(TEST_REPEATS):
            order = np.argsort(uniforms(key, Stream.LOOK, repeat, able.astype(np.uint64), partner=k)[:, 0])
            before, after = able[order[:CELL]], able[order[CELL : 2 * CELL]]
            z = two_proportions(int((old[before] == tried.brand).sum()), int((new[after] == tried.brand).sum()), CELL)
            up += z > SIGNIFICANT
            down += z < -SIGNIFICANT
    tests = len(designs) * TEST_REPEATS
    return up / tests, down / tests


def _on_test(tried: Tried) -> dict[str, Any]:
    """A design as respondents meet it: on every facing at once, unheard of."""
    return {**tried.event, "rollout": {"over": "0 days"}, "announced": 0.0}


def two_proportions(first: int, second: int, size: int) -> float:
    """Difference of two counts of ``size`` each, in standard errors of their pooled proportion.

    Examples
    --------
    >>> two_proportions(50, 50, 200), round(two_proportions(40, 60, 200), 2)
    (0.0, 2.31)
    """
    pooled = (first + second) / (2.0 * size)
    error = float(np.sqrt(2.0 * pooled * (1.0 - pooled) / size))
    return (second - first) / size / error if error > 0.0 else 0.0


# -- V17: commitment -------------------------------------------------------------------------------------------------

IDENTITY_WEEKS: Final = 8
COMMITTED: Final = 0.5
"""Commitment from which a customer is strongly committed (assumption: the upper half of the scale)."""
WEAKLY: Final = 0.2
"""Commitment up to which a buyer is weakly committed (assumption)."""


def commitment_crossover(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V17: a new logo on purpose turns the strongly committed against the brand, and not the weakly committed.

    The leader replaces its logo and means it (identity broken in full), on all packs at once. Attitude is what having
    noticed it adds to the brand's utility eight weeks later; units are those of the same people without the change.
    """
    market = market_of(lab, seed, conditions)
    brand, size = market.leader, market.world.size
    event: dict[str, Any] = {"kind": "redesign", "brand": market.names[brand], "cues": {"logo": "replaced"}}
    event |= {"identity_break": 1.0, "appeal": {"mean": 0.0, "sd": 0.0}, "start": "week 0"}
    arm = market.branch([event], IDENTITY_WEEKS)
    ties = market.before.state.life.ties[:, brand]
    commitment = np.maximum(ties["habit"], ties["bond"])
    bought = Bought.of(market.baseline).purchases_before(brand, size) > 0
    groups = {"committed": commitment >= COMMITTED, "weakly committed": bought & (commitment <= WEAKLY)}
    noticed = arm.state.life.views["aware"][:, 0] > 0
    attitude = -arm.state.life.views["hurt"][:, 0].astype(np.float64)
    found = {name: float(attitude[who & noticed].mean()) for name, who in groups.items()}
    for name, who in groups.items():
        sold, usual = (_units(Bought.of(m), brand, 0, IDENTITY_WEEKS, who) for m in (arm, market.baseline))
        found[f"{name}, units"] = 100.0 * (sold / usual - 1.0)
    return found


def _units(bought: Bought, brand: int, first: int, last: int, who: Bool) -> float:
    inside = (bought.week >= first) & (bought.week < last) & (bought.brand == brand) & who[bought.who]
    return float(bought.units[inside].sum())


# -- V18, V25: whom a bad design loses --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Harm:
    """What the worst designs of a catalogue did, each against the undisturbed twin; one value per design, shape (D,).

    Attributes
    ----------
    complaints : array
        Complaints beyond those that follow from ordinary problems.
    buyers : array
        Customers who bought the brand in the year before launch.
    lost : array
        Fewer customers who bought it in the half year after.
    penetration : array
        Part of the (logarithmic) loss of units that is fewer buyers; the rest is fewer units per buyer.
    light_over_heavy : array
        Relative loss of units by those who bought it at most twice in the year before, over that by the others.
    acquisition : array
        Share in ``lost`` of people who had not bought it in the half year before launch.
    """

    complaints: F64
    buyers: F64
    lost: F64
    penetration: F64
    light_over_heavy: F64
    acquisition: F64


LIGHT: Final = 2
"""Purchases of the brand in the year before up to which a customer is a light buyer or none."""

_door = threading.Lock()
_harms: weakref.WeakKeyDictionary[Laboratory, dict[tuple[int, Conditions], Harm]] = weakref.WeakKeyDictionary()


def harm(lab: Laboratory, seed: int, conditions: Conditions) -> Harm:
    """Try the worst designs again and see who is lost; kept with the laboratory, since two facts read it."""
    key = (seed, conditions)
    with _door:
        known = _harms.setdefault(lab, {})
        if key in known:
            return known[key]
    rows = np.array([_harm_of(lab, seed, conditions, tried) for tried in worst(lab, seed, conditions)])
    with _door:
        known[key] = Harm(*rows.T)
    return known[key]


def _harm_of(lab: Laboratory, seed: int, conditions: Conditions, tried: Tried) -> tuple[float, ...]:
    market = market_of(lab, seed, conditions)
    arm = market.branch([tried.event], WEEKS)
    brand, size = tried.brand, market.world.size
    everybody = np.ones(size, np.bool_)
    complaints, problems = (
        [float(counted(model, 0, WEEKS, metric)[brand]) for model in (market.baseline, arm)]
        for metric in ("complaints", "problems")
    )
    before, after = Bought.of(market.baseline), Bought.of(arm)
    year = before.purchases_before(brand, size)
    recent = before.buyers(brand, range(-WEEKS, 0), size)
    stayed, left = (bought.buyers(brand, range(WEEKS), size) for bought in (before, after))
    lost = float(stayed.sum() - left.sum())
    usual, sold = (_units(bought, brand, 0, WEEKS, everybody) for bought in (before, after))
    light = year <= LIGHT
    fall = [1.0 - _units(after, brand, 0, WEEKS, who) / _units(before, brand, 0, WEEKS, who) for who in (light, ~light)]
    return (
        complaints[1] - complaints[0] * problems[1] / max(problems[0], 1.0),
        float((year > 0).sum()),
        lost,
        float(np.log(left.sum() / stayed.sum()) / np.log(sold / usual)),
        fall[0] / fall[1],
        float((stayed & ~recent).sum() - (left & ~recent).sum()) / lost,
    )


def silence(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V18: a bad design loses buyers by the score for every one who complains.

    The three worst designs of a catalogue together, over half a year.
    """
    found = harm(lab, seed, conditions)
    return {
        "complaints": 100.0 * float(found.complaints.sum() / found.buyers.sum()),
        "complaints per lost buyer": float(found.complaints.sum() / found.lost.sum()),
    }


def decline(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V25: what a harmed brand loses is buyers more than purchases per buyer, and light buyers first.

    The three worst designs of a catalogue, over half a year, against the undisturbed twin, which is as stationary as a
    benchmark can be: the ordinary coming and going of buyers is in both.
    """
    found = harm(lab, seed, conditions)
    return {
        "penetration": float(found.penetration.mean()),
        "light over heavy": float(np.median(found.light_over_heavy)),
        "not recent buyers": float(found.acquisition.mean()),
    }


# -- guards ----------------------------------------------------------------------------------------------------------


def null_launch(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """G1: a launch that changes nothing moves not one unit of any brand in any week."""
    market = market_of(lab, seed, conditions)
    event = {"kind": "redesign", "brand": market.names[market.leader], "overlap": 1.0, "start": "week 0"}
    arm = market.branch([event | {"appeal": {"mean": 0.0, "sd": 0.0}}], WEEKS)
    moved = arm.state.records.totals - market.baseline.state.records.totals
    first = market.baseline.observed_weeks
    return {"counts that differ": float((moved[: first + WEEKS] != 0).sum())}


INVISIBLE: Final = 0.99
"""Share of the look that is kept by a change that nobody makes out (assumption: a shade, a hair's breadth)."""


def invisible_change(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """G2: a change of looks that can hardly be seen does nothing worth a name, however it would be liked.

    The leader's pack keeps 99% of its looks; whoever saw the difference would dislike it by a quarter of a logit.
    """
    market = market_of(lab, seed, conditions)
    event = {"kind": "redesign", "brand": market.names[market.leader], "overlap": INVISIBLE, "start": "week 0"}
    sold = counted(market.branch([event | {"appeal": {"mean": -0.25}}], WEEKS), 0, WEEKS)[market.leader]
    return {"effect": 100.0 * float(sold / counted(market.baseline, 0, WEEKS)[market.leader] - 1.0)}


FACTS = (
    Fact(
        id="V16",
        name="base rate of redesigns",
        metric="change of a brand's units in half a year, over a random catalogue of 24 redesigns per world",
        parts=(
            Part("mean", -6.0, 0.0, "%"),
            Part("spread", 4.0, 8.0, "%"),
            Part("losses", 0.55, 0.80, "share of designs"),
            Part("losses over 10%", 0.05, 0.20, "share of designs"),
            Part("shelf test up", None, None, "share of tests"),
            Part("shelf test down", None, None, "share of tests"),
        ),
        source="mean -3.2%, 70% negative (Depecik, Cosguner & Astvansh 2023), so about N(-3.2, 6.1); shelf tests: "
        "about 10% significantly up, 20% down (Young 2010)",
        knockouts=(
            Knockout("every design equally liked", Conditions(without=("appeal",)), fails=("spread", "losses")),
            Knockout("every pack found", Conditions(without=("findability",)), fails=("mean",)),
        ),
        measure=base_rate,
        note="The catalogue, miss_rate and design_appeal_sd were set with this fact in view (and then frozen before "
        "any documented case was run), so a pass is a calibration, not a prediction. The shelf test is emulated as "
        "such, two cells of 300 respondents on their first purchase; it is reported, not tuned.",
    ),
    Fact(
        id="V17",
        name="commitment crossover",
        metric="attitude change after a logo replaced on purpose, by commitment",
        parts=(
            Part("committed", None, -0.005, "logit"),
            Part("weakly committed", 0.0, None, "logit"),
            Part("committed, units", None, None, "%"),
            Part("weakly committed, units", None, None, "%"),
        ),
        source="more change: strongly committed more negative, weakly committed more positive (Walsh, Winterich & "
        "Mittal 2010)",
        knockouts=(Knockout("no identity", Conditions(without=("identity",)), fails=("committed",)),),
        measure=commitment_crossover,
        kind="verification",
        note="The signs are put in (identity_slope, identity_weak_gain). What it does to units is not, and is "
        "reported.",
    ),
    Fact(
        id="V18",
        name="silence",
        metric="complaints about the three worst designs of a catalogue, per buyer and per lost buyer",
        parts=(
            Part("complaints", None, 1.0, "%"),
            Part("complaints per lost buyer", 0.0, 0.05, "ratio"),
        ),
        source="complaints from 'a fraction of a percent' of buyers, volume down a fifth (trade press on the orange "
        "carton of 2009)",
        knockouts=(Knockout("who dislikes a look says so", Conditions(values=(("complain_disliked_change", 0.9),))),),
        measure=silence,
        kind="verification",
        note="The rate of complaints is put in (complain_disliked_change), and taken from a documented case; the loss "
        "of buyers it is set against is not. One complaint per 20 lost buyers is the published bound.",
    ),
    Fact(
        id="V25",
        name="decline comes from acquisition",
        metric="loss of the three worst designs of a catalogue: fewer buyers against fewer units per buyer",
        parts=(
            Part("penetration", 0.5, None, "share of the loss"),
            Part("light over heavy", 1.0, None, "ratio of relative losses"),
            Part("not recent buyers", None, None, "share of lost buyers"),
        ),
        source="unusual acquisition outweighs unusual defection in growth and decline (Riebe, Wright, Stern & Sharp "
        "2014)",
        knockouts=(
            Knockout(
                "nobody misses the pack or minds its looks, only the committed are hurt",
                Conditions(
                    without=("findability", "appeal"),
                    values=(("identity_slope", -3.0), ("identity_weak_gain", 0.0)),
                ),
                fails=("penetration", "light over heavy"),
            ),
        ),
        measure=decline,
    ),
    Fact(
        id="G1",
        name="null launch",
        metric="weekly counters that differ after a launch that changes nothing",
        parts=(Part("counts that differ", 0.0, 0.0, "count"),),
        source="whatever is the same must stay the same",
        knockouts=(),
        measure=null_launch,
        kind="guard",
    ),
    Fact(
        id="G2",
        name="invisible change",
        metric="change of units in half a year after a change that can hardly be seen",
        parts=(Part("effect", -1.0, 1.0, "%"),),
        source="a recipe changed in silence sold as usual (macaroni and cheese, 2015-16)",
        knockouts=(Knockout("everything is noticed", Conditions(values=(("notice_shelf", 50.0),))),),
        measure=invisible_change,
        kind="guard",
    ),
)
"""Facts V16 to V18 and V25, and the guards."""
