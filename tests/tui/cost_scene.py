"""Requests of one session: answered, cut off from its cache, failed over, running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.control.cost_log import AttemptView, ExplainView, LabelsView, RequestView
from tests.control.scenes import at

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

SESSION = "b2f4a9d1-1111"


def request(name: str, seconds_ago: float = 60.0, **changes: object) -> RequestView:
    fields: dict[str, object] = {
        "id": name,
        "at": at(seconds_ago),
        "session": SESSION,
        "root": SESSION,
        "parent": None,
        "labels": LabelsView(workspace="infra", task="tf-import"),
        "identified_by": "token",
        "protocol": "anthropic_messages",
        "asked": "claude-opus-4-6",
        "route": None,
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "stream": True,
        "body_bytes": 612_000,
        "attempts": 1,
        "retries": 0,
        "client_retry": False,
        "waited_ms": None,
        "ttfb_ms": 1000,
        "first_token_ms": 1100,
        "duration_ms": 9200,
        "result": "answered",
        "status": 200,
        "code": None,
        "message": None,
        "verdict": None,
        "escalation": None,
        "outcome": None,
        "input_tokens": 171_000,
        "cache_read_tokens": 164_000,
        "cache_write_tokens": 0,
        "output_tokens": 412,
        "reasoning_tokens": 0,
        "cost": "0.13",
        "cost_source": "table",
        "held": "0",
        "unknown": "0",
        "wasted": "0",
    }
    return RequestView(**{**fields, **changes})  # type: ignore[arg-type]


def attempt(name: str, of: str, seconds_ago: float, **changes: object) -> AttemptView:
    fields: dict[str, object] = dict.fromkeys(AttemptView.__struct_fields__)
    fields |= {
        "attempt": name,
        "request": of,
        "at": at(seconds_ago),
        "session": SESSION,
        "root_session": SESSION,
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "protocol": "anthropic_messages",
        "state": "settled",
        "first_attempt": True,
        "client_retry": False,
        "corrected": False,
        "wasted": False,
        "held": "0.90",
        "cost": "0.13",
        "overrun": "0",
        "cost_source": "table",
        "price_source": "bundled 2026-11-20",
        "status": 200,
        "first_token_ms": 1100,
        "duration_ms": 9200,
        "input_bound": 180_000,
        "output_bound": 8192,
    }
    zero = (
        "prompt_tokens", "cached_tokens", "cache_write_5m_tokens",
        "cache_write_1h_tokens", "completion_tokens", "reasoning_tokens",
        "server_tool_calls", "tool_calls",
    )  # fmt: skip
    fields |= dict.fromkeys(zero, 0)
    return AttemptView(**{**fields, **changes})  # type: ignore[arg-type]


def bill(of: str, *lines: tuple[str, int, int, str]) -> dict[str, Any]:
    """Return a cost note: what, count, pico-USD a token, amount."""
    names = ("what", "count", "rate", "amount")
    told = [dict(zip(names, each, strict=True)) for each in lines]
    return {"step": "cost", "attempt": of, "lines": told}


RUNNING = request(
    "req-19", 43, result="running", status=None, held="1.92", cost="0",
    duration_ms=None, first_token_ms=None, ttfb_ms=None, output_tokens=0,
)  # fmt: skip
LOST_CACHE = request(
    "req-17", 120, provider="openrouter", cost="0.86", cache_read_tokens=0,
    input_tokens=169_204, output_tokens=388, attempts=2, retries=1, wasted="0.02",
    duration_ms=14_000,
)  # fmt: skip
BEFORE = request("req-15", 180)
REFUSED = request(
    "req-14", 300, result="refused", status=400, code="budget_exceeded", cost="0",
    provider=None, model=None, message="The November cap is reached.", input_tokens=0,
    cache_read_tokens=0, output_tokens=0, attempts=0,
)  # fmt: skip
REQUESTS = [RUNNING, LOST_CACHE, BEFORE, REFUSED]

EXPLAINED = {
    "req-17": ExplainView(
        request=LOST_CACHE,
        attempts=[
            attempt(
                "a1", "req-17", 119.6, state="settled", status=529, fault="overloaded",
                wasted=True, waste="no answer", cost="0.02", duration_ms=400,
                first_token_ms=None,
            ),
            attempt(
                "a2", "req-17", 119.1, provider="openrouter", cause="fallback:529",
                cost="0.84", first_token_ms=2000, duration_ms=13_100,
                first_attempt=False,
            ),
        ],
        corrections=[],
        notes=[
            {"step": "route", "why": "by the model name", "targets": ["a", "b"]},
            bill("a2", ("uncached input", 169_204, 5_000_000, "0.84602")),
        ],
    ),
    "req-15": ExplainView(
        request=BEFORE,
        attempts=[attempt("a0", "req-15", 179.9)],
        corrections=[],
        notes=[
            bill(
                "a0",
                ("uncached input", 7_000, 5_000_000, "0.035"),
                ("cache read", 164_000, 500_000, "0.082"),
                ("output", 412, 25_000_000, "0.0103"),
            )
        ],
    ),
    "req-14": ExplainView(request=REFUSED, attempts=[], corrections=[], notes=None),
    "req-19": ExplainView(
        request=RUNNING,
        attempts=[
            attempt(
                "a9", "req-19", 42, state="held", held="1.92", cost="0",
                cost_source=None, status=None, first_token_ms=None, duration_ms=None,
            )
        ],
        corrections=[],
        notes=None,
    ),
}  # fmt: skip


def fill(proxy: FakeProxy) -> FakeProxy:
    """Have the fake proxy know these requests."""
    proxy.answers["GET /v1/requests"] = REQUESTS
    for name, told in EXPLAINED.items():
        proxy.answers[f"GET /v1/requests/{name}"] = told
    return proxy
