"""Phase 6: complain in private, complain in public, or say nothing; then the care desks work (`care`).

Voice follows from severity first and from the bond second (model description, section 8). Leaving is never drawn here:
what an unheard complaint does, it does through belief and talk.
"""

from __future__ import annotations

import numpy as np

from simulator.compilation import inlined, kernel, row_of
from simulator.model.kernels.ahead import AHEAD, fetch_voice
from simulator.model.kernels.care import answer, file_complaint, mend, note_problem_of, will_tell
from simulator.model.kernels.constants import (
    AFTER_FIRST,
    AFTER_SECOND,
    COMPLAINTS,
    COMPLAINTS_PUBLIC,
    FIRST_SAID,
    KIND_DISLIKE,
    KIND_EXPERIENCE,
    KIND_NEWS,
    KIND_PROBLEM,
    POST,
)
from simulator.model.kernels.experience import problem_hurt, talk_probability
from simulator.model.kernels.mind import commitment
from simulator.randomness.philox import block, stream_key, uniform
from simulator.randomness.streams import Stream

_VOICE = int(Stream.VOICE)


@inlined
def complaint_probability(kind, score, p):
    """Probability of complaining to the firm: by severity of a problem, small after a disliked change."""
    probability = 0.0
    if kind == KIND_PROBLEM:
        probability = p.complain_minor
        if score >= 3.0:
            probability = p.complain_severe
        elif score >= 2.0:
            probability = p.complain_medium
    elif kind in (KIND_NEWS, KIND_DISLIKE) and score < 0.0:
        probability = p.complain_disliked_change
    return probability


@kernel
def voice_events(key, first, last, day, week, town, life, p, scratch, records):
    """Turn a part of today's list of events into complaints and talk."""
    for n in range(first, min(last, first + AHEAD)):
        fetch_voice(scratch.events[n].who, town, life)
    for n in range(first, last):
        if n + AHEAD < last:
            fetch_voice(scratch.events[n + AHEAD].who, town, life)
        event = scratch.events[n]
        i = event.who
        b = event.brand
        if event.kind == KIND_EXPERIENCE:
            will_tell(i, b, 1.0 if event.score > 0.0 else -1.0, event.cause, 2 * event.kind, life)
            continue
        if event.kind == KIND_PROBLEM:
            note_problem_of(b, day, event.incident, life)
        tie = row_of(life.tie_rows, i)[b]
        words = block(key, town.people[i].uid, b, event.kind)
        complains = complaint_probability(event.kind, event.score, p)
        if event.kind == KIND_NEWS:  # whoever has no stake in a brand does not write to it about its looks
            complains *= commitment(tie)
        if uniform(words[0]) < complains:
            records.totals[week, COMPLAINTS, b] += 1
            if uniform(words[1]) < p.public_post_share * (1.0 - p.bond_complaint_private * tie.bond):
                records.totals[week, COMPLAINTS_PUBLIC, b] += 1
                will_tell(i, b, POST, event.cause, 2 * event.kind + 1, life)
            severity = np.int64(event.score) if event.kind == KIND_PROBLEM else 0
            file_complaint(i, b, day, severity, event.incident, event.cause, life)
        told = p.talk_change_rate
        if event.kind == KIND_PROBLEM:
            told = talk_probability(tie, -problem_hurt(event.score, p), p)
        if uniform(words[2]) < told:
            valence = 1.0 if event.kind == KIND_NEWS and event.score > 0.0 else -1.0
            will_tell(i, b, valence, event.cause, 2 * event.kind, life)


@kernel
def voice(day, week, town, life, levers, setting, p, scratch, records):
    """Turn today's events into complaints and talk, in order of service; then let the care desks work.

    Arguments as in `shop.shop`.
    """
    key = stream_key(setting.run, _VOICE, day)
    for begin, end in ((FIRST_SAID, AFTER_FIRST), (AFTER_FIRST, AFTER_SECOND)):
        for w in range(scratch.progress.shape[0]):
            first, last = scratch.progress[w, begin], scratch.progress[w, end]
            voice_events(key, first, last, day, week, town, life, p, scratch, records)
    answer(day, week, town, life, levers, setting, p, scratch, records)
    mend(day, town, life, levers, setting, p)
