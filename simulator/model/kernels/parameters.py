"""The numbers that kernels use, by name: one record filled from the parameter table.

A kernel reads ``p.miss_rate``; the table says what that is, between which bounds, and on whose word. A test compares
the names below with what the kernels' sources read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NAMES = (
    "announced_notice",
    "autopilot_ceiling",
    "availability_fall",
    "availability_recovery",
    "availability_weight",
    "bond_buffer",
    "bond_complaint_private",
    "bond_growth",
    "bond_weight",
    "briefed_help",
    "briefed_soften",
    "briefing_decay_weeks",
    "care_answer_days",
    "category_response",
    "close_tie_share",
    "clutter",
    "complain_disliked_change",
    "complain_medium",
    "complain_minor",
    "complain_severe",
    "cue_sharpness",
    "curiosity_trial",
    "effort_loyalty",
    "experience_discount",
    "exposure_familiarity",
    "finds_to_relearn",
    "forced_trial_learning",
    "forced_trial_step",
    "forecast_error_sd",
    "forecast_rate",
    "go_without_cost",
    "habit_growth",
    "habit_transfer",
    "home_stock_days",
    "identity_slope",
    "identity_weak_gain",
    "inertia",
    "lifestyle_fit_weight",
    "message_logit",
    "message_negative",
    "message_positive",
    "miss_rate",
    "notice_price",
    "notice_shelf",
    "notice_size",
    "people_told",
    "people_told_ratio",
    "post_reach",
    "price_loss_multiplier",
    "problem_hurt_medium",
    "problem_hurt_minor",
    "problem_hurt_severe",
    "problem_medium_share",
    "problem_rate",
    "problem_severe_share",
    "public_post_share",
    "quality_choice_weight",
    "quality_sd",
    "quality_weight",
    "record_check_days",
    "record_error_rate",
    "recovery_share",
    "rep_bond_growth",
    "rep_fix_share",
    "rep_learning_weeks",
    "rep_newness_multiplier",
    "rep_safety_bonus",
    "rep_successor_bond",
    "rep_vacancy_days",
    "retell_share",
    "review_days",
    "satisfaction_rate",
    "satisfied_apologise",
    "satisfied_ignore",
    "satisfied_improve",
    "satisfied_refund",
    "search_anxiety",
    "search_haste",
    "service_level_z",
    "service_weight",
    "shelf_capacity_days",
    "shelving_gap_days",
    "shelving_gap_rate",
    "staff_help",
    "staff_turnover_per_year",
    "store_satisfaction_weight",
    "store_travel_cost",
    "talk_base_rate",
    "talk_bond",
    "talk_change_rate",
    "talk_dissatisfied_slope",
    "talk_satisfied_slope",
    "taste_sd",
    "taste_skew",
    "unresolved_loyalty_gap",
    "upstream_spell_days",
    "variant_gap",
    "variant_loyalty",
    "wait_cost",
    "wait_days",
    "weak_tie_persuasion",
)

TABLE = np.dtype([(name, np.float64) for name in NAMES])
"""One record with a field per number."""


def kernel_parameters(values: Mapping[str, float]) -> np.void:
    """Pick the kernels' numbers out of a full set of parameter values, as one record."""
    table = np.zeros(1, TABLE)
    for name in NAMES:
        table[name] = values[name]
    record: np.void = table[0]
    return record
