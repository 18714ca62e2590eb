"""What the gateway's tests are made of: a clock, a ledger that counts, asks.

The ledger is the real one, on its own folder.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faregate.core.estimate import Bounds
from faregate.core.holds import (
    Booked,
    BudgetWindow,
    Held,
    HoldRequest,
    Release,
    Settlement,
)
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.refusal import Refusal
from faregate.core.usage import Usage
from faregate.gateway.admission import Admission, Admitted, Outcome
from faregate.gateway.settings import GateSettings
from faregate.ledger.ledger import Ledger

NOW_MS = 1_795_000_000_000
MONTH = (1_793_491_200, 1_796_083_200)


class FakeClock:
    """Time that moves when told."""

    def __init__(self, ms: int = NOW_MS) -> None:
        self.ms = ms
        self.seconds = 1000.0
        self.asleep = 0.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def elapsed(self) -> float:
        return self.seconds + self.asleep

    def pass_by(self, seconds: float) -> None:
        """Let time go by as it does."""
        self.ms += int(seconds * 1000)
        self.seconds += seconds


class CountingLedger:
    """A ledger that counts its calls; a name in `failing` raises instead.

    To settle soon is to settle.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.calls: Counter[str] = Counter()
        self.failing: dict[str, Exception] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.ledger, name)
        if not callable(real):
            return real

        def call(*args: Any, **named: Any) -> Any:
            said = "settle" if name == "settle_soon" else name
            self.calls[said] += 1
            if said in self.failing:
                raise self.failing[said]
            return real(*args, **named)

        return call


@contextmanager
def open_ledger(folder: Path, clock: FakeClock) -> Iterator[CountingLedger]:
    folder.mkdir(mode=0o700, exist_ok=True)
    ledger = Ledger.open(folder, clock_ms=clock.now_ms, boot_id="boot")
    try:
        yield CountingLedger(ledger)
    finally:
        ledger.close()


@dataclass
class Ask:
    """Asks for what a test says."""

    bounds: Bounds
    price: Callable[[Bounds], Money]
    request: Callable[[Money, Bounds], HoldRequest]
    boundable: bool
    tokenless: bool


class Bench:
    """Admission over a real ledger with one monthly cap, and whoever asks there."""

    def __init__(
        self, ledger: CountingLedger, clock: FakeClock, settings: GateSettings
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        port: Any = ledger
        self.admission = Admission(port, settings, clock)
        self.limit: Money | None = Money.usd(1)
        self.sessions: dict[str, Money] = {}
        """Sessions with a limit of their own."""
        self._number = 0
        self._windows: dict[tuple[BudgetWindow, ...], tuple[BudgetWindow, ...]] = {}
        self._labels = Labels()

    def month(self) -> BudgetWindow:
        start, end = MONTH
        return BudgetWindow(
            scope="global",
            window="month",
            starts_at=start,
            ends_at=end,
            limit=self.limit,
        )

    def budgets(self, session: str) -> tuple[BudgetWindow, ...]:
        limit = self.sessions.get(session)
        own = BudgetWindow(scope=f"session:{session}", window="session", limit=limit)
        found = (self.month(), own)
        # The same again and again, as the gate passes them.
        return self._windows.setdefault(found, found)

    def ask(
        self,
        cents: int,
        *,
        session: str = "s",
        tokenless: bool = False,
        floor: int | None = None,
        injected: bool = True,
    ) -> Ask:
        """Ask for whole cents; with `floor` an output token costs a cent.

        A floored ask is one whose output bound may be lowered.
        """
        self._number += 1
        attempt = f"a{self._number}"

        def request(amount: Money, bounds: Bounds) -> HoldRequest:
            return HoldRequest(
                attempt=attempt,
                request=attempt,
                session=session,
                root_session=session,
                budgets=self.budgets(session),
                amount=amount,
                provider="p",
                model="m",
                protocol="openai_chat",
                at_ms=self.clock.now_ms(),
                labels=self._labels,
                tokenless=tokenless,
            )

        return Ask(
            bounds=Bounds(
                input=0,
                output=cents if floor is None else cents * 1024 // floor,
                output_injected=floor is not None and injected,
            ),
            price=lambda bounds: _price(bounds, floor),
            request=request,
            boundable=floor is not None,
            tokenless=tokenless,
        )

    def start(self, cents: int, **how: Any) -> asyncio.Task[Outcome]:
        """Begin to ask; the ask stands in line once the loop has turned."""
        return asyncio.ensure_future(
            self.admission.admit(self.ask(cents, **how), lambda _what: None)
        )

    async def hold(self, cents: int, **how: Any) -> Held:
        """Hold what must fit."""
        outcome = await self.start(cents, **how)
        assert isinstance(outcome, Admitted), outcome
        return outcome.held

    def settle(self, held: Held, cents: int | None = None) -> Booked:
        """End a hold at its true cost, or void it."""
        if cents is None:
            release = Release(attempt=held.attempt, at_ms=self.clock.now_ms(), why="")
            booked: Booked = self.ledger.void(release)
        else:
            booked = self.ledger.settle(self.truth(held, cents))
        self.admission.closed(held.attempt, booked.states)
        return booked

    def truth(self, held: Held, cents: int) -> Settlement:
        """Say what a hold cost."""
        return Settlement(
            attempt=held.attempt,
            usage=Usage(uncached_input=1),
            cost=_cents(cents),
            cost_source="table",
            at_ms=self.clock.now_ms(),
            status=200,
        )

    def state(self) -> Any:
        return self.ledger.ledger.states((self.month(),))[0]


def _cents(count: int) -> Money:
    return Money(count * 10**10)


def _price(bounds: Bounds, floor: int | None) -> Money:
    if floor is None:
        return _cents(bounds.output)
    return Money(bounds.output * floor * 10**10 // 1024)


async def turn(times: int = 3) -> None:
    """Let everybody who can go on do so."""
    for _ in range(times):
        await asyncio.sleep(0)


def refused(outcome: Outcome) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome
