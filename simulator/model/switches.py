"""Parts of the world and of a change that can be turned off, named in one place.

A **mechanism** is off everywhere, burn-in included: for knock-outs. A **channel** is closed from the fork on and
removes only what the change does through it: for attribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CHANNELS = ("findability", "promise", "price_size", "availability", "service", "word_of_mouth")
"""Ways in which a change reaches customers; the causes of churn bear the same names."""

MECHANISMS: Mapping[str, Mapping[str, float]] = {
    "habit": {"autopilot_ceiling": 0.0},
    "inertia": {"inertia": 0.0},
    "taste_spread": {"taste_sd": 0.0},
    "incidence": {"category_response": 0.0},
    "taste_drift": {"taste_drift_per_year": 0.0},
    "talk": {
        "talk_base_rate": 0.0,
        "talk_dissatisfied_slope": 0.0,
        "talk_satisfied_slope": 0.0,
        "talk_change_rate": 0.0,
        "public_post_share": 0.0,
        "retell_share": 0.0,
    },
    # stores also plan for a hundredfold demand, see BrandMarket
    "shelf": {"forecast_rate": 0.0, "forecast_error_sd": 0.0, "shelving_gap_rate": 0.0, "record_error_rate": 0.0},
    "reps": {"rep_fix_share": 0.0, "rep_newness_multiplier": 1.0, "rep_safety_bonus": 0.0},
    "forced_trial": {"forced_trial_learning": 0.0},
    "dependability": {"availability_weight": 0.0},
    "problems": {"problem_rate": 0.0},
    "bond": {"bond_weight": 0.0, "bond_buffer": 0.0, "talk_bond": 0.0},
    "reference_price": {"price_loss_multiplier": 1.0},
    "notice_price": {"notice_price": 1.0},
    "notice_size": {"notice_size": 1.0},
    "price": {"price_coefficient_mean": 0.0, "price_coefficient_sd": 0.0},
    "experience": {"quality_choice_weight": 0.0},
    "findability": {"miss_rate": 0.0, "habit_transfer": 1.0},
    "appeal": {"appeal_sd": 0.0, "design_appeal_sd": 0.0},
    "identity": {"identity_slope": 0.0, "identity_weak_gain": 0.0},
    "curiosity": {"curiosity_trial": 0.0},
    "imagination": {"imagined_change": 0.0},
    "just_noticeable": {"taste_jnd": 1e-6},
    "lifestyle_fit": {"lifestyle_fit_weight": 0.0},
    "membership": {"reward_weight": 0.0, "programme_bond": 0.0},
    "salience": {"salience_cue_loss": 0.0},
    "own_experience": {"experience_discount": 1e12},
    "reputation": {"reputation_weight": 0.0},
    "weak_ties": {"close_tie_share": 1.0, "post_reach": 0.0},
    "broken_promise": {"disconfirmation_weight": 0.0, "promise_bond_loss": 0.0},
    "mending": {"improve_rate": 0.0, "incident_mend_rate": 0.0},
    "recovery": {"recovery_share": 0.0, "unresolved_loyalty_gap": 0.0, "improved_credit": 0.0},
    "attention": {"campaign_attention_sd": 0.0},
    "accounts": {"account_calls": 0.0},
    "personal_bonds": {"bond_person_share": 0.0, "account_person_share": 0.0},
    "relatability": {"relatability": 0.0},
    "product_gate": {"service_gate": 0.0},
    "newcomers": {"staff_newness_gap": 0.0},
    "dislike": {"dislike_weight": 0.0, "dislike_patronage": 1.0},
    "priority": {"distributor_priority": 0.0},
    "status": {"status_turnover": 0.0, "status_listening": 0.0},
}
"""Mechanism -> the parameter values that switch it off."""


def switch_off(values: Mapping[str, float], mechanisms: Iterable[str]) -> dict[str, float]:
    """Return parameter values with mechanisms switched off.

    Raises
    ------
    KeyError
        For a mechanism that does not exist; the message lists those that do.

    Examples
    --------
    >>> switch_off({"inertia": 0.35, "taste_sd": 1.7}, ["inertia"])
    {'inertia': 0.0, 'taste_sd': 1.7}
    """
    changed = dict(values)
    for name in mechanisms:
        if name not in MECHANISMS:
            raise KeyError(f"no mechanism is called {name!r}; there are {', '.join(MECHANISMS)}")
        changed.update(MECHANISMS[name])
    return changed


def check_channels(closed: Iterable[str]) -> frozenset[str]:
    """Return the closed channels as a set, or raise ValueError for one that does not exist."""
    names = frozenset(closed)
    unknown = sorted(names - frozenset(CHANNELS))
    if unknown:
        raise ValueError(f"no channel is called {unknown[0]!r}; there are {', '.join(CHANNELS)}")
    return names
