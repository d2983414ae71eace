"""The parameter table. ``table()`` is the whole of it; everything else is a row or a set of values."""

from simulator.parameters.kinds import Distribution, Grade, Role
from simulator.parameters.registry import (
    GRADES,
    Extra,
    Parameter,
    ParameterTable,
    ParameterTableError,
    UnknownParameter,
    Values,
    parse,
    table,
    table_text,
)
from simulator.parameters.watched import Watched

__all__ = [
    "GRADES",
    "Distribution",
    "Extra",
    "Grade",
    "Parameter",
    "ParameterTable",
    "ParameterTableError",
    "Role",
    "UnknownParameter",
    "Values",
    "Watched",
    "parse",
    "table",
    "table_text",
]
