"""Write docs/claims.md anew: ``python -m tests.claims``."""

from __future__ import annotations

from tests.claims.table import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
