"""One run: the model, its agents and its compiled daily work."""

from simulator.model.base import Base
from simulator.model.market import BrandMarket
from simulator.model.reps import Rep
from simulator.model.stores import Store

__all__ = ["Base", "BrandMarket", "Rep", "Store"]
