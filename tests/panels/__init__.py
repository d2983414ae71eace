"""The model against real household panels, beside simple baselines and the noise of the panels themselves.

Half of the households give a market file its figures; the other half is what the market has to look like. The panels
are no part of this repository: whoever has them puts them beside it, in ``../shared/data``.

``python -m tests.panels --write docs/panels.md`` writes the table of the documentation.
"""
