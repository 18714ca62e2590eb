"""Every dialect by protocol id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.dialects.chat import ChatDialect
from faregate.smoke.dialects.gemini import GeminiDialect
from faregate.smoke.dialects.messages import MessagesDialect
from faregate.smoke.dialects.responses import ResponsesDialect

if TYPE_CHECKING:
    from faregate.smoke.dialects.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = (
    ChatDialect(),
    ResponsesDialect(),
    MessagesDialect(),
    GeminiDialect(),
)


def dialect_of(protocol: str) -> Dialect | None:
    """Return the dialect of a protocol id."""
    return next((d for d in DIALECTS if d.protocol == protocol), None)
