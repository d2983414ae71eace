"""Reading what the runs say: metrics, intervals, the verdict, the comparison and its run folder."""

from __future__ import annotations

from simulator.results.comparison import Comparison, MetricResult, NotComputedError, RunSettings
from simulator.results.files import RunFolderError
from simulator.results.intervals import Interval, Probability
from simulator.results.metrics import REGISTRY, Metric
from simulator.results.receipt import Verification, verify
from simulator.results.store import RunFolder, create_run, open_run
from simulator.results.verdict import GuardrailResult, Verdict

__all__ = [
    "REGISTRY",
    "Comparison",
    "GuardrailResult",
    "Interval",
    "Metric",
    "MetricResult",
    "NotComputedError",
    "Probability",
    "RunFolder",
    "RunFolderError",
    "RunSettings",
    "Verdict",
    "Verification",
    "create_run",
    "open_run",
    "verify",
]
