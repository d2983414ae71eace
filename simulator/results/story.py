"""One customer beside the twin who met no change, told from what the record of a replicate keeps."""

from __future__ import annotations

from simulator.experiment.outcome import CAUSES, LAPSED, ArmRecord, ReplicateOutcome
from simulator.results.metrics import FATES, fates_at, horizon_of
from simulator.results.tables import STATES
from simulator.results.wording import CAUSE_WORDS, FATE_WORDS
from simulator.world.world import WEIGHT_CLASSES


def tell(outcome: ReplicateOutcome, index: int) -> str:
    """The story of the habitual customer at ``index`` of the base, in sentences."""
    brand = outcome.brands[outcome.focal]
    last = horizon_of(outcome) - 1
    before, after = outcome.arms["baseline"], outcome.arms["scenario"]
    fate = FATES[int(fates_at(outcome, last)[index])]
    segment = outcome.segments[int(outcome.segment[index])]
    kind = f"{WEIGHT_CLASSES[int(outcome.weight[index])]} buyer in segment {segment}"
    cause = CAUSES[int(after.first_cause[index])]
    touched = (
        "The change never touched this customer."
        if cause == "none"
        else f"First touched in week {int(after.first_cause_week[index])} by {CAUSE_WORDS[cause]}."
    )
    return "\n".join(
        (
            f"Customer {int(outcome.base[index])} (replicate {outcome.replicate}), {kind}, "
            f"habitual customer of {brand}: {FATE_WORDS[fate]}.",
            f"Without the change: {_course(before, index)}.",
            f"With the change: {_course(after, index)}.",
            touched,
            "Purchases and messages of single customers were not recorded in this run.",
        )
    )


def _course(arm: ArmRecord, index: int) -> str:
    """The states of one customer week by week, joined into stretches."""
    states = arm.lapse[:, index]
    stretches: list[tuple[int, int, int]] = []
    for week, state in enumerate(states.tolist()):
        if stretches and stretches[-1][0] == state:
            stretches[-1] = (state, stretches[-1][1], week)
        else:
            stretches.append((state, week, week))
    words = []
    for position, (state, first, last) in enumerate(stretches):
        name = "bought again" if position and states[first - 1] == LAPSED and state != LAPSED else _name(state)
        words.append(f"{name} (week {first})" if first == last else f"{name} (weeks {first} to {last})")
    return ", then ".join(words)


def _name(state: int) -> str:
    return STATES[state].replace("_", " ") + (" to tell" if STATES[state] == "too_early" else "")
