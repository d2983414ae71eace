"""A scenario in words, for the people who decide and do not read YAML."""

from __future__ import annotations

import math

from simulator.scenario.events import (
    Announce,
    Campaign,
    CarePolicy,
    Event,
    Incident,
    Price,
    Redesign,
    Resize,
    Rollback,
    Stockout,
)
from simulator.scenario.happening import Where
from simulator.scenario.offer_events import Delist, LoyaltyProgramme, Reformulate, Reposition, Supply
from simulator.scenario.people import BriefReps, ConsultReps, RepStaffing, RepTurnover, Service
from simulator.scenario.quantities import DAYS_PER_WEEK, percent, split_span
from simulator.scenario.schema import Guardrail, Scenario

_METRICS = {
    "units_change": "units sold",
    "value_change": "sales value",
    "contribution_change": "contribution",
    "habitual_purchases_lost": "purchases lost among habitual customers",
    "caused_churn": "habitual customers lost because of the change",
}
_ROLLOUT = {"stock_rotation": "as old stock sells through", "store": "store by store", "region": "region by region"}


def explain(scenario: Scenario) -> str:
    """Return the scenario in words: the market, what happens when, the limits, and what is uncertain."""
    market = scenario.market
    brand = market.brands[scenario.focal_brand]
    lines = [
        f"{scenario.name}: what happens to {scenario.focal_brand} in the market {market.name}.",
        "",
        f"The market has {len(market.brands)} brands; "
        f"{scenario.focal_brand} holds {percent(brand.share)} of purchases. "
        f"{percent(market.category.penetration)} of customers buy the category in a quarter, "
        f"{market.category.purchases_per_buyer:g} times each.",
        f"{scenario.customers:,} customers are simulated until {scenario.horizon_weeks} weeks after the launch.",
        "",
    ]
    dated = sorted(scenario.events, key=lambda event: math.inf if event.start_day is None else event.start_day)
    lines += ["What happens:"] if dated else ["Nothing happens: the scenario equals its baseline."]
    lines += [f"  - {_sentence(event)} [{event.id}]" for event in dated]
    lines += ["", "Limits to keep:"] if scenario.guardrails else ["", "No limits are set: there will be no decision."]
    lines += [f"  - {_limit(guardrail)}" for guardrail in scenario.guardrails]
    if scenario.ranges:
        lines += ["", "Uncertain, and varied between runs:"]
        lines += [f"  - {path}: {_span(scenario, path)}" for path in scenario.ranges]
    return "\n".join(lines)


def moment(day: int) -> str:
    """Return a day in words: ``in week 3``, ``on day 10``."""
    if day == 0:
        return "at the launch"
    if day % DAYS_PER_WEEK:
        return f"on day {day}"
    weeks = day // DAYS_PER_WEEK
    return f"in week {weeks}" if weeks > 0 else f"{_count(-weeks, 'week')} before the launch"


def duration(days: int) -> str:
    """Return a duration in words: ``7 weeks``, ``10 days``."""
    return _count(days, "day") if days % DAYS_PER_WEEK or not days else _count(days // DAYS_PER_WEEK, "week")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _sentence(event: Event) -> str:
    start = event.start_day
    when = moment(start) if start is not None else ""
    lasts = f" for {duration(event.lasts_days)}" if event.lasts_days is not None else ""
    place = _where(event.where)
    if isinstance(event, Delist | LoyaltyProgramme | Reformulate | Reposition | Supply):
        return offer_sentence(event, f"{place} {when}{lasts}")
    match event:
        case Redesign():
            what = f"{event.brand} changes its look{place} {when}{lasts}: {_look(event)}"
        case Stockout():
            what = f"{percent(event.severity)} of {event.brand}{_item(event.item)} is missing{place} {when}{lasts}"
        case Service():
            what = f"{_service(event)}{place} {when}{lasts}{_ramp(event.ramp_days)}"
        case Price():
            change = f"becomes {event.to:g}" if event.change is None else f"changes by {_signed(event.change)}"
            what = (
                f"The price of {event.brand}{_item(event.item)} {change}{place} {when}{lasts}{_ramp(event.ramp_days)}"
            )
        case Resize():
            size = _signed(event.change)
            packs = f"The packs of {event.brand}{_item(event.item)} change in size"
            what = f"{packs} by {size}{place} {when}{lasts}{_ramp(event.ramp_days)}"
        case Campaign():
            mind = f"; it comes to mind by {event.salience:g} logit more readily" if event.salience else ""
            reach = percent(event.reach)
            promise = f"; it promises {event.promise:g} more than is delivered" if event.promise else ""
            what = (
                f"{event.brand} advertises{place} {when}{lasts} and reaches {reach} of customers a week{mind}{promise}"
            )
        case Announce():
            subject = f"The event {event.of} is announced" if event.of else f"{event.brand} announces a change"
            what = f"{subject}{place} {when}{lasts} and {percent(event.reach)} of customers hear of it a week"
        case Incident():
            goods = f"{event.brand} {event.item}" if event.item else event.brand
            what = f"Something goes wrong with {goods}{place} {when}{lasts}: {_incident(event)}"
        case CarePolicy():
            what = f"The care desk of {event.brand} changes {when}{lasts}: {_desk(event)}"
        case BriefReps():
            what = f"Reps of {event.brand} are briefed{place} {when}, in {percent(event.coverage)} of their stores"
        case RepTurnover():
            empty = "" if event.vacancy_days is None else f"; territories stay empty for {duration(event.vacancy_days)}"
            what = f"{percent(event.share)} of the reps of {event.brand} leave{place} {when}{empty}{_follows(event)}"
        case RepStaffing():
            what = f"Reps of {event.brand} are staffed anew{place} {when}{lasts}: {_staffing(event)}"
        case ConsultReps():
            asked = "customers they know" if event.customers is None else f"{event.customers} customers each"
            what = f"Reps of {event.brand} ask {asked}{place} {when} about {event.of}{_gate(event)}"
        case Rollback():
            slow = f", over {duration(event.over_days)}" if event.over_days else ""
            what = f"{event.of} is rolled back {_alarm(event)}{slow}"
    return what


def offer_sentence(event: Delist | LoyaltyProgramme | Reformulate | Reposition | Supply, when: str) -> str:
    """Return what changes about an offer in words; ``when`` says where, when and for how long."""
    match event:
        case Supply():
            whose = "every brand" if event.brand is None else event.brand
            parts = [] if event.fill_rate is None else [f"send {percent(event.fill_rate)} of what is ordered"]
            if event.lead_time_days is not None:
                parts.append(f"need {duration(event.lead_time_days)} from order to truck")
            what = f"Distributors of {whose} {' and '.join(parts)}{when}{_ramp(event.ramp_days)}"
        case Delist():
            slow = f", store by store over {duration(event.over_days)}" if event.over_days else ""
            what = f"{event.brand}{_item(event.item)} is delisted{when}{slow}"
        case Reformulate():
            turn = "no better and no worse" if not event.quality else f"{'better' if event.quality > 0 else 'worse'} by"
            size = f" {abs(event.quality):g} logit" if event.quality else ""
            told = f"told to {percent(event.announced)}" if event.announced else "in silence"
            uneven = f", {event.sd:g} times as uneven" if event.sd != 1.0 else ""
            broken = f"; {percent(event.identity_break)} of what it stood for is broken" if event.identity_break else ""
            what = (
                f"{event.brand}{_item(event.item)} gets a new recipe, {turn}{size} in use{uneven}{when}, "
                f"{told}{broken}{_ramp(event.ramp_days)}"
            )
        case Reposition():
            x, y = event.position or (0.0, 0.0)
            told = f"announced to {percent(event.announced)}" if event.announced else "unannounced"
            slow = f", over {duration(event.over_days)}" if event.over_days else ""
            broken = f"; {percent(event.identity_break)} of what it stood for is broken" if event.identity_break else ""
            what = f"{event.brand} moves to ({x:g}, {y:g}) in lifestyle space{when}{slow}, {told}{broken}"
        case LoyaltyProgramme():
            what = (
                f"{event.brand} rewards members with {percent(event.reward)} of the price{when}; "
                f"{percent(event.enrolled)} of its buyers join{_ramp(event.ramp_days)}"
            )
    return what


def _item(name: str | None) -> str:
    return f" {name}" if name else ""


def _ramp(days: int) -> str:
    return f", building up over {duration(days)}" if days else ""


def _incident(event: Incident) -> str:
    parts = []
    if event.rate:
        parts.append(f"{percent(event.rate)} of purchases cause a problem")
    if event.severity:
        parts.append(f"{percent(event.severity.severe)} of them severe, {percent(event.severity.medium)} medium")
    if event.recall:
        parts.append("the goods are taken off the shelves")
    if event.media:
        parts.append(f"the news reach {percent(event.media)} of customers a week")
    return "; ".join(parts)


_POLICIES = {
    "ignore": "it does not answer",
    "refund": "it refunds",
    "apologise_and_refund": "it apologises and refunds",
    "improve": "it refunds and has the cause mended",
}


def _desk(event: CarePolicy) -> str:
    parts = []
    if event.policy is not None:
        parts.append(_POLICIES[event.policy])
    if event.capacity_per_day is not None:
        parts.append(f"it answers {event.capacity_per_day:g} complaints a day")
    if event.quality is not None:
        parts.append(f"its quality is {percent(event.quality)}")
    if event.outsourced:
        parts.append("it is outsourced")
    if event.relay is not None:
        parts.append("it tells the brand team" if event.relay else "it keeps complaints to itself")
    return "; ".join(parts)


def _service(event: Service) -> str:
    buyers = f" for buyers of {event.brand}" if event.brand else ""
    parts = []
    if event.quality:
        turn = "worse" if event.quality < 0 else "better"
        meant = "" if event.authentic == 1 else f", {percent(event.authentic)} of it meant"
        parts.append(f"is {turn} by {abs(event.quality):g}{buyers}{meant}")
    if event.outsourced:
        parts.append("is given to partners")
    if event.training:
        parts.append(f"is trained to be better by {event.training:g}")
    if event.turnover:
        parts.append(f"loses {percent(event.turnover)} of its people")
    if event.staffing:
        parts.append(f"has {_signed(event.staffing)} people")
    if event.status:
        parts.append(f"has its people's standing raised by {percent(event.status)}")
    return f"Service {_and(tuple(parts))}" if parts else "Service stays as it is"


def _follows(event: RepTurnover) -> str:
    return "; a similar colleague takes over" if event.successor == "colleague" else ""


def _staffing(event: RepStaffing) -> str:
    parts = []
    if event.outsourced:
        parts.append("a broker's people call instead")
    if event.stores_per_rep is not None:
        parts.append(f"{event.stores_per_rep:g} stores per rep")
    if event.visits_per_week is not None:
        parts.append(f"{event.visits_per_week:g} visits a week")
    if event.status:
        parts.append(f"standing raised by {percent(event.status)}")
    if event.authentic < 1:
        parts.append(f"{percent(event.authentic)} of their rapport is meant")
    if event.relation:
        parts.append(f"relation with distributors {event.relation:+g}")
    return "; ".join(parts) or "nothing changes"


def _gate(event: ConsultReps) -> str:
    if event.gate is None:
        return ""
    gate = event.gate
    done = {
        "stop": "it is dropped",
        "soften": f"{percent(gate.by or 0.0)} of it is taken back",
        "delay": f"it comes {duration(gate.for_days or 0)} later",
    }
    return f"; if they promise less than {_signed(gate.below)} purchases, {done[gate.then]}"


def _alarm(event: Rollback) -> str:
    if event.when is None:
        return moment(event.start_day or 0)
    limit, weeks = _signed(event.when.limit), _count(event.when.for_weeks, "week")
    watched = {
        "units_vs_before": "units stay below",
        "share_vs_before": "its share of the category stays below",
        "complaints_vs_before": "complaints per unit stay above",
    }
    return f"once {watched[event.when.metric]} {limit} of the weeks before launch for {weeks}"


def _look(event: Redesign) -> str:
    parts = []
    if event.cues is not None:
        for fate in ("replaced", "modified", "kept"):
            cues = [cue for cue, value in event.cues.items() if value == fate]
            if cues:
                parts.append(f"{', '.join(cues)} {fate}")
    elif event.overlap is not None:
        parts.append(f"{percent(event.overlap)} of the look is kept")
    if event.appeal.mean:
        parts.append(f"liked {'more' if event.appeal.mean > 0 else 'less'} by {abs(event.appeal.mean):g} logit")
    if event.position is not None:
        parts.append(f"it places the brand at ({event.position[0]:g}, {event.position[1]:g}) in lifestyle space")
    if event.identity_break:
        parts.append(f"{percent(event.identity_break)} of what it stood for is broken")
    parts.append(f"announced to {percent(event.announced)}" if event.announced else "unannounced")
    if event.rollout.over_days:
        parts.append(f"on the shelves over {duration(event.rollout.over_days)}, {_ROLLOUT[event.rollout.by]}")
    return "; ".join(parts)


def _where(where: Where) -> str:
    parts = []
    if where.role:
        parts.append(f"at the {_and(where.role)}")
    if where.region:
        parts.append(f"in {_and(where.region)}")
    if where.store:
        parts.append(f"in store {_and(tuple(str(number) for number in where.store))}")
    if where.segment:
        parts.append(f"among {_and(where.segment)}")
    if where.distributor:
        parts.append(f"from {_and(where.distributor)}")
    return "".join(f" {part}" for part in parts)


def _and(names: tuple[str, ...]) -> str:
    names = tuple(name.replace("_", " ") for name in names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _limit(guardrail: Guardrail) -> str:
    side, value = ("at least", guardrail.min) if guardrail.min is not None else ("at most", guardrail.max)
    shown = _signed(value or 0.0) if guardrail.metric.endswith("_change") else percent(value or 0.0)
    within = _count(guardrail.within_weeks, "week")
    return (
        f"{_METRICS[guardrail.metric]}: {side} {shown} within {within}, with {percent(guardrail.confidence)} confidence"
    )


def _signed(value: float) -> str:
    return f"+{percent(value)}" if value > 0 else percent(value)


def _span(scenario: Scenario, path: str) -> str:
    """Return a range in the words of the file."""
    written = scenario.written(path)
    if not isinstance(written, dict):
        low, high = split_span(str(written)) or (written, written)
        return f"{low} to {high}"
    if "value" in written:
        low, high = split_span(str(written["value"])) or ("", "")
        written = {"low": low, "high": high, "source": written.get("source")}
    central = "" if written.get("central") is None else f", most likely {written['central']}"
    source = f" ({written['source']})" if written.get("source") else ""
    return f"{written['low']} to {written['high']}{central}{source}"
