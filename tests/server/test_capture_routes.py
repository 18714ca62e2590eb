"""Requests through a real gate, captured and read again over the control socket."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.control.capture import CaptureOn
from faregate.control.capture_client import CaptureClient
from faregate.control.client import ADMIN_SECRET_VARIABLE
from faregate.control.errors import ControlError
from faregate.control.models import NewSession
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.money.calls import Client, Got, call_of, client_of
from tests.running import KEY, RunningGate, running_gate
from tests.server.capturing import captured, do, person_of
from tests.test_translated_sdks import ROUTE, gate_to_all

DIALECTS = ("chat", "messages", "responses", "gemini")
READ = """
import sys
from pathlib import Path
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError
client = CaptureClient(Path(sys.argv[1]))
try:
    match sys.argv[2]:
        case "show": print(client.capture(sys.argv[3]).session)
        case "body": print(client.captured_body(sys.argv[3], "request").decode())
        case "list": print(*[each.session for each in client.captures(10)])
        case "off": print(client.capture_off().on)
        case "clear": print(client.clear_captures())
        case "on":
            from faregate.control.capture import CaptureOn
            print(client.capture_on(CaptureOn(), confirmed=True).on)
except ControlError as error:
    print(error.code)
"""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home", monthly="20") as gate:
        yield gate


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as client:
        yield client


def request_of(got: Got) -> str:
    return got.headers["x-faregate-request-id"]


async def turn_on(gate: RunningGate, **asked: object) -> None:
    await do(person_of(gate).capture_on, CaptureOn(**asked))  # type: ignore[arg-type]


async def code_of(call: object, *args: object) -> str:
    with pytest.raises(ControlError) as caught:
        await do(call, *args)  # type: ignore[arg-type]
    return caught.value.code


async def test_off_is_the_default_and_nothing_is_on_disk(
    gate: RunningGate, client: Client
) -> None:
    got = await client.chat()
    await gate.settled()
    person = person_of(gate)
    status = await do(person.capture_status)
    assert (status.on, status.source, status.captures) == (False, "config", 0)
    with pytest.raises(ControlError) as caught:
        await do(person.capture, request_of(got))
    assert caught.value.code == "not_captured"
    assert "faregate capture on" in caught.value.message
    assert not gate.paths.captures.exists()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_is_captured_byte_for_byte(
    gate: RunningGate, client: Client, dialect: str, stream: bool
) -> None:
    await turn_on(gate)
    path, body = call_of(dialect, stream=stream)
    got = await client.post(f"/s/mine{path}", body)
    assert got.status == 200
    found = await captured(gate, request_of(got))
    person = person_of(gate)
    assert found.session == "mine"
    assert found.path == f"/s/mine{path}"
    sent = await do(person.captured_body, found.request, "request")
    assert json.loads(sent) == body
    (attempt,) = found.attempts
    assert attempt.status == 200
    assert attempt.answer is not None
    assert attempt.answer.complete
    assert attempt.answer.kept == attempt.answer.length
    assert attempt.answer.arrivals[0][0] == 0
    answer = await do(person.captured_body, found.request, "answer", 1)
    [asked] = gate.provider.requests
    out = await do(person.captured_body, found.request, "sent", 1)
    assert out == asked.body
    assert found.reply is not None
    reply = await do(person.captured_body, found.request, "reply")
    assert reply == got.body
    if found.reply.body is None:
        assert answer == got.body


async def test_no_secret_is_in_what_was_captured(
    gate: RunningGate, client: Client
) -> None:
    await turn_on(gate)
    secret = {
        "x-api-key": gate.token,
        "cookie": "id=cookie-canary",
        "x-note": f"my key is {gate.token}",
    }
    got = await client.post(
        "/v1/chat/completions?beta=1&sig=query-canary",
        {**call_of("chat", stream=False)[1], "user": f"{gate.token} {KEY}"},
        secret,
    )
    assert got.status == 200, got.body
    found = await captured(gate, request_of(got))
    person = person_of(gate)
    everything = repr(found).encode()
    for part in ("request", "sent", "answer", "reply"):
        everything += await do(person.captured_body, found.request, part, 1)
    for canary in (gate.token, KEY, "cookie-canary", "query-canary"):
        assert canary.encode() not in everything
    assert ("authorization", "Bearer [redacted]") in found.headers
    (attempt,) = found.attempts
    names = {name.lower(): value for name, value in attempt.headers}
    assert names["authorization"] == "Bearer [redacted]"
    for file in gate.paths.captures.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert gate.paths.captures.stat().st_mode & 0o777 == 0o700


async def test_a_caller_with_a_key_of_its_own_leaves_it_nowhere(
    gate: RunningGate,
) -> None:
    await turn_on(gate)
    async with client_of(gate, own_key=True) as client:
        client.headers = {"authorization": "Bearer sk-own-canary-0123456789"}
        got = await client.chat(user="sk-own-canary-0123456789")
    found = await captured(gate, request_of(got))
    body = await do(person_of(gate).captured_body, found.request, "request")
    assert "own-canary" not in repr(found)
    assert b"own-canary" not in body


async def test_a_translated_request_is_captured_in_both_dialects(
    tmp_path: Path,
) -> None:
    async with gate_to_all(tmp_path / "h") as gate, client_of(gate) as client:
        await turn_on(gate)
        for stream in (False, True):
            path, body = call_of("messages", stream=stream, model="simc/m-x")
            body["messages"][0]["content"] = "seen c"
            got = await client.post(path, body)
            assert got.status == 200
            found = await captured(gate, request_of(got))
            person = person_of(gate)
            (attempt,) = found.attempts
            assert attempt.url.endswith("/chat/completions")
            assert attempt.body is not None
            out = json.loads(await do(person.captured_body, found.request, "sent", 1))
            assert out["model"] == "m-x"
            answer = await do(person.captured_body, found.request, "answer", 1)
            assert b"choices" in answer
            # What the client was given is in its own dialect, and kept beside that.
            assert found.reply is not None
            assert found.reply.body is not None
            reply = await do(person.captured_body, found.request, "reply")
            assert reply == got.body
            assert b"choices" not in reply


@pytest.mark.parametrize("stream", [False, True])
async def test_each_attempt_of_a_fallback_is_captured(
    tmp_path: Path, stream: bool
) -> None:
    async with gate_to_all(tmp_path / "h", ROUTE) as gate, client_of(gate) as client:
        gate.provider.match(
            lambda seen: (
                Step(fault=TABLE["503"])
                if "messages" in seen.path
                else Step(text="All done.")
            )
        )
        await turn_on(gate)
        path, body = call_of("chat", stream=stream, model="mixed")
        got = await client.post(path, body)
        assert got.status == 200
        found = await captured(gate, request_of(got))
        *failed, last = found.attempts
        assert failed
        assert {each.status for each in failed} == {503}
        assert {each.target for each in failed} == {"sima/claude-x"}
        assert (last.target, last.status) == ("simc/m-x", 200)
        names = [each.attempt for each in found.attempts]
        assert len(set(names)) == len(names)
        error = await do(person_of(gate).captured_body, found.request, "answer", 1)
        assert b"error" in error


async def test_an_answer_that_breaks_is_kept_as_far_as_it_came(
    gate: RunningGate, client: Client
) -> None:
    step = Step(text="Hello there. " * 20, fault=TABLE["cut_midway"])
    gate.provider.match(lambda _seen: step)
    await turn_on(gate)
    path, body = call_of("chat", stream=True)
    got = await client.post(path, body)
    assert got.broken
    found = await captured(gate, request_of(got))
    (attempt,) = found.attempts
    assert attempt.answer is not None
    assert not attempt.answer.complete
    assert attempt.error
    assert found.reply is not None
    assert found.reply.body is not None
    assert not found.reply.body.complete


async def test_a_refusal_is_captured_without_an_attempt(
    gate: RunningGate, client: Client
) -> None:
    await turn_on(gate)
    got = await client.chat(model="sim/unheard-of")
    assert got.status == 400
    found = await captured(gate, request_of(got))
    assert not found.attempts
    assert found.refusal is not None
    assert "unheard-of" in found.refusal


async def test_it_is_turned_on_for_a_session_and_off_again(
    gate: RunningGate, client: Client
) -> None:
    person = person_of(gate)
    await turn_on(gate, session="mine")
    path, body = call_of("chat", stream=False)
    other = await client.post(f"/s/other{path}", body)
    mine = await client.post(f"/s/mine{path}", body)
    await captured(gate, request_of(mine))
    assert [each.session for each in await do(person.captures, 10)] == ["mine"]
    assert await code_of(person.capture, request_of(other)) == "not_captured"
    status = await do(person.capture_off)
    assert (status.on, status.source, status.captures) == (False, "command", 1)
    late = await client.post(f"/s/mine{path}", body)
    await gate.settled()
    assert await code_of(person.capture, request_of(late)) == "not_captured"
    # What was captured stays until it is deleted.
    assert await do(person.clear_captures, request_of(mine)) == 1
    assert await do(person.clear_captures, request_of(mine)) == 0
    assert await do(person.captures, 10) == []
    events = [e.text for e in gate.daemon.gate.events.since(0) if e.kind == "capture"]
    assert "written to disk" in events[0]
    assert "off" in events[1]


async def test_all_of_it_is_cleared(gate: RunningGate, client: Client) -> None:
    await turn_on(gate)
    names = [request_of(await client.chat()) for _ in range(3)]
    for name in names:
        await captured(gate, name)
    person = person_of(gate)
    assert await do(person.clear_captures) == 3
    assert list(gate.paths.captures.iterdir()) == []
    assert (await do(person.capture_status)).captures == 0


async def test_only_a_person_turns_it_on(gate: RunningGate) -> None:
    stranger = CaptureClient(gate.paths.socket)
    assert await code_of(stranger.capture_on, CaptureOn()) == "forbidden"
    assert not (await do(stranger.capture_status)).on


@pytest.mark.parametrize(
    "asked", [CaptureOn(for_s=0.0), CaptureOn(for_s=1e9), CaptureOn(session="")]
)
async def test_what_makes_no_sense_is_refused(
    gate: RunningGate, asked: CaptureOn
) -> None:
    assert await code_of(person_of(gate).capture_on, asked) == "bad_request"


async def inside(gate: RunningGate, token: str, *args: str) -> str:
    """Do something in a process that has a run's token."""
    environment = {k: v for k, v in os.environ.items() if k != ADMIN_SECRET_VARIABLE}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        READ,
        str(gate.paths.socket),
        *args,
        env={**environment, "OPENAI_API_KEY": token},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return out.decode().strip()


async def test_a_run_reads_what_is_its_own_and_turns_nothing_on_or_off(
    gate: RunningGate, client: Client
) -> None:
    person = person_of(gate)
    await turn_on(gate)
    run = await do(person.new_session, NewSession(agent="a"))
    client.headers = {"authorization": f"Bearer {run.token}"}
    own = request_of(await client.chat())
    client.headers = gate.bearer
    foreign = request_of(await client.chat())
    for name in (own, foreign):
        await captured(gate, name)
    token = run.token
    assert await inside(gate, token, "show", own) == run.session
    assert '"messages"' in await inside(gate, token, "body", own)
    assert await inside(gate, token, "show", foreign) == "forbidden"
    assert await inside(gate, token, "body", foreign) == "forbidden"
    # It does not even learn what there is.
    assert await inside(gate, token, "show", "req_none") == "forbidden"
    assert await inside(gate, token, "list") == run.session
    for verb in ("on", "off", "clear"):
        assert await inside(gate, token, verb) == "forbidden"
    assert (await do(person.capture_status)).on
    assert (await do(person.capture_status)).captures == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/captures?limit=0", 400),
        ("/v1/captures?limit=x", 400),
        ("/v1/captures/..%2f..%2ftoken", 404),
        ("/v1/captures/req_1/body?part=secret", 400),
        ("/v1/captures/req_1/body?attempt=-1", 400),
        ("/v1/captures/req_1/body", 404),
    ],
)
async def test_odd_questions(gate: RunningGate, path: str, status: int) -> None:
    import aiohttp

    connector = aiohttp.UnixConnector(path=str(gate.paths.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(f"http://localhost{path}") as answer,
    ):
        assert answer.status == status


async def test_a_damaged_file_is_told_as_that(
    gate: RunningGate, client: Client
) -> None:
    await turn_on(gate)
    name = request_of(await client.chat())
    await captured(gate, name)
    file = gate.paths.captures / f"{name}.capture"
    file.write_bytes(file.read_bytes()[:-10])
    assert await code_of(person_of(gate).capture, name) == "damaged"


async def test_what_the_configuration_says_holds_from_the_start(
    tmp_path: Path,
) -> None:
    more = '[capture]\nenabled = true\nworkspaces = ["web"]\nmax_body = "1kB"'
    async with (
        running_gate(tmp_path / "h", more=more) as gate,
        client_of(gate) as client,
    ):
        path, body = call_of("chat", stream=False)
        body["messages"][0]["content"] = "x" * 5000
        got = await client.post(f"/w/web{path}", body)
        await client.post(f"/w/shop{path}", body)
        found = await captured(gate, request_of(got))
        assert (found.workspace, found.body.kept) == ("web", 1000)
        assert found.body.length == len(json.dumps(body))
        person = person_of(gate)
        assert len(await do(person.captures, 10)) == 1
        setup = (await do(person.snapshot)).setup
        assert setup.capture == "on for workspace web"
        assert any("written to disk" in each for each in setup.warnings)
