"""``python -m simulator.cli`` is the command ``brandsim``."""

from simulator.cli import command

if __name__ == "__main__":
    command()
