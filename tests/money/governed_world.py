"""A gate with everything that may stop a request, and a provider with its own bill.

No sockets: the ledger is real, time moves when told, and every request to the
provider waits until the world decides how it ends. Checks what must always hold.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

from faregate.core.approvals.policy import ApprovalPolicy, Unattended
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.holds import Held
from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.core.latches import Latches
from faregate.core.limits.budget import BudgetMatcher, BudgetRule
from faregate.core.limits.effective import LimitRules
from faregate.core.limits.limit import Limits, Wish
from faregate.core.money import ZERO, Money
from faregate.core.policy import OnTight
from faregate.core.retrying import RetryPolicy
from faregate.gateway.approvals import ApprovalDesk
from faregate.gateway.exchange import Exchange
from faregate.gateway.governor import Governor
from faregate.gateway.inbound import Result
from faregate.gateway.limiting import Asked, Limiter
from faregate.gateway.session_state import SessionState, SessionStates
from faregate.gateway.settings import GateSettings, Patience
from faregate.gateway.watchdog import look
from faregate.ledger.connection import select
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import (
    DONE,
    FINISH,
    FakeAnswer,
    FakeReply,
    SmallGate,
    delta,
    row,
    whole,
)
from tests.gateway.gates import event as sse
from tests.ledger.building import killed

ASKED_ABOUT = "careful"
"""The model that a person has to approve of."""
SETTINGS = GateSettings(
    on_tight=OnTight.REFUSE,
    patience=Patience(room=0.001, drain=0.0),
    retries=RetryPolicy(attempts=1),
)
POLICY = ApprovalPolicy(
    models=(NameRule(f"p/{ASKED_ABOUT}", Verdict.ASK),),
    unattended=Unattended.WAIT,
    timeout_s=300,
)
UNLIMITED = {"wall_clock": None}
"""What leaves a session free in a world where days go by in a moment."""
_SUMS = (
    "SELECT kept + held, held FROM "
    "(SELECT coalesce(sum(spent + unknown), 0) AS kept FROM budget_window "
    "WHERE scope = 'global' AND window = 'month'), "
    "(SELECT coalesce(sum(amount), 0) AS held FROM attempt WHERE state = 'held')"
)


@dataclass(eq=False)
class Call:
    """One request at the provider; it bills what it made, whoever still listens."""

    request: UpstreamRequest
    end: asyncio.Future[FakeAnswer]

    @property
    def said(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.request.body)
        return body

    def cost(self, output: int) -> Money:
        """A dollar for a million tokens of input, ten for output."""
        return Money((self.sent + 10 * output) * 10**6)

    @property
    def sent(self) -> int:
        return len(self.request.body) // 4


class Provider:
    """Lets every request wait, and keeps its own bill."""

    def __init__(self) -> None:
        self.waiting: list[Call] = []
        self.bill = ZERO
        self.careful = 0
        """Requests that got here and needed a person."""

    async def send(self, request: UpstreamRequest, *, fresh: bool = False) -> Any:
        call = Call(request, asyncio.get_running_loop().create_future())
        self.careful += call.said["model"] == ASKED_ABOUT
        request.departure.connecting = False
        self.waiting.append(call)
        try:
            return await call.end
        except asyncio.CancelledError:
            # Whoever leaves pays for all of it here.
            self.bill += call.cost(call.said["max_tokens"])
            raise
        finally:
            self.waiting.remove(call)

    def answer(self, call: Call, share: float, tools: int, *, cut: bool) -> None:
        """Answer with a share of the bound; `cut` breaks a stream off at its end."""
        output = max(1, int(call.said["max_tokens"] * share))
        self.bill += call.cost(output)
        usage = {"prompt_tokens": call.sent, "completion_tokens": output}
        if not call.said.get("stream"):
            calls = [
                {"id": f"c{n}", "type": "function", "function": {"name": "f"}}
                for n in range(tools)
            ]
            message = {"role": "assistant", "content": "y", "tool_calls": calls}
            call.end.set_result(
                whole({"choices": [{"message": message}], "usage": usage})
            )
            return
        parts: list[Any] = [delta("y"), FINISH, sse({"choices": [], "usage": usage})]
        if cut:
            parts = [delta("y"), UpstreamError(FaultKind.RESET, "cut", sent=True)]
        call.end.set_result(FakeAnswer(parts=[*parts, DONE]))

    def fail(self, call: Call, how: str) -> None:
        """Refuse without a bill, or break with all of it."""
        if how == "400":
            call.end.set_result(whole({"error": {"message": "no"}}, status=400))
        elif how == "unsent":
            error = UpstreamError(FaultKind.CONNECT, "nobody there", sent=False)
            call.end.set_exception(error)
        else:
            self.bill += call.cost(call.said["max_tokens"])
            error = UpstreamError(FaultKind.RESET, "broken", sent=True)
            call.end.set_exception(error)


class CheckedLimiter(Limiter):
    """Asserts that nothing passes a limit when a request is let through."""

    def _enter(
        self, asked: Asked, state: SessionState, limits: Limits, wish: Wish
    ) -> None:
        super()._enter(asked, state, limits, wish)
        used = state.counters
        for most, so_far in (
            (limits.requests, used.requests),
            (limits.concurrency, used.running),
            (limits.input_tokens, used.input_tokens + used.input_held),
            (limits.output_tokens, used.output_tokens + used.output_held),
        ):
            assert most is None or so_far <= most
        assert limits.tool_calls is None or used.tool_calls < limits.tool_calls


@dataclass
class Sent:
    """One request of an agent."""

    exchange: Exchange
    reply: FakeReply
    task: asyncio.Task[Result]


@dataclass
class World:
    """One ledger through all its processes."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    rules: tuple[BudgetRule, ...] = ()
    limits: dict[str, Any] = field(default_factory=lambda: dict(UNLIMITED))
    sent: list[Sent] = field(default_factory=list)
    approvals: int = 0
    lives: int = 0

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.provider = Provider()
        self._open()

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # The clock of the ledger is the gate's own, jumps and all.
        self.ledger = Ledger.open(
            self.folder, clock_ms=self.clock.now_ms, boot_id="boot"
        )
        self.reports = Reports.open(self.folder)
        counting = CountingLedger(self.ledger)
        careful = row("p", ASKED_ABOUT)
        small = SmallGate(counting, self.clock, SETTINGS, rows=(careful,), limit=None)
        gate = small.gate
        provider: Any = self.provider
        gate.upstream = provider
        gate.matcher = BudgetMatcher(self.rules, UTC)
        gate.high_water.advance(self.ledger.high_water_s())
        self.desk = ApprovalDesk(
            policy=POLICY,
            clock=gate.clock,
            events=gate.events,
            audit=lambda **_row: None,
            watched=lambda: True,
        )
        gate.approvals = self.desk
        states = SessionStates(self.ledger.governing, gate.clock)
        self.limiter = CheckedLimiter(
            LimitRules(everyone=self.limits), states, SETTINGS, gate.clock
        )
        gate.governor = Governor(
            limiter=self.limiter,
            latches=Latches(self.ledger.governing.latches()),
            approver=self.desk,
        )
        # Each life numbers its requests anew, and an attempt is known by its request.
        small._number = 1_000_000 * self.lives
        self.small = small
        self._watch_holds()

    def _watch_holds(self) -> None:
        ledger: Any = self.ledger
        hold = ledger.hold

        def held(asked: Any) -> Any:
            done = hold(asked)
            if isinstance(done, Held):
                for state in done.states:
                    assert state.room is None or state.room >= ZERO
            return done

        ledger.hold = held

    def run(self, turns: int = 12) -> None:
        """Let everybody do what can be done now."""

        async def some() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(some())
        self.sent = [each for each in self.sent if not each.task.done()]

    def start(self, session: str, body: dict[str, Any], workspace: str) -> None:
        """Send one request of a session."""
        grant = Grant(session=session, labels=Labels(workspace=workspace))
        exchange, reply = self.small.exchange(body, grant=grant)
        task = self.loop.create_task(exchange.run())
        self.sent.append(Sent(exchange, reply, task))
        self.run()

    def look(self) -> None:
        """Do what the watchdog does every second."""
        gate, now = self.small.gate, self.clock.monotonic()
        gate.governor.look()
        self.desk.look(now)
        look(gate.flights.all(), now, SETTINGS.patience)
        gate.admission.look(now)
        self.run()

    def rebudget(self, rules: tuple[BudgetRule, ...]) -> None:
        """Change the budgets while requests run."""
        self.rules = rules
        self.small.gate.rebudget(BudgetMatcher(rules, UTC))
        self.run()

    def relimit(self, limits: dict[str, Any]) -> None:
        """Change the limits while requests run."""
        self.limits = limits
        self.limiter.rules = LimitRules(everyone=limits)

    def begin_life(self, *, crash: bool) -> None:
        """End the process, with or without a word, and start the next."""
        self.lives += 1
        old, folder = self.ledger, self.folder
        if crash:
            self.folder = killed(folder, f"life-{self.lives}")
        for each in self.sent:
            each.task.cancel()
        self.run()
        assert self.sent == []
        self.reports.close()
        old.close()
        self._open()
        self.check_idle()

    def check(self) -> None:
        """Assert what holds at any moment."""
        # As somebody else reads it, whatever is decided and not yet written.
        (sums,) = select(self.reports._connection, _SUMS)
        assert Money(sums[0]) >= self.provider.bill
        assert self.provider.careful <= self.approvals
        assert "overrun" not in self.small.kinds()
        if not self.sent:
            self.check_idle()

    def check_idle(self) -> None:
        """Assert what holds when nothing runs."""
        (sums,) = select(self.ledger._parts.connection, _SUMS)
        assert sums[1] == 0
        assert len(self.small.gate.flights) == 0
        assert self.desk.waiting == []
        for root, state in self.limiter.states._known.items():
            used, totals = state.counters, self.ledger.governing.totals(root)
            assert (used.running, used.input_held, used.output_held) == (0, 0, 0)
            assert used.cost_held == 0
            if totals is None:
                assert (used.requests, used.input_tokens) == (0, 0)
                continue
            assert used.requests == totals.requests
            assert used.retries == totals.retries
            assert used.input_tokens == totals.input_tokens
            assert used.output_tokens == totals.output_tokens
            assert used.tool_calls == totals.tool_calls

    def end(self) -> None:
        """End everything and look at the books once more."""
        for each in self.sent:
            each.task.cancel()
        self.run()
        self.check()
        self.reports.close()
        self.ledger.close()
        self.loop.close()
