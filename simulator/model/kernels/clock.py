"""How long each phase of a day takes, read from the processor's clock where that is wanted."""

from __future__ import annotations

from simulator.compilation import inlined, ticks
from simulator.model.kernels.constants import PHASE_TIMED


@inlined
def note_time(clock, phase, since, phases):
    """Add the ticks since a moment to a phase's, where times are wanted; return the moment."""
    now = since
    if phases & PHASE_TIMED:
        now = ticks()
        clock[phase] += now - since
    return now
