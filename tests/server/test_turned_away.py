"""Who was refused at the door is told of, but never often."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.labels import Labels
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.events import EventLog
from faregate.server.turned_away import AGAIN_S, MOST, TurnedAway
from tests.running import running_gate
from tests.server.dialects import DIALECTS, ask
from tests.server.wire import CHAT, exchange, head


class HandClock:
    """Time that moves by hand."""

    seconds = 1000.0

    def now_ms(self) -> int:
        return round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def elapsed(self) -> float:
        return self.seconds


def refusal(code: RefusalCode = RefusalCode.NOT_FOUND) -> Refusal:
    return Refusal(code=code, message="/messages is not served: ...")


def test_the_same_path_is_told_once_a_minute() -> None:
    log, clock = EventLog(), HandClock()
    away = TurnedAway(log, clock)
    for _ in range(5):
        away.note("/messages", refusal())
    away.note("/responses", refusal())
    assert [(e.kind, e.severity, e.session) for e in log.since(0)] == [
        ("refused", "warn", None)
    ] * 2
    assert log.since(0)[0].text == "/messages is not served: ..."
    clock.seconds += AGAIN_S - 1
    away.note("/messages", refusal())
    assert log.seq == 2
    clock.seconds += 1
    away.note("/messages", refusal())
    assert log.seq == 3


@pytest.mark.parametrize("path", ["/api/hello", "/s/run-1/api/hello?x=1"])
def test_what_an_agent_does_without_is_no_trouble(path: str) -> None:
    log = EventLog()
    TurnedAway(log, HandClock()).note(path, refusal())
    assert log.seq == 0


@pytest.mark.parametrize("path", ["/sk-secret", "/v1/models/sk-secret", "/w/x/sk/y"])
def test_what_a_caller_made_up_is_not_repeated(path: str) -> None:
    log = EventLog()
    message = f"{path} is not served. Faregate serves ..."
    told = Refusal(code=RefusalCode.NOT_FOUND, message=message)
    TurnedAway(log, HandClock()).note(path, told)
    (event,) = log.since(0)
    assert path not in event.text
    assert "faregate env AGENT" in event.text


def test_a_path_behind_labels_is_told() -> None:
    log = EventLog()
    told = Refusal(code=RefusalCode.NOT_FOUND, message="/w/web/messages is not served")
    TurnedAway(log, HandClock()).note("/w/web/messages", told)
    assert log.since(0)[0].text == told.message


def test_many_paths_crowd_nothing_out() -> None:
    log, clock = EventLog(), HandClock()
    away = TurnedAway(log, clock)
    for number in range(1000):
        away.note(f"/{number}", refusal())
    assert log.seq == MOST
    clock.seconds += AGAIN_S
    away.note("/later", refusal())
    assert log.seq == MOST + 1


@pytest.mark.parametrize("code", [RefusalCode.FORBIDDEN, RefusalCode.MISDIRECTED])
def test_a_web_page_gets_no_line_on_the_screen(code: RefusalCode) -> None:
    log = EventLog()
    TurnedAway(log, HandClock()).note("/messages", refusal(code))
    assert log.seq == 0


async def test_a_person_sees_what_was_refused_at_the_door(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        for target in ("/messages?beta=sk-not-shown", "/messages", CHAT):
            data = head(
                gate.url,
                target,
                "Content-Type: application/json",
                "Content-Length: 0",
                method="POST",
            )
            await exchange(gate.url, data)
        snapshot = gate.daemon.live.snapshot()
        told = [event.text for event in snapshot.events if event.kind == "refused"]
        assert len(told) == 2
        assert told[0].startswith("/messages is not served: the base URL lacks /v1.")
        assert told[1].startswith("No key was sent.")
        assert not any("sk-not-shown" in text for text in told)
        assert not snapshot.setup.first_request_seen


async def test_the_first_request_is_remembered_and_a_session_is_none(
    tmp_path: Path,
) -> None:
    home = tmp_path / "h"
    async with running_gate(home) as gate:
        gate.daemon.ledger.start_session(
            "s1", root_session="s1", parent=None, labels=Labels()
        )
    async with running_gate(home) as gate:
        snapshot = gate.daemon.live.snapshot()
        assert [each.id for each in snapshot.status.sessions] == ["s1"]
        assert not snapshot.setup.first_request_seen
        assert (await ask(gate, DIALECTS["chat"])).status == 200
        await gate.settled()
    async with running_gate(home) as gate:
        assert gate.daemon.live.snapshot().setup.first_request_seen
