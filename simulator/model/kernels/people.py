"""People in the chain: what of a bond is theirs, who relates to whom, who is new, who leaves (description, section 5b).

A bond with a brand is one number, part of which is owned by persons: known staff of the main store or, where reps hold
customers as accounts, the rep. That part goes when they go. Nothing here moves a market in which nobody leaves out of
turn: growth is relative to the closeness that is usual, newcomers count beyond their usual share, a distributor's
favour only where brands differ in it.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.acquaintance import introduce
from simulator.model.kernels.constants import (
    BROKER,
    COLLEAGUE,
    DAYS_OF_WEEK,
    MOST_COLD,
    OWNED_ALL,
    SERVICE,
)
from simulator.model.kernels.mind import refresh, touch
from simulator.randomness.philox import LN2, block, normal, poisson, stream_key, uniform
from simulator.randomness.streams import Stream
from simulator.world.rapport import closeness

_STAFF = int(Stream.STAFF)
_KNOWN_STAFF = int(Stream.KNOWN_STAFF)
_SUCCESSOR = int(Stream.SUCCESSOR)
_ACCOUNT = int(Stream.ACCOUNT)
_RELATION = int(Stream.RELATION)
_WEEKS_OF_YEAR = 52.0
ACQUAINTED = 0.02
"""Bond from which a customer knows the rep: a call is then taken however different the two are."""


@inlined
def relating(close, usual, p):
    """How fast a bond grows between two people, relative to what is usual: ``(1 + r close) / (1 + r usual)``."""
    return (1.0 + p.relatability * close) / (1.0 + p.relatability * usual)


@inlined
def grow_bond(tie, share, part):
    """Close a share of the gap to a full bond; ``part`` of what is gained belongs to the person who was met."""
    gain = share * (1.0 - tie.bond)
    after = tie.bond + gain
    tie.bond = after
    goal = np.int64(part * OWNED_ALL + 0.5)
    gap = goal - np.int64(tie.owned)
    if gap != 0 and gain > 0.0:
        step = np.int64(np.rint(gap * gain / after))
        if step == 0:  # the grain of the column
            step = np.int64(1 if gap > 0 else -1)
        tie.owned = np.uint8(tie.owned + step)


@inlined
def lose_person(tie, kept):
    """Let the person who owns a part of the bond leave; ``kept`` of that part passes to whoever follows."""
    owned = np.float64(tie.owned) / OWNED_ALL
    lost = owned * (1.0 - kept)
    tie.bond *= 1.0 - lost
    if lost > 0.0:
        tie.owned = np.uint8((owned - lost) / max(1.0 - lost, 1e-9) * OWNED_ALL + 0.5)


@inlined
def meet_hostility(tie, level, met, named, word, p):
    """Count a hostile encounter with the brand's people, or forgive one.

    Service that is below ``rapport_floor`` over the roles met is hostile: a threshold, below which dislike counts
    whatever the product. A store's people are disliked through the mood towards the store, a brand's (``named``)
    through the tie.
    """
    if level < p.rapport_floor * met:
        if named:
            tie.cold = min(tie.cold + 1, MOST_COLD)
    elif tie.cold > 0 and uniform(word) < p.dislike_forgiven:
        tie.cold -= 1


# -- staff of the stores ----------------------------------------------------------------------------------------------


@inlined
def reckon(staff, usual, p):
    """Quality of the staff of a role beyond what is usual: training, less newcomers beyond the usual share."""
    staff.shift = staff.trained - p.staff_newness_gap * (staff.fresh - usual)


@kernel
def spare_bonds(town, life, levers, p):
    """Leave to customers the part of their bonds that the turnover prevented this week would have taken."""
    any_spared = False
    for s in range(levers.places.shape[0]):
        any_spared = any_spared or levers.places[s].spared > 0.0
    if any_spared:
        weekly = p.staff_turnover_per_year / _WEEKS_OF_YEAR
        for i in range(life.mind.shape[0]):
            spared = levers.places[town.people[i].store[0]].spared
            if spared > 0.0:
                mine = row_of(life.tie_rows, i)
                for b in range(town.brands.shape[0]):
                    tie = mine[b]
                    if town.brands[b].accounts == 0:
                        tie.bond = min(1.0, tie.bond * (1.0 + weekly * spared * tie.owned / OWNED_ALL))


@kernel
def staff_week(day, town, life, levers, setting, p):
    """Let staff leave, learn and forget for a week.

    Newcomers serve ``staff_newness_gap`` worse. Their share follows ``f' = (f + left (1 - f)) keep``; service moves
    with what of it is beyond the usual share, whose mean it is, so that ordinary turnover costs nothing on average.
    Training fades, and goes with those who leave. Which regular loses a known face through ordinary turnover is part of
    ``bond_decay_weeks``; turnover that does not happen (``spared``) leaves that part of the bonds.
    """
    keep = np.exp(-LN2 / p.staff_learning_weeks)
    fade = np.exp(-LN2 / p.staff_training_decay_weeks)
    key = stream_key(setting.run, _STAFF, day // DAYS_OF_WEEK)
    for s in range(life.staff.shape[0]):
        for r in range(life.staff.shape[1]):
            staff = life.staff[s, r]
            words = block(key, s, r, 0)
            hazard = town.roles[r].hazard * levers.staff[s, r].hazard
            left = min(np.float64(poisson(words[0], p.staff_per_role * hazard)) / p.staff_per_role, 1.0)
            staff.fresh = (staff.fresh + left * (1.0 - staff.fresh)) * keep
            staff.trained *= fade * (1.0 - left)
            reckon(staff, town.roles[r].usual, p)
    spare_bonds(town, life, levers, p)


@kernel
def shake_staff(day, number, inside, roles, left, training, town, life, setting, p):
    """Let an event replace a share of the staff, or train them.

    Parameters
    ----------
    number : int
        Number of the event, which keys whose known face leaves.
    inside : array of uint8, shape (S,)
    roles : array of uint8, shape (R,)
    left : float
        Share of the staff in those roles who leave today; each regular's known face with that probability, and the
        part of the bond that is theirs with it. Of the bonds with store staff, the named roles own their part.
    training : float
        Quality that training adds to everybody in those roles.
    """
    meant = 0.0
    for r in range(roles.shape[0]):
        meant += roles[r]
    for s in range(life.staff.shape[0]):
        for r in range(life.staff.shape[1]):
            if inside[s] == 1 and roles[r] == 1:
                staff = life.staff[s, r]
                staff.fresh += left * (1.0 - staff.fresh)
                staff.trained = staff.trained * (1.0 - left) + training
                staff.stirred = 1
                reckon(staff, town.roles[r].usual, p)
    if left <= 0.0:
        return
    key = stream_key(setting.run, _KNOWN_STAFF, day)
    known = left * meant / roles.shape[0]
    for i in range(life.mind.shape[0]):
        if inside[town.people[i].store[0]] == 1:
            words = block(key, town.people[i].uid, number, 0)
            if uniform(words[0]) < known:
                mine = row_of(life.tie_rows, i)
                for b in range(town.brands.shape[0]):
                    if town.brands[b].accounts == 0 and mine[b].owned > 0:
                        lose_person(mine[b], 0.0)


# -- reps and their accounts ------------------------------------------------------------------------------------------


@kernel
def hand_over(day, b, inside, kept, kin, town, life, setting):
    """Let someone else take over the stores and accounts of a brand's rep.

    Parameters
    ----------
    b : int
        The brand.
    inside : array of uint8, shape (S,)
        Stores that change hands.
    kept : float
        Part of the bonds that passes on.
    kin : float
        How like the predecessor the successor is, 0..1: the part owned by the person passes on to someone alike.
    """
    for s in range(inside.shape[0]):
        if inside[s] == 1:
            life.chain[s, b].rep_bond *= kept
    if town.brands[b].accounts == 1:
        for i in range(life.mind.shape[0]):
            if inside[town.people[i].store[0]] == 1:
                tie = row_of(life.tie_rows, i)[b]
                if b == setting.focal and tie.bond > ACQUAINTED:
                    touch(life.mind[i], SERVICE, day)
                lose_person(tie, kept * kin)


@inlined
def succeed(rep, kind, day, town, life, setting, p):
    """Put a successor into a post and return (part of the bonds that passes on, likeness to the predecessor).

    A new hire is whoever comes, and has to learn. A colleague who takes over is the most alike, knows the work, and has
    less time. A broker is nobody in particular.
    """
    post = life.posts[rep]
    words = block(stream_key(setting.run, _SUCCESSOR, day), np.uint64(rep), 0, 0)
    post.skill = np.float32(max(0.0, min(1.0, p.rep_skill_mean + p.rep_skill_sd * normal(words[0]))))
    post.tenure = 0.0
    post.load = 1.0
    kept = p.rep_successor_bond
    kin = 1.0
    if kind == COLLEAGUE:
        post.tenure = DAYS_OF_WEEK * p.rep_colleague_tenure_weeks
        post.load = p.rep_colleague_load
        kept = p.rep_colleague_bond
    else:
        x = p.lifestyle_radius * normal(words[1])
        y = p.lifestyle_radius * normal(words[2])
        kin = closeness(post.position[0], post.position[1], x, y, town.reps[rep].breadth)
        post.position[0] = x
        post.position[1] = y
        if kind == BROKER:
            kept = 0.0
    return kept, kin


@kernel
def leave(rep, until, kind, day, territory, town, life, setting, p):
    """Let a rep leave: the post stays empty until ``until``; a successor of the given kind inherits part of the bonds.

    ``territory`` (S,) uint8 is working memory.
    """
    brand = -1
    for s in range(town.rep_of.shape[0]):
        territory[s] = 0
        for b in range(town.rep_of.shape[1]):
            if town.rep_of[s, b] == rep:
                territory[s] = 1
                brand = b
    kept, kin = succeed(rep, kind, day, town, life, setting, p)
    life.posts[rep].vacant_until = until
    if brand >= 0:
        hand_over(day, brand, territory, kept, kin, town, life, setting)


@kernel
def dismiss(reps, until, kind, day, territory, town, life, setting, p):
    """Let several reps leave at once."""
    for rep in reps:
        leave(rep, until, kind, day, territory, town, life, setting, p)


@inlined
def experience_of(post, p):
    """What tenure has taught whoever holds a post, 0..1: half after ``rep_learning_weeks``."""
    return post.tenure / (post.tenure + DAYS_OF_WEEK * p.rep_learning_weeks)


@kernel
def call_accounts(day, town, life, levers, setting, p, scratch):
    """Let reps call on the customers they hold as accounts, once a week for all.

    Who knows the rep takes the call; others take it the likelier, the closer the two are, so that similarity starts
    contact. Rapport that is not meant gives no bond.
    """
    key = stream_key(setting.run, _ACCOUNT, day // DAYS_OF_WEEK)
    for b in range(town.brands.shape[0]):
        if town.brands[b].accounts == 0:
            continue
        for i in range(town.people.shape[0]):
            person = town.people[i]
            s = person.store[0]
            rep = town.rep_of[s, b]
            if rep < 0 or day < life.posts[rep].vacant_until:
                continue
            post = life.posts[rep]
            lever = levers.reps[s, b]
            words = block(key, person.uid, b, 0)
            if uniform(words[0]) >= p.account_calls * lever.calls * post.load:
                continue
            mine = row_of(life.tie_rows, i)
            tie = mine[b]
            here, there = post.position, person.position
            close = closeness(here[0], here[1], there[0], there[1], town.reps[rep].breadth)
            known = tie.bond > ACQUAINTED or life.mind[i].last_brand == b
            if not known and uniform(words[1]) >= close:
                continue
            refresh(life.mind[i], mine, row_of(life.view_rows, i), day, scratch.fade)
            introduce(life.mind[i], levers.brands[b].newcomer)
            warmth = post.skill * lever.skill * experience_of(post, p) * lever.authentic
            pace = warmth * levers.offers[s, b].gate * relating(close, town.reps[rep].usual, p)
            grow_bond(tie, min(1.0, p.bond_growth * pace), p.account_person_share * lever.own)


# -- distributors -----------------------------------------------------------------------------------------------------


@kernel
def court_distributors(day, town, life, levers, setting, p):
    """Let relations with distributors change for a week, and say who is served first when supply is short.

    The person who knows the brands may leave and takes ``relation_person_share`` of every relation along; relations
    move back to what the market states. A brand's edge is ``distributor_priority`` times its relation less the mean
    over what is sold, so that favour moves shortages between brands and makes none.
    """
    key = stream_key(setting.run, _RELATION, day // DAYS_OF_WEEK)
    hazard = 1.0 - (1.0 - p.distributor_turnover_per_year) ** (1.0 / _WEEKS_OF_YEAR)
    for d in range(life.dealers.shape[0]):
        words = block(key, np.uint64(d), 0, 0)
        kept = 1.0 - p.relation_person_share if uniform(words[0]) < hazard else 1.0
        mean = 0.0
        differ = False
        for b in range(life.dealers.shape[1]):
            dealer = life.dealers[d, b]
            goal = max(0.0, min(1.0, np.float64(town.relation[d, b]) + levers.relation[d, b]))
            dealer.relation = dealer.relation * kept
            dealer.relation += p.relation_growth * (goal - dealer.relation)
            mean += town.brands[b].share * dealer.relation
            differ = differ or dealer.relation != life.dealers[d, 0].relation
        for b in range(life.dealers.shape[1]):
            edge = p.distributor_priority * (life.dealers[d, b].relation - mean)
            life.dealers[d, b].edge = edge if differ else 0.0


@inlined
def favoured(fill_rate, edge):
    """Share of lines that a distributor sends: favour spares a part of the shortage, disfavour adds to it."""
    return max(0.0, fill_rate + (1.0 - fill_rate) * edge)
