"""brandsim: what a brand change does to habitual customers.

>>> import simulator as bs
>>> bs.table()["habit_growth"].central
0.045
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.api import compare, open
    from simulator.model.market import BrandMarket
    from simulator.parameters import table
    from simulator.results import Comparison
    from simulator.scenario import Scenario, ScenarioError, load

    __version__: str

__all__ = [
    "BrandMarket",
    "Comparison",
    "Scenario",
    "ScenarioError",
    "__version__",
    "compare",
    "load",
    "open",
    "prepare",
    "table",
]

_HOMES = {
    "BrandMarket": "simulator.model.market",
    "Comparison": "simulator.results",
    "Scenario": "simulator.scenario",
    "ScenarioError": "simulator.scenario",
    "compare": "simulator.api",
    "load": "simulator.scenario",
    "open": "simulator.api",
    "prepare": "simulator.api",
    "table": "simulator.parameters",
}
"""Where each public name lives. Imported on first use, so that the command line starts without numpy."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            found: Any = version("brandsim")
        except PackageNotFoundError:  # run from a folder that was never installed
            found = "0+unknown"
    elif name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
