"""What passes through: who pays with which key, and what the provider gets to see."""

from __future__ import annotations

import json
import logging
from typing import Any
from unittest import mock

import pytest

from faregate.core.holds import LedgerError
from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.core.money import Money
from tests.running import CLAUDE, GEMINI, KEY, MODEL, RunningGate
from tests.server.wire import CHAT, Answer, exchange, head, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
CREDENTIALS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
# One path and body for each dialect, with the header its provider takes a key in.
CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "chat": (CHAT, {"model": MODEL, "messages": MESSAGES}, "authorization"),
    "responses": (
        "/v1/responses",
        {"model": MODEL, "input": "hi"},
        "authorization",
    ),
    "messages": (
        "/v1/messages",
        {"model": CLAUDE, "messages": MESSAGES, "max_tokens": 100},
        "x-api-key",
    ),
    "gemini": (
        f"/v1beta/models/{GEMINI}:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        "x-goog-api-key",
    ),
}
each_dialect = pytest.mark.parametrize("dialect", CALLS)


def line(name: str, key: str) -> str:
    return f"{name}: Bearer {key}" if name == "authorization" else f"{name}: {key}"


async def call(
    gate: RunningGate, dialect: str, *lines: str, prefix: str = "", **changes: object
) -> Answer:
    target, body, _ = CALLS[dialect]
    data = json.dumps({**body, **changes}).encode()
    return await exchange(
        gate.url, post(gate.url, data, *lines, target=prefix + target)
    )


def booked(gate: RunningGate, session: str) -> tuple[Labels, int]:
    """Return a session's labels and how many requests it made."""
    found = gate.daemon.reports.session(session)
    assert found is not None
    return found.labels, found.requests


@each_dialect
@pytest.mark.parametrize("name", CREDENTIALS)
async def test_a_token_is_replaced_by_the_providers_key(
    gate: RunningGate, dialect: str, name: str
) -> None:
    foreign = [line(n, "sk-foreign") for n in CREDENTIALS if n != name]
    answer = await call(gate, dialect, line(name, gate.token), *foreign)
    assert answer.status == 200
    (seen,) = gate.provider.generations
    carried = {n: seen.headers[n] for n in CREDENTIALS if n in seen.headers}
    wanted = CALLS[dialect][2]
    assert carried == {wanted: line(wanted, KEY).partition(": ")[2]}
    assert gate.token not in str(seen.headers)


@each_dialect
@pytest.mark.parametrize("name", CREDENTIALS)
async def test_an_own_key_passes_as_it_is(
    gate: RunningGate, dialect: str, name: str
) -> None:
    answer = await call(gate, dialect, line(name, "sk-own"))
    assert answer.status == 200
    (seen,) = gate.provider.generations
    carried = {n: seen.headers[n] for n in CREDENTIALS if n in seen.headers}
    assert carried == {name: line(name, "sk-own").partition(": ")[2]}
    assert KEY not in str(seen.headers)


@each_dialect
@pytest.mark.parametrize("own", [False, True])
async def test_a_key_for_somebody_else_reaches_no_provider(
    gate: RunningGate, dialect: str, own: bool
) -> None:
    others = {
        "helicone-auth": "Bearer sk-helicone-x",
        "x-portkey-api-key": "pk-x",
        "x-portkey-config": '{"api_key":"sk-x"}',
        "cf-aig-authorization": "Bearer cf-x",
        "langfuse-secret-key": "sk-lf-x",
        "x-litellm-api-key": "sk-litellm-x",
    }
    beside = [line(name, value) for name, value in others.items()]
    key = "sk-own" if own else gate.token
    answer = await call(
        gate, dialect, line("authorization", key), *beside, "Idempotency-Key: i1"
    )
    assert answer.status == 200
    (seen,) = gate.provider.generations
    assert not others.keys() & seen.headers.keys()
    assert seen.headers["idempotency-key"] == "i1"


async def test_an_own_key_is_metered_like_any_other(gate: RunningGate) -> None:
    before = gate.month().spent
    await call(gate, "chat", line("authorization", "sk-own"))
    (row,) = gate.provider.bill.rows
    tokens = Money.usd("0.000001") * (row.input + 10 * row.output)
    assert gate.month().spent - before == tokens


@each_dialect
@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("token", ["fg-forged", "FG-FORGED", "fg-e30.AAAA", "fg-"])
async def test_a_token_that_is_not_ours_is_never_sent_on(
    gate: RunningGate, dialect: str, name: str, token: str
) -> None:
    for lines in ([line(name, token)], [line(name, token), "x-other: sk-own"]):
        answer = await call(gate, dialect, *lines)
        assert answer.status == 401
        assert "faregate env" in answer.error["message"]
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert gate.provider.requests == []


@each_dialect
async def test_no_key_at_all(gate: RunningGate, dialect: str) -> None:
    answer = await call(gate, dialect)
    assert answer.status == 401
    assert "faregate run" in answer.error["message"]
    if dialect == "gemini":
        assert answer.error["status"] == "UNAUTHENTICATED"
    else:
        assert answer.error["type"] == "authentication_error"
        assert answer.json["type"] == "error"


@each_dialect
@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "' OR '1'='1",
        "Bearer ' OR 1=1;--",
        "\u00e9",
    ],
)
async def test_odd_credentials(gate: RunningGate, dialect: str, value: str) -> None:
    answer = await call(gate, dialect, f"authorization: {value}")
    assert answer.status == 401
    assert gate.provider.requests == []


async def test_two_different_tokens(gate: RunningGate) -> None:
    run = gate.daemon.tokens.issue(Grant(session="run-1"))
    lines = (line("authorization", gate.token), line("x-api-key", run))
    assert (await call(gate, "chat", *lines)).status == 400
    lines = (line("x-api-key", gate.token), line("x-api-key", run))
    assert (await call(gate, "chat", *lines)).status == 401
    assert gate.provider.requests == []


async def test_a_models_list_needs_a_key_as_well(gate: RunningGate) -> None:
    for target in ("/v1/models", "/v1beta/models", "/v1/models/x"):
        data = head(gate.url, target, method="GET")
        assert (await exchange(gate.url, data)).status == 401
        data = head(gate.url, target, line("x-api-key", "fg-forged"), method="GET")
        assert (await exchange(gate.url, data)).status == 401


async def test_our_own_headers_are_not_sent_on(gate: RunningGate) -> None:
    lines = (
        "x-faregate-session: chosen-1",
        "x-faregate-task: t1",
        "x-faregate-anything: else",
        "cookie: a=b",
        "x-forwarded-for: 10.0.0.1",
        "te: trailers",
        "connection: keep-alive, x-drop",
        "proxy-authorization: Basic eDp5",
        f"x-note: {gate.token}",
        "anthropic-beta: one",
        "anthropic-beta: two",
        "x-kept: yes",
        "user-agent: test/1",
    )
    answer = await call(gate, "chat", line("authorization", gate.token), *lines)
    assert answer.status == 200
    (seen,) = gate.provider.generations
    names = {name.lower() for name in seen.headers}
    assert not [name for name in names if name.startswith("x-faregate")]
    assert names.isdisjoint(
        {"cookie", "x-forwarded-for", "te", "proxy-authorization", "x-note"}
    )
    assert seen.headers["anthropic-beta"] == "one, two"
    assert seen.headers["x-kept"] == "yes"
    assert seen.headers["user-agent"] == "test/1"
    assert seen.headers["host"] == gate.provider.url.removeprefix("http://")


async def test_labels_of_headers_and_prefixes_are_booked(gate: RunningGate) -> None:
    lines = (
        "x-faregate-session: chosen-2",
        "x-faregate-user: ann",
        "x-faregate-task: t-7",
        "x-faregate-customer: c1",
        "x-faregate-feature: f1",
        "x-faregate-workspace: outranked",
    )
    token = line("authorization", gate.token)
    answer = await call(gate, "chat", token, *lines, prefix="/w/acme/a/mine")
    assert answer.status == 200
    labels = Labels(
        workspace="acme",
        agent="mine",
        user="ann",
        task="t-7",
        customer="c1",
        feature="f1",
    )
    assert booked(gate, "chosen-2") == (labels, 1)


@pytest.mark.parametrize("value", ["", "a b", "../x", "x" * 129, "\u00e9", "%41"])
async def test_a_label_that_is_no_name_is_refused(
    gate: RunningGate, value: str
) -> None:
    token = line("authorization", gate.token)
    for name in ("session", "task"):
        answer = await call(gate, "chat", token, f"x-faregate-{name}: {value}")
        assert answer.status == 400
        assert answer.error["param"] == f"x-faregate-{name}"
    assert gate.provider.requests == []


@each_dialect
async def test_a_prefix_names_the_session(gate: RunningGate, dialect: str) -> None:
    name = f"prefixed-{dialect}"
    token = line("authorization", gate.token)
    assert (await call(gate, dialect, token, prefix=f"/s/{name}")).status == 200
    assert booked(gate, name)[1] == 1


@each_dialect
async def test_a_token_fixes_its_session(gate: RunningGate, dialect: str) -> None:
    name = f"fixed-{dialect}"
    token = line("x-api-key", gate.daemon.tokens.issue(Grant(session=name)))
    assert (await call(gate, dialect, token)).status == 200
    assert (await call(gate, dialect, token, prefix=f"/s/{name}")).status == 200
    own = f"x-faregate-session: {name}"
    assert (await call(gate, dialect, token, own)).status == 200
    gate.provider.clear()
    for answer in (
        await call(gate, dialect, token, prefix="/s/another"),
        await call(gate, dialect, token, "x-faregate-session: another"),
    ):
        assert answer.status == 403
        assert name in answer.error["message"]
    assert gate.provider.requests == []
    assert booked(gate, name)[1] == 3


async def test_an_ended_session_is_refused_in_every_dialect(gate: RunningGate) -> None:
    token = gate.daemon.tokens.issue(Grant(session="ending-1"))
    assert (await call(gate, "chat", line("x-api-key", token))).status == 200
    gate.daemon.tokens.end("ending-1")
    gate.provider.clear()
    for dialect in CALLS:
        answer = await call(gate, dialect, line("authorization", token))
        assert answer.status == 400
        assert answer.headers["x-should-retry"] == "false"
        assert "ended" in answer.error["message"]
    assert gate.provider.requests == []


async def test_litellm_stops_at_404(gate: RunningGate) -> None:
    token = gate.daemon.tokens.issue(Grant(session="ending-2"))
    gate.daemon.tokens.end("ending-2")
    agents = (
        ("user-agent: litellm/1.80",),
        (
            "user-agent: OpenAI/Python 2.0",
            "x-stainless-raw-response: true",
            "x-stainless-async: false",
        ),
    )
    for lines in agents:
        answer = await call(gate, "chat", line("authorization", token), *lines)
        assert answer.status == 404
        assert answer.error["code"] == "stopped"


async def test_every_answer_has_our_request_id_and_not_our_software(
    gate: RunningGate,
) -> None:
    token = line("authorization", gate.token)
    answers = [
        await call(gate, "chat", token),
        await call(gate, "chat", token, stream=True),
        await call(gate, "chat", token, model="nobody/x"),
        await call(gate, "chat"),
        await exchange(gate.url, head(gate.url, "/v1/models", token, method="GET")),
        await exchange(gate.url, head(gate.url, "/x", method="GET")),
    ]
    assert [answer.status for answer in answers] == [200, 200, 400, 401, 200, 404]
    ids = [answer.headers["x-faregate-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    for answer in answers:
        assert answer.headers["server"] == "faregate"
        assert "python" not in str(answer.headers).lower()


async def test_a_fault_of_our_own_is_a_500_that_tells_no_more(
    gate: RunningGate, caplog: pytest.LogCaptureFixture
) -> None:
    planner = gate.daemon.gate.planner
    with mock.patch.object(planner, "plan", side_effect=KeyError("a secret thing")):
        for dialect in CALLS:
            answer = await call(gate, dialect, line("authorization", gate.token))
            assert answer.status == 500
            assert "secret thing" not in answer.body.decode()
            assert "report" in answer.error["message"]
    logged = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(logged) == len(CALLS)
    # The stack is for the log alone, and was expected here.
    caplog.clear()


async def test_a_ledger_that_cannot_be_read_lets_nobody_in(gate: RunningGate) -> None:
    token = gate.daemon.tokens.issue(Grant(session="unknown-yet"))
    failing = mock.Mock(side_effect=LedgerError("the disk is gone"))
    with mock.patch.object(gate.daemon.tokens, "_was_ended", failing):
        answer = await call(gate, "chat", line("authorization", token))
    assert answer.status == 400
    assert answer.error["code"] == "ledger_unavailable"
    assert gate.provider.requests == []
