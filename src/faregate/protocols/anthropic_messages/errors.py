"""A refusal as the Messages event that ends a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.refusals import hybrid_error, sse_event

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return the error event; no `message_stop` follows it."""
    payload = {
        "type": "error",
        "error": hybrid_error(refusal),
        "request_id": request_id,
    }
    return sse_event(payload, event="error")
