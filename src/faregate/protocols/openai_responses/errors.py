"""A refusal as the Responses events that end a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.refusals import hybrid_error, sse_event
from faregate.protocols.statuses import GATE_DECISIONS

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal

# The one code on which Codex stops at once and shows the message as it is.
_STOPPING_CODE = "invalid_prompt"
# What a broken provider is reported as: a client may try again.
_FAULT_CODE = "server_error"


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return the two events that end a stream: some clients heed only the second."""
    error = hybrid_error(refusal)
    first = {**error, "type": "error", "error": error, "request_id": request_id}
    code = _STOPPING_CODE if refusal.code in GATE_DECISIONS else _FAULT_CODE
    failed = {
        "type": "response.failed",
        "response": {
            "id": request_id,
            "object": "response",
            "status": "failed",
            "error": {"code": code, "message": refusal.message},
            "output": [],
            "usage": None,
        },
    }
    return sse_event(first, event="error") + sse_event(failed, event="response.failed")
