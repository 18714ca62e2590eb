"""Which HTTP status a refusal is answered with.

Owns the one table. A decision of the gate has to stop the agent at once: the status
that does so was found by trying them all, and differs for one family of clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.refusal import RefusalCode

if TYPE_CHECKING:
    from collections.abc import Mapping

STOP = 400
STOP_LITELLM = 404
"""What the litellm family stops on; it repeats a 400 for minutes in places."""

GATE_DECISIONS = frozenset(
    {
        RefusalCode.BUDGET_EXCEEDED,
        RefusalCode.LIMIT_EXCEEDED,
        RefusalCode.LOOP_DETECTED,
        RefusalCode.APPROVAL_DENIED,
        RefusalCode.UNPRICED_MODEL,
        RefusalCode.MODEL_NOT_ALLOWED,
        RefusalCode.MODEL_NOT_FOUND,
        RefusalCode.KEY_MISSING,
        RefusalCode.PAUSED,
        RefusalCode.STOPPED,
        RefusalCode.QUEUE_FULL,
        RefusalCode.LEDGER_UNAVAILABLE,
    }
)
"""Refusals that a repeat of the request cannot change."""

_STATUSES: Mapping[RefusalCode, int] = {
    RefusalCode.BAD_REQUEST: 400,
    RefusalCode.UNAUTHORIZED: 401,
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.METHOD_NOT_ALLOWED: 405,
    RefusalCode.REQUEST_TIMEOUT: 408,
    RefusalCode.EXPECTATION_FAILED: 417,
    RefusalCode.TOO_LARGE: 413,
    RefusalCode.URL_TOO_LONG: 414,
    RefusalCode.UNSUPPORTED_MEDIA_TYPE: 415,
    RefusalCode.EXPECTATION_FAILED: 417,
    RefusalCode.MISDIRECTED: 421,
    RefusalCode.UPGRADE_REFUSED: 426,
    RefusalCode.HEADERS_TOO_LARGE: 431,
    RefusalCode.INTERNAL: 500,
    RefusalCode.UPSTREAM_UNREACHABLE: 502,
    RefusalCode.UPSTREAM_BROKEN: 502,
    RefusalCode.PROVIDER_RESTING: 503,
    RefusalCode.SHUTTING_DOWN: 503,
    RefusalCode.UPSTREAM_TIMEOUT: 504,
}


def status_of(code: RefusalCode, *, litellm_family: bool) -> int:
    """Return the HTTP status of a refusal for this kind of client."""
    if code in GATE_DECISIONS:
        return STOP_LITELLM if litellm_family else STOP
    return _STATUSES[code]
