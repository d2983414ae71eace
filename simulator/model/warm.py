"""The first compilation on a machine."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

import numba
from numba import types

from simulator.compilation import cache_folder, mark_warm
from simulator.compilation.beside import compiled_beside
from simulator.compilation.haste import haste
from simulator.compilation.parts import Part
from simulator.compilation.tables import Held
from simulator.model.kernels.broadcast import broadcast
from simulator.model.kernels.shop import serve
from simulator.model.kernels.talk import talk
from simulator.model.kernels.voice import voice
from simulator.model.market import BrandMarket

_NUMBER = types.int64


def warm_kernels() -> None:
    """Compile (or load) every kernel by running a tiny market for a few days.

    Serving a shopper is half of all there is to compile. It is compiled beside the rest where that is possible; that
    begins with what is said of purchases, so that there is as little waiting as can be.
    """
    model = BrandMarket("null_launch", rng=1, customers=200, warm_up=False, aim=False)
    state = model.state
    tables = (model.town, state.life, model.levers, model.setting, model.parameters, model.scratch, state.records)
    all_tables = tuple(Held(numba.typeof(table)) for table in tables)
    served = (*(_NUMBER,) * 3, types.Array(types.uint64, 1, "C"), *(_NUMBER,) * 3, *all_tables)
    folder = cache_folder()
    kept = folder is not None and any(folder.rglob("day.run_days*.nbi"))
    beside = nullcontext(False) if kept else compiled_beside(cast(Part, serve), served)
    with beside as at_work, haste():
        if at_work:
            for part, more in ((voice, 0), (talk, 2), (broadcast, 0)):
                cast(Any, part).compile((_NUMBER, _NUMBER, *all_tables, *(_NUMBER,) * more))
        model.run_until(model.day + 8)
    mark_warm()
