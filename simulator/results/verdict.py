"""The decision: which guardrails hold, how sure that is, and what follows for the launch.

A guardrail asks that a limit holds with a stated confidence, so a verdict compares the probability of breaking the
limit with what the confidence leaves over. The probability is itself known only from a number of replicates; where its
interval straddles the allowed one the honest answer is *cannot tell*, with the number of replicates that would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from simulator.experiment.outcome import ReplicateOutcome
from simulator.results.intervals import Interval, Probability, jeffreys, probability, summarise
from simulator.results.metrics import REGISTRY

if TYPE_CHECKING:
    from simulator.scenario import Guardrail

Decision = Literal["ship", "fix", "stop", "cannot_tell"]
Status = Literal["pass", "breached", "cannot_tell"]

EXIT_FINE, EXIT_BREACHED, EXIT_CANNOT_TELL = 0, 3, 4

MOST_REPLICATES = 5120
"""Beyond this many replicates we do not suggest to run more: the estimate sits on the limit."""


@dataclass(frozen=True)
class GuardrailResult:
    """One guardrail against the runs."""

    metric: str
    side: Literal["min", "max"]
    limit: float
    within_weeks: int
    confidence: float
    value: Interval
    probability: Probability
    status: Status
    replicates_needed: int | None

    @property
    def allowed(self) -> float:
        """Probability of breach that the asked confidence allows."""
        return 1.0 - self.confidence

    def exceeds(self, ratio: float) -> bool:
        """Whether the central value lies beyond the limit by more than ``ratio`` times the limit itself."""
        if self.value.mean is None:
            return False
        beyond = self.limit - self.value.mean if self.side == "min" else self.value.mean - self.limit
        return beyond > abs(self.limit) * (ratio - 1.0)


@dataclass(frozen=True)
class Verdict:
    """The decision (``None`` when no guardrail was set) and what it rests on."""

    decision: Decision | None
    guardrails: tuple[GuardrailResult, ...]

    @property
    def exit_code(self) -> int:
        """0 fine, 3 a guardrail is breached, 4 cannot tell."""
        if self.decision in ("fix", "stop"):
            return EXIT_BREACHED
        return EXIT_CANNOT_TELL if self.decision == "cannot_tell" else EXIT_FINE

    @property
    def replicates_needed(self) -> int | None:
        """Replicates at which the open guardrails would be settled if the estimates stayed where they are."""
        open_ones = [rail.replicates_needed for rail in self.guardrails if rail.status == "cannot_tell"]
        known = [needed for needed in open_ones if needed is not None]
        return max(known) if open_ones and len(known) == len(open_ones) else None


def judge(
    guardrails: Sequence[Guardrail],
    outcomes: Sequence[ReplicateOutcome],
    *,
    stop_ratio: float,
    paired: bool = True,
) -> Verdict:
    """Judge every guardrail and decide.

    *Ship* if all pass. *Stop* if one is breached and the central loss exceeds the limit times ``stop_ratio``; *fix* if
    one is breached by less. Otherwise *cannot tell*.

    Parameters
    ----------
    guardrails : sequence of Guardrail
        From the scenario; none gives a description and no decision.
    outcomes : sequence of ReplicateOutcome
        The finished replicates.
    stop_ratio : float
        Parameter ``decision_stop_ratio``.
    paired : bool
        Whether pairs of replicates share a parameter draw.
    """
    results = tuple(assess(rail, outcomes, paired=paired) for rail in guardrails)
    return Verdict(decide(results, stop_ratio=stop_ratio), results)


def decide(results: Sequence[GuardrailResult], *, stop_ratio: float) -> Decision | None:
    """Decision that follows from the guardrails' results."""
    if not results:
        return None
    breached = [result for result in results if result.status == "breached"]
    if breached:
        return "stop" if any(result.exceeds(stop_ratio) for result in breached) else "fix"
    return "ship" if all(result.status == "pass" for result in results) else "cannot_tell"


def assess(guardrail: Guardrail, outcomes: Sequence[ReplicateOutcome], *, paired: bool = True) -> GuardrailResult:
    """Measure one guardrail over its own window and compare the probability of breach with the allowed one."""
    metric = REGISTRY[guardrail.metric]
    side: Literal["min", "max"] = "min" if guardrail.min is not None else "max"
    bound = guardrail.min if guardrail.min is not None else guardrail.max
    if bound is None:
        raise ValueError(f"the guardrail on {guardrail.metric} has no limit; give it a min or a max")
    values = [metric.read(outcome, guardrail.within_weeks).value for outcome in outcomes]
    replicates = [outcome.replicate for outcome in outcomes]
    breaches = [value < bound if side == "min" else value > bound for value in values]
    chance = probability(breaches, values, replicates, paired=paired)
    allowed = 1.0 - guardrail.confidence
    status = status_of(chance, allowed)
    return GuardrailResult(
        metric=guardrail.metric,
        side=side,
        limit=float(bound),
        within_weeks=guardrail.within_weeks,
        confidence=guardrail.confidence,
        value=summarise(values, replicates, paired=paired),
        probability=chance,
        status=status,
        replicates_needed=replicates_needed(chance, allowed) if status == "cannot_tell" else None,
    )


def status_of(chance: Probability, allowed: float) -> Status:
    """Pass when the whole interval lies within the allowed probability, breached when all of it lies above.

    Examples
    --------
    >>> status_of(Probability(0.05, 0.01, 0.15, 20, 15.0), allowed=0.2)
    'pass'
    >>> status_of(Probability(0.3, 0.15, 0.5, 20, 15.0), allowed=0.2)
    'cannot_tell'
    """
    if chance.n == 0:
        return "cannot_tell"
    if chance.high <= allowed:
        return "pass"
    return "breached" if chance.low > allowed else "cannot_tell"


def replicates_needed(chance: Probability, allowed: float) -> int | None:
    """About how many replicates would settle it if the estimate stayed; ``None`` when none within reason would.

    Tries growing even numbers of replicates with the same estimate and the same worth per replicate.
    """
    if chance.n == 0 or math.isnan(chance.estimate):
        return None
    worth = chance.effective_n / chance.n
    n = chance.n
    while n < MOST_REPLICATES:
        n += max(2, n // 10)
        low, high = jeffreys(chance.estimate, n * worth)
        if high <= allowed or low > allowed:
            return n + n % 2
    return None
