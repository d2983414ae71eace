"""The same model in plain Mesa: the slow, obvious twin that the compiled model is compared with.

Every customer is a `mesa.Agent` with attributes, every store and rep too, and luck comes from Python's ``random`` in
whatever order things happen. It reads the same `World` and the same parameter table, lives through the same daily plan
and obeys the same equations as ``simulator.model.kernels``, but shares no code with them. So the two cannot agree
customer by customer; they have to agree in distribution.

Left out, and plainly so: of the events only a redesign that is on every shelf from one day on. Price and size changes,
service changes, campaigns, stock-out events, briefings, rollbacks, gradual rollouts, closed channels and decisions of
subclasses exist in the compiled model alone.
"""

from .market import Redesign, ReferenceMarket

__all__ = ["Redesign", "ReferenceMarket"]
