"""What a user writes: the scenario language, read strictly and with places."""

from simulator.scenario.events import (
    CUES,
    Announce,
    Appeal,
    Campaign,
    CarePolicy,
    Event,
    Incident,
    Price,
    Redesign,
    Resize,
    Rollback,
    Rollout,
    Stockout,
    Trigger,
)
from simulator.scenario.happening import CARE_DESK, Where
from simulator.scenario.json_schemas import json_schema, write_schemas
from simulator.scenario.loading import load, load_market, loads
from simulator.scenario.market import (
    Brand,
    CareSpec,
    Category,
    Distributor,
    Market,
    NetworkSpec,
    RepSpec,
    Role,
    Segment,
    StoreSpec,
)
from simulator.scenario.offer_events import Delist, LoyaltyProgramme, Reformulate, Reposition, Supply
from simulator.scenario.people import BriefReps, ConsultReps, Gate, RepStaffing, RepTurnover, Service
from simulator.scenario.problems import Problem, ScenarioError
from simulator.scenario.quantities import Range
from simulator.scenario.schema import Guardrail, Scenario
from simulator.scenario.shipped import shipped
from simulator.scenario.words import explain
from simulator.scenario.writing import HOW_MUCH, new_scenario

__all__ = [
    "CARE_DESK",
    "CUES",
    "HOW_MUCH",
    "Announce",
    "Appeal",
    "Brand",
    "BriefReps",
    "Campaign",
    "CarePolicy",
    "CareSpec",
    "Category",
    "ConsultReps",
    "Delist",
    "Distributor",
    "Event",
    "Gate",
    "Guardrail",
    "Incident",
    "LoyaltyProgramme",
    "Market",
    "NetworkSpec",
    "Price",
    "Problem",
    "Range",
    "Redesign",
    "Reformulate",
    "RepSpec",
    "RepStaffing",
    "RepTurnover",
    "Reposition",
    "Resize",
    "Role",
    "Rollback",
    "Rollout",
    "Scenario",
    "ScenarioError",
    "Segment",
    "Service",
    "Stockout",
    "StoreSpec",
    "Supply",
    "Trigger",
    "Where",
    "explain",
    "json_schema",
    "load",
    "load_market",
    "loads",
    "new_scenario",
    "shipped",
    "write_schemas",
]
