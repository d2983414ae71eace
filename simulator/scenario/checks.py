"""What the types cannot see: names that nothing bears, moments outside the run, shares that do not sum to one.

The checks read the tree rather than the typed objects, and pass over what they cannot read (the types will speak of
that), so that one wrong value never hides the next.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from simulator.scenario import quantities as q
from simulator.scenario.events import KINDS, PLACES
from simulator.scenario.happening import CARE_DESK
from simulator.scenario.market import COUNTS
from simulator.scenario.people import CONSULTABLE
from simulator.scenario.problems import Place, Problem, did_you_mean
from simulator.scenario.schema import CUSTOMERS, HORIZON_WEEKS, OBSERVED_WEEKS
from simulator.scenario.tree import Node

SUM_TOLERANCE = 0.005
"""How far the shares of a whole may miss one: rounding to whole percents over a handful of members."""

MOST_NEW = 16
"""How many brands some customers may not know: each is a bit of what a customer carries."""

UNDOABLE = (
    "redesign",
    "reformulate",
    "reposition",
    "delist",
    "price",
    "resize",
    "loyalty_programme",
    "service",
    "campaign",
    "announce",
    "care_policy",
    "rep_staffing",
)
"""Kinds that a decision can undo. A stock-out, poor supply or reps who left are not decisions."""

ANNOUNCED = ("redesign", "reformulate", "reposition")
"""Kinds that customers can hear of before they meet them."""

NOWHERE = {
    "rollback": "it undoes the event wherever that happened",
    "care_policy": "a brand has one care desk",
}
"""Why a kind has no place, for the kinds that have none."""

REP_KINDS = ("brief_reps", "rep_turnover", "rep_staffing", "consult_reps")
"""Kinds that need a brand with reps."""

_WEEKS = q.duration(1, math.inf, weeks=True)
_COUNT = q.number(0)
_ID = re.compile(r"(?![0-9]+$)[^\s.=]+")


def check_market(node: Node) -> Iterator[Problem]:
    """Yield what is wrong with the names and sums of a market's tree."""
    brands = _names(node, "brands")
    yield from _known(node.get("focal_brand"), "brand", brands)
    for name, distributor in _entries(node.get("distributors")):
        for known, place in _keys(distributor.get("relations")):
            if brands and known not in brands:
                reason = f'the relations of {name} name an unknown brand "{known}"'
                yield Problem.at(place, reason, did_you_mean(known, brands))
    for key in ("reps", "care"):
        for name, place in _keys(node.get(key)):
            if brands and name not in brands:
                yield Problem.at(place, f'{key} names an unknown brand "{name}"', did_you_mean(name, brands))
    yield from _sum(node.get("brands"), "the shares of the brands", "share")
    yield from _check_known(node.get("brands"))
    for name, brand in _entries(node.get("brands")):
        yield from _sum(brand.get("items"), f"the shares of the items of {name}")
    yield from _sum(node.get("segments"), "the shares of the segments", "share")
    yield from _sum(node.get("regions"), "the shares of the regions")
    yield from _sum(node.get("stores", "per_customer"), "the shares of customers by the stores they know", only=COUNTS)


def _check_known(brands: Node | None) -> Iterator[Problem]:
    """Everybody knows some brand, and not too many brands are new."""
    every = _entries(brands)
    new = [known for _, brand in every if (known := brand.get("known")) and _central(known, q.SHARE) != 1.0]
    if new and len(new) == len(every):
        yield Problem.at(new[0].place, "no brand is known to everybody", "leave known out of one brand at least")
    elif len(new) > MOST_NEW:
        reason = f"{len(new)} brands are not known to everybody, more than {MOST_NEW}"
        yield Problem.at(new[MOST_NEW].place, reason, "leave known out of the others, or join small brands into one")


def check_scenario(node: Node) -> Iterator[Problem]:
    """Yield what is wrong with the names, moments and sums of a scenario's tree, its market included."""
    market = node.get("market")
    if market is None or market.kind != "map":
        market = Node("map", node.place)
    else:
        yield from check_market(market)
    brands = _names(market, "brands")
    focal = node.get("focal_brand")
    if focal is None:
        if brands:
            reason = "neither the scenario nor its market says which brand the answer is about"
            yield Problem.at(node.place, reason, f"add focal_brand: {brands[0]}")
    elif focal is not market.get("focal_brand"):
        yield from _known(focal, "brand", brands)
    weeks = _central(node.get("horizon"), _WEEKS)
    horizon = HORIZON_WEEKS if weeks is None and "horizon" not in node.entries else weeks
    events = node.get("events")
    listed = [event for event in events.elements if event.kind == "map"] if events and events.kind == "list" else []
    for event in listed:
        yield from _check_event(event, node, market, horizon)
    yield from _check_ids(listed)
    yield from _check_rollbacks(listed)
    yield from _check_announcements(listed)
    yield from _check_consultations(listed)
    guardrails = node.get("guardrails")
    for guardrail in guardrails.elements if guardrails and guardrails.kind == "list" else ():
        within = guardrail.get("within")
        if horizon is not None and (asked := _central(within, _WEEKS)) is not None and within and asked > horizon:
            reason = f"the guardrail looks {asked:g} weeks ahead, the run only {horizon:g}"
            yield Problem.at(within.place, reason, "shorten it, or lengthen the horizon")


def _check_event(event: Node, node: Node, market: Node, horizon: float | None) -> Iterator[Problem]:
    brands = _names(market, "brands")
    kind = _text(event.get("kind"))
    brand = event.get("brand")
    yield from _known(brand, "brand", brands)
    name = _text(brand)
    if name in brands:
        items = _names(market, "brands", name)
        item = event.get("item")
        if item is not None and item.text and item.text not in items:
            mend = did_you_mean(item.text, items) if items else f"{name} has one unnamed item: leave item out"
            yield Problem.at(item.place, f'{name} has no item "{item.text}"', mend)
        if brand is not None and kind in REP_KINDS and name not in _names(market, "reps"):
            yield Problem.at(brand.place, f"{name} has no reps in this market", f"add {name} to the market's reps")
    yield from _check_where(event, kind, node, market)
    yield from _check_start(event.get("start"), horizon)


def _check_where(event: Node, kind: str | None, node: Node, market: Node) -> Iterator[Problem]:
    where = event.get("where")
    if where is None or where.kind != "map":
        return
    if kind in PLACES:
        for key, place in where.keys.items():
            known = ("region", "store", "role", "segment", "distributor")
            if key in where.entries and key in known and key not in PLACES[kind]:
                words = ", ".join(PLACES[kind]) or f"no place: {NOWHERE[kind]}"
                article = "an" if kind[0] in "aeiou" else "a"
                yield Problem.at(place, f"{article} {kind} event cannot be limited by {key}", f"it understands {words}")
    for key, group in (("region", "regions"), ("segment", "segments"), ("distributor", "distributors")):
        yield from _known(where.get(key), key, _names(market, group))
    roles = [*_names(market, "stores", "roles"), CARE_DESK]
    yield from _known(where.get("role"), "role", roles)
    stores = where.get("store")
    most = _most_stores(node, market)
    for number in stores.words() if stores is not None else ():
        if isinstance(number.value, int) and not isinstance(number.value, bool) and number.value >= most:
            reason = f"there is no store {number.value}"
            yield Problem.at(number.place, reason, f"stores are numbered from 0 to {most - 1:g}")


def _most_stores(node: Node, market: Node) -> float:
    """Return how many stores the built world has at most; small worlds keep two in each region."""
    customers = _central(node.get("customers"), CUSTOMERS)
    per_store = _central(market.get("stores", "customers_per_store"), _COUNT)
    if not customers or not per_store:
        return math.inf
    return max(math.ceil(customers / per_store), 2 * max(1, len(_names(market, "regions"))))


def _check_start(start: Node | None, horizon: float | None) -> Iterator[Problem]:
    if start is None:
        return
    try:
        day, span = q.MOMENT.full(start.plain())
    except q.Refusal:
        return
    first, last = (span.low, span.high) if span else (day, day)
    if first < -OBSERVED_WEEKS * q.DAYS_PER_WEEK:
        reason = f"the event starts before the observed year (week {math.floor(first / q.DAYS_PER_WEEK)})"
        yield Problem.at(start.place, reason, f"the earliest start is week -{OBSERVED_WEEKS}")
    if horizon is not None and last >= horizon * q.DAYS_PER_WEEK:
        reason = f"the event starts after the horizon (week {last / q.DAYS_PER_WEEK:.3g})"
        yield Problem.at(
            start.place, reason, f"the run ends with week {horizon - 1:g}: start earlier or lengthen the horizon"
        )


def _check_ids(events: Sequence[Node]) -> Iterator[Problem]:
    seen: dict[str, Node] = {}
    for event in events:
        id = event.get("id")
        if id is None or id.text is None:
            continue
        if id.text in seen:
            reason = f'two events have the id "{id.text}" (the first in line {seen[id.text].place.line})'
            yield Problem.at(id.place, reason, "give each its own")
        seen.setdefault(id.text, id)
        if id.text and not _ID.fullmatch(id.text):
            reason = f'"{id.text}" cannot be an id'
            yield Problem.at(id.place, reason, "use letters, digits, - and _, such as new-carton")


def _check_rollbacks(events: Sequence[Node]) -> Iterator[Problem]:
    by_id = {id: event for event in events if (id := _text(event.get("id")))}
    undone: dict[str, Node] = {}
    for event in events:
        of = event.get("of")
        if _text(event.get("kind")) != "rollback" or of is None or not of.text:
            continue
        target = by_id.get(of.text)
        known = [id for id, other in by_id.items() if _text(other.get("kind")) in UNDOABLE]
        if target is None:
            yield Problem.at(of.place, f'there is no event "{of.text}" to roll back', did_you_mean(of.text, known))
            continue
        kind = _text(target.get("kind"))
        if kind in KINDS and kind not in UNDOABLE:
            mend = f"what can be undone: {', '.join(UNDOABLE)}"
            yield Problem.at(of.place, f"a {kind} event cannot be rolled back", mend)
            continue
        if of.text in undone:
            line = undone[of.text].place.line
            reason = f'overlapping rollbacks: "{of.text}" is already rolled back by the event in line {line}'
            yield Problem.at(of.place, reason, "keep one of them")
        undone.setdefault(of.text, event)
        yield from _check_order(event, target, of.text)


def _check_announcements(events: Sequence[Node]) -> Iterator[Problem]:
    """An announcement is of a change that is there."""
    kinds = {id: _text(event.get("kind")) for event in events if (id := _text(event.get("id")))}
    known = [id for id, kind in kinds.items() if kind in ANNOUNCED]
    for event in events:
        of = event.get("of")
        if _text(event.get("kind")) != "announce" or of is None or not of.text or of.text in known:
            continue
        if of.text not in kinds:
            mend = did_you_mean(of.text, known) if known else "there is none at all: name the brand instead"
            yield Problem.at(of.place, f'there is no redesign or other change "{of.text}" to announce', mend)
        elif kinds[of.text] in KINDS:
            reason = f"a {kinds[of.text]} event brings nothing that could be announced"
            yield Problem.at(of.place, reason, f"what can be: {', '.join(ANNOUNCED)}; or name the brand instead")


def _check_consultations(events: Sequence[Node]) -> Iterator[Problem]:
    by_id = {id: event for event in events if (id := _text(event.get("id")))}
    gated: dict[str, Node] = {}
    for event in events:
        of = event.get("of")
        if _text(event.get("kind")) != "consult_reps" or of is None or not of.text:
            continue
        target = by_id.get(of.text)
        if target is None:
            known = [id for id, other in by_id.items() if _text(other.get("kind")) in CONSULTABLE]
            yield Problem.at(of.place, f'there is no event "{of.text}" to ask about', did_you_mean(of.text, known))
            continue
        kind = _text(target.get("kind"))
        if kind in KINDS and kind not in CONSULTABLE:
            mend = f"what they can be asked about: {', '.join(CONSULTABLE)}"
            yield Problem.at(of.place, f"customers cannot be asked about a {kind} event", mend)
            continue
        if event.get("gate") is not None:
            if of.text in gated:
                line = gated[of.text].place.line
                reason = f'two gates for "{of.text}": the consultation in line {line} has one already'
                yield Problem.at(of.place, reason, "keep one of them")
            gated.setdefault(of.text, event)
        start = event.get("start")
        asked, begins = _start_day(event), _start_day(target)
        if asked is not None and begins is not None and asked >= begins:
            place = event.place if start is None else start.place
            reason = f'the consultation comes no earlier than its event "{of.text}" (day {begins:g})'
            yield Problem.at(place, reason, "start it some weeks before, such as start: week -6")


def _start_day(event: Node) -> float | None:
    """Return the day on which an event starts; day 0 where it does not say."""
    return _central(event.get("start"), q.MOMENT) if "start" in event.entries else 0.0


def _check_order(rollback: Node, target: Node, id: str) -> Iterator[Problem]:
    start = rollback.get("start")
    day = _central(start, q.MOMENT)
    if start is None or day is None:
        return
    begins = _central(target.get("start"), q.MOMENT)
    begins = 0.0 if begins is None and "start" not in target.entries else begins
    if begins is None:
        return
    if day <= begins:
        reason = f'the rollback comes no later than its event "{id}" (day {begins:g})'
        yield Problem.at(start.place, reason, "let it start after the event")
    lasts = _central(target.get("lasts"), q.duration())
    if lasts is not None and day >= begins + lasts:
        reason = f'the event "{id}" is over by then (day {begins + lasts:g})'
        yield Problem.at(start.place, reason, "start the rollback earlier, or remove it")


def _text(node: Node | None) -> str | None:
    return node.text if node is not None else None


def _central(node: Node | None, quantity: q.Quantity) -> float | None:
    return None if node is None else quantity.central(node.plain())


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    if node is None or node.kind != "map":
        return []
    return [(name, child) for name, child in node.entries.items() if name != "source" or child.kind == "map"]


def _keys(node: Node | None) -> list[tuple[str, Place]]:
    return [(name, node.keys[name]) for name, _ in _entries(node)] if node is not None else []


def _names(market: Node, *path: str) -> list[str]:
    if path[0] == "brands" and len(path) == 2:
        path = (*path, "items")
    return [name for name, _ in _entries(market.get(*path))]


def _known(node: Node | None, what: str, names: Sequence[str]) -> Iterator[Problem]:
    if node is None or (not names and what == "brand"):
        return
    for word in node.words():
        if word.text and word.text not in names:
            yield Problem.at(word.place, f'unknown {what} "{word.text}"', did_you_mean(word.text, names))


def _sum(group: Node | None, what: str, key: str | None = None, only: Sequence[str] | None = None) -> Iterator[Problem]:
    members = [(name, child) for name, child in _entries(group) if only is None or name in only]
    if group is None or not members:
        return
    total = 0.0
    for _, member in members:
        share = _central(member.get(key) if key else member, q.SHARE)
        if share is None:
            return
        total += share
    if abs(total - 1) > SUM_TOLERANCE:
        more = "take away" if total > 1 else "add"
        yield Problem.at(
            group.place, f"{what} sum to {q.percent(total)}, not 100%", f"{more} {q.percent(abs(total - 1))}"
        )
