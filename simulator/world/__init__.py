"""The initial world: who lives there, where they shop, whom they know, assembled from a market."""

from simulator.world.build import build_world
from simulator.world.errors import WorldError
from simulator.world.world import World

__all__ = ["World", "WorldError", "build_world"]
