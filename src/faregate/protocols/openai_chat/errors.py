"""A refusal as the Chat Completions event that ends a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.refusals import hybrid_error, sse_event

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return the data line on which every SDK raises; no `[DONE]` follows it."""
    return sse_event({"error": hybrid_error(refusal), "request_id": request_id})
