"""Care desks as levers: what each brand's desk is like today, the market's own and what events have made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.world import CARE_POLICIES, World


def open_desks(
    by_brand: NDArray[Any],
    active: Sequence[Any],
    world: World,
    quality_change: NDArray[np.float32],
    customers_default: float,
) -> None:
    """Fill the ``care_*`` fields of today's brand levers.

    Parameters
    ----------
    by_brand : array of BRAND_LEVER, shape (B,)
        Changed in place.
    active : sequence of events
        Those that act today; the later of two policies of one brand holds.
    world : World
        The market's own desks, with capacities scaled to the simulated customers.
    quality_change : array of float32, shape (B,)
        What service events have changed of the desks' quality.
    customers_default : float
        Customers for which files state a desk's capacity.

    Notes
    -----
    A desk that improves what customers complain about must tell the brand team: its relay is on unless it is switched
    off by name. A desk that is outsourced does not relay unless it is told to.
    """
    care = world.care
    usual = care.relay.astype(bool) | (care.policy == CARE_POLICIES.index("improve"))
    by_brand["care_capacity"] = care.capacity
    by_brand["care_policy"] = care.policy
    by_brand["care_relay"] = usual
    by_brand["care_outsourced"] = care.outsourced
    quality = care.quality.astype(np.float64)
    for event in active:
        if event.kind != "care_policy":
            continue
        desk = by_brand[world.brands.names.index(event.brand)]
        desk["care_changed"] = 1
        if event.policy is not None:
            desk["care_policy"] = CARE_POLICIES.index(event.policy)
            if event.policy == "improve":
                desk["care_relay"] = 1
        if event.capacity_per_day is not None:
            desk["care_capacity"] = event.capacity_per_day * world.size / customers_default
        if event.quality is not None:
            quality[world.brands.names.index(event.brand)] = event.quality
        if event.outsourced:
            desk["care_outsourced"] = 1
            desk["care_relay"] = 0
        if event.relay is not None:
            desk["care_relay"] = event.relay
    by_brand["care_changed"] |= (quality_change != 0.0).astype(np.uint8)
    by_brand["care_quality"] = np.clip(quality + quality_change, 0.0, 1.0)
    by_brand["relay_new"] = (by_brand["care_relay"] == 1) & ~usual
