"""[loops]: how often is too often, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.schema import LoopKeys
from faregate.core.loops.finding import LoopSettings

if TYPE_CHECKING:
    from faregate.config.tables import Table


def read_loops(table: Table) -> LoopSettings:
    """Return when a conversation is taken for a loop."""
    settings = LoopSettings(
        repeats=table.value(LoopKeys.REPEATS),
        window=table.value(LoopKeys.WINDOW),
        action=table.value(LoopKeys.ACTION),
    )
    table.finish()
    return settings
