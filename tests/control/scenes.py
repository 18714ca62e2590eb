"""Seeded figures for tests: what a proxy would tell at one frozen moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from faregate import __version__
from faregate.config.build import build
from faregate.control.models import (
    BudgetView,
    Delta,
    EventView,
    FlightView,
    ProviderView,
    ProxyInfo,
    SessionView,
    Setup,
    Snapshot,
    Status,
)

NOW = datetime(2026, 11, 21, 10, 52, 9, tzinfo=UTC)
URL = "http://127.0.0.1:4747"


@dataclass(slots=True)
class FrozenClock:
    """A clock that stands still until it is told otherwise; its zone is UTC."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        return self.seconds

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(UTC)


def at(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def budget(
    spent: str = "164.20",
    limit: str | None = "200",
    *,
    held: str = "0",
    unknown: str = "0",
    window: str = "month",
    scope: str = "global",
    refusing: bool = False,
    closed: bool = False,
) -> BudgetView:
    resets = {"month": "2026-12-01T00:00:00Z", "day": "2026-11-22T00:00:00Z"}
    return BudgetView(
        scope=scope,
        window=window,
        limit=limit,
        spent=spent,
        held=held,
        unknown=unknown,
        resets_at=resets.get(window),
        refusing=refusing,
        closed=closed,
    )


def session(name: str, **changes: object) -> SessionView:
    fields: dict[str, object] = {
        "id": name,
        "agent": "claude-code",
        "workspace": "web",
        "task": None,
        "state": "active",
        "requests": 41,
        "attempts": 43,
        "retries": 2,
        "client_retries": 0,
        "input_tokens": 1_210_000,
        "output_tokens": 38_200,
        "tool_calls": 30,
        "cost": "8.42",
        "cost_source": "reported",
        "held": "0",
        "unknown": "0",
        "wasted": "0",
        "parent": None,
        "models": ["anthropic/claude-opus-4-6"],
        "started_at": at(3600),
        "last_at": at(3),
        "outcome": None,
        "cache_read_tokens": 1_140_000,
        "cache_write_tokens": 40_000,
        "usd_per_hour": "6.10",
        "context_tokens": 122_000,
        "context_window": 200_000,
    }
    return SessionView(**{**fields, **changes})  # type: ignore[arg-type]


def flight(name: str, of: str, **changes: object) -> FlightView:
    fields: dict[str, object] = {
        "id": name,
        "session": of,
        "agent": "claude-code",
        "model": "anthropic/claude-opus-4-6",
        "provider": "anthropic",
        "state": "streaming",
        "started_at": at(3.1),
        "elapsed_s": 3.1,
        "ttfb_s": 0.9,
        "output_bytes": 4100,
        "held": "0.21",
        "why": None,
    }
    return FlightView(**{**fields, **changes})  # type: ignore[arg-type]


def event(seq: int, text: str, **changes: object) -> EventView:
    fields: dict[str, object] = {
        "seq": seq,
        "at": at(60 * (20 - seq)),
        "kind": "note",
        "severity": "info",
        "session": None,
        "text": text,
    }
    return EventView(**{**fields, **changes})  # type: ignore[arg-type]


def provider(name: str, **changes: object) -> ProviderView:
    fields: dict[str, object] = {
        "name": name,
        "breaker": "closed",
        "error_rate_1h": 0.003,
        "requests_1h": 120,
        "ttfb_ms": 412.0,
        "last_error": None,
    }
    return ProviderView(**{**fields, **changes})  # type: ignore[arg-type]


def setup(**changes: object) -> Setup:
    fields: dict[str, object] = {
        "openai_base_url": f"{URL}/v1",
        "anthropic_base_url": URL,
        "gemini_base_url": URL,
        "keys_found": ["anthropic", "openrouter"],
        "first_request_seen": True,
        "cap_is_default": False,
        "warnings": [],
    }
    return Setup(**{**fields, **changes})  # type: ignore[arg-type]


BURN = [
    f"{(minute * 7919 % 97) / 200 * (1 if minute % 9 else 2):.4f}"
    for minute in range(60)
]


def snapshot(
    *,
    budgets: list[BudgetView] | None = None,
    sessions: list[SessionView] | None = None,
    flights: list[FlightView] | None = None,
    events: list[EventView] | None = None,
    providers: list[ProviderView] | None = None,
    told: Setup | None = None,
    burn: list[str] | None = None,
    seq: int = 1,
) -> Snapshot:
    return Snapshot(
        seq=seq,
        at=at(0),
        status=Status(
            version=__version__,
            build=build(),
            proxy=ProxyInfo(url=URL, pid=4242, uptime_s=11_520.0),
            budgets=[budget()] if budgets is None else budgets,
            sessions=sessions or [],
            in_flight=len(flights or []),
            waiting=sum(each.state == "waiting" for each in flights or []),
            providers=providers or [],
        ),
        flights=flights or [],
        events=events or [],
        setup=told or setup(),
        burn=BURN if burn is None else burn,
        tokens_per_minute=42_100,
        wasted_month="0.62",
        refused_month=3,
    )


def delta(seq: int, of: Snapshot, **changes: object) -> Delta:
    """Return a delta that changes nothing of `of` but what is given."""
    fields: dict[str, object] = {
        "seq": seq,
        "at": at(0),
        "in_flight": of.status.in_flight,
        "waiting": of.status.waiting,
        "waiting_approval": of.status.waiting_approval,
        "uptime_s": 11_521.0,
        "budgets": [],
        "sessions": [],
        "flights": of.flights,
        "events": [],
        "providers": [],
        "burn": of.burn,
        "tokens_per_minute": of.tokens_per_minute,
        "wasted_month": of.wasted_month,
        "refused_month": of.refused_month,
        "setup": None,
    }
    return Delta(**{**fields, **changes})  # type: ignore[arg-type]


def first_run() -> Snapshot:
    """A proxy that has just been started for the first time."""
    return snapshot(
        budgets=[budget("0", "20")],
        told=setup(first_request_seen=False, cap_is_default=True),
        burn=["0"],
    )


def busy() -> Snapshot:
    """Five agents at work, one of each state."""
    sessions = [
        session("7d1f0c2a-88aa", workspace="proxy", task="main"),
        session(
            "b2f4a9d1-1111",
            workspace="infra",
            task="tf-import",
            state="waiting",
            requests=19,
            input_tokens=2_610_000,
            cache_read_tokens=2_110_000,
            output_tokens=9_700,
            cost="4.77",
            cost_source="mixed",
            usd_per_hour="9.40",
            retries=0,
            context_tokens=176_000,
        ),
        session(
            "c3a5b7e2-2222",
            workspace="webshop",
            task="feat-pay",
            agent="codex",
            models=["openai/gpt-5.1-codex"],
            requests=77,
            input_tokens=842_000,
            cache_read_tokens=741_000,
            output_tokens=51_000,
            cost="3.11",
            usd_per_hour="2.35",
            retries=0,
            context_tokens=136_000,
            context_window=400_000,
        ),
        session(
            "d4b6c8f3-3333",
            workspace="docs",
            task="rewrite",
            agent="opencode",
            models=["zai/glm-4.6"],
            state="stopped",
            requests=203,
            input_tokens=3_900_000,
            cache_read_tokens=2_770_000,
            output_tokens=22_400,
            cost="1.90",
            cost_source="estimated",
            usd_per_hour="0",
            retries=31,
            context_tokens=104_000,
            last_at=at(200),
        ),
        session(
            "e5c7d9a4-4444",
            workspace=None,
            agent="aider",
            models=["qwen/qwen3-coder", "local/vllm-next"],
            state="idle",
            requests=12,
            input_tokens=88_000,
            cache_read_tokens=0,
            output_tokens=4_100,
            cost="0.04",
            cost_source="unpriced",
            unpriced=14,
            usd_per_hour="0",
            retries=1,
            client_retries=2,
            context_tokens=11_000,
            context_window=None,
            last_at=at(400),
        ),
    ]
    flights = [
        flight("f1", "7d1f0c2a-88aa"),
        flight(
            "f2",
            "c3a5b7e2-2222",
            model="openai/gpt-5.1-codex",
            provider="openrouter",
            elapsed_s=6.0,
            ttfb_s=1.2,
            output_bytes=930,
            held="0.04",
        ),
        flight(
            "f3",
            "b2f4a9d1-1111",
            state="waiting",
            provider=None,
            elapsed_s=43.0,
            ttfb_s=None,
            output_bytes=0,
            held="0",
            why="for room in the November cap",
        ),
    ]
    events = [
        event(
            14, "529 31x, backoff up to 8s, nothing lost", kind="retry", severity="warn"
        ),
        event(15, "$160.00 of $200.00 reached", kind="alert", severity="alert"),
        event(
            17,
            "attempt cut by the provider: $0.40 kept as unknown",
            kind="unknown",
            severity="warn",
            session="b2f4a9d1-1111",
        ),
        event(
            18,
            "waits for room: needs $1.92, $1.10 is left",
            kind="waiting",
            severity="info",
            session="b2f4a9d1-1111",
        ),
    ]
    providers = [
        provider("openrouter"),
        provider("anthropic", ttfb_ms=655.0, error_rate_1h=0.0, requests_1h=210),
        provider("zai", ttfb_ms=2900.0, error_rate_1h=0.061, requests_1h=203),
        provider("vllm-local", breaker="open", ttfb_ms=None, requests_1h=12),
        provider(
            "openai", breaker=None, requests_1h=0, error_rate_1h=0.0, ttfb_ms=None
        ),
    ]
    return snapshot(
        budgets=[budget("163.80", held="1.92", unknown="0.40")],
        sessions=sessions,
        flights=flights,
        events=events,
        providers=providers,
    )


def capped() -> Snapshot:
    """The same agents, and the cap is reached."""
    was = busy()
    sessions = [
        session("7d1f0c2a-88aa", workspace="proxy", task="main", state="capped"),
        *was.status.sessions[2:],
    ]
    return snapshot(
        budgets=[budget("199.62", held="0.25", unknown="0.38", refusing=True)],
        sessions=sessions,
        # What is capped has nothing in flight.
        flights=[each for each in was.flights if each.session != sessions[0].id],
        events=[
            *was.events,
            event(19, "refused: the cap is reached", kind="capped", severity="alert"),
        ],
        providers=was.status.providers,
    )
