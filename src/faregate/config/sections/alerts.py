"""[alerts]: where a person hears of what the gate notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.schema import AlertKeys
from faregate.config.settings import AlertSettings

if TYPE_CHECKING:
    from faregate.config.tables import Table


def read_alerts(table: Table) -> AlertSettings:
    """Return where alerts go."""
    alerts = AlertSettings(
        command=table.optional(AlertKeys.COMMAND) or (),
        webhook=table.optional(AlertKeys.WEBHOOK),
    )
    table.finish()
    return alerts
