"""What is read only where it matters finds what reading everything finds."""

from __future__ import annotations

import asyncio
import json
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.finding import LoopAction, LoopSettings
from faregate.core.loops.glance import glance_of
from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.gateway.events import EventLog
from faregate.gateway.governor import verdict
from faregate.gateway.loop_reading import Reading
from faregate.gateway.loop_watch import ConversationWatch
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for, messages_of
from tests.core.talks import eager_loop, turns_of

if TYPE_CHECKING:
    from faregate.core.loops.finding import Loop
    from faregate.core.transcript import Item
    from faregate.gateway.governor import Asked

CORPUS = Path(__file__).parents[1] / "loops" / "corpus"
Json = dict[str, Any]


def chat(item: Item) -> Json:
    if isinstance(item, ToolCall):
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.id, "type": "function", "function": function}
        return {"role": "assistant", "tool_calls": [call]}
    if isinstance(item, ToolResult):
        return {"role": "tool", "tool_call_id": item.call_id, "content": item.text}
    return {"role": item.role, "content": item.text}


def messages(item: Item) -> Json:
    if isinstance(item, ToolCall):
        use = {"type": "tool_use", "id": item.id, "name": item.name}
        return {"role": "assistant", "content": [{**use, "input": plain(item)}]}
    if isinstance(item, ToolResult):
        done: Json = {"type": "tool_result", "tool_use_id": item.call_id}
        done |= {"content": [{"type": "text", "text": item.text}]}
        return {"role": "user", "content": [{**done, "is_error": item.is_error}]}
    role = "assistant" if item.role == "assistant" else "user"
    return {"role": role, "content": item.text}


def responses(item: Item) -> Json:
    if isinstance(item, ToolCall):
        call = {"type": "function_call", "call_id": item.id, "name": item.name}
        return {**call, "arguments": item.arguments}
    if isinstance(item, ToolResult):
        done = {"type": "function_call_output", "call_id": item.call_id}
        return {**done, "output": item.text}
    return {"type": "message", "role": item.role, "content": item.text}


def contents(item: Item) -> Json:
    if isinstance(item, ToolCall):
        call = {"id": item.id, "name": item.name, "args": plain(item)}
        return {"role": "model", "parts": [{"functionCall": call}]}
    if isinstance(item, ToolResult):
        key = "error" if item.is_error else "output"
        done = {"id": item.call_id, "name": "f", "response": {key: item.text}}
        return {"role": "user", "parts": [{"functionResponse": done}]}
    role = "model" if item.role == "assistant" else "user"
    return {"role": role, "parts": [{"text": item.text}]}


def plain(call: ToolCall) -> Any:
    try:
        return json.loads(call.arguments)
    except ValueError:
        return call.arguments


DIALECTS = [
    ("/v1/chat/completions", "messages", chat),
    ("/v1/messages", "messages", messages),
    ("/v1/responses", "input", responses),
    ("/v1beta/models/p/m:generateContent", "contents", contents),
]


class Player:
    """Plays a conversation to the watch, turn by turn, in one dialect."""

    def __init__(self, path: str, key: str, said: list[Json], repeats: int) -> None:
        found = codec_for("POST", path)
        assert found is not None
        self.codec, _ = found
        self.head = RequestHead(method="POST", path=path)
        self.key = key
        self.said = [json.dumps(each) for each in said]
        self.repeats = repeats
        self.loop: Loop | None = None
        clock = cast("Any", SimpleNamespace(elapsed=lambda: 1.0, now_ms=lambda: 1))
        self.watch = ConversationWatch(
            LoopSettings(repeats=repeats, action=LoopAction.ALERT),
            clock,
            EventLog(),
            is_running=lambda _: False,
        )

    def body(self, count: int) -> bytes:
        listed = ", ".join(self.said[:count])
        text = f'{{"model": "p/m", "max_tokens": 9, "{self.key}": [{listed}]}}'
        return text.encode()

    def asked(self, count: int) -> Asked:
        body = self.body(count)
        facts = self.codec.inspect(self.head, body)
        assert len(facts.conversation.parts) == count
        inbound = SimpleNamespace(
            body=body,
            codec=self.codec,
            id=str(count),
            explanation=SimpleNamespace(looped=self.looped),
        )
        who = SimpleNamespace(session="s", root_session="s")
        found = {"facts": facts, "identity": who, "client_retry": False}
        return cast("Asked", SimpleNamespace(inbound=inbound, **found))

    def looped(self, loop: Loop, _outcome: str) -> None:
        self.loop = loop

    async def found(self, count: int) -> Loop | None:
        """Return the loop that the watch finds in so many messages."""
        self.loop = None
        assert await verdict(self.watch.check(self.asked(count))) is None
        return self.loop

    async def agrees(self) -> list[Loop]:
        """Play it all; each request must bring what reading all of it finds."""
        said = messages_of(self.codec.name, self.body(len(self.said)))
        ends = [n for n in range(1, len(said)) if begins_turn(said, n)] + [len(said)]
        turns = turns_of(said)
        assert len(turns) == len(ends)
        loops: list[Loop] = []
        for number, end in enumerate(ends, 1):
            found = await self.found(end)
            latest = turns[max(0, number - 129) : number]
            expected = eager_loop(latest, self.repeats) if end > 2 else None
            assert found == expected, (number, found, expected)
            if found is not None:
                loops.append(found)
        return loops


def begins_turn(said: Any, number: int) -> bool:
    """Tell whether a message begins a turn: the model speaks, and was answered."""
    if not glance_of(said[number]).speaks:
        return False
    for before in reversed(said[:number]):
        glance = glance_of(before)
        if glance.answers:
            return True
        if glance.speaks:
            return False
    return False


def read_item(line: Json) -> Item:
    if "said" in line:
        return Said(role=line["said"], text=line["text"])
    if "call" in line:
        return ToolCall(id=line["id"], name=line["call"], arguments=line["arguments"])
    failed = line.get("is_error", False)
    return ToolResult(call_id=line["result"], text=line["text"], is_error=failed)


@pytest.mark.parametrize("half", ["tuning", "held_out", "held_out_2", "held_out_3"])
def test_each_recorded_conversation_is_judged_as_if_all_of_it_was_read(
    half: str,
) -> None:
    async def play() -> tuple[int, int]:
        paths = sorted((CORPUS / half).glob("*.jsonl"))
        looping = 0
        for path, (at, key, made) in zip(paths, cycle(DIALECTS), strict=False):
            lines = path.read_text(encoding="utf-8").splitlines()[1:]
            said = [made(read_item(json.loads(line))) for line in lines]
            looping += bool(await Player(at, key, said, 5).agrees())
        return len(paths), looping

    count, looping = asyncio.run(play())
    assert count >= 60
    assert looping >= 30


WORDS = ["paragraph", "section", "pending", "no matches", "error: it broke", "<b>"]
results = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from([*WORDS, "12:30:01", "line 7", "kept 5 seconds", "\n"]))
    .map(" ".join)
    .filter(bool),
)
arguments = st.sampled_from(
    [
        '{"command": "make"}',
        '{"command": "make", "timeout": 5}',
        '{"timeout": 7, "command": "make"}',
        '{"command": ["make"]}',
        '{"path": "paragraph"}',
        '{"path": "section 2"}',
        "make",
        "",
    ]
)
steps = st.tuples(st.sampled_from(["bash", "read"]), arguments, results, st.booleans())
turns = st.one_of(
    st.lists(steps, min_size=1, max_size=2),
    st.sampled_from(["I will do it.", "I do it now.", "Done."]),
)


def items_of(made: list[Any]) -> list[Item]:
    found: list[Item] = [Said(role="user", text="Do it.")]
    for number, turn in enumerate(made):
        if isinstance(turn, str):
            found.append(Said(role="assistant", text=turn))
            found.append(Said(role="user", text="Go on."))
            continue
        names = [f"c{number}-{each}" for each in range(len(turn))]
        for name, (tool, asks, _, _) in zip(names, turn, strict=True):
            found.append(ToolCall(id=name, name=tool, arguments=asks))
        for name, (_, _, text, failed) in reversed(list(zip(names, turn, strict=True))):
            found.append(ToolResult(call_id=name, text=text, is_error=failed))
    return found


@pytest.mark.parametrize(("path", "key", "made"), DIALECTS)
@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(turns, max_size=4),
    block=st.lists(turns, min_size=1, max_size=3),
    times=st.integers(2, 7),
    noise=st.lists(st.tuples(st.integers(0, 25), turns), max_size=2),
    repeats=st.integers(2, 5),
)
def test_a_conversation_that_repeats_is_judged_as_if_all_of_it_was_read(
    path: str,
    key: str,
    made: Any,
    before: list[Any],
    block: list[Any],
    times: int,
    noise: list[tuple[int, Any]],
    repeats: int,
) -> None:
    told = before + block * times
    for number, turn in noise:
        told.insert(min(number, len(told)), turn)
    said = [made(item) for item in items_of(told)]
    asyncio.run(Player(path, key, said, repeats).agrees())


def asking(sizes: tuple[int, ...], body: bytes = b"{}") -> Reading:
    conversation = SimpleNamespace(parts=sizes, sizes=sizes)
    asked = SimpleNamespace(
        facts=SimpleNamespace(conversation=conversation),
        inbound=SimpleNamespace(body=body, codec=SimpleNamespace(name="none")),
    )
    return Reading(cast("Any", asked))


def test_what_is_short_is_told_by_what_is_to_be_read() -> None:
    assert asking((100_000, 10, 10)).is_short(1)
    assert not asking((100_000, 10, 10)).is_short(0)
    assert not asking((1,) * 17).is_short(0)
    assert not asking((1,), b" " * 300_000).is_short(0)


async def test_a_dialect_without_conversations_says_nothing() -> None:
    reading = asking((1,))
    assert reading.glances(0) == []
    assert reading.messages(slice(None)) == ()
    assert await reading.done(lambda: 7, 0) == 7
