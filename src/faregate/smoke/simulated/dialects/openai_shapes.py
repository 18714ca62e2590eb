"""What the OpenAI-shaped dialects share: errors, headers, the chat usage block."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.ask import ApiError, Json
    from faregate.smoke.simulated.rates import Counts

_KINDS = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    402: "insufficient_quota",
    403: "invalid_request_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "requests",
    500: "server_error",
    502: "server_error",
    503: "server_error",
}
_CODES = {
    401: "invalid_api_key",
    402: "insufficient_quota",
    404: "model_not_found",
    429: "rate_limit_exceeded",
}


def wants_usage(options: object) -> bool:
    """Return whether `stream_options` ask for a usage chunk."""
    return isinstance(options, dict) and options.get("include_usage") is True


def openai_error(error: ApiError) -> Json:
    """Return an error body of the OpenAI family."""
    return {
        "error": {
            "message": error.message,
            "type": error.kind or _KINDS.get(error.status, "api_error"),
            "param": error.param,
            "code": error.code or _CODES.get(error.status),
        }
    }


def openai_headers(serial: int) -> Mapping[str, str]:
    """Return the headers OpenAI sends beside an answer."""
    return {
        "x-request-id": f"req_{serial:032x}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": "1",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-remaining-requests": str(max(0, 10_000 - serial)),
        "x-ratelimit-reset-requests": "6ms",
    }


def chat_usage(counts: Counts, cost: Mapping[str, object] | None = None) -> Json:
    """Return the usage block of Chat Completions and of legacy completions."""
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.output,
        "total_tokens": counts.prompt + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        **(cost or {}),
    }
