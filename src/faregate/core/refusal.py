"""Refusals: the gate said no. A refusal is a value, a fault is an exception.

Owns the closed set of codes and what each carries; the HTTP status and the body
in the caller's dialect are made from it elsewhere.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.holds import BudgetState
    from faregate.core.money import Money


class RefusalCode(StrEnum):
    """Stable machine codes that clients and scripts may rely on."""

    BUDGET_EXCEEDED = "budget_exceeded"
    LIMIT_EXCEEDED = "limit_exceeded"
    LOOP_DETECTED = "loop_detected"
    APPROVAL_DENIED = "approval_denied"
    UNPRICED_MODEL = "unpriced_model"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    PAUSED = "paused"
    STOPPED = "stopped"
    QUEUE_FULL = "queue_full"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    # Door checks and bad input, each with its usual HTTP status.
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MODEL_NOT_FOUND = "model_not_found"
    KEY_MISSING = "provider_key_missing"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "request_too_large"
    MISDIRECTED = "misdirected_request"
    UPGRADE_REFUSED = "upgrade_refused"
    REQUEST_TIMEOUT = "request_timeout"
    EXPECTATION_FAILED = "expectation_failed"
    URL_TOO_LONG = "url_too_long"
    HEADERS_TOO_LARGE = "headers_too_large"
    # The provider failed; nothing about the caller's request was wrong.
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_BROKEN = "upstream_broken"
    PROVIDER_RESTING = "provider_resting"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal: a code, one sentence for a person, and the figures behind it."""

    code: RefusalCode
    message: str
    """What happened and what to do, in one line."""
    param: str | None = None
    """The request field that was wrong, for bad input."""
    error_type: str | None = None
    """The vendors' error type to state in place of the code's usual one."""
    scope: str | None = None
    window: str | None = None
    limit: Money | None = None
    spent: Money | None = None
    held: Money | None = None
    unknown: Money | None = None
    needed: Money | None = None
    resets_at: str | None = None
    """RFC 3339 instant at which the window ends."""
    retry_after: int | None = None
    """Seconds after which the same request may do better."""
    final: bool = False
    """The gate has tried again by itself: a client's repeat would only add to it."""
    blocking: tuple[BudgetState, ...] = ()
    """The budgets that lacked room."""
    extra: dict[str, str] = field(default_factory=dict)
