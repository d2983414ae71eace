"""How people buy when nothing happens: facts V1 to V7, the regularities of buying that panels have shown for decades.

All of them read one undisturbed panel per seed (`Laboratory.panel`). A *purchase* is a trip on which the brand was
bought, whatever the number of units; a *quarter* is 13 weeks, a *year* 52; the *observed year* is the first year of the
panel. The remainder of the category counts as one brand. Sources are cited as in the market file and parameter table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.facts import Fact, Knockout, Part
from simulator.evidence.laboratory import DAYS_PER_QUARTER, WEEKS_PER_YEAR, Conditions, Laboratory, PanelRun
from simulator.parameters import table

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

QUARTERS_PER_YEAR: Final = 4
TOP: Final = 0.2
"""The heaviest buyers that concentration and moderation are about: a fifth, as in the sources."""
SMALL: Final = 0.10
"""Below this share a brand is small (V4)."""
HEAVY: Final = 3
"""Purchases of a brand in a quarter from which a buyer of it is heavy; light ones bought once (V6)."""
SEQUENCE_YEARS: Final = 2
"""Length of the sequences of V4 and V5: some 12 purchases of a household, as in the three panels (9 to 21)."""


def year_counts(run: PanelRun, year: int = 0) -> I64:
    """Purchases of each brand by each customer in a year of the panel, shape (N, B)."""
    first = QUARTERS_PER_YEAR * year
    total: I64 = run.counts[:, first : first + QUARTERS_PER_YEAR].sum(axis=1)
    return total


def largest(run: PanelRun) -> int:
    """Index of the brand with the largest stated share."""
    return int(run.world.brands.target_share.argmax())


# -- V1: double jeopardy ------------------------------------------------------------------------------------------


def purchase_rates(counts: I64) -> F64:
    """Purchases per buyer of each brand in a quarter, all quarters given pooled, shape (B,).

    Parameters
    ----------
    counts : array of int64, shape (N, quarters, B)

    Examples
    --------
    >>> purchase_rates(np.array([[[2, 0], [0, 1]], [[1, 1], [0, 1]]])).tolist()
    [1.5, 1.0]
    """
    rates: F64 = counts.sum(axis=(0, 1)) / np.maximum((counts > 0).sum(axis=(0, 1)), 1)
    return rates


def rank_correlation(x: F64, y: F64) -> float:
    """Spearman's rank correlation; 0 where one of the two does not vary."""
    from scipy.stats import rankdata

    a, b = rankdata(x), rankdata(y)
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0


def double_jeopardy(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V1: small brands have fewer buyers who buy them also slightly less often.

    Purchase rates are per buyer and quarter, the quarters of the observed year pooled.
    """
    run = lab.panel(seed, conditions)
    counts = run.counts[:, :QUARTERS_PER_YEAR]
    rates = purchase_rates(counts)
    smallest = int(run.world.brands.target_share.argmin())
    return {
        "smallest to largest": float(rates[smallest] / rates[largest(run)]),
        "rank correlation": rank_correlation(counts.sum(axis=(0, 1)).astype(np.float64), rates),
    }


# -- V2: skewed buying --------------------------------------------------------------------------------------------


def top_share(bought: I64, top: float = TOP) -> float:
    """Share of all purchases made by the heaviest ``top`` of buyers; a fraction of a buyer counts as one.

    Examples
    --------
    >>> top_share(np.array([6, 1, 1, 1, 1, 0, 0]))
    0.6
    """
    buyers = np.sort(bought[bought > 0])[::-1]
    if buyers.size == 0:
        return float("nan")
    wanted = top * buyers.size
    whole = int(wanted)
    heavy = float(buyers[:whole].sum()) + (wanted - whole) * float(buyers[min(whole, buyers.size - 1)])
    return heavy / float(buyers.sum())


def skewed_buying(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V2: the top fifth of the leader's buyers make half of its sales, more the longer one looks.

    A quarter (mean over those of the observed year), the observed year, six years.
    """
    run = lab.panel(seed, conditions)
    counts = run.counts[:, :, largest(run)]
    quarter = float(np.mean([top_share(counts[:, q]) for q in range(QUARTERS_PER_YEAR)]))
    year = top_share(counts[:, :QUARTERS_PER_YEAR].sum(axis=1))
    long = top_share(counts.sum(axis=1))
    return {"quarter": quarter, "year": year, "six years": long, "smallest rise": min(year - quarter, long - year)}


# -- V3: duplication of purchase ----------------------------------------------------------------------------------


def duplication(bought: I64) -> tuple[float, float]:
    """Correlation of D_ij with the penetration of j, and the mean within-row coefficient of variation of D_ij / b_j.

    D_ij is the share of buyers of i who also buy j; the duplication law says D_ij = D b_j for all i.

    Parameters
    ----------
    bought : array of int64, shape (N, B)
    """
    buys = (bought > 0).astype(np.float64)
    buyers = np.maximum(buys.sum(axis=0), 1.0)
    both = (buys.T @ buys) / buyers[:, None]
    penetration = buys.mean(axis=0)
    other = ~np.eye(buyers.size, dtype=np.bool_)
    across = np.broadcast_to(penetration, both.shape)
    correlation = float(np.corrcoef(both[other], across[other])[0, 1])
    ratio = both / np.maximum(penetration, 1e-12)
    rows = [row[keep] for row, keep in zip(ratio, other, strict=True)]
    return correlation, float(np.mean([row.std() / row.mean() for row in rows]))


def duplication_law(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V3: brands share their buyers with others in proportion to those brands' penetration (observed year)."""
    correlation, variation = duplication(year_counts(lab.panel(seed, conditions)))
    return {"correlation": correlation, "variation within rows": variation}


# -- V4, V5: repeat buying and what the order of purchases adds ---------------------------------------------------


def sequences(run: PanelRun, years: int = SEQUENCE_YEARS) -> tuple[I64, I64]:
    """Customer and brand of every purchase of the first years, each customer's purchases together and in order."""
    early = run.purchases["day"].to_numpy() < run.days[0] + QUARTERS_PER_YEAR * DAYS_PER_QUARTER * years
    who = run.purchases["customer"].to_numpy(np.int64)[early]
    order = np.argsort(who, kind="stable")
    return who[order], run.purchases["brand"].to_numpy(np.int64)[early][order]


def repeat_by_brand(who: I64, brand: I64, brands: int) -> tuple[I64, I64]:
    """Purchases that a next one follows, and those followed by the same brand, by brand, each shape (B,).

    Examples
    --------
    >>> repeat_by_brand(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), 2)
    (array([2, 1]), array([1, 1]))
    """
    follows = who[1:] == who[:-1]
    first, second = brand[:-1][follows], brand[1:][follows]
    return np.bincount(first, minlength=brands), np.bincount(first[first == second], minlength=brands)


def shuffled_repeat(who: I64, brand: I64, brands: int) -> float:
    """Lag-1 repeat expected when each customer's purchases are put in random order (exact, nothing is drawn).

    A customer with n purchases, n_b of brand b, has n - 1 pairs, each a repeat with probability
    sum n_b (n_b - 1) / (n (n - 1)).
    """
    people = int(who.max()) + 1
    n_b = np.bincount(who * brands + brand, minlength=people * brands).reshape(people, brands).astype(np.float64)
    n = n_b.sum(axis=1)
    some = n > 1
    same = (n_b * (n_b - 1.0)).sum(axis=1)[some] / n[some]
    return float(same.sum() / (n[some] - 1.0).sum())


def repeat_by_size(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V4: a purchase of the leader is followed by another two times in three, one of a small brand one time in three.

    Lag-1 repeat over two years; brands below 10% of purchases are pooled.
    """
    run = lab.panel(seed, conditions)
    who, brand = sequences(run)
    pairs, same = repeat_by_brand(who, brand, len(run.world.brands.names))
    small = run.world.brands.target_share < SMALL
    leader = largest(run)
    return {
        "leader": float(same[leader] / pairs[leader]),
        "small brands": float(same[small].sum() / pairs[small].sum()),
    }


def inertia_is_small(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V5: knowing the order of a household's purchases says little beyond knowing what it buys.

    Lag-1 repeat less its expectation when each household's purchases are shuffled, points, over two years.
    """
    run = lab.panel(seed, conditions)
    who, brand = sequences(run)
    brands = len(run.world.brands.names)
    pairs, same = repeat_by_brand(who, brand, brands)
    return {"excess": 100.0 * (float(same.sum() / pairs.sum()) - shuffled_repeat(who, brand, brands))}


# -- V5b: polarisation and autopilot ------------------------------------------------------------------------------


def polarisation(who: I64, brand: I64, brands: int) -> float:
    """φ: how far two purchases of one household agree beyond chance, 0 (all alike) to 1 (each true to one brand).

    From the random-pair repeat r and shares s, φ = (r - Σs²) / (1 - Σs²); of a Dirichlet that is 1 / (1 + S).
    """
    shares = np.bincount(brand, minlength=brands) / brand.size
    chance = float((shares**2).sum())
    return (shuffled_repeat(who, brand, brands) - chance) / (1.0 - chance)


def loyalty_made_of(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V5b: how polarised households are, and on what share of trips habit decides (observed year).

    The autopilot share is the expectation over trips of the ceiling times the strongest habit.
    """
    run = lab.panel(seed, conditions)
    who, brand = sequences(run)
    weekly = run.weekly[run.weekly["week"] < 0]
    return {
        "polarisation": polarisation(who, brand, len(run.world.brands.names)),
        "autopilot share": float(weekly["autopilot"].mean()),
    }


# -- V6, V7: what a stable market hides ---------------------------------------------------------------------------


def erosion(counts: I64, cohort: Bool) -> float:
    """Fall, over one year, of the share of a quarter's buyers of a brand who buy it again, 0..1.

    Repeat in the fifth quarter after against repeat in the first; all base quarters and brands are pooled.

    Parameters
    ----------
    counts : array of int64, shape (N, quarters, B)
    cohort : array of bool, shape (N, quarters, B)
        Who counts as a buyer of the base quarter.
    """
    later = QUARTERS_PER_YEAR + 1
    base = cohort[:, :-later]
    soon = (base & (counts[:, 1 : 1 - later] > 0)).sum()
    late = (base & (counts[:, later:] > 0)).sum()
    return float(1.0 - late / soon)


def erosion_of_loyalty(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V6: though nothing happens, a brand's buyers drift away, light ones no faster than heavy ones.

    Light: bought the brand once in the base quarter; heavy: at least three times.
    """
    counts = lab.panel(seed, conditions).counts
    light, heavy = erosion(counts, counts == 1), erosion(counts, counts >= HEAVY)
    return {"fall in a year": erosion(counts, counts > 0), "light less heavy": 100.0 * (light - heavy)}


def membership(bought: I64, top: float = TOP) -> F64:
    """How far each customer belongs to the heaviest ``top`` of buyers, 0..1; those level at the edge share its places.

    Examples
    --------
    >>> membership(np.array([3, 2, 2, 1, 1, 0]), top=0.4).tolist()
    [1.0, 0.5, 0.5, 0.0, 0.0, 0.0]
    """
    places = top * int((bought > 0).sum())
    sizes, level = np.unique(bought[bought > 0], return_inverse=True)
    members = np.zeros(bought.shape[0])
    share = np.zeros(sizes.size)
    per_level = np.bincount(level, minlength=sizes.size)
    for k in range(sizes.size - 1, -1, -1):
        share[k] = min(1.0, places / per_level[k])
        places -= share[k] * per_level[k]
    members[bought > 0] = share[level]
    return members


def buyer_moderation(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """V7: of the leader's heaviest fifth of buyers in one year, barely more than half are so in the next."""
    run = lab.panel(seed, conditions)
    leader = largest(run)
    first, second = (membership(year_counts(run, year)[:, leader]) for year in (0, 1))
    return {"still in the top fifth": float((first * second).sum() / first.sum())}


# -- stationarity: what the warm-up leaves behind -----------------------------------------------------------------


def yearly_change(weekly: F64) -> float:
    """Slope of a weekly series times 52: by how much it changes in a year.

    Examples
    --------
    >>> yearly_change(np.arange(52) / 52.0)
    1.0
    """
    week = np.arange(weekly.size) - (weekly.size - 1) / 2.0
    return round(float(week @ weekly / (week @ week) * WEEKS_PER_YEAR), 12)


def stationarity(lab: Laboratory, seed: int, conditions: Conditions) -> Mapping[str, float]:
    """Trends over the observed year in habits, shares and stocks, in percent of their level a year.

    Shares are of the weekly purchases; the small brands are pooled.
    """
    run = lab.panel(seed, conditions)
    weekly = run.weekly[run.weekly["week"] < 0]
    day, brand = (run.purchases[name].to_numpy(np.int64) for name in ("day", "brand"))
    brands = len(run.world.brands.names)
    early = day < 0
    week = (day[early] - run.days[0]) // 7
    bought = np.bincount(week * brands + brand[early], minlength=WEEKS_PER_YEAR * brands).reshape(-1, brands)
    share = bought / bought.sum(axis=1, keepdims=True)
    small = run.world.brands.target_share < SMALL
    stock = weekly["shelf"].to_numpy() + weekly["backroom"].to_numpy()
    series = {
        "autopilot share": weekly["autopilot"].to_numpy(),
        "habit": weekly["habit"].to_numpy(),
        "leader's share": share[:, largest(run)],
        "small brands' share": share[:, small].sum(axis=1),
        "stock in stores": stock,
    }
    level = {name: float(values.mean()) for name, values in series.items()}
    return {
        name: 100.0 * yearly_change(values) / level[name] if level[name] > 0.0 else 0.0
        for name, values in series.items()
    }


# -- the facts ----------------------------------------------------------------------------------------------------

_PANEL = "UK toothpaste panel (Goodhardt, Ehrenberg & Chatfield 1984)"

EVEN_PENETRATION: Final = 0.79
"""Penetration that the same number of purchases has when households buy about equally often (at most 80.5%)."""

_EVEN_RATES = Conditions(
    market=(
        ("category.penetration", EVEN_PENETRATION),
        (
            "category.purchases_per_buyer",
            table()["category_penetration"].central * table()["purchases_per_quarter"].central / EVEN_PENETRATION,
        ),
    )
)
"""The same purchases, spread over households as evenly as can be: the NBD's gamma is nearly a point."""

CAMPS: Final = 20.0
"""Weight of lifestyle fit, logit per unit, at which the two segments hardly buy each other's brands."""

CLOCKWORK: Final = 12
"""Erlang shape of purchases that come like bills: hardly any Poisson noise left."""

FIVEFOLD: Final = 5.0
TWICE: Final = 2.0


def _times(name: str, factor: float) -> Conditions:
    return Conditions(values=((name, factor * table()[name].central),))


FACTS = (
    Fact(
        id="V1",
        name="double jeopardy",
        metric="purchases per buyer and quarter, smallest brand over largest",
        parts=(
            Part("smallest to largest", 0.75, 0.92, "ratio"),
            Part("rank correlation", 0.8, None, "of share and rate"),
        ),
        source=f"{_PANEL}: .80 observed, .88 NBD-Dirichlet",
        knockouts=(
            Knockout(
                "equal tastes (and no habit, which would make one brand everybody's)",
                Conditions(without=("taste_spread", "habit")),
                fails=("smallest to largest",),
            ),
        ),
        measure=double_jeopardy,
    ),
    Fact(
        id="V2",
        name="skewed buying",
        metric="share of the leader's purchases made by the top fifth of its buyers, by window",
        parts=(
            Part("quarter", 0.38, 0.50, "share"),
            Part("year", 0.50, 0.62, "share"),
            Part("six years", 0.60, 0.76, "share"),
            Part("smallest rise", 0.0, None, "share"),
        ),
        source="three panels .41-.46, .54-.55, .66-.69; about .60 in a year (Sharp, Romaniuk & Graham 2019), "
        ".73 in six (Kim, Singh & Winer 2017)",
        knockouts=(Knockout("households that buy equally often", _EVEN_RATES),),
        measure=skewed_buying,
    ),
    Fact(
        id="V3",
        name="duplication of purchase",
        metric="buyers of one brand who buy another, against that brand's penetration, in a year",
        parts=(
            Part("correlation", 0.9, None, "of shared buyers and penetration"),
            Part("variation within rows", None, 0.25, "coefficient of variation"),
        ),
        source="Ehrenberg's duplication law; NBD-Dirichlet (Goodhardt, Ehrenberg & Chatfield 1984)",
        knockouts=(
            Knockout("a market partitioned into two camps", Conditions(values=(("lifestyle_fit_weight", CAMPS),))),
        ),
        measure=duplication_law,
        note="The mechanism is the absence of a partition in tastes, so the knock-out puts one in.",
    ),
    Fact(
        id="V4",
        name="repeat by size",
        metric="share of purchases followed by the same brand",
        parts=(Part("leader", 0.65, 0.85, "share"), Part("small brands", 0.20, 0.50, "share")),
        source="household panels of R package Ecdat (yogurt, crackers, catsup), one trip one purchase",
        knockouts=(
            Knockout("equal tastes, no inertia, no habit", Conditions(without=("taste_spread", "inertia", "habit"))),
        ),
        measure=repeat_by_size,
    ),
    Fact(
        id="V5",
        name="inertia is small",
        metric="repeat beyond a shuffle of each household's own purchases",
        parts=(Part("excess", 0.5, 6.0, "points"),),
        source="household panels of R package Ecdat: +0.7 (crackers), +1.7 (catsup), +4.1 (yogurt)",
        knockouts=(Knockout("inertia five times as strong", _times("inertia", FIVEFOLD)),),
        measure=inertia_is_small,
    ),
    Fact(
        id="V5b",
        name="polarisation and autopilot",
        metric="agreement of two purchases of one household beyond chance; share of trips decided by habit",
        parts=(Part("polarisation", 0.25, 0.55, "φ"), Part("autopilot share", 0.25, 0.55, "share")),
        source="panels .25 to .55, UK toothpaste .40; up to 45% of daily acts are habitual (Wood, Quinn & Kashy 2002)",
        knockouts=(
            Knockout("no habit", Conditions(without=("habit",))),
            Knockout("autopilot ceiling doubled", _times("autopilot_ceiling", TWICE)),
        ),
        measure=loyalty_made_of,
        note="Tastes are held fixed; repeat alone (V5) cannot see habit.",
    ),
    Fact(
        id="V6",
        name="erosion without events",
        metric="fall within a year in the share of a brand's buyers who buy it again in a quarter",
        parts=(Part("fall in a year", 0.10, 0.20, "share"), Part("light less heavy", -4.0, 4.0, "points")),
        source="15% in the first year, equal for light and heavy buyers (East & Hammond 1996)",
        knockouts=(Knockout("no taste drift", Conditions(without=("taste_drift",)), fails=("fall in a year",)),),
        measure=erosion_of_loyalty,
    ),
    Fact(
        id="V7",
        name="buyer moderation",
        metric="share of the leader's top fifth of buyers in one year who are in it the next year",
        parts=(Part("still in the top fifth", 0.45, 0.70, "share"),),
        source="about .50 (Sharp, Romaniuk & Graham 2019); .62-.68 from a stationary NBD-Dirichlet",
        knockouts=(Knockout("purchases like clockwork", Conditions(market=(("category.regularity", CLOCKWORK),))),),
        measure=buyer_moderation,
    ),
    Fact(
        id="S1",
        name="the warm-up leaves a stationary market",
        metric="trend over the observed year",
        parts=(
            Part("autopilot share", -2.0, 2.0, "%/year"),
            Part("habit", -2.0, 2.0, "%/year"),
            Part("leader's share", -3.0, 3.0, "%/year"),
            Part("small brands' share", -3.0, 3.0, "%/year"),
            Part("stock in stores", -3.0, 3.0, "%/year"),
        ),
        source="assumption: a trend too small to be told from nothing in any fact",
        knockouts=(),
        measure=stationarity,
        kind="check",
        note="A check on the model itself, not a fact about markets.",
    ),
)
"""Facts V1 to V7 and V5b, and the check that nothing moves by itself."""
