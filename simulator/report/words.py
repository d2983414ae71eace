"""The answer in words, in the order in which a team asks: decide, cost, record, why, what shows, what it rests on.

The first screen and the page say the same sentences, so they are written once, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.parameters import table
from simulator.parameters.registry import GRADES
from simulator.results import findings, wording
from simulator.results.cohorts import LATER, STEP_WEEKS
from simulator.results.sentences import decision_line, guardrail_line

if TYPE_CHECKING:
    from simulator.results import Comparison

NOT_MODELLED = (
    "how rivals and retailers answer the change, seasons, news media beyond what the scenario states, "
    "and people who enter or leave the category"
)
"""What the model leaves out, whatever the scenario."""

SMALL = 0.0005
"""A share that rounds to 0.0% is spoken of as none."""


@dataclass(frozen=True)
class Paragraph:
    """One answer: a short heading and its sentences."""

    heading: str
    lines: tuple[str, ...]


def paragraphs(comparison: Comparison) -> list[Paragraph]:
    """Everything that is said about a comparison, most important first; what was not computed is left out."""
    wanted = (
        Paragraph("Verdict", verdict_lines(comparison)),
        Paragraph("Cost", cost_lines(comparison)),
        Paragraph("Reps asked", consultation_lines(comparison)),
        Paragraph("On record", record_lines(comparison)),
        Paragraph("Made of", loss_lines(comparison)),
        Paragraph("Won", won_lines(comparison)),
        Paragraph("Weeks 1–2", early_lines(comparison)),
        Paragraph("Hangs on", assumption_lines(comparison)),
        Paragraph("Left out", (f"Not modelled: {NOT_MODELLED}.",)),
    )
    return [paragraph for paragraph in wanted if paragraph.lines]


def verdict_lines(comparison: Comparison) -> tuple[str, ...]:
    """The decision, and every guardrail with its probability of breach."""
    verdict = comparison.verdict
    return (decision_line(verdict), *(guardrail_line(result) for result in verdict.guardrails))


def cost_lines(comparison: Comparison) -> tuple[str, ...]:
    """Units, contribution and customers, then the same for the real market where its size is known."""
    results = comparison.results
    units, money, churn = (results[name] for name in ("units_change", "contribution_change", "caused_churn"))
    parts = [
        f"units {_with_spread(comparison, 'units_change')}",
        f"contribution {_with_spread(comparison, 'contribution_change')}",
    ]
    lines = [f"Over {comparison.horizon_weeks} weeks: {', '.join(parts)}.", _churn_sentence(comparison)]
    if comparison.settings.luck_only:
        lines.append("Assumptions were held at their central values: the ranges show luck alone.")
    if comparison.replicates == 1:
        lines.append("One replicate gives no range; ask for more with --replicates.")
    scale = real_scale(comparison)
    if scale is not None and None not in (units.baseline, units.scenario, money.baseline, money.scenario):
        lines.append(_real_market(comparison, scale, churn.value.mean or 0.0))
    return tuple(lines)


def real_scale(comparison: Comparison) -> float | None:
    """Real households per simulated customer, where the market file gives the size of the market."""
    households = comparison.scenario.market.category.real_households
    return households / comparison.outcomes[0].customers if households else None


def _real_market(comparison: Comparison, scale: float, churn: float) -> str:
    def gap(name: str) -> float:
        result = comparison.results[name]
        return scale * ((result.scenario or 0.0) - (result.baseline or 0.0))

    category = comparison.scenario.market.category
    base = sum(outcome.base.shape[0] for outcome in comparison.outcomes) / comparison.replicates
    amounts = (
        f"{_signed_about(gap('units_change'))} units",
        f"{_signed_about(gap('contribution_change'))} {category.currency or 'in contribution'}".rstrip()
        + (" in contribution" if category.currency else ""),
        f"{_signed_about(-churn * base * scale)} habitual households",
    )
    return f"In the real market of {wording.about(category.real_households or 0.0)} households: {', '.join(amounts)}."


def _churn_sentence(comparison: Comparison) -> str:
    result = comparison.results["caused_churn"]
    mean = result.value.mean or 0.0
    if abs(mean) < SMALL:
        return "On balance no habitual customer leaves because of it."
    ends = (
        (result.value.low, result.value.high)
        if mean > 0
        else (_negative(result.value.high), _negative(result.value.low))
    )
    spread = "no interval" if None in ends else f"{wording.percent(ends[0])} to {wording.percent(ends[1])}"
    if mean > 0:
        return f"{wording.percent(mean)} of habitual customers leave because of it, net ({spread})."
    return f"It keeps {wording.percent(-mean)} of habitual customers who would have left, net ({spread})."


def consultation_lines(comparison: Comparison) -> tuple[str, ...]:
    """What the reps reported, what the gate made of the change, and what that was worth."""
    asked = comparison.consultation
    if asked is None:
        return ()
    lines = [
        f"Reps promise {wording.percent(report.mean, sign=True)} purchases "
        f"({wording.percent(report.low, sign=True)} to {wording.percent(report.high, sign=True)}), before any of it."
        for report in asked.reports.values()
    ]
    gates = {event.of: event.gate for event in comparison.scenario.events if event.kind == "consult_reps"}
    done = {"stop": "dropped", "soften": "softened", "delay": "put off"}
    for event, gate in gates.items():
        if gate is not None:
            often = wording.percent(asked.acted.get(event, 0.0), 0)
            lines.append(f"The gate had {event} {done[gate.then]} in {often} of replicates.")
    for value in asked.values:
        metric = comparison.results[value.metric].metric
        lines.append(
            f"{metric.label[0].upper()}{metric.label[1:]} {wording.value(metric, value.with_gate.mean)} with the gate, "
            f"{wording.value(metric, value.without_gate.mean)} without: asking is worth "
            f"{wording.value(metric, value.gain.mean)} ({wording.spread(metric, value.gain)})."
        )
    return tuple(lines)


def record_lines(comparison: Comparison) -> tuple[str, ...]:
    """How the change compares with redesigns on record; only for a redesign of the focal brand."""
    redesigned = any(
        event.kind == "redesign" and event.brand == comparison.brand for event in comparison.scenario.events
    )
    mean = comparison.results["units_change"].value.mean
    if not redesigned or mean is None:
        return ()
    prior = (table()[f"redesign_base_rate_{part}"].central for part in ("mean", "sd"))
    worse = findings.worse_than(mean, *prior)
    return (f"Worse than {wording.tenths(worse)} redesigns on record, by units.",)


def loss_lines(comparison: Comparison) -> tuple[str, ...]:
    """What became of the base, what touched the leavers first, and where the units went."""
    means = findings.fate_means(comparison.outcomes)
    base = sum(means.values())
    lines = []
    if base:
        names = ("stayed", "left_anyway", "caused", "saved", "too_early")
        parts = [
            f"{wording.percent(means[name] / base)} {wording.FATE_WORDS[name]}"
            for name in names
            if means[name] >= SMALL * base
        ]
        lines.append(f"Of habitual customers, {', '.join(parts)}.")
    causes = findings.causes_of_churn(comparison.outcomes)
    if causes:
        shares = [f"{wording.percent(share, 0)} {wording.CAUSE_WORDS[name]}" for name, share in causes.items()]
        lines.append(f"First touch of those who left because of it: {', '.join(shares)}.")
    flow = findings.flow(comparison.outcomes, comparison.horizon_weeks)
    went = [
        f"{wording.percent(share, 0)} {f'to {brand}' if brand else 'not bought at all'}"
        for brand, share in sorted(flow.shares().items(), key=lambda item: (-item[1], item[0]))
        if share >= 0.005
    ]
    mean = comparison.results["units_change"].value.mean or 0.0
    if went and mean <= -SMALL:
        lines.append(f"Of the lost units, {', '.join(went)}.")
    if mean >= SMALL:
        rivals = findings.rival_changes(comparison.outcomes, comparison.horizon_weeks)
        moved = [f"{name} {wording.percent(value, sign=True)}" for name, value in rivals.items()]
        lines.append(f"Units of the others meanwhile: {', '.join(moved)}.")
    return tuple(lines)


def won_lines(comparison: Comparison) -> tuple[str, ...]:
    """Whom campaigns won and whether they stay, beside the others; only where the focal brand advertises."""
    if not any(event.kind == "campaign" and event.brand == comparison.brand for event in comparison.scenario.events):
        return ()
    frame = comparison.retention()
    curve = frame[(frame["arm"] == "scenario") & (frame["weeks_since"] == STEP_WEEKS * LATER)].set_index("source")
    words = {"campaign": "a campaign", "word_of_mouth": "a friend's word", "relationship": "neither"}
    parts = [
        f"{wording.percent(float(curve.loc[source, 'share']))} of those won by {word}"  # type: ignore[arg-type]
        for source, word in words.items()
        if source in curve.index
    ]
    if not parts:
        return ()
    return (f"Bought again in weeks {STEP_WEEKS * LATER} to {STEP_WEEKS * (LATER + 1) - 1}: {', '.join(parts)}.",)


def early_lines(comparison: Comparison) -> tuple[str, ...]:
    """What the first weeks would look like against ordinary noise."""
    signal = findings.early_signal(comparison.outcomes)
    if signal is None:
        return ()
    if signal.effect == 0:
        return ("Nothing would show: the first two weeks are as they would have been.",)
    swing = wording.percent(findings.TWO_SIDED * signal.noise)
    seen = "you would see it" if signal.visible else "you could not tell it from an ordinary fortnight"
    return (
        f"Sales would be {wording.percent(signal.effect, sign=True)} against ordinary swings of ±{swing} "
        f"(19 fortnights of 20, {wording.number(signal.customers)} customers): {seen}.",
    )


def assumption_lines(comparison: Comparison) -> tuple[str, ...]:
    """The assumption that moves with the result, if one stands out."""
    if comparison.settings.luck_only:
        return ()
    deciding = findings.deciding_assumption(comparison.outcomes, comparison.values("units_change"))
    share = comparison.results["units_change"].value.assumptions_share
    spread = (
        "" if share is None else f"Assumptions make {wording.percent(share, 0)} of the spread in units, luck the rest. "
    )
    if deciding is None:
        needed = wording.number(2 * findings.MIN_PAIRS_FOR_RANKS)
        return (f"{spread}Naming the assumption behind it takes at least {needed} replicates.",)
    if deciding.parameter is None:
        return (
            f"{spread}No single assumption stands out among {deciding.tested} that were varied over "
            f"{deciding.pairs} draws.",
        )
    about = _about_parameter(deciding.parameter)
    way = "higher means more units" if deciding.correlation > 0 else "higher means fewer units"
    return (
        f"{spread}Units move most with {deciding.parameter}{about}: {way} "
        f"(rank correlation {wording.number(deciding.correlation, 2, sign=True)} over {deciding.pairs} draws).",
    )


def _about_parameter(name: str) -> str:
    """Meaning and grade of a parameter, or that it is a range of the scenario."""
    if name not in table():
        return " (a range in the scenario)"
    row = table()[name]
    return f" ({row.meaning}; grade {row.grade}, {GRADES[row.grade]})"


def _with_spread(comparison: Comparison, name: str) -> str:
    result = comparison.results[name]
    if result.value.mean is None:
        return "not measurable"
    return f"{wording.value(result.metric, result.value.mean)} ({wording.spread(result.metric, result.value)})"


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _signed_about(amount: float) -> str:
    text = wording.about(amount)
    return f"+{text}" if amount > 0 and text != "0" else text
