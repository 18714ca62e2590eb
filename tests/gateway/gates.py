"""A gate without sockets: a real ledger, a scripted provider, a recording client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.core.attempts import UpstreamRequest
from faregate.core.holds import BudgetState
from faregate.core.identity import Claim, Grant
from faregate.core.latches import Latch
from faregate.core.limits.budget import BudgetMatcher, BudgetRule
from faregate.core.limits.effective import Chosen, LimitRules
from faregate.core.limits.totals import SessionTotals
from faregate.core.model_facts import ModelFacts
from faregate.core.money import Money
from faregate.core.pricing import PriceRow, Rates
from faregate.core.routing import RouteRule, RoutingTable, Target
from faregate.core.windows import WindowKind
from faregate.gateway.admission import Admission
from faregate.gateway.events import EventLog
from faregate.gateway.exchange import Exchange
from faregate.gateway.flights import Flights
from faregate.gateway.gate import Gate
from faregate.gateway.governor import Governor
from faregate.gateway.health import Health
from faregate.gateway.inbound import Inbound
from faregate.gateway.limiting import Limiter
from faregate.gateway.planning import Planner
from faregate.gateway.ports import ClientGoneError
from faregate.gateway.session_state import SessionStates
from faregate.gateway.settings import GateSettings
from faregate.gateway.settlement import Books
from faregate.gateway.steady_clock import SteadyClock
from faregate.gateway.turns import Failures, Turns
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for
from faregate.providers.price_table import PriceTable
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    OnAbort,
    ProviderSpec,
    max_tokens,
)
from tests.gateway.building import CountingLedger, FakeClock

if TYPE_CHECKING:
    from faregate.gateway.ports import Wait

ALL = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI)
SPEC = ProviderSpec(
    name="p",
    title="P",
    base_urls=dict.fromkeys(ALL, "http://127.0.0.1:9"),
    key_env=("P_KEY",),
    output_fields=max_tokens(*ALL),
)
OBSERVED = ProviderSpec(
    name="o",
    title="O",
    base_urls=dict.fromkeys(ALL, "http://127.0.0.1:9"),
    output_fields=max_tokens(*ALL),
    on_abort=OnAbort.OBSERVED,
)


GRANT = Grant(session="s")


def row(provider: str, model: str = "m", **more: Any) -> PriceRow:
    """One dollar for a million tokens of input, ten for output."""
    return PriceRow(
        provider=provider,
        model=model,
        base=Rates.per_mtok(input=Decimal(1), output=Decimal(10)),
        source="config",
        **more,
    )


@dataclass
class FakeAnswer:
    """A provider's answer: bytes, then its end, or what breaks it."""

    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"content-type": "text/event-stream"}
    )
    parts: list[bytes | BaseException | asyncio.Event] = field(default_factory=list)
    aborted: bool = False
    released: bool = False
    at_once: bytes | None = None
    """Its body came with its head, and `parts` are none."""

    async def chunks(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, asyncio.Event):
                await part.wait()
            elif isinstance(part, BaseException):
                raise part
            else:
                await asyncio.sleep(0)
                yield part

    def arrived(self) -> bytes | None:
        if self.at_once is not None:
            self.released = True
        return self.at_once

    async def pour(self, into: Callable[[bytes], Wait | None]) -> None:
        try:
            async for chunk in self.chunks():
                wait = into(chunk)
                if wait is not None:
                    await wait()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        self.aborted = True

    def release(self) -> None:
        self.released = True


@dataclass
class FakeUpstream:
    """Answers in order; an exception is raised, an event is waited for first."""

    script: list[Any] = field(default_factory=list)
    sent: list[UpstreamRequest] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)
    connecting: bool = False

    async def send(self, request: UpstreamRequest, *, fresh: bool = False) -> Any:
        self.sent.append(request)
        self.fresh.append(fresh)
        request.departure.connecting = self.connecting
        step = self.script.pop(0)
        while isinstance(step, asyncio.Event):
            await step.wait()
            step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step


class FakeReply:
    """A client that takes everything, until it is `gone` or stops `reading`."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.written: list[bytes] = []
        self.last_words: bytes | None = None
        self.aborted = False
        self.gone = False
        self.reading = asyncio.Event()
        self.reading.set()

    @property
    def started(self) -> bool:
        return self.status != 0

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self._check()
        self.status, self.headers = status, headers

    async def write(self, data: bytes) -> None:
        self._check()
        await self.reading.wait()
        self._check()
        self.written.append(data)

    def push(self, data: bytes) -> Wait | None:
        self._check()
        self.written.append(data)
        return None if self.reading.is_set() else self._read

    async def _read(self) -> None:
        await self.reading.wait()
        self._check()

    async def fail(self, last_words: bytes) -> None:
        await self.reading.wait()
        self.last_words = last_words

    def abort(self) -> None:
        self.aborted = True
        self.gone = True
        self.reading.set()

    def _check(self) -> None:
        if self.gone:
            raise ClientGoneError


class FakeGoverning:
    """Remembers latches and sums in memory, as the ledger does on disk."""

    def __init__(self) -> None:
        self.kept: dict[str, Latch] = {}
        self.sums: dict[str, SessionTotals] = {}
        self.anew: list[str] = []
        self.limits_noted: list[str] = []

    def latches(self) -> list[Latch]:
        return list(self.kept.values())

    def latch(self, latch: Latch) -> None:
        self.kept[latch.scope] = latch

    def resume(self, scope: str, *, at_ms: int, who: str) -> None:
        self.kept.pop(scope, None)

    def begin_anew(self, root: str, at_ms: int) -> None:
        self.anew.append(root)

    def note_limit(
        self,
        subject: str,
        *,
        what: str = "session limit",
        before: str,
        after: str,
        note: str | None,
        at_ms: int,
        who: str,
    ) -> None:
        self.limits_noted.append(subject)

    def totals(self, root: str) -> SessionTotals | None:
        return self.sums.get(root)


class SmallGate:
    """A gate with one dollar a month, its provider, and what to send through it."""

    def __init__(
        self,
        ledger: CountingLedger,
        clock: FakeClock,
        settings: GateSettings | None = None,
        *,
        rows: tuple[PriceRow, ...] = (),
        specs: tuple[ProviderSpec, ...] = (),
        facts: dict[tuple[str, str], ModelFacts] | None = None,
        limit: str | None = "1",
        limits: Chosen | None = None,
        routes: tuple[RouteRule, ...] = (),
    ) -> None:
        settings = settings or GateSettings()
        self.governing = FakeGoverning()
        self.ledger = ledger
        self.clock = clock
        self.upstream = FakeUpstream()
        port: Any = ledger
        upstream: Any = self.upstream
        steady = SteadyClock(clock)
        events = EventLog()
        admission = Admission(port, settings, steady)
        turns = Turns()
        known = {spec.name: spec for spec in (SPEC, OBSERVED, *specs)}
        prices = PriceTable().with_overrides((row("p"), row("o"), *rows), facts or {})
        self.gate = Gate(
            settings=settings,
            matcher=_matcher(limit),
            ledger=port,
            upstream=upstream,
            clock=steady,
            planner=Planner(
                specs=known,
                prices=prices,
                table=RoutingTable(providers=frozenset(known), routes=routes),
                key_of=lambda _name: "sk-key",
                settings=settings,
                turns=turns,
            ),
            admission=admission,
            events=events,
            flights=Flights(),
            turns=turns,
            failures=Failures(),
            books=Books(ledger=port, admission=admission, events=events, clock=steady),
            health=Health(settings.breaker),
        )
        self.limiter = Limiter(
            LimitRules(everyone=limits or {}),
            SessionStates(self.governing, steady),
            settings,
            steady,
        )
        self.gate.governor = Governor(
            limiter=self.limiter, patience_s=settings.patience.room
        )
        self._number = 0

    def exchange(
        self,
        body: dict[str, Any],
        path: str = "/v1/chat/completions",
        grant: Grant | None = GRANT,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Exchange, FakeReply]:
        """Return an exchange for a body, and the client it answers."""
        found = codec_for("POST", path)
        assert found is not None
        codec, work = found
        self._number += 1
        reply, capture = FakeReply(), self.gate.capture
        inbound = Inbound(
            id=f"req_{self._number}",
            head=RequestHead(method="POST", path=path, headers=headers or {}),
            body=json.dumps(body).encode(),
            codec=codec,
            work=work,
            grant=grant,
            url=Claim(),
            labels=Claim(),
            received_ms=self.clock.now_ms(),
            tape=None if capture is None else capture.tape(path, headers or {}),
        )
        return Exchange(self.gate, inbound, reply), reply

    def month(self) -> BudgetState:
        windows = self.gate.shared_windows(self.clock.now_ms() / 1000)
        states = self.gate.ledger.states(windows)
        return next(s for s in states if s.budget.window == "month")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.gate.events.since(0)]


def route(*targets: str, name: str = "r", **more: Any) -> RouteRule:
    """A route over "provider/model" targets, under its own name."""
    found = []
    for each in targets:
        provider, _, model = each.partition("/")
        found.append(Target(provider=provider, model=model, route=name))
    return RouteRule(name=name, models=(name,), targets=tuple(found), **more)


def _matcher(limit: str | None) -> BudgetMatcher:
    if limit is None:
        return BudgetMatcher((), UTC)
    rule = BudgetRule(
        scope_kind="global", window=WindowKind.MONTH, limit=Money.usd(limit)
    )
    return BudgetMatcher((rule,), UTC)


def ask(model: str = "p/m", *, stream: bool = True, **more: Any) -> dict[str, Any]:
    """Return a chat request that holds about ten cents."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 10_000,
        **more,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def event(data: dict[str, Any] | str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return b"data: " + text.encode() + b"\n\n"


def delta(text: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


FINISH = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
USAGE = event({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 100}})
DONE = event("[DONE]")
COST = Money.usd("0.00101")
"""What `USAGE` costs."""


def whole(body: dict[str, Any], status: int = 200) -> FakeAnswer:
    return FakeAnswer(
        status=status,
        headers={"content-type": "application/json"},
        parts=[json.dumps(body).encode()],
    )
