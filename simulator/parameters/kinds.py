"""The words a parameter row may use."""

from __future__ import annotations

from typing import Literal

Distribution = Literal["pert", "uniform", "fixed"]
"""How a value is drawn: PERT around the central value, evenly between the bounds, or not at all."""

Role = Literal["uncertain", "lever", "structural", "reserved"]
"""Nobody knows it (drawn in uncertainty runs), somebody decides it, a convention of the run, or unread as yet."""

Grade = Literal["F", "F2", "M", "D", "A"]
"""Strength of the evidence; see ``registry.GRADES``."""
