"""A provider's error as the client's dialect states it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT

if TYPE_CHECKING:
    from collections.abc import Mapping

TOO_LONG = "context_length_exceeded"
"""The code of a conversation that does not fit: clients shorten theirs on it."""

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error_body(
    dialect: str,
    status: int,
    message: str,
    code: str | None,
    request_id: str,
) -> bytes:
    """Return an error body that a client of this dialect reads."""
    if dialect == GENERATE_CONTENT:
        fallback = "INVALID_ARGUMENT" if status < 500 else "INTERNAL"
        inner: dict[str, Any] = {
            "code": status,
            "message": message,
            "status": _STATUSES.get(status, fallback),
        }
        return msgspec.json.encode({"error": inner})
    fallback = "invalid_request_error" if status < 500 else "api_error"
    if code == TOO_LONG:
        # The words on which Claude Code shortens its conversation.
        message = f"prompt is too long: {message}"
    error = {
        "type": _TYPES.get(status, fallback),
        "code": code,
        "param": None,
        "message": message,
    }
    return msgspec.json.encode(
        {"type": "error", "error": error, "request_id": request_id}
    )
