"""What people say, to the firm and to each other, and what that does: facts V19 to V23.

Experiments on one settled market. Some let an experience befall everybody who buys within a week, by running that week
with other odds and the rest as usual: what people then do follows from the model's own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.branches import SettledMarket, counted, run_otherwise, settled
from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import MARKET, Conditions, Laboratory
from simulator.evidence.prices import over
from simulator.evidence.stockouts import Bought
from simulator.model import BrandMarket
from simulator.model.kernels.constants import NEWS
from simulator.randomness import Stream, run_key, uniforms

Bool = NDArray[np.bool_]

LEADER: Final = "Brightwell"
"""The leader of the market that the facts are held to."""

CUSTOMERS: Final = 10_000
MANY: Final = 40_000
"""Customers where an effect of a few percent on non-buyers must show."""

YEAR_WEEKS: Final = 52

SEVERITIES: Final = {"minor": (0.0, 0.0), "medium": (1.0, 0.0), "severe": (0.0, 1.0)}
"""Severity -> (share of medium problems, share of severe problems)."""


def _with(conditions: Conditions, **values: float) -> Conditions:
    """The conditions with some values held; those of the conditions themselves go first."""
    held = {**values, **dict(conditions.values)}
    return Conditions(conditions.without, tuple(sorted(held.items())), conditions.market)


# -- V19: voice by severity ------------------------------------------------------------------------------------------


def voice_by_severity(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V19: few complain about a trifle, most about a disaster.

    Every purchase of one week is followed by a problem of one severity; complaints per problem in that week.
    """
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    found = {}
    for name, (medium, severe) in SEVERITIES.items():
        arm = market.fork()
        run_otherwise(arm, 7, problem_rate=1.0, problem_medium_share=medium, problem_severe_share=severe)
        complaints, problems = (counted(arm, 0, 1, metric).sum() for metric in ("complaints", "problems"))
        found[name] = float(complaints / problems)
    return found


# -- V20: talk -------------------------------------------------------------------------------------------------------

SERVED: Final = "coffee-shops"
SERVICE_WEEKS: Final = 2
"""Short, so that bonds have no time to grow: what is wanted is how an experience is told, not by whom."""
TAIL: Final = 1.0
"""Change of service, in its own unit, that makes an experience extreme: the most that a scenario file allows."""
HARDLY: Final = 0.001
"""Nothing to speak of: a change of service that nobody feels and only marks the talk, a change of mind in logits."""


def talk_balance(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V20: praise outnumbers blame; extremes are talked about, the bad end more than the good.

    Messages in the observed year, all brands. And how many of the leader's purchases are talked about by the buyer
    where service is as bad, as usual and as good as can be, the product being even (no spread in quality); in a market
    of coffee shops, where nearly every purchase meets staff: at a grocer's till nothing is extreme.
    """
    market = settled(lab, seed, conditions, customers=CUSTOMERS)
    good, bad = (
        counted(market.before, -YEAR_WEEKS, 0, name).sum() for name in ("positive_messages", "negative_messages")
    )
    even = settled(lab, seed, _with(conditions, quality_sd=0.0), customers=CUSTOMERS, market=SERVED)
    happy, middle, unhappy = (_told(even, change) for change in (TAIL, HARDLY, -TAIL))
    return {
        "praise to blame": over(float(good), float(bad)),
        "happy over middle": over(happy, middle),
        "unhappy over middle": over(unhappy, middle),
        "unhappy over happy": over(unhappy, happy),
    }


def _told(market: SettledMarket, change: float) -> float:
    """Purchases of the leader that the buyer talks about, per purchase, where service has changed."""
    event = {"kind": "service", "brand": market.names[market.leader], "quality": change, "start": "week 0"}
    arm = market.branch([event], SERVICE_WEEKS)
    # generation 0 are those who talk of what they lived through themselves
    tellers = float(arm.state.records.tellers[..., 0].sum())
    return tellers / float(counted(arm, 0, SERVICE_WEEKS)[market.leader])


# -- V21: whom bad talk reaches ---------------------------------------------------------------------------------------

TELLERS: Final = 0.25
"""Share of customers who pass on one bad word about the leader on the first day."""
HEARD_WEEKS: Final = 6
FAITHFUL: Final = 2
"""Purchases of the leader in the year before from which its buyer counts as kept rather than won."""
_TELLERS: Final = 1 << 22
"""Replicate whose key picks tellers."""


def talk_hits_acquisition(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V21: one bad word keeps newcomers away several times as much as it drives buyers off.

    A quarter of all customers, at random, pass one bad word about the leader on to friends on the first day; nobody
    retells it. Relative loss of units in the six weeks after among those it reached: people who had not bought the
    leader in the year before, over those who had at least twice.
    """
    market = settled(lab, seed, conditions, customers=MANY)
    brand, size = market.leader, market.world.size
    arm, control = market.fork(), market.fork()
    draws = uniforms(run_key(seed, _TELLERS), Stream.TALK, 0, market.world.customers.uid.astype(np.uint64))
    _spread_word(arm, np.flatnonzero(draws[:, 0] < TELLERS), brand)
    for model in (arm, control):
        run_otherwise(model, 1, retell_share=0.0)
    heard = [model.state.life.ties["heard"][:, brand].astype(np.float64) for model in (arm, control)]
    reached = heard[0] < heard[1] - HARDLY
    arm.run_until(7 * HEARD_WEEKS)
    told, usual = Bought.of(arm), Bought.of(market.baseline)
    before = usual.purchases_before(brand, size)

    def lost(who: Bool) -> float:
        units = [float(_bought(panel, brand, who & reached)) for panel in (told, usual)]
        return 1.0 - over(units[0], units[1])

    won, kept = lost(before == 0), lost(before >= FAITHFUL)
    return {
        "acquisition over retention": over(won, kept),
        "newcomers lost": 100.0 * won,
        "buyers lost": 100.0 * kept,
    }


def _spread_word(arm: BrandMarket, tellers: NDArray[np.int64], brand: int) -> None:
    """Put tellers of one bad word on today's list."""
    life = arm.state.life
    room = min(tellers.size, life.news.shape[0])
    news = life.news[:room]
    news[:] = np.zeros(1, news.dtype)  # ordinary talk, of their own
    news["who"], news["brand"], news["valence"] = tellers[:room], brand, -1.0
    life.heads[NEWS] = room


def _bought(panel: Bought, brand: int, who: Bool) -> float:
    inside = (panel.week >= 0) & (panel.week < HEARD_WEEKS) & (panel.brand == brand) & who[panel.who]
    return float(panel.units[inside].sum())


# -- V22: few unhappy ------------------------------------------------------------------------------------------------


NEW_YEARS: Final = 5
"""Years for which a new brand is watched."""
NEW: Final = (f"brands.{LEADER}.known", 0.05)
"""The brand that would lead if everybody knew it, when one in twenty does."""
DISCOUNT: Final = 0.1
"""What a year takes off the value of a purchase."""
FAULT: Final = {
    "kind": "incident",
    "brand": LEADER,
    "rate": 0.03,
    "severity": {"severe": 1.0},
    "start": "week 0",
    "lasts": f"{NEW_YEARS * YEAR_WEEKS} weeks",
}
"""A severe problem after three purchases in a hundred, for good."""
CLOSE_ONLY: Final = (("close_tie_share", 1.0), ("post_reach", 0.0))
"""A world in which only close friends are told."""


def few_unhappy(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V22: a new brand that disappoints a few loses more than those few; acquaintances carry it further than friends.

    Three purchases in a hundred go badly wrong, for five years from launch. Loss of the units of those years, each
    worth a tenth less than the last, over the share of purchases that went wrong (in the published model everybody
    buys once, so that buyers and purchases are the same); and the percentage points of the loss that are gone where
    only close friends are told. For comparison the loss over problems per buyer, many of whom buy often enough to be
    struck some day, and the same fault in the brand when everybody knows it.
    """
    held = dict(conditions.market)
    new = Conditions(conditions.without, conditions.values, tuple({NEW[0]: NEW[1], **held}.items()))
    lost, unhappy, per_buyer = _fault(lab, seed, new)
    alone, _, _ = _fault(lab, seed, Conditions(new.without, new.values + CLOSE_ONLY, new.market))
    known, known_unhappy, _ = _fault(lab, seed, conditions)
    return {
        "loss over unhappy": over(lost, unhappy),
        "weak ties add": 100.0 * (lost - alone),
        "unhappy": 100.0 * unhappy,
        "loss over problems per buyer": over(lost, per_buyer),
        "known to everybody": over(known, known_unhappy),
    }


def _fault(lab: Laboratory, seed: int, conditions: Conditions) -> tuple[float, float, float]:
    """Discounted share of the leader's units lost to `FAULT`, and its problems per purchase and per buyer."""
    weeks = NEW_YEARS * YEAR_WEEKS
    arms = lab.twins(
        seed, conditions, [FAULT], market=MARKET, focal=LEADER, customers=MANY, horizon_weeks=weeks, panel=True
    )
    model = arms["scenario"]
    focal = model.world.focal
    worth = (1.0 - DISCOUNT) ** np.arange(NEW_YEARS)
    starts = range(0, weeks, YEAR_WEEKS)
    sold, usual = (
        float(worth @ [counted(arms[name], week, week + YEAR_WEEKS)[focal] for week in starts])
        for name in ("scenario", "baseline")
    )
    panel = Bought.of(model)
    purchases = ((panel.brand == focal) & (panel.week >= 0)).sum()
    buyers = panel.buyers(focal, range(weeks), model.world.size).sum()
    problems = [counted(arms[name], 0, weeks, "problems")[focal] for name in ("scenario", "baseline")]
    struck = float(problems[0]) - float(problems[1]) * sold / usual
    return 1.0 - sold / usual, struck / float(purchases), struck / float(buyers)


# -- V23: recovery ---------------------------------------------------------------------------------------------------

EXIT_WEEKS: Final = (4, 30)
"""Weeks in which those who were struck in the first week must buy again, or have left."""


def incomplete_recovery(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V23: a complaint well answered keeps most, not more than would have stayed without the problem.

    Everybody who buys in the first week has a severe problem and complains; all answers satisfy, or none does. Those
    who bought the leader in that week have left if they do not buy it from week 4 to week 30. Nobody talks about it.
    """
    silent = Conditions((*conditions.without, "talk"), conditions.values, conditions.market)
    market = settled(lab, seed, silent, customers=MANY)
    odds = {"problem_rate": 1.0, "problem_medium_share": 0.0, "problem_severe_share": 1.0, "complain_severe": 1.0}
    levels = ("satisfied_ignore", "satisfied_refund", "satisfied_apologise", "satisfied_improve")
    exits = {"none": _exits(market, market.baseline)}
    for name, satisfied in (("recovered", 1.0), ("unrecovered", 0.0)):
        arm = market.fork()
        answers = dict.fromkeys(levels, satisfied)
        run_otherwise(arm, 7, **odds, **answers)
        run_otherwise(arm, 7 * EXIT_WEEKS[0], **answers)  # until the last complaint has had its answer
        arm.run_until(7 * EXIT_WEEKS[1])
        exits[name] = _exits(market, arm)
    return {
        "recovered over none": over(exits["recovered"], exits["none"]),
        "unrecovered over recovered": over(exits["unrecovered"], exits["recovered"]),
        "exits without a problem": exits["none"],
    }


def _exits(market: SettledMarket, model: BrandMarket) -> float:
    """Share of those who buy the leader in the first week of the undisturbed arm who do not come back to it."""
    size = market.world.size
    struck = Bought.of(market.baseline).buyers(market.leader, [0], size)
    back = Bought.of(model).buyers(market.leader, range(*EXIT_WEEKS), size)
    return float((struck & ~back).sum() / struck.sum())


def _values(**values: Any) -> Conditions:
    return Conditions(values=tuple(values.items()))


FACTS = (
    Fact(
        id="V19",
        name="voice by severity",
        metric="complaints per problem, by severity",
        parts=(
            Part("minor", 0.01, 0.06, "share"),
            Part("severe", 0.60, 0.78, "share"),
            Part("medium", None, None, "share"),
        ),
        source="3% complain over minor problems, 69% over serious ones (TARP 1979; Goodman & Newman 2003)",
        knockouts=(
            Knockout("severity does not matter", _values(complain_minor=0.3, complain_medium=0.3, complain_severe=0.3)),
        ),
        measure=voice_by_severity,
        kind="verification",
        note="Put in: complain_minor, complain_medium, complain_severe.",
    ),
    Fact(
        id="V20",
        name="talk balance and U-shape",
        metric="praise to blame among messages; share of purchases talked about, by how extreme they were",
        parts=(
            Part("praise to blame", 2.0, 5.0, "ratio"),
            Part("happy over middle", 1.5, None, "ratio"),
            Part("unhappy over middle", 1.5, None, "ratio"),
            Part("unhappy over happy", 1.0, None, "ratio"),
        ),
        source="3:1 in all of 15 studies (East, Hammond & Wright 2007); asymmetric U (Anderson 1998)",
        knockouts=(
            Knockout(
                "extremes are not talked about more",
                _values(talk_dissatisfied_slope=0.0, talk_satisfied_slope=0.0),
                fails=("happy over middle", "unhappy over middle", "unhappy over happy"),
            ),
        ),
        measure=talk_balance,
        note="The slopes are put in; the balance emerges from them, from how experiences spread and from who tells "
        "how many.",
    ),
    Fact(
        id="V21",
        name="negative talk hits acquisition",
        metric="relative loss of units by one bad word heard: newcomers over buyers",
        parts=(
            Part("acquisition over retention", 2.5, 6.0, "ratio"),
            Part("newcomers lost", None, None, "%"),
            Part("buyers lost", None, None, "%"),
        ),
        source="negative talk deters new buyers over four times as much as it loses existing ones (East et al.)",
        knockouts=(Knockout("own experience does not matter", _values(experience_discount=1e6)),),
        measure=talk_hits_acquisition,
    ),
    Fact(
        id="V22",
        name="few unhappy, large loss",
        metric="a new brand's loss of units, discounted, over the share of purchases that disappoint; with and without "
        "weak ties",
        parts=(
            Part("loss over unhappy", 1.0, None, "ratio"),
            Part("weak ties add", 0.0, None, "points"),
            Part("unhappy", None, None, "%"),
            Part("loss over problems per buyer", None, None, "ratio"),
            Part("known to everybody", None, None, "ratio"),
        ),
        source="substantial loss of value even with few dissatisfied (Goldenberg, Libai, Moldovan & Muller 2007)",
        knockouts=(
            Knockout("nobody talks", Conditions(without=("talk",)), fails=("loss over unhappy",)),
            Knockout("everybody knows the brand", Conditions(market=((NEW[0], 1.0),)), fails=("loss over unhappy",)),
        ),
        measure=few_unhappy,
        note="The published model is of a new product, which everybody buys once and whose buyers are won by talk: who "
        "is put off does not come. So it is measured where a brand is new. That a bad word keeps who does not know the "
        "brand from considering it, until good ones outweigh it, is put in; how much of the brand's growth that costs, "
        "and that acquaintances make it worse, emerges. Where all customers know the brand, a message fades and "
        "costs only its share of the purchases of those who hear it: there the loss stays below the share of the "
        "unhappy.",
    ),
    Fact(
        id="V23",
        name="recovery is incomplete",
        metric="share of the leader's buyers who leave after a severe problem, answered well or not, and without one",
        parts=(
            Part("recovered over none", 1.0, None, "ratio"),
            Part("unrecovered over recovered", 1.01, None, "ratio"),
            Part("exits without a problem", None, None, "share"),
        ),
        source="recovery almost never offsets fully (Knox & van Oest 2014); no paradox in repurchase (de Matos, "
        "Henrique & Rossi 2007)",
        knockouts=(
            Knockout(
                "an answer gives back three times what was taken",
                _values(recovery_share=3.0),
                fails=("recovered over none",),
            ),
            Knockout(
                "answers do nothing",
                _values(recovery_share=0.0, unresolved_loyalty_gap=0.0),
                fails=("unrecovered over recovered",),
            ),
        ),
        measure=incomplete_recovery,
    ),
)
"""Facts V19 to V23."""
