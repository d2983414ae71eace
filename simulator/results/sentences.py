"""The decision in sentences: what the first screen, the page and the card in a notebook all say."""

from __future__ import annotations

from simulator.results import wording
from simulator.results.metrics import REGISTRY, Metric
from simulator.results.verdict import GuardrailResult, Verdict


def decision_line(verdict: Verdict) -> str:
    """The decision in one sentence."""
    if verdict.decision is None:
        return "No guardrails were set, so this is a description and not a decision."
    name = wording.DECISIONS[verdict.decision]
    if verdict.decision == "ship":
        return f"{name}: every limit holds with the confidence you asked for."
    if verdict.decision == "fix":
        return f"{name}: a limit is broken, by an amount that mending may bring back."
    if verdict.decision == "stop":
        return f"{name}: a limit is broken by far."
    needed = verdict.replicates_needed
    more = (
        f"about {wording.number(needed)} replicates would settle it if the estimates stay where they are"
        if needed
        else "more replicates may not settle it: the chance sits on what you allow"
    )
    return f"{name}: {more}."


def guardrail_line(result: GuardrailResult) -> str:
    """One limit, its probability of breach and what that means."""
    metric = REGISTRY[result.metric]
    bound = _bound(metric, result)
    state = {"pass": "holds", "breached": "broken", "cannot_tell": "open"}[result.status]
    chance = result.probability
    if not chance.n:
        return f"{bound} within {result.within_weeks} weeks: cannot be measured in these runs; {state}."
    band = f"{wording.percent(chance.low, 0)} to {wording.percent(chance.high, 0)}"
    return (
        f"{bound} within {result.within_weeks} weeks: {wording.percent(chance.estimate, 0)} chance "
        f"of breach ({band}), {wording.percent(result.allowed, 0)} allowed: {state}."
    )


def _bound(metric: Metric, result: GuardrailResult) -> str:
    """The limit as people say it."""
    size = wording.percent(abs(result.limit))
    if metric.unit != "relative":
        side = "at least" if result.side == "min" else "at most"
        return f"{metric.label}: {side} {wording.percent(result.limit)}"
    way = "down" if result.limit < 0 else "up"
    loose = (result.side == "min") == (result.limit < 0)
    return f"{metric.label}: {'at most' if loose else 'at least'} {size} {way}"
