"""Refusals as JSON bodies, in the shape that most dialects share.

Owns the hybrid body that clients of several vendors understand at once, and the
facts of a refusal as plain text. Money is written as exact decimal strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: Mapping[RefusalCode, str] = {
    RefusalCode.UNAUTHORIZED: "authentication_error",
    RefusalCode.FORBIDDEN: "permission_error",
    RefusalCode.NOT_FOUND: "not_found_error",
    RefusalCode.TOO_LARGE: "request_too_large",
    RefusalCode.REQUEST_TIMEOUT: "timeout_error",
    RefusalCode.UPSTREAM_TIMEOUT: "timeout_error",
    RefusalCode.UPSTREAM_UNREACHABLE: "api_error",
    RefusalCode.UPSTREAM_BROKEN: "api_error",
    RefusalCode.PROVIDER_RESTING: "api_error",
    RefusalCode.SHUTTING_DOWN: "api_error",
    RefusalCode.INTERNAL: "api_error",
}


def error_type(code: RefusalCode) -> str:
    """Return the error type that the vendors' SDKs know for this code."""
    return _TYPES.get(code, "invalid_request_error")


def refusal_facts(refusal: Refusal) -> dict[str, str]:
    """Return the figures behind a refusal, those that are set."""
    facts: dict[str, Money | str | None] = {
        "scope": refusal.scope,
        "window": refusal.window,
        "limit": refusal.limit,
        "spent": refusal.spent,
        "held": refusal.held,
        "unknown": refusal.unknown,
        "needed": refusal.needed,
        "resets_at": refusal.resets_at,
        **refusal.extra,
    }
    return {
        name: value.exact() if isinstance(value, Money) else value
        for name, value in facts.items()
        if value is not None
    }


def hybrid_error(refusal: Refusal) -> dict[str, Any]:
    """Return the inner error object that OpenAI and Anthropic clients both read."""
    return {
        "type": refusal.error_type or error_type(refusal.code),
        "code": str(refusal.code),
        "param": refusal.param,
        "message": refusal.message,
        **{
            name: value
            for name, value in refusal_facts(refusal).items()
            if name not in {"type", "code", "param", "message"}
        },
    }


def hybrid_body(refusal: Refusal, request_id: str) -> bytes:
    """Return the JSON body of a refusal for every dialect but Gemini's."""
    return msgspec.json.encode(
        {
            "type": "error",
            "error": hybrid_error(refusal),
            "request_id": request_id,
        }
    )


def sse_event(payload: Mapping[str, Any], event: str | None = None) -> bytes:
    """Return one server-sent event with a JSON payload."""
    name = b"" if event is None else b"event: " + event.encode() + b"\n"
    return name + b"data: " + msgspec.json.encode(payload) + b"\n\n"
