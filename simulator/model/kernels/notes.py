"""Today's list of what may be voiced and talked about."""

from __future__ import annotations

from simulator.compilation import inlined
from simulator.model.kernels.constants import DROPPED, EVENTS, LAST_EVENT


@inlined
def note_event(who, b, kind, score, cause, incident, scratch):
    """Put an experience on today's list of what may be voiced and talked about, with the cause of the change if any.

    ``incident`` is 1 for a problem that an incident made.
    """
    n = scratch.counts[EVENTS]
    if n < scratch.counts[LAST_EVENT]:
        event = scratch.events[n]
        event.who = who
        event.brand = b
        event.kind = kind
        event.score = score
        event.cause = cause
        event.incident = incident
        scratch.counts[EVENTS] = n + 1
    else:
        scratch.counts[DROPPED] += 1
