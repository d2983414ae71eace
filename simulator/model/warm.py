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


def warm_kernels() -> None:
    """Compile (or load) every kernel by running a tiny market for a few days.

    Serving a shopper is half of all there is to compile, and is compiled beside the rest where that is possible.
    """
    model = BrandMarket("null_launch", rng=1, customers=200, warm_up=False, aim=False)
    (task,) = model.tasks(model.day, model.day + 1, ALL_PHASES)
    served = kinds_of_serve(task[TABLES])
    folder = cache_folder()
    kept = folder is not None and any(folder.rglob("shop.serve*.nbi"))
    with haste():
        with nullcontext(False) if kept else compiled_beside(lambda: serve.compile(served)) as at_work:
            if at_work:
                cast(Any, run_days).entry.compile(tuple(numba.typeof(argument) for argument in task))
        model.run_until(model.day + 8)
    mark_warm()
