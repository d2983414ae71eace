"""The first compilation on a machine."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

import numba

from simulator.compilation import cache_folder, mark_warm
from simulator.compilation.beside import compiled_beside
from simulator.compilation.haste import haste
from simulator.model.crew import TABLES, kinds_of_serve
from simulator.model.kernels.constants import ALL_PHASES
from simulator.model.kernels.day import run_days
from simulator.model.kernels.shop import serve
from simulator.model.market import BrandMarket
from simulator.parameters import table
from simulator.scenario import load
from simulator.world import World
from simulator.world.sketch import sketch

_TINY = "null_launch"


def tiny_market(world: World | None = None) -> BrandMarket:
    """Return the market whose days are compiled for: kinds of tables are the same in every other."""
    return BrandMarket(_TINY, rng=1, customers=200, world=world, warm_up=False, aim=False)


def sketched_market() -> BrandMarket:
    """Return a market with the same kinds of tables, which can be had before anything is compiled."""
    return tiny_market(sketch(load(_TINY).market, table().central()))


def task_of(model: BrandMarket) -> tuple[Any, ...]:
    """Return the arguments of `run_days` for a model's next day."""
    (task,) = model.tasks(model.day, model.day + 1, ALL_PHASES)
    return task


def compile_serving() -> None:
    """Compile how shoppers are served, which is half of all there is to compile, before there is a world."""
    serve.compile(kinds_of_serve(task_of(sketched_market())[TABLES]))


def warm_kernels() -> None:
    """Compile (or load) every kernel by running a tiny market for a few days.

    Where that is possible, a copy of the process compiles one half while this one compiles the other.
    """
    folder = cache_folder()
    kept = folder is not None and any(folder.rglob("shop.serve*.nbi"))
    with haste():
        with nullcontext(False) if kept else compiled_beside(compile_serving) as at_work:
            model = tiny_market()
            if at_work:
                cast(Any, run_days).entry.compile(tuple(numba.typeof(argument) for argument in task_of(model)))
        model.run_until(model.day + 8)
    mark_warm()
