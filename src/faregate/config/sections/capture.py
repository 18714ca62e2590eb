"""[capture]: whether requests and answers are kept for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.capture_keys import CaptureKeys
from faregate.config.settings import CaptureSettings

if TYPE_CHECKING:
    from faregate.config.tables import Table

_DEFAULTS = CaptureSettings()


def read_capture(table: Table) -> CaptureSettings:
    """Return what is kept."""
    capture = CaptureSettings(
        enabled=table.value(CaptureKeys.ENABLED),
        workspaces=table.optional(CaptureKeys.WORKSPACES) or (),
        max_body=table.optional(CaptureKeys.MAX_BODY) or _DEFAULTS.max_body,
        max_size=table.optional(CaptureKeys.MAX_SIZE) or _DEFAULTS.max_size,
        max_age_s=table.optional(CaptureKeys.MAX_AGE) or _DEFAULTS.max_age_s,
    )
    table.finish()
    return capture
