"""Requests that wait for a person, as a proxy would tell of them."""

from __future__ import annotations

from faregate.control.approvals import ApprovalReason, ApprovalView, DecidedView
from tests.control.scenes import at


def waits(name: str, **changes: object) -> ApprovalView:
    fields: dict[str, object] = {
        "id": name,
        "kind": "request",
        "request": f"r-{name}",
        "session": "b2f4a9d1-1111",
        "agent": "claude-code",
        "workspace": "infra",
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "title": "a request that may cost $1.92",
        "reasons": [
            ApprovalReason(
                rule="over_usd", what="about $1.92", why="over $1.00 a request"
            )
        ],
        "calls": [],
        "estimate": "1.92",
        "at_most": "2.40",
        "input_tokens": 181_000,
        "hash": f"sha-{name}",
        "asked_at": at(43),
        "expires_at": at(-77),
        "waited_s": 43.0,
        "left_s": 77.0,
        "timeout_s": 120.0,
        "stream": True,
        "kept_alive": 4,
        "for_session": "requests of up to $2.40",
    }
    return ApprovalView(**{**fields, **changes})  # type: ignore[arg-type]


def decided(name: str, decision: str = "approved", **changes: object) -> DecidedView:
    fields: dict[str, object] = {
        "id": name,
        "decision": decision,
        "allowed": decision == "approved",
        "session": "b2f4a9d1-1111",
        "title": "a request that may cost $1.12",
        "at": at(300),
    }
    return DecidedView(**{**fields, **changes})  # type: ignore[arg-type]
