"""One status for each refusal code."""

from __future__ import annotations

import pytest

from faregate.core.refusal import RefusalCode
from faregate.protocols.statuses import GATE_DECISIONS, status_of

DOOR = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "request_too_large": 413,
    "url_too_long": 414,
    "unsupported_media_type": 415,
    "expectation_failed": 417,
    "misdirected_request": 421,
    "upgrade_refused": 426,
    "headers_too_large": 431,
    "internal_error": 500,
    "upstream_unreachable": 502,
    "upstream_broken": 502,
    "provider_resting": 503,
    "shutting_down": 503,
    "upstream_timeout": 504,
}


@pytest.mark.parametrize("code", RefusalCode)
def test_every_code_has_its_status(code: RefusalCode) -> None:
    if code in GATE_DECISIONS:
        assert status_of(code, litellm_family=False) == 400
        assert status_of(code, litellm_family=True) == 404
    else:
        assert status_of(code, litellm_family=False) == DOOR[code]
        assert status_of(code, litellm_family=True) == DOOR[code]


def test_no_decision_of_the_gate_makes_a_client_try_again() -> None:
    decided = {
        "budget_exceeded",
        "limit_exceeded",
        "loop_detected",
        "approval_denied",
        "unpriced_model",
        "model_not_allowed",
        "paused",
        "stopped",
        "queue_full",
        "ledger_unavailable",
    }
    assert decided <= GATE_DECISIONS
