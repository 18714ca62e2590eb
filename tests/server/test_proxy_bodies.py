"""Bodies that are wrong, in each dialect: refused in its words, and never sent on."""

from __future__ import annotations

import json
import threading
from typing import Any
from unittest import mock

import pytest

from faregate.gateway import exchange as exchange_module
from faregate.protocols.openai_chat.codec import CODEC
from tests.running import CLAUDE, GEMINI, MODEL, RunningGate
from tests.server.dialects import DIALECTS, Dialect, ask, each_dialect

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "truth": b"true",
    "no_members": b"{}",
    "comment": b'{/* x */"a":1}',
    "single_quotes": b"{'a':1}",
    "no_quotes": b"{a:1}",
    "byte_order_mark": b'\xef\xbb\xbf{"a":1}',
    "utf_16": '{"a":1}'.encode("utf-16"),
    "utf_32": '{"a":1}'.encode("utf-32-le"),
    "deep_list": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep_object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep_and_open": b"[" * 1_000_000,
}
# What is done to a valid body; the result is no valid JSON any more.
SPOILED: dict[str, tuple[bytes, bytes]] = {
    "truncated": (b"}", b""),
    "comma_at_the_end": (b"}", b",}"),
    "two_documents": (b"}", b"}{}"),
    "nan": (b"}", b',"temperature":NaN}'),
    "infinity": (b"}", b',"temperature":Infinity}'),
    "broken_utf_8": (b"}", b',"x":"\xff"}'),
    "overlong_utf_8": (b"}", b',"x":"\xc0\xaf"}'),
    "utf_8_surrogate": (b"}", b',"x":"\xed\xa0\x80"}'),
    "raw_control": (b"}", b',"x":"a\x00b"}'),
    "raw_line_break": (b"}", b',"x":"a\nb"}'),
    "leading_zero": (b"}", b',"x":01}'),
    "leading_plus": (b"}", b',"x":+1}'),
    "hexadecimal": (b"}", b',"x":0x1}'),
    "bad_escape": (b"}", b',"x":"\\x41"}'),
}
HARMLESS: dict[str, bytes] = {
    "proto_key": b',"__proto__":{"a":1}}',
    "long_key": b',"' + b"k" * 1_000_000 + b'":1}',
    "escaped_null": b',"x":"a\\u0000b"}',
    "long_number": b',"x":' + b"9" * 4000 + b"}",
    "huge_float": b',"x":1e400}',
    "minus_zero": b',"x":-0}',
    "space": b" \r\n\t} \n",
    "unknown_twice": b',"x":1,"x":2}',
    "emoji": ',"x":"\U0001f600\u200b"}'.encode(),
}


@each_dialect
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=list(NOT_JSON))
async def test_what_is_no_request_object_is_refused(
    gate: RunningGate, dialect: Dialect, body: bytes
) -> None:
    if body == b"{}" and not dialect.model_in_body:
        body = b'{"contents":{}}'
    dialect.assert_refusal(await ask(gate, dialect, body), 400)
    assert gate.provider.requests == []


def spoiled(dialect: Dialect, old: bytes, new: bytes) -> bytes:
    head, found, tail = json.dumps(dialect.body).encode().rpartition(old)
    assert found
    assert not tail
    return head + new


@each_dialect
@pytest.mark.parametrize(("old", "new"), SPOILED.values(), ids=list(SPOILED))
async def test_json_that_is_almost_right_is_refused(
    gate: RunningGate, dialect: Dialect, old: bytes, new: bytes
) -> None:
    answer = await ask(gate, dialect, spoiled(dialect, old, new))
    dialect.assert_refusal(answer, 400)
    assert gate.provider.requests == []


@each_dialect
@pytest.mark.parametrize("tail", HARMLESS.values(), ids=list(HARMLESS))
async def test_what_is_odd_but_right_passes_byte_for_byte(
    gate: RunningGate, dialect: Dialect, tail: bytes
) -> None:
    body = spoiled(dialect, b"}", tail)
    answer = await ask(gate, dialect, body)
    assert answer.status == 200
    (seen,) = gate.provider.generations
    assert seen.body.endswith(tail)


@each_dialect
@pytest.mark.parametrize("extra", ['"MODEL":1', "BOUND", "STREAM", "MESSAGES"])
async def test_a_member_that_means_money_may_stand_there_once(
    gate: RunningGate, dialect: Dialect, extra: str
) -> None:
    bound = json.dumps(dialect.bound[-1])
    twice = {
        '"MODEL":1': ('"model":"a"', '"model":"b"'),
        "BOUND": (f"{bound}:1", f"{bound}:9000000"),
        "STREAM": ('"stream":false', '"stream":true'),
        "MESSAGES": (f'"{dialect.messages}":[]', f'"{dialect.messages}":[]'),
    }[extra]
    if not dialect.model_in_body and extra in {'"MODEL":1', "STREAM"}:
        return
    inner = ",".join(twice)
    if extra == "BOUND" and len(dialect.bound) > 1:
        inner = f'"{dialect.bound[0]}":{{{inner}}}'
    base = {k: v for k, v in dialect.body.items() if f'"{k}"' not in inner}
    text = json.dumps(base).rpartition("}")[0]
    comma = "," if base else ""
    body = f"{text}{comma}{inner}}}".encode()
    dialect.assert_refusal(await ask(gate, dialect, body), 400)
    assert gate.provider.requests == []


@each_dialect
@pytest.mark.parametrize(
    "bound",
    [
        "0",
        "-1",
        "1.5",
        "1e400",
        '"100"',
        "true",
        "[]",
        "{}",
        "1000000000",
        str(2**63),
        str(-(2**63)),
        "1" + "0" * 5000,
    ],
    ids=lambda bound: bound[:20],
)
async def test_a_bound_that_is_none_is_refused(
    gate: RunningGate, dialect: Dialect, bound: str
) -> None:
    body = json.dumps(dialect.with_bound("BOUND")).replace('"BOUND"', bound).encode()
    dialect.assert_refusal(await ask(gate, dialect, body), 400)
    assert gate.provider.requests == []


@each_dialect
async def test_no_bound_and_a_null_one_are_given_one(
    gate: RunningGate, dialect: Dialect
) -> None:
    for value in (None, "absent"):
        body = dialect.with_bound(None)
        if value == "absent":
            body.pop(dialect.bound[0])
        answer = await ask(gate, dialect, body)
        if dialect.name == "messages":
            # This dialect's own API refuses a request without one.
            assert answer.status in {200, 400}
            continue
        assert answer.status == 200
        sent: Any = gate.provider.generations[-1].json
        for name in dialect.bound:
            sent = sent[name]
        assert sent == 32_000


async def test_two_bounds_that_disagree(gate: RunningGate) -> None:
    chat = DIALECTS["chat"]
    body = {**chat.body, "max_tokens": 10, "max_completion_tokens": 20}
    chat.assert_refusal(await ask(gate, chat, body), 400)
    assert gate.provider.requests == []


@each_dialect
@pytest.mark.parametrize(
    "model", ["nobody/x", "unheard-of", "../etc/passwd", "m\u043edel", "x" * 10_000]
)
async def test_an_unknown_model_is_refused(
    gate: RunningGate, dialect: Dialect, model: str
) -> None:
    if dialect.model_in_body:
        answer = await ask(gate, dialect, {**dialect.body, "model": model})
        dialect.assert_refusal(answer, 400)
    else:
        target = dialect.target.replace(GEMINI, model)
        answer = await ask(gate, dialect, target=target)
        assert answer.status in {400, 404, 414}
    assert gate.provider.requests == []


@each_dialect
@pytest.mark.parametrize(
    "model", ["", None, 1, [], {}, "a\x00b", "a\nb", "sim/\x1b[2J", "sim/a b\u202e"]
)
async def test_a_model_that_is_no_name_is_refused(
    gate: RunningGate, dialect: Dialect, model: object
) -> None:
    if not dialect.model_in_body:
        return
    answer = await ask(gate, dialect, {**dialect.body, "model": model})
    dialect.assert_refusal(answer, 400)
    assert b"\x1b" not in answer.body
    assert gate.provider.requests == []


@each_dialect
@pytest.mark.parametrize("stream", ["yes", 1, 0, "true", [], {}])
async def test_a_stream_flag_that_is_none_is_refused(
    gate: RunningGate, dialect: Dialect, stream: object
) -> None:
    if not dialect.model_in_body:
        return
    answer = await ask(gate, dialect, {**dialect.body, "stream": stream})
    dialect.assert_refusal(answer, 400)
    assert gate.provider.requests == []


@each_dialect
async def test_a_body_names_no_other_destination(
    gate: RunningGate, dialect: Dialect
) -> None:
    elsewhere = "http://127.0.0.1:9/"
    body = {
        **dialect.body,
        "api_base": elsewhere,
        "base_url": elsewhere,
        "api_key": "sk-other",
        "extra_headers": {"x-api-key": "sk-other"},
        "user": "ann",
    }
    lines = (f"x-target-url: {elsewhere}", f"x-forwarded-host: {elsewhere}")
    answer = await ask(gate, dialect, body, *lines)
    assert answer.status == 200
    (seen,) = gate.provider.generations
    assert seen.headers["host"] == gate.provider.url.removeprefix("http://")


@each_dialect
async def test_a_gate_decision_reads_alike_in_every_dialect(
    gate: RunningGate, dialect: Dialect
) -> None:
    """A cap that is reached stops every agent at once: 400, its words, no retry."""
    answer = await ask(gate, dialect, dialect.with_bound(5_000_000))
    dialect.assert_refusal(answer, 400)
    assert answer.headers["x-faregate-refusal"] == "budget_exceeded"
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert "faregate" in answer.error["message"]
    for word in ("429", "rate limit", "too many requests", "overloaded"):
        assert word not in answer.error["message"].lower()
    assert gate.provider.requests == []


async def test_a_large_body_is_read_off_the_loop(gate: RunningGate) -> None:
    chat = DIALECTS["chat"]
    threads: list[threading.Thread] = []
    inspect = type(CODEC).inspect

    def noting(self: Any, *given: Any) -> Any:
        threads.append(threading.current_thread())
        return inspect(self, *given)

    text = "x" * exchange_module.INSPECTED_ON_LOOP
    large = {**chat.body, "messages": [{"role": "user", "content": text}]}
    with mock.patch.object(type(CODEC), "inspect", noting):
        assert (await ask(gate, chat)).status == 200
        assert (await ask(gate, chat, large)).status == 200
    assert threads[0] is threading.main_thread()
    assert threads[1] is not threading.main_thread()


async def test_a_path_that_names_a_model_may_hold_what_models_hold(
    gate: RunningGate,
) -> None:
    gemini = DIALECTS["gemini"]
    for root in ("/v1/models/", "/v1beta/models/"):
        target = f"{root}{GEMINI}:generateContent"
        assert (await ask(gate, gemini, target=target)).status == 200
    for model in ("simg/gemini-2.5_pro-x.1", "simg/a/b.c-d", "simg/tuned@2:x"):
        target = f"/v1beta/models/{model}:generateContent"
        answer = await ask(gate, gemini, target=target)
        # Its price is not known here; the name was read all the same.
        gemini.assert_refusal(answer, 400)
        assert model.partition("/")[2] in answer.error["message"]
    for verb in ("predict", "GENERATECONTENT", "", "generateContent:x"):
        target = f"/v1beta/models/{GEMINI}:{verb}"
        assert (await ask(gate, gemini, target=target)).status == 404
    assert CLAUDE != MODEL
