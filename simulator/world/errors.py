"""The one error of this room: a market that no world can meet."""

from __future__ import annotations


class WorldError(ValueError):
    """The market asks for something that cannot exist; the message says what, why and how to mend it."""
