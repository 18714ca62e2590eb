"""Refusals in the shape that Google's clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.refusals import refusal_facts, sse_event
from faregate.protocols.statuses import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.refusal import Refusal

_STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def refusal_body(refusal: Refusal, request_id: str) -> bytes:
    """Return a refusal as a JSON body."""
    return msgspec.json.encode(_error(refusal, request_id))


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return a refusal as the data line that ends a stream."""
    return sse_event(_error(refusal, request_id))


def _error(refusal: Refusal, request_id: str) -> dict[str, Any]:
    code = status_of(refusal.code, litellm_family=False)
    metadata = {**refusal_facts(refusal), "request_id": request_id}
    if refusal.param is not None:
        metadata["field"] = refusal.param
    details = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": str(refusal.code).upper(),
        "domain": "faregate",
        "metadata": metadata,
    }
    return {
        "error": {
            "code": code,
            "message": refusal.message,
            "status": _STATUSES.get(code, "INVALID_ARGUMENT"),
            "details": [details],
        }
    }
