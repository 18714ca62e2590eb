"""Requests of one session: answered, cut off from its cache, failed over, running."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from faregate.control.cost_log import (
    AttemptView,
    ExplainView,
    LabelsView,
    Report,
    RequestView,
    SumView,
)
from tests.control.fake_proxy import FakeProxy
from tests.control.scenes import at

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
            {"step": "route", "route": "coder", "targets": ["a/b"], "why": "ordered"},
            {"step": "limits", "limits": {"requests": 1000, "wall_clock": 14_400.0},
             "requests": 3, "wall_clock": 61.7},
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


def total(key: str | None, cost: str, **changes: object) -> SumView:
    fields: dict[str, object] = dict.fromkeys(SumView.__struct_fields__, 0)
    fields |= {
        "key": key,
        "cost": cost,
        "held": "0",
        "unknown": "0",
        "wasted": "0",
        "requests": 40,
        "attempts": 44,
        "retries": 4,
        "failed": 2,
        "error_rate": 0.045,
        "retry_rate": 0.1,
        "escalation_rate": 0.0,
        "input_tokens": 1_210_000,
        "cache_read_tokens": 1_100_000,
        "output_tokens": 38_200,
        "first_token_ms": 1100,
        "ttfb_ms": None,
        "judged_cost": "0",
        "cost_per_accepted": None,
    }
    return SumView(**{**fields, **changes})  # type: ignore[arg-type]


def report(by: str, *rows: SumView, whole: str) -> Report:
    return Report(
        by=by,
        since="2026-11-01T00:00:00Z",
        until=at(0),
        rows=list(rows),
        total=total(None, whole),
    )


BY = {
    "model": report(
        "model",
        total("claude-opus-4-6", "120.40", unknown="0.40", wasted="0.62"),
        total("gpt-5.1-codex", "40.10", estimated=1, judged=4, accepted=3,
              cost_per_accepted="13.37"),
        total("vllm-next", "0", unpriced=14),
        whole="160.50",
    ),
    "workspace": report(
        "workspace", total("infra", "90.00"), total(None, "70.50"), whole="160.50"
    ),
    "day": report(
        "day",
        *[total(f"2026-11-{day:02}", f"{day % 7}.50") for day in range(1, 22)],
        whole="160.50",
    ),
    "route": report(
        "route",
        total("cheap-first", "20.00", fallbacks=3, escalations=5, wasted="0.41",
              judged=4, accepted=3),
        total(None, "140.50"),
        whole="160.50",
    ),
    "target": report("target", total("zai/glm-4.6", "1.00"), whole="160.50"),
}  # fmt: skip


class Sums(FakeProxy):
    """A fake proxy that answers reports by their key."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/report" and self.problem is None:
            told = BY.get(request.query["by"]) or report("?", whole="0")
            return web.Response(
                body=msgspec.json.encode(told), content_type="application/json"
            )
        return await super()._answer(request)
