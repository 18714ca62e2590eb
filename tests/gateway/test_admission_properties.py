"""Any order of asking, ending, leaving and changing limits keeps the line's promises.

Nothing is held beyond the limit, nobody waits for ever, and no hold is forgotten.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.holds import Held
from faregate.core.money import ZERO, Money
from faregate.gateway.admission import Admitted, Outcome
from faregate.gateway.settings import GateSettings
from tests.gateway.building import Bench, CountingLedger, FakeClock, open_ledger, turn

CENT = 10**10


@dataclass
class Play:
    """One bench, what is asked there, and what is held."""

    bench: Bench
    clock: FakeClock
    asked: list[asyncio.Task[Outcome]] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    worst: int = 0
    """By how much a hold ever went beyond the limit, in pico-USD."""

    def watch(self, ledger: CountingLedger) -> None:
        """Look at the month after each hold."""
        real = ledger.ledger.hold

        def hold(request: object) -> object:
            made = real(request)  # type: ignore[arg-type]
            if isinstance(made, Held) and made.amount:
                room = self.bench.state().room
                self.worst = max(self.worst, 0 if room is None else -room.pico)
            return made

        ledger.ledger.hold = hold  # type: ignore[method-assign,assignment]

    async def gather(self) -> None:
        """Note who was admitted meanwhile."""
        await turn(4)
        for task in self.asked:
            if task.done() and not task.cancelled():
                outcome = task.result()
                if isinstance(outcome, Admitted):
                    self.held.setdefault(outcome.held.attempt, outcome.held)
        self.asked = [task for task in self.asked if not task.done()]

    def end(self, index: int, share: int | None) -> None:
        """End one hold: at a share of it in percent, or not at all."""
        if not self.held:
            return
        name = list(self.held)[index % len(self.held)]
        held = self.held.pop(name)
        cents = held.amount.pico // CENT
        self.bench.settle(held, None if share is None else cents * share // 100)


Step = Callable[[Play], None]


def _ask(cents: int, session: int, tokenless: bool, floor: int | None) -> Step:
    def step(play: Play) -> None:
        play.asked.append(
            play.bench.start(
                cents, session=f"s{session}", tokenless=tokenless, floor=floor
            )
        )

    return step


def _leave(index: int) -> Step:
    def step(play: Play) -> None:
        if play.asked:
            play.asked[index % len(play.asked)].cancel()

    return step


def _limit(cents: int) -> Step:
    def step(play: Play) -> None:
        play.bench.limit = Money(cents * CENT)
        play.bench.admission.refresh()

    return step


def _wait(seconds: int) -> Step:
    def step(play: Play) -> None:
        play.clock.pass_by(seconds)
        play.bench.admission.look(play.clock.monotonic())

    return step


def _end(index: int, share: int | None) -> Step:
    return lambda play: play.end(index, share)


STEPS = st.lists(
    st.one_of(
        st.builds(
            _ask,
            st.integers(0, 110),
            st.integers(0, 2),
            st.booleans(),
            st.sampled_from([None, None, 3]),
        ),
        st.builds(_end, st.integers(0, 9), st.sampled_from([None, 0, 50, 100])),
        st.builds(_leave, st.integers(0, 9)),
        st.builds(_limit, st.integers(20, 200)),
        st.builds(_wait, st.integers(1, 20)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, together=st.integers(1, 4))
def test_whatever_happens_the_line_keeps_its_promises(
    steps: list[Step], together: int
) -> None:
    asyncio.run(_play(steps, together))


async def _play(steps: list[Step], together: int) -> None:
    clock = FakeClock()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_ledger(Path(folder) / "ledger", clock) as ledger,
    ):
        play = Play(Bench(ledger, clock, GateSettings()), clock)
        play.watch(ledger)
        for number, step in enumerate(steps):
            step(play)
            # Several things may happen before anybody wakes up.
            if number % together == 0:
                await play.gather()
        await play.gather()
        assert play.worst == 0
        while play.held:
            play.end(0, None)
            await play.gather()
        # Whoever waits now, waits for nothing that could still end.
        clock.pass_by(31)
        play.bench.admission.look(clock.monotonic())
        await play.gather()
        while play.held:
            play.end(0, None)
            await play.gather()
        assert not play.asked
        assert play.bench.admission.waiting == 0
        assert play.bench.state().held == ZERO
        assert not play.bench.admission._tokenless
