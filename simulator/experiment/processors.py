"""How many replicates may run at a time; apart from the runs, so that asking costs no import of the model."""

from __future__ import annotations

import os


def default_jobs() -> int:
    """Number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
