"""`brandsim check --market`: a market left alone against what its file states."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.experiment.market_fit import Figure, fit_of
from simulator.model import BrandMarket
from simulator.model.pilot import year_figures
from simulator.parameters import table
from simulator.scenario import load

Brandsim = Callable[..., subprocess.CompletedProcess[str]]

PLAIN: dict[str, Any] = {
    "schema": "brandsim-market/1",
    "name": "Plain",
    "category": {
        "penetration": 0.6,
        "purchases_per_buyer": "3 per quarter",
        "regularity": 1,
        "units_per_purchase": 1,
    },
    "brands": {
        "Ash": {"share": 0.5, "price": 2.0},
        "Beech": {"share": 0.3, "price": 2.0},
        "Cherry": {"share": 0.2, "price": 2.0},
    },
    "stores": {"stock": "unlimited"},
}
"""Nothing runs out and nothing is regular: the market that is easiest to get right."""

LIVED = {key: value for key, value in PLAIN.items() if key != "stores"} | {
    "category": PLAIN["category"] | {"regularity": 1.5, "units_per_purchase": 1.2},
    "brands": {
        "Ash": {"share": 0.5, "price": 2.0, "items": {"large": 0.6, "small": 0.4}},
        "Beech": {"share": 0.3, "price": 2.0},
        "Cherry": {"share": 0.2, "price": 1.5},
    },
}
"""Shelves run empty, unevenly: one brand has a second item to offer."""


@pytest.mark.parametrize("market", [PLAIN, LIVED], ids=["plain", "lived"])
def test_a_market_comes_out_as_stated(market: dict[str, Any]) -> None:
    # five figures at once raise a false alarm in one seed out of twenty, and this seed is fixed
    fit = fit_of(market, customers=8000, replicates=6, seed=3)
    assert not fit.missed, [figure.as_dict() for figure in fit.missed]
    assert [figure.name for figure in fit.figures] == [
        "share of Ash",
        "share of Beech",
        "share of Cherry",
        "penetration per quarter",
        "purchases per buyer and quarter",
    ]


def test_a_lived_market_is_off_where_it_is_not_piloted() -> None:
    # what the pilots mend: without them the leader, whose second item saves it sales, is above its share
    spec = load({"name": "Undisturbed", "market": LIVED, "focal_brand": "Ash", "customers": 8000, "horizon": "1 week"})
    shares = []
    for aim in (True, False):
        models = [BrandMarket(spec, replicate=r, arm="baseline", panel=True, warm_up=False, aim=aim) for r in range(6)]
        lived = []
        for model in models:
            model.run_until(0)
            columns = (model.purchases()[name].to_numpy() for name in ("customer", "day", "brand"))
            lived.append(year_figures(*columns, customers=8000, brands=3)[0])
        shares.append(float(np.mean(lived)))
    assert abs(shares[0] - 0.5) < 0.005 < shares[1] - 0.5


def test_the_margin_is_small_enough_to_mean_something() -> None:
    fit = fit_of(PLAIN, customers=8000, replicates=6)
    shares = [figure for figure in fit.figures if figure.name.startswith("share")]
    assert all(0.0 < figure.margin < 0.01 for figure in shares)


def test_a_market_whose_shelves_are_mostly_empty_is_told_that_it_is_off() -> None:
    # trucks once a week and a safety stock far below what sells: many trips end with nothing
    values = dict(table().central()) | {"service_level_z": -3.0}
    fit = fit_of(PLAIN | {"stores": {"delivery": ["mon"]}}, customers=4000, replicates=4, values=values)
    assert "purchases per buyer and quarter" in [figure.name for figure in fit.missed]


def test_figures_of_a_year_are_those_one_counts_by_hand() -> None:
    customer = np.array([0, 0, 0, 1, 2, 2])
    day = np.array([-1, -91, -92, -364, -365, 0])  # the last two are outside the year
    brand = np.array([0, 0, 1, 1, 1, 1])
    figures = year_figures(customer, day, brand, 5, 2)
    # customer 0 buys in two quarters, customer 1 in one: 3 buyer-quarters of 20, with 4 purchases
    assert figures.tolist() == pytest.approx([0.5, 0.5, 3 / 20, 4 / 3])


def test_a_figure_is_missed_only_beyond_its_margin() -> None:
    assert not Figure("x", 0.50, (0.51, 0.53), 0.021).missed
    assert Figure("x", 0.50, (0.51, 0.53), 0.019).missed


def test_one_world_cannot_tell_its_own_sampling_error() -> None:
    with pytest.raises(ValueError, match="2 at least"):
        fit_of(PLAIN, customers=500, replicates=1)


def test_the_same_seed_gives_the_same_report() -> None:
    one, two = (fit_of(PLAIN, customers=500, replicates=2, seed=5).as_dict() for _ in range(2))
    assert one == two
    assert one != fit_of(PLAIN, customers=500, replicates=2, seed=6).as_dict()


def market_file(folder: Path, **category: Any) -> Path:
    path = folder / "plain.yaml"
    path.write_text(json.dumps(PLAIN | {"category": PLAIN["category"] | category}))  # JSON is YAML
    return path


def test_the_command_reports_a_fitting_market_and_exits_0(brandsim: Brandsim, tmp_path: Path) -> None:
    file = market_file(tmp_path)
    done = brandsim("check", "--market", file, "--customers", "4000", "--replicates", "4", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert report["missed"] == 0
    assert report["figures"][0]["target"] == 0.5
    words = brandsim("check", "--market", file, "--customers", "1000", "--replicates", "2")
    assert words.returncode == 0
    assert "share of Ash" in words.stdout
    assert "as its file states" in words.stdout


def test_the_command_exits_4_where_a_target_is_missed(brandsim: Brandsim, tmp_path: Path) -> None:
    # most of what stores order never arrives
    words = PLAIN | {"stores": {"delivery": ["mon"]}, "distributors": {"depot": {"fill_rate": 0.3}}}
    file = tmp_path / "lean.yaml"
    file.write_text(json.dumps(words))
    done = brandsim("check", "--market", file, "--customers", "2000", "--replicates", "6")
    assert done.returncode == 4, done.stdout
    assert "off by more than sampling error allows" in done.stdout


def test_the_command_exits_2_on_a_wrong_market_and_says_where(brandsim: Brandsim, tmp_path: Path) -> None:
    done = brandsim("check", "--market", market_file(tmp_path, penetration=1.4))
    assert done.returncode == 2
    assert "plain.yaml" in done.stderr
    assert "penetration" in done.stderr
    assert brandsim("check", "--market", "no-such-market").returncode == 2


def test_values_of_a_market_can_be_changed_from_the_command_line(brandsim: Brandsim, tmp_path: Path) -> None:
    change = ("--set", "category.penetration=40%", "--customers", "2000", "--replicates", "2", "--json")
    report = json.loads(brandsim("check", "--market", market_file(tmp_path), *change).stdout)
    penetration = next(f for f in report["figures"] if f["name"].startswith("penetration"))
    assert penetration["target"] == 0.4
    assert abs(penetration["simulated"] - 0.4) < 0.05


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--market FILE"),
        (("orange_carton", "--market", "orange-juice"), "a call of their own"),
        (("orange_carton", "--json"), "go with --market"),
        (("--market", "orange-juice", "--replicates", "1"), "--replicates"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(
    brandsim: Brandsim, arguments: tuple[str, ...], says: str
) -> None:
    done = brandsim("check", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
