"""Parts of the model against formulas that can be worked out on paper.

Each part is run alone, with everything else switched off, where theory says exactly what has to come out: counts of
purchases (NBD and its Erlang relatives), choices and substitution in a mixed logit, the path of an order-up-to stock,
its fill rate, the spread of a message in a well-mixed crowd. Tests of chance name their tolerance in standard errors;
four of them are exceeded once in 16,000 seeds, and seeds are fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from simulator.model import BrandMarket
from simulator.model.kernels import constants as c
from simulator.model.switches import MECHANISMS
from simulator.parameters import table
from simulator.scenario import load
from simulator.world.tastes import utility

BRANDS = {"Ash": (0.40, 2.2), "Beech": (0.30, 2.0), "Cherry": (0.20, 1.8), "Dogwood": (0.10, 2.0)}
"""Brand -> share, price; one item each."""

NOTHING_BUT_TASTE = tuple(name for name in MECHANISMS if name not in ("taste_spread", "price"))
"""All mechanisms switched off but stable tastes and prices."""

FOUR_ERRORS = 4.0
QUARTER = 91


def model_of(
    *events: Mapping[str, Any],
    customers: int,
    without: tuple[str, ...] = NOTHING_BUT_TASTE,
    weeks: int = 1,
    category: Mapping[str, Any] | None = None,
    market: Mapping[str, Any] | None = None,
    panel: bool = True,
    seed: int = 3,
    **values: float,
) -> BrandMarket:
    """A plain market at the start of its warm-up."""
    words = {
        "schema": "brandsim-market/1",
        "name": "Oracle",
        "category": {
            "penetration": 0.6,
            "purchases_per_buyer": "4 per quarter",
            "regularity": 1,
            "units_per_purchase": 1,
            **(category or {}),
        },
        "brands": {name: {"share": share, "price": price} for name, (share, price) in BRANDS.items()},
        **(market or {}),
    }
    asked = {"name": "Oracle", "market": words, "focal_brand": "Ash", "customers": customers}
    scenario = load({**asked, "horizon": f"{weeks} weeks", "events": [dict(event) for event in events]})
    central = dict(table().central())
    assert values.keys() <= central.keys()
    return BrandMarket(scenario, rng=seed, without=without, values=central | values, panel=panel, warm_up=False)


# -- how often they buy ---------------------------------------------------------------------------------------------


def nbd(penetration: float, frequency: float) -> tuple[float, float]:
    """Mean per quarter and shape K of the NBD with these two figures: (1 + m / K)^-K of the households buy nothing."""
    mean = penetration * frequency
    return mean, float(brentq(lambda k: (1.0 + mean / k) ** -k - (1.0 - penetration), 1e-3, 100.0))


def counts_of(model: BrandMarket, first_day: int) -> NDArray[np.int64]:
    """Purchases of each customer in the quarter from ``first_day`` on."""
    model.run_until(first_day + QUARTER)
    bought = model.purchases()
    inside = bought[(bought["day"] >= first_day) & (bought["day"] < first_day + QUARTER)]
    return np.bincount(inside["customer"], minlength=model.world.size)


def goodness_of_fit(counts: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """P value of the chi-square test; the last class takes all larger counts."""
    last = probability.shape[0] - 1
    expected = np.append(probability[:last], 1.0 - probability[:last].sum()) * counts.shape[0]
    observed = np.bincount(np.minimum(counts, last), minlength=last + 1)
    return float(stats.chisquare(observed, expected).pvalue)


def test_counts_of_irregular_purchases_are_negative_binomial() -> None:
    # 12,000 customers, counts 0 to 11 and more; a false alarm in one seed of a thousand
    model = model_of(customers=12_000)
    mean, shape = nbd(0.6, 4.0)
    law = stats.nbinom(shape, shape / (shape + mean))
    assert goodness_of_fit(counts_of(model, -364), law.pmf(np.arange(12))) > 0.001


def condensed_negative_binomial(penetration: float, frequency: float, size: int) -> NDArray[np.float64]:
    """Probabilities of 0, 1, ... purchases where every second event of a Poisson process is one (Erlang 2).

    The process is seen from a random moment, so that 2n - 1, 2n and 2n + 1 events may all hold n purchases (the
    condensed NBD of Chatfield and Goodhardt). The shape of the gamma follows from penetration.
    """
    mean = penetration * frequency

    def pmf(shape: float) -> NDArray[np.float64]:
        events = stats.nbinom(shape, shape / (shape + 2.0 * mean)).pmf(np.arange(2 * size + 2))
        n = np.arange(size)
        before = np.where(n > 0, events[np.maximum(2 * n - 1, 0)], 0.0)
        return np.asarray(0.5 * before + events[2 * n] + 0.5 * events[2 * n + 1])

    shape = float(brentq(lambda k: pmf(k)[0] - (1.0 - penetration), 1e-2, 100.0))
    return pmf(shape)


def test_counts_of_regular_purchases_are_condensed_negative_binomial() -> None:
    # 12,000 customers in the last quarter before launch; a false alarm in one seed of a thousand
    model = model_of(customers=12_000, category={"regularity": 2})
    assert goodness_of_fit(counts_of(model, -QUARTER), condensed_negative_binomial(0.6, 4.0, 12)) > 0.001


def test_purchases_are_stationary_from_the_first_day_on() -> None:
    # who has been regular all along is not met at a moment just after a purchase: the very first quarter counts alike
    model = model_of(customers=12_000, category={"regularity": 2})
    assert goodness_of_fit(counts_of(model, model.day), condensed_negative_binomial(0.6, 4.0, 12)) > 0.001


# -- what they choose -----------------------------------------------------------------------------------------------


def choice_probabilities(model: BrandMarket) -> NDArray[np.float64]:
    """Logit probabilities of every customer from tastes and prices, shape (N, B)."""
    people = model.world.customers
    v = utility(people.taste, people.price_sensitivity, model.world.brands)
    w = np.exp(v - v.max(axis=1, keepdims=True))
    return np.asarray(w / w.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def year() -> tuple[BrandMarket, pd.DataFrame]:
    model = model_of(customers=6000)
    model.run_until(0)
    return model, model.purchases()


def test_brands_are_bought_as_the_mixed_logit_says(year: tuple[BrandMarket, pd.DataFrame]) -> None:
    model, bought = year
    p = choice_probabilities(model)[bought["customer"]]
    chosen = bought["brand"].to_numpy()
    for b in range(p.shape[1]):
        surplus = (chosen == b).sum() - p[:, b].sum()
        assert abs(surplus) < FOUR_ERRORS * np.sqrt((p[:, b] * (1.0 - p[:, b])).sum())


def test_the_mixed_logit_holds_at_every_strength_of_taste(year: tuple[BrandMarket, pd.DataFrame]) -> None:
    # tenths of the probability: the sure, the torn and the averse each buy as often as they should
    model, bought = year
    p = choice_probabilities(model)[bought["customer"]]
    chosen = bought["brand"].to_numpy()
    for b in range(p.shape[1]):
        tenth = np.minimum((10.0 * p[:, b]).astype(np.int64), 9)
        surplus = np.bincount(tenth, (chosen == b) - p[:, b], minlength=10)
        error = np.sqrt(np.bincount(tenth, p[:, b] * (1.0 - p[:, b]), minlength=10))
        assert (np.abs(surplus) < FOUR_ERRORS * np.maximum(error, 1.0)).all()


def test_repeat_is_the_sum_of_squared_probabilities(year: tuple[BrandMarket, pd.DataFrame]) -> None:
    # the first and second, third and fourth, ... purchase of a customer: pairs that share nothing but the customer
    model, bought = year
    ordered = bought.sort_values(["customer", "day"], kind="stable")
    number = ordered.groupby("customer").cumcount()
    customer, brand = ordered["customer"].to_numpy(), ordered["brand"].to_numpy()
    pairs = np.flatnonzero((number.to_numpy()[:-1] % 2 == 0) & (customer[:-1] == customer[1:]))
    same = brand[pairs] == brand[pairs + 1]
    expected = (choice_probabilities(model)[customer[pairs]] ** 2).sum(axis=1)
    assert pairs.shape[0] > 10_000
    assert abs(same.sum() - expected.sum()) < FOUR_ERRORS * np.sqrt((expected * (1.0 - expected)).sum())


SUBSTITUTE_ALWAYS = {"go_without_cost": 60.0, "wait_cost": 60.0, "store_travel_cost": 60.0, "search_anxiety": 0.0}
"""Costs at which everyone whose brand is out takes another brand (items are single, so there is no variant)."""


@pytest.fixture(scope="module")
def leader_leaves() -> tuple[BrandMarket, pd.DataFrame]:
    """Purchases after launch with the leader on the shelf (``with``) and without it (``without``), trip by trip."""
    event = {"kind": "stockout", "brand": "Ash", "severity": 1.0, "start": "week 0", "lasts": "20 weeks"}
    frames = {}
    for arm in ("baseline", "scenario"):
        events = (event,) if arm == "scenario" else ()
        model = model_of(*events, customers=5000, weeks=20, seed=8, **SUBSTITUTE_ALWAYS)
        model.run_until(model.last_day)
        bought = model.purchases()
        frames[arm] = bought[bought["day"] >= 0]
    both = frames["baseline"].merge(frames["scenario"], on=["customer", "day"], how="outer", suffixes=("", "_without"))
    return model, both


def test_a_brand_that_leaves_moves_only_those_who_had_chosen_it(
    leader_leaves: tuple[BrandMarket, pd.DataFrame],
) -> None:
    _, trips = leader_leaves
    assert not trips.isna().any().any(), "the same trips in both worlds, and each ends with a purchase"
    others = trips[trips["brand"] != 0]
    assert len(others) > 5000
    assert (others["brand"] == others["brand_without"]).all()
    assert (trips["brand_without"] != 0).all()


def test_those_it_leaves_behind_divide_in_closed_form(leader_leaves: tuple[BrandMarket, pd.DataFrame]) -> None:
    # per customer p_b / (1 - p_a): a logit without the brand
    model, trips = leader_leaves
    moved = trips[trips["brand"] == 0]
    p = choice_probabilities(model)[moved["customer"]]
    to = p[:, 1:] / p[:, 1:].sum(axis=1, keepdims=True)
    assert len(moved) > 3000
    for b in range(1, p.shape[1]):
        q = to[:, b - 1]
        surplus = (moved["brand_without"] == b).sum() - q.sum()
        assert abs(surplus) < FOUR_ERRORS * np.sqrt((q * (1.0 - q)).sum())


def test_shares_without_the_brand_are_those_of_the_smaller_logit(
    leader_leaves: tuple[BrandMarket, pd.DataFrame],
) -> None:
    model, trips = leader_leaves
    p = choice_probabilities(model)[trips["customer"]]
    smaller = p[:, 1:] / p[:, 1:].sum(axis=1, keepdims=True)
    for b in range(1, p.shape[1]):
        q = smaller[:, b - 1]
        share = (trips["brand_without"] == b).mean()
        assert abs(share - q.mean()) < FOUR_ERRORS * np.sqrt((q * (1.0 - q)).sum()) / len(trips)


# -- what the stores hold -------------------------------------------------------------------------------------------

FLAWLESS = {
    "forecast_rate": 0.0,
    "forecast_error_sd": 0.0,
    "record_error_rate": 0.0,
    "shelving_gap_rate": 0.0,
    "shelf_capacity_days": 1000.0,
}
"""Stores that know the demand, keep true records and put everything on the shelf."""


def stores_of(
    demand: float, *, lead: int, delivery: str | list[str], review: str, customers: int, **values: float
) -> BrandMarket:
    """Stores alone, with a forecast of ``demand`` units a day; what they sell is up to the test."""
    market = {
        "stores": {"customers_per_store": 25, "delivery": delivery, "review": review},
        "distributors": {"depot": {"fill_rate": 1.0, "lead_time": f"{lead} days"}},
    }
    # the mechanism "shelf" stays on: it is what is tested
    without = tuple(name for name in NOTHING_BUT_TASTE if name != "shelf")
    model = model_of(customers=customers, market=market, without=without, panel=False, **(FLAWLESS | values))
    stock = model.state.life.stock
    stock["forecast"] = demand
    stock["shelf"], stock["backroom"] = int(20 * demand), 0
    return model


def live(model: BrandMarket, days: int, sell: Any) -> list[NDArray[np.int64]]:
    """Run deliveries, hand-made sales (``sell(day, on_hand) -> units``) and orders; return stock at each day's end."""
    stock = model.state.life.stock
    path = []
    for day in range(days):
        model._run(day, day + 1, c.PHASE_SHELVE)
        sold = sell(day, stock["shelf"].astype(np.int64))
        stock["shelf"] -= sold.astype(np.int32)
        stock["sold"] = sold
        model._run(day, day + 1, c.PHASE_REVIEW)
        path.append(stock["shelf"].astype(np.int64) + stock["backroom"])
    return path


@pytest.mark.parametrize("lead", [1, 2, 5])
@pytest.mark.parametrize("demand", [1, 4, 30])
def test_stock_under_constant_demand_stays_at_target_less_what_is_on_the_way(lead: int, demand: int) -> None:
    # ordered every evening up to S = d L + z sqrt(d L); an order replaces a day's sales, L days of them are coming
    model = stores_of(demand, lead=lead, delivery="daily", review="daily", customers=100)
    z = model.values["service_level_z"]
    target = int(np.ceil(demand * lead + z * np.sqrt(demand * lead)))
    path = live(model, 60, lambda day, on_hand: np.minimum(demand, on_hand))
    settled = np.array(path[40:])
    assert (settled == target - lead * demand).all()
    assert (model.state.life.stock["short"] == 0).all()


@pytest.mark.parametrize(("lead", "truck"), [(1, "mon"), (2, "thu"), (3, "sun")])
def test_stock_of_a_weekly_order_is_a_saw_tooth(lead: int, truck: str) -> None:
    # ordered on day 0, 7, ...; the truck comes on the first delivery day after the lead; until the next one the target
    # sinks by a day's demand every day
    demand = 6
    model = stores_of(demand, lead=lead, delivery=[truck], review="7 days", customers=100)
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(truck)
    arrival = next(day for day in range(lead, lead + 8) if day % 7 == weekday)
    cover = arrival + 7 - 1  # ordered in the evening, there in the morning
    target = int(np.ceil(demand * cover + model.values["service_level_z"] * np.sqrt(demand * cover)))
    path = live(model, 90, lambda day, on_hand: np.minimum(demand, on_hand))
    for day in range(70, 90):
        ordered = max(order for order in range(0, day + 1, 7) if order + arrival <= day)
        assert (path[day] == target - demand * (day - ordered)).all(), day


def loss(z: float) -> float:
    """Expected excess of a standard normal over z."""
    return float(stats.norm.pdf(z) - z * stats.norm.sf(z))


@pytest.mark.parametrize(
    ("lead", "review", "z"),
    [(1, 1, -3.0), (1, 1, -2.0), (1, 1, -1.0), (1, 7, -2.0), (1, 7, 0.0), (2, 1, 2.0), (4, 1, 2.2), (2, 7, 1.0)],
)
def test_fill_rate_under_poisson_demand_is_that_of_the_normal_approximation(lead: int, review: int, z: float) -> None:
    # An order goes out at the end of a day and is there on a morning, so what is in hand and on the way (the position
    # S) has to last lead + review - 1 days of demand. Short per cycle: what that demand exceeds S by, less what was
    # short before the truck came. Tolerance 0.6 points: demand is Poisson, not normal. What is missed is lost, not
    # owed as in the formula, which is the same where the truck comes overnight; longer leads are held to fill rates
    # above 97%, where it hardly matters.
    demand = 9.0
    model = stores_of(demand, lead=lead, delivery="daily", review=f"{review} days", customers=2500, service_level_z=z)
    stock, coming = model.state.life.stock, model.state.life.coming
    luck = np.random.default_rng(4)
    wanted = got = 0

    def sell(day: int, on_hand: NDArray[np.int64]) -> NDArray[np.int64]:
        nonlocal wanted, got
        asked = luck.poisson(demand, on_hand.shape)
        sold = np.minimum(asked, on_hand)
        if day > 63:  # whole cycles: trucks come on the morning after an order
            wanted, got = wanted + int(asked.sum()), got + int(sold.sum())
        return np.asarray(sold)

    live(model, 63 + 15 * 7 + 1, sell)  # the last day is one on which all stores have ordered
    positions = np.unique(stock["shelf"] + stock["backroom"] + coming.sum(axis=2))
    assert positions.shape == (1,), "every store has ordered up to the same target"
    protected = demand * (lead + review - 1)
    before = demand * (lead - 1)

    def short(expected: float) -> float:
        return float(np.sqrt(expected) * loss((positions[0] - expected) / np.sqrt(expected))) if expected > 0.0 else 0.0

    formula = 1.0 - (short(protected) - short(before)) / (demand * review)
    assert got / wanted == pytest.approx(formula, abs=0.006)


# -- what they tell each other --------------------------------------------------------------------------------------


def test_news_in_a_well_mixed_crowd_reaches_as_many_as_random_messages_would() -> None:
    # Ties across the whole crowd, every message as strong as the next, nobody but the first 50 with anything to tell:
    # messages grow by R = told x retold a generation, and whoever has not heard yet is missed by m messages per head
    # with probability exp(-m) (the susceptible of the SI model).
    customers, tellers, told, retold, days = 10_000, 25, 5.0, 0.3, 11
    model = model_of(
        customers=customers,
        without=tuple(name for name in NOTHING_BUT_TASTE if name != "talk"),
        market={"network": {"close_ties": 0, "wider_ties": 300, "rewiring": 1.0, "homophily": 0.0}},
        panel=False,
        people_told=told,
        retell_share=retold,
        weak_tie_persuasion=1.0,
    )
    life, records = model.state.life, model.state.records
    news = life.news[:tellers]
    news["who"] = np.linspace(0, customers - 1, tellers).astype(np.int32)
    news["valence"], news["cause"], news["generation"] = 1.0, c.PROMISE, 0
    life.heads[c.NEWS] = tellers
    spread = []
    for day in range(days):
        before = int(records.positive.sum())
        model._run(day, day + 1, c.PHASE_TALK)
        spread.append(int(records.positive.sum()) - before)
    messages, reached = sum(spread), int(records.reached.sum())
    assert messages > customers, "the crowd is flooded, so that the curve bends"
    # chance alone moves the number reached by less than sqrt(N) / 2, half a percent of the crowd; the other half is for
    # friends told twice and messages that come back, one in a hundred with 300 friends
    assert reached / customers == pytest.approx(1.0 - np.exp(-messages / customers), abs=0.01)
    # a generation of g tellers tells about 5 g: growth from the fifth generation on is R within 5%
    growth = (spread[-1] / spread[4]) ** (1.0 / (days - 5))
    assert growth == pytest.approx(told * retold, rel=0.05)
