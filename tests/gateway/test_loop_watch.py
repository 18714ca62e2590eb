"""Loops are stopped at the gate: when, for how long, and who may let them go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.loops.finding import LoopAction, LoopSettings
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approvals import ApprovalDesk
from faregate.gateway.governor import Governor
from faregate.gateway.inbound import READ_ON_LOOP, Result
from faregate.gateway.loop_watch import ConversationWatch
from tests.gateway.building import FakeClock, open_ledger, turn
from tests.gateway.gates import FakeAnswer, SmallGate

TOOLS = [{"type": "function", "function": {"name": "bash", "parameters": {}}}]
OK = b'{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'
Json = dict[str, Any]


class Stage:
    """A gate that watches for loops, and an agent that runs one tool."""

    def __init__(self, small: SmallGate, clock: FakeClock) -> None:
        self.small = small
        self.clock = clock
        self.watching = False
        self.written: list[str] = []
        self.watch = self.opened(LoopSettings(repeats=5))

    def opened(self, settings: LoopSettings, kept: int = 512) -> ConversationWatch:
        gate = self.small.gate
        self.desk = ApprovalDesk(
            policy=ApprovalPolicy(timeout_s=60),
            clock=gate.clock,
            events=gate.events,
            audit=lambda **row: self.written.append(row["decision"]),
            watched=lambda: self.watching,
        )
        self.watch = ConversationWatch(
            settings,
            gate.clock,
            gate.events,
            is_running=gate.flights.is_running,
            desk=self.desk,
            kept=kept,
        )
        gate.governor = Governor(loops=self.watch)
        return self.watch

    def sending(
        self,
        body: Json,
        path: str = "/v1/chat/completions",
        *,
        status: int = 200,
    ) -> asyncio.Future[Result]:
        headers = {"content-type": "application/json"}
        answer = FakeAnswer(status=status, headers=headers, parts=[OK])
        self.small.upstream.script.append(answer)
        exchange, _reply = self.small.exchange(body, path)
        return asyncio.ensure_future(exchange.run())

    async def send(self, body: Json, path: str = "/v1/chat/completions") -> Result:
        self.small.upstream.script.clear()
        return await self.sending(body, path)

    def loops_told(self) -> list[str]:
        events = self.small.gate.events.since(0)
        return [event.text for event in events if event.kind == "loop"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = FakeClock()
    with open_ledger(tmp_path / "ledger", clock) as ledger:
        yield Stage(SmallGate(ledger, clock, limit=None), clock)


def chat(turns: int, *, result: str = "boom", more: str = "") -> Json:
    """A conversation in which `make` was run so often, with the same result."""
    messages: list[Json] = [{"role": "user", "content": "build it"}]
    for number in range(turns):
        function = {"name": "bash", "arguments": '{"command": "make"}'}
        call = {"id": f"c{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "tool_calls": [call]})
        text = result.format(n=number)
        messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": text})
    if more:
        messages.append({"role": "user", "content": more})
    return {"model": "p/m", "max_tokens": 10, "messages": messages, "tools": TOOLS}


def messages(turns: int) -> Json:
    found: list[Json] = [{"role": "user", "content": "build it"}]
    for number in range(turns):
        call = {"type": "tool_use", "id": f"c{number}", "name": "bash", "input": {}}
        found.append({"role": "assistant", "content": [call]})
        done = {"type": "tool_result", "tool_use_id": f"c{number}", "content": "boom"}
        found.append({"role": "user", "content": [done]})
    return {"model": "p/m", "max_tokens": 10, "messages": found}


def responses(turns: int) -> Json:
    found: list[Json] = [{"role": "user", "content": "build it"}]
    for number in range(turns):
        each = {"call_id": f"c{number}"}
        found.append({"type": "function_call", "name": "f", "arguments": "{}", **each})
        found.append({"type": "function_call_output", "output": "boom", **each})
    return {"model": "p/m", "max_output_tokens": 16, "input": found}


def contents(turns: int) -> Json:
    found: list[Json] = [{"role": "user", "parts": [{"text": "build it"}]}]
    for _ in range(turns):
        call = {"functionCall": {"name": "f", "args": {}}}
        found.append({"role": "model", "parts": [call]})
        done = {"functionResponse": {"name": "f", "response": {"output": "boom"}}}
        found.append({"role": "user", "parts": [done]})
    return {"contents": found, "generationConfig": {"maxOutputTokens": 10}}


DIALECTS: list[tuple[str, Callable[[int], Json]]] = [
    ("/v1/chat/completions", chat),
    ("/v1/messages", messages),
    ("/v1/responses", responses),
    ("/v1beta/models/p/m:generateContent", contents),
]


def stopped(result: Result) -> str:
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.LOOP_DETECTED
    for word in ("429", "rate limit", "too many requests", "context", "overloaded"):
        assert word not in result.message.lower()
    return result.message


@pytest.mark.parametrize(("path", "body"), DIALECTS)
async def test_the_fifth_repeat_is_refused_in_every_dialect(
    stage: Stage, path: str, body: Callable[[int], Json]
) -> None:
    for turns in range(5):
        assert not isinstance(await stage.send(body(turns), path), Refusal)

    message = stopped(await stage.send(body(5), path))

    assert "was called 5 times in a row" in message
    assert "faregate resume s" in message
    assert stage.watch.stopped() == {"s"}


async def test_a_first_look_at_a_long_conversation_is_enough(stage: Stage) -> None:
    stopped(await stage.send(chat(30)))


async def test_a_stop_holds_until_a_person_resumes(stage: Stage) -> None:
    first = await stage.send(chat(5))
    stopped(first)
    stage.clock.pass_by(3600)

    assert await stage.send(chat(5)) is first
    assert stage.small.gate.governor.lift("session:s")
    assert stage.watch.stopped() == frozenset()
    assert not isinstance(await stage.send(chat(5)), Refusal)
    for turns in range(6, 10):
        assert not isinstance(await stage.send(chat(turns)), Refusal)
    stopped(await stage.send(chat(10)))


async def test_a_new_word_or_result_lets_it_go_on(stage: Stage) -> None:
    stopped(await stage.send(chat(5)))

    assert not isinstance(await stage.send(chat(5, more="use clang")), Refusal)
    assert stage.watch.stopped() == frozenset()


async def test_honest_work_passes(stage: Stage) -> None:
    for turns in range(30):
        body = chat(turns, result="{n} errors left")
        assert not isinstance(await stage.send(body), Refusal)


async def test_what_came_before_the_window_does_not_count(stage: Stage) -> None:
    stage.opened(LoopSettings(repeats=5, window=60))
    for turns in range(12):
        assert not isinstance(await stage.send(chat(turns)), Refusal)
        stage.clock.pass_by(20)


async def test_an_alert_tells_once_and_stops_nothing(stage: Stage) -> None:
    stage.opened(LoopSettings(repeats=3, action=LoopAction.ALERT))
    for turns in range(9):
        assert not isinstance(await stage.send(chat(turns)), Refusal)

    (told,) = stage.loops_told()
    assert "bash was called 3 times in a row" in told


async def test_conversations_of_one_session_are_told_apart(stage: Stage) -> None:
    for turns in range(4):
        for prompt in ("one", "other"):
            body = chat(turns)
            body["messages"][0]["content"] = prompt
            assert not isinstance(await stage.send(body), Refusal)


async def test_a_long_body_is_read_in_a_thread(stage: Stage) -> None:
    body = chat(5)
    body["messages"][0]["content"] = "x" * READ_ON_LOOP
    stopped(await stage.send(body))


async def test_a_person_may_allow_it_once(stage: Stage) -> None:
    stage.watching = True
    sending = stage.sending(chat(5))
    await turn(5)
    (case,) = stage.desk.waiting
    assert "it goes in circles: bash was called 5 times" in case.title
    stage.desk.approve(case.id, who="me")

    assert not isinstance(await sending, Refusal)
    assert not isinstance(await stage.send(chat(6)), Refusal)
    assert stage.written == ["approved"]


async def test_a_person_may_allow_it_for_the_session(stage: Stage) -> None:
    stage.watching = True
    sending = stage.sending(chat(5))
    await turn(5)
    stage.desk.approve(stage.desk.waiting[0].id, who="me", session=True)
    await sending

    for turns in range(6, 20):
        assert not isinstance(await stage.send(chat(turns)), Refusal)


async def test_a_person_may_say_no(stage: Stage) -> None:
    stage.watching = True
    sending = stage.sending(chat(5))
    await turn(5)
    stage.desk.deny(stage.desk.waiting[0].id, who="me")

    assert "stopped by a person" in stopped(await sending)
    stopped(await stage.send(chat(5)))
    assert stage.desk.waiting == []


async def test_no_answer_in_time_is_a_stop(stage: Stage) -> None:
    stage.watching = True
    sending = stage.sending(chat(5))
    await turn(5)
    stage.clock.pass_by(61)
    stage.desk.look(stage.small.gate.clock.monotonic())

    stopped(await sending)


async def test_stop_asks_nobody(stage: Stage) -> None:
    stage.opened(LoopSettings(action=LoopAction.STOP))
    stage.watching = True
    stopped(await stage.send(chat(5)))
    assert stage.desk.waiting == []


async def test_an_identical_request_of_an_agent_is_a_loop_at_the_fifth_time(
    stage: Stage,
) -> None:
    body = chat(0)
    for _ in range(4):
        assert not isinstance(await stage.send(body), Refusal)
    message = stopped(await stage.send(body))
    assert "the same request was sent 5 times" in message


async def test_a_task_that_is_begun_anew_is_no_identical_request(
    stage: Stage,
) -> None:
    for run in range(12):
        for turns in range(3):
            body = chat(turns, result=f"run {run} says {turns}")
            assert not isinstance(await stage.send(body), Refusal)


async def test_another_seed_is_another_request(stage: Stage) -> None:
    for seed in range(100, 120):
        body = {**chat(0), "seed": seed}
        assert not isinstance(await stage.send(body), Refusal)


async def test_identical_requests_side_by_side_are_no_loop(stage: Stage) -> None:
    results = await asyncio.gather(*(stage.sending(chat(0)) for _ in range(30)))
    assert not any(isinstance(result, Refusal) for result in results)


async def test_without_tools_much_more_is_told_and_nothing_stopped(
    stage: Stage,
) -> None:
    body = chat(0)
    del body["tools"]
    for _ in range(49):
        assert not isinstance(await stage.send(body), Refusal)
    assert stage.loops_told() == []

    for _ in range(11):
        assert not isinstance(await stage.send(body), Refusal)
    assert len(stage.loops_told()) == 1


async def test_a_clients_usual_retries_pass_and_a_storm_does_not(stage: Stage) -> None:
    refusals: list[Refusal] = []
    for _ in range(25):
        stage.small.upstream.script.clear()
        result = await stage.sending(chat(0), status=401)
        if isinstance(result, Refusal):
            refusals.append(result)

    assert len(refusals) == 25 - 19
    assert len({id(refusal) for refusal in refusals}) == 1
    assert "it fails each time" in stopped(refusals[0])


async def test_a_body_that_nobody_can_read_is_no_loop(stage: Stage) -> None:
    body = chat(0)
    body["messages"] = [{"role": "user", "content": 7}, "what", None, 1.5, [], {}, {}]
    result = await stage.send(body)
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.UNPRICED_MODEL
    assert stage.watch.stopped() == frozenset()


async def test_only_so_many_conversations_are_remembered(stage: Stage) -> None:
    stage.opened(LoopSettings(), kept=20)
    stopped(await stage.send(chat(5)))
    for number in range(20):
        body = chat(0)
        body["messages"][0]["content"] = f"prompt {number}"
        await stage.send(body)
    assert stage.watch.stopped() == frozenset()
