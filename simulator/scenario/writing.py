"""A first scenario file from a few answers: commented, and running as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from simulator.scenario.events import KINDS
from simulator.scenario.happening import CARE_DESK
from simulator.scenario.loading import load_market, loads
from simulator.scenario.market import Market
from simulator.scenario.problems import Problem, ScenarioError, did_you_mean
from simulator.scenario.quantities import duration

HOW_MUCH: dict[str, tuple[str, str]] = {
    "redesign": ("60%", "How much of the look is kept?"),
    "stockout": ("60%", "Which share of the supply is missing?"),
    "service": ("-0.2", "By how much does service quality change (from -1 to 1)?"),
    "price": ("8%", "By how much does the price change?"),
    "resize": ("-10%", "By how much does the pack change in size?"),
    "campaign": ("10%", "Which share of customers is reached in a week?"),
    "reformulate": ("-0.2", "By how much does the quality of one use change (logit)?"),
    "reposition": ("[0.8, -0.2]", "Where does the brand move to in lifestyle space?"),
    "delist": ("4 weeks", "Over how long do stores drop it?"),
    "supply": ("80%", "Which share of what is ordered do distributors deliver?"),
    "loyalty_programme": ("5%", "Which share of the price do members get back?"),
    "announce": ("10%", "Which share of customers hears of it in a week?"),
    "incident": ("5%", "How much likelier does a purchase cause a problem?"),
    "care_policy": ("50%", "How well does the care desk answer, from 0% to 100%?"),
    "brief_reps": ("80%", "In which share of their stores are reps briefed?"),
    "rep_turnover": ("40%", "Which share of the reps leave?"),
    "rep_staffing": ("0.5 per week", "How often do reps visit each store?"),
}
"""What can change, with an example of how much and the question to ask."""

_EVENTS = {
    "redesign": """\
  - kind: redesign                     # a new logo, pack, label or name
    id: {id}
    brand: {brand}
    overlap: {amount}                  # share of the look that is kept; or cues: {{logo: modified}}
    appeal: {{mean: 0.0, sd: 0.3}}   # liking of the new look in logit units, and its spread over customers
    identity_break: 10%                # how far the brand stops being what it stood for
    announced: 10%                     # share of customers who hear of it before they meet it
    start: {start}
    rollout: {{over: {lasts}, by: stock_rotation}}   # old and new packs mix on the shelf; or by store, by region
""",
    "stockout": """\
  - kind: stockout                     # the brand is missing from shelves
    id: {id}
    brand: {brand}
    severity: {amount}                      # share of the usual supply that is missing
    start: {start}
    lasts: {lasts}
    # where: {{region: {region}}}         # left out: everywhere
""",
    "service": """\
  - kind: service                      # service becomes worse or better
    id: {id}
    brand: {brand}                     # only for its buyers; leave out for everyone
    where: {{role: {role}}}
    quality: {amount}                      # added to the role's quality, from -1 to 1
    start: {start}
    lasts: {lasts}
""",
    "price": """\
  - kind: price                        # the list price changes
    id: {id}
    brand: {brand}
    change: {amount}                         # relative; or to: {price}
    start: {start}
""",
    "resize": """\
  - kind: resize                       # the pack becomes smaller or larger at the same price
    id: {id}
    brand: {brand}
    change: {amount}                        # relative
    start: {start}
""",
    "campaign": """\
  - kind: campaign                     # advertising
    id: {id}
    brand: {brand}
    reach: {amount}                         # share of customers reached in a week
    start: {start}
    lasts: {lasts}
""",
    "reformulate": """\
  - kind: reformulate                  # a new recipe
    id: {id}
    brand: {brand}
    quality: {amount}                      # shift of the mean quality of one use, in logit units
    announced: 0%                      # share of customers who are told; 0%: in silence
    start: {start}
    ramp: {lasts}                      # until all packs hold the new recipe
""",
    "reposition": """\
  - kind: reposition                   # the brand comes to stand for another way of life
    id: {id}
    brand: {brand}
    position: {amount}                 # place in lifestyle space, two numbers around zero
    announced: 20%                     # share of customers who hear of it before they meet it
    identity_break: 10%                # how far the brand stops being what it stood for
    start: {start}
    over: {lasts}                      # how long the move takes
""",
    "delist": """\
  - kind: delist                       # stores take the brand out of their range
    id: {id}
    brand: {brand}
    start: {start}
    over: {amount}                     # until the last store has done so
    # lasts: {lasts}                     # left out: for good
    # where: {{region: {region}}}         # left out: everywhere
""",
    "supply": """\
  - kind: supply                       # distributors deliver less, or later
    id: {id}
    brand: {brand}                     # leave out for every brand
    fill_rate: {amount}                     # share of ordered lines that are delivered
    # lead_time: 5 days                # from order to truck, a week at most
    start: {start}
    lasts: {lasts}
    # where: {{region: {region}}}         # left out: everywhere
""",
    "loyalty_programme": """\
  - kind: loyalty_programme            # members are rewarded for each purchase
    id: {id}
    brand: {brand}
    enrolled: 30%                      # share of the brand's buyers who join
    reward: {amount}                         # worth of what they get back, as a share of the price
    start: {start}
    ramp: {lasts}                      # until all who would join are invited
""",
    "announce": """\
  - kind: announce                     # a change is made known by the media
    id: {id}
    brand: {brand}                     # or of: the id of a redesign
    reach: {amount}                         # share of customers who hear of it in a week
    start: {start}
    lasts: {lasts}
""",
    "incident": """\
  - kind: incident                     # something goes wrong with the goods
    id: {id}
    brand: {brand}
    rate: {amount}                           # further probability of a problem per purchase
    severity: {{medium: 30%, severe: 10%}}   # the rest are minor
    media: 10%                         # share of customers whom the news reach in a week
    start: {start}
    lasts: {lasts}
    # recall: true                     # the goods are taken off the shelves while it lasts
""",
    "care_policy": """\
  - kind: care_policy                  # the care desk is run differently
    id: {id}
    brand: {brand}
    quality: {amount}                       # how well it answers, 0 to 1
    outsourced: true                   # a partner answers in the brand's name
    relay: false                       # complaints do not reach the brand team
    start: {start}
""",
    "brief_reps": """\
  - kind: brief_reps                   # reps learn of a change before it comes, and tell the stores
    id: {id}
    brand: {brand}
    coverage: {amount}                      # share of their stores that are briefed
    start: {start}
""",
    "rep_turnover": """\
  - kind: rep_turnover                 # reps leave at once
    id: {id}
    brand: {brand}
    share: {amount}                         # of the reps who leave
    vacancy: {lasts}                   # how long their territories stay empty
    successor: new_hire                # or a colleague, who starts at once
    start: {start}
""",
    "rep_staffing": """\
  - kind: rep_staffing                 # more or fewer reps, or a broker's
    id: {id}
    brand: {brand}
    visits: {amount}               # to each store
    # outsourced: true                 # a broker's people call instead of the brand's own
    start: {start}
""",
}

_FILE = """\
# yaml-language-server: $schema=scenario.schema.json
# {comment}
#
# Check it with `brandsim check`, run it with `brandsim run`. Any number may be a range such as 10%..30%.
schema: brandsim/1
name: {name}
market: {market}                # a shipped market's name, or the path of a market file
focal_brand: {brand}               # the brand that the answer is about
customers: {customers}                    # more customers, less noise, more time
horizon: {horizon}                     # how long after the launch to look
events:                                # week 0 is the launch; events may start before it
{event}guardrails:                            # limits the change must keep; without them there is no decision
  - {{metric: units_change, min: {loss}, within: {within} weeks, confidence: 80%}}
  - {{metric: habitual_purchases_lost, max: {max_loss}, within: {within} weeks, confidence: 80%}}
"""

_COMMENT_COLUMN = 50
_WITHIN_WEEKS = 8
"""Weeks after launch at which teams usually decide whether to turn back."""


def new_scenario(
    *,
    name: str = "My scenario",
    market: str = "orange-juice",
    brand: str | None = None,
    kind: str = "redesign",
    how_much: str | None = None,
    when: str = "week 0",
    lasts: str = "6 weeks",
    customers: int | str = 20_000,
    horizon: str = "26 weeks",
    max_loss: str = "5%",
    folder: str | Path | None = None,
) -> str:
    """Return the commented text of a scenario that runs as it is.

    Parameters
    ----------
    name
        What people call the scenario.
    market
        A shipped market's name, or the path of a market file.
    brand
        The brand that changes something; the market's focal brand if left out.
    kind
        What changes: a key of `HOW_MUCH`.
    how_much
        By how much, in the words of a file (``60%``, ``-0.2``); an example of the kind if left out.
    when
        When it starts: ``week 0``, ``day 10``.
    lasts
        How long it lasts, rolls out or stays vacant, where the kind knows that.
    customers
        How many customers to simulate.
    horizon
        How long after the launch to look.
    max_loss
        The largest loss of units, and of habitual purchases, that is acceptable.
    folder
        The folder that the file will stand in, from which the market's path starts.

    Raises
    ------
    ScenarioError
        Where the answers do not make a scenario.

    Examples
    --------
    >>> text = new_scenario(name="Dearer", kind="price", how_much="12%")
    >>> loads(text).events[0].change
    0.12
    """
    if kind not in HOW_MUCH:
        known = list(HOW_MUCH)
        reason = f'"{kind}" is not something that can change'
        raise ScenarioError([Problem("<answers>", 0, 0, "", reason, did_you_mean(kind, known))])
    base = Path(folder) if folder is not None else Path()
    local = base / market
    spec = load_market(local if local.is_file() else market)
    brand = brand or spec.focal_brand or next(iter(spec.brands))
    amount = how_much if how_much is not None else HOW_MUCH[kind][0]
    event = _EVENTS[kind].format(
        id=re.sub(r"[^a-z0-9]+", "-", f"{kind}-{brand}".lower()).strip("-"),
        brand=_quoted(brand),
        amount=_quoted(amount),
        start=_quoted(when),
        lasts=_quoted(lasts),
        region=_quoted(next(iter(spec.regions))),
        role=_quoted(_first_role(spec)),
        price=f"{spec.brands[brand].price * 1.05:.2f}" if brand in spec.brands else "4.99",
    )
    text = _FILE.format(
        comment=" ".join(f"{name}: {KINDS[kind].__doc__ or kind}".split()),
        name=_quoted(name),
        market=_quoted(market),
        brand=_quoted(brand),
        customers=_quoted(str(customers)),
        horizon=_quoted(horizon),
        event=event,
        within=min(_WITHIN_WEEKS, int(duration(1, weeks=True).central(horizon) or _WITHIN_WEEKS)),
        max_loss=_quoted(max_loss),
        loss=_quoted(f"-{max_loss}"),
    )
    text = "\n".join(_aligned(line) for line in text.split("\n"))
    loads(text, file="<answers>", folder=base)
    return text


def _aligned(line: str) -> str:
    """Return a line whose comment starts in the same column as its neighbours'."""
    code, mark, comment = line.partition("  # ")
    return f"{code.rstrip():<{_COMMENT_COLUMN - 2}}  # {comment.lstrip()}" if mark and code.strip() else line


def _first_role(market: Market) -> str:
    return next(iter(market.stores.roles), CARE_DESK)


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar: as it is where that is safe, else in double quotes."""
    safe = re.fullmatch(r"[^\W_][\w %./+-]*[\w%]|[\w]|[-+]?[0-9.]+%?|[\[{][\w:, .%-]+[\]}]", text)
    return text if safe and text.lower() not in ("true", "false", "null") else json.dumps(text, ensure_ascii=False)
