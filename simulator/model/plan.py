"""The nine phases of a day in order, and how long each takes: the daily plan that people can print and read."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.model.kernels import constants as c

PHASES: tuple[tuple[str, int, str], ...] = (
    ("events", c.PHASE_EVENTS, "the timeline sets today's levers"),
    ("deliver and shelve", c.PHASE_SHELVE, "trucks arrive; backroom to shelf; records drift"),
    ("rep rounds", c.PHASE_REPS, "reps visit stores, mend records and shelves, brief staff; turnover"),
    ("shop", c.PHASE_SHOP, "choose a store, then an item; second choices in a second pass"),
    ("experience", c.PHASE_EXPERIENCE, "use the product, meet the staff, update belief, habit, bond"),
    ("voice", c.PHASE_VOICE, "complain in private, in public, or say nothing; the care desk answers"),
    ("talk", c.PHASE_TALK, "tell friends; friends update; some retell; campaigns"),
    ("review", c.PHASE_REVIEW, "stores order; the brand team reads its signals"),
    ("record", c.PHASE_RECORD, "integer counters"),
)
"""The nine phases of a day: name, bit, what happens."""


@dataclass(frozen=True)
class Plan:
    """The nine phases of a day, printable."""

    phases: tuple[tuple[str, str, float], ...]
    days: int

    def __str__(self) -> str:
        lines = []
        for number, (name, note, seconds) in enumerate(self.phases, 1):
            timing = f"{1e6 * seconds / self.days:10.1f} µs a day  " if self.days else ""
            lines.append(f"{number}. {name:<19}{timing}{note}")
        return "\n".join(lines)

    __repr__ = __str__
