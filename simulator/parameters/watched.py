"""Which numbers did a run read? A number that nobody read cannot be what a verdict hangs on."""

from __future__ import annotations

from collections.abc import Mapping


class Watched(dict[str, float]):
    """Parameter values that remember which of them were asked for.

    Examples
    --------
    >>> values = Watched({"inertia": 0.35, "clutter": 1.0})
    >>> values["inertia"], sorted(values.read)
    (0.35, ['inertia'])
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def again(self) -> Watched:
        """Return a copy that goes on remembering by itself."""
        copy = Watched(self)
        copy.read = set(self.read)
        return copy

    def __getitem__(self, name: str) -> float:
        self.read.add(name)
        return super().__getitem__(name)
