"""Tools that only one dialect has become functions, and calls of them come back."""

from __future__ import annotations

import json

import msgspec
import pytest

from faregate.protocols.codec import RequestHead
from faregate.protocols.dialects import AnswerForm, WriteOptions
from faregate.protocols.dialogue import (
    CacheMark,
    Choice,
    Dialogue,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    marks,
)
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    Seal,
    StreamEvent,
    TextDelta,
)
from faregate.protocols.gemini.signatures import signature_of
from faregate.protocols.losses import Loss
from faregate.protocols.seals import RARE, enveloped
from faregate.protocols.translation.caching import marked_for_cache
from faregate.protocols.translation.flattening import (
    LONGEST_NAME,
    Restorer,
    flattened,
)
from faregate.protocols.translation.foreign_seals import without_foreign_seals
from faregate.protocols.translation.translator import translate
from tests.protocols.test_captures import load

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: x"}
PATCH = Tool(name="apply_patch", kind=CallKind.CUSTOM, grammar=GRAMMAR)
SHELL = Tool(name="local_shell", kind=CallKind.LOCAL_SHELL)
SPAWN = Tool(name="spawn", namespace="agents", schema={"type": "object"})
PLAIN = Tool(name="look", schema={"type": "object"})


def asked(*tools: Tool, turns: tuple[Turn, ...] = ()) -> Dialogue:
    return Dialogue(model="m", tools=tools, turns=turns)


def test_plain_functions_stay_as_they_are() -> None:
    dialogue = asked(PLAIN)
    flat = flattened(dialogue)
    assert flat.dialogue is dialogue
    assert (flat.originals, flat.losses) == ({}, frozenset())


def test_a_custom_tool_takes_its_text_as_one_argument() -> None:
    flat = flattened(asked(PATCH, PLAIN))
    tool, plain = flat.dialogue.tools
    assert (tool.name, tool.kind, plain) == ("apply_patch", CallKind.FUNCTION, PLAIN)
    assert tool.schema is not None
    assert tool.schema["required"] == ["input"]
    assert "start: x" in (tool.description or "")
    assert flat.losses == {Loss.CUSTOM_TOOLS}


def test_a_namespace_becomes_a_prefix_that_meets_no_other_name() -> None:
    taken = Tool(name="agents__spawn", schema={"type": "object"})
    flat = flattened(asked(SPAWN, taken))
    first, second = (tool.name for tool in flat.dialogue.tools)
    assert second == "agents__spawn"
    assert first.startswith("agents__spawn")
    assert first != second
    assert flat.originals[first].namespace == "agents"
    assert flat.losses == {Loss.NAMESPACES}


def test_long_names_are_shortened_and_stay_apart() -> None:
    tools = [
        Tool(name="n" * 60 + end, namespace="space", schema={"type": "object"})
        for end in ("a", "b")
    ]
    names = [tool.name for tool in flattened(asked(*tools)).dialogue.tools]
    assert len(set(names)) == 2
    assert all(len(name) <= LONGEST_NAME for name in names)


def test_names_that_not_every_provider_takes_are_changed_and_come_back() -> None:
    long = "mcp__" + "x" * 80
    tools = [
        Tool(name=n, schema={"type": "object"}) for n in (long, "a.b", "a_b", "1st")
    ]
    for names_alone in (False, True):
        flat = flattened(asked(*tools), names_alone=names_alone)
        names = [tool.name for tool in flat.dialogue.tools]
        assert names[1:] == ["a_b_", "a_b", "_1st"]
        assert len(names[0]) == LONGEST_NAME
        assert flat.losses == {Loss.TOOL_NAMES}
        events = Restorer(flat.originals).restored(
            [CallStarted("c", names[0]), CallDelta("{}"), BlockEnded()]
        )
        assert events[0] == CallStarted("c", long)
        assert events[1] == CallDelta("{}")


def test_a_provider_that_knows_kinds_and_namespaces_gets_them() -> None:
    dialogue = asked(PATCH, SPAWN, SHELL, PLAIN)
    assert flattened(dialogue, names_alone=True).dialogue is dialogue


def test_earlier_calls_and_the_choice_follow_the_names() -> None:
    call = ToolCall(id="c", name="apply_patch", arguments="*** x", kind=CallKind.CUSTOM)
    result = ToolResult(call_id="c", content=(Text(text="ok"),), kind=CallKind.CUSTOM)
    turns = (
        Turn(role=Role.ASSISTANT, parts=(call,)),
        Turn(role=Role.USER, parts=(result,)),
    )
    choice = ToolChoice(choice=Choice.NAMED, name="spawn", namespace="agents")
    dialogue = Dialogue(
        model="m", tools=(PATCH, SPAWN), turns=turns, tool_choice=choice
    )
    flat = flattened(dialogue).dialogue
    assert flat.turns[0].parts == (
        ToolCall(id="c", name="apply_patch", arguments='{"input":"*** x"}'),
    )
    assert flat.turns[1].parts == (ToolResult(call_id="c", content=(Text(text="ok"),)),)
    assert flat.tool_choice == ToolChoice(choice=Choice.NAMED, name="agents__spawn")


def restored(*events: StreamEvent) -> list[StreamEvent]:
    originals = flattened(asked(PATCH, SHELL, SPAWN, PLAIN)).originals
    return list(Restorer(originals).restored(events))


def test_a_call_of_a_custom_tool_gets_its_text_back() -> None:
    assert restored(
        CallStarted("c", "apply_patch"),
        CallDelta('{"inp'),
        CallDelta('ut":"*** \\"x\\"\\n"}'),
        BlockEnded(),
        TextDelta("a"),
    ) == [
        CallStarted("c", "apply_patch", CallKind.CUSTOM),
        CallDelta('*** "x"\n'),
        BlockEnded(),
        TextDelta("a"),
    ]


def test_text_that_a_model_did_not_wrap_is_the_text() -> None:
    events = restored(
        CallStarted("c", "apply_patch"), CallDelta("*** Begin"), BlockEnded()
    )
    assert events[1] == CallDelta("*** Begin")


def test_other_calls_get_their_names_back_and_stream_on() -> None:
    assert restored(
        CallStarted("c", "agents__spawn"),
        CallDelta("{"),
        CallDelta("}"),
        BlockEnded(),
        CallStarted("d", "look"),
        CallDelta("{}"),
        BlockEnded(),
    ) == [
        CallStarted("c", "spawn", CallKind.FUNCTION, "agents"),
        CallDelta("{"),
        CallDelta("}"),
        BlockEnded(),
        CallStarted("d", "look"),
        CallDelta("{}"),
        BlockEnded(),
    ]


def test_a_command_of_the_shell_tool_is_an_action() -> None:
    events = restored(
        CallStarted("c", "local_shell"), CallDelta('{"command":["ls"]}'), BlockEnded()
    )
    call = events[1]
    assert isinstance(call, CallDelta)
    assert json.loads(call.arguments) == {"type": "exec", "env": {}, "command": ["ls"]}


def test_codexs_own_tools_reach_a_provider_of_messages_and_come_back() -> None:
    """The built-in set of a recent Codex: namespaces, and one tool of free text."""
    (request,) = load("codex-oaibase-ok")
    translation = translate(
        client="openai_responses",
        provider="anthropic_messages",
        head=RequestHead(method="POST", path="/v1/responses"),
        body=request.body,
        model="m",
        options=WriteOptions(),
        form=AnswerForm(request_id="r", model="m", created=1),
    )
    names = [tool["name"] for tool in json.loads(translation.body)["tools"]]
    assert {"functions__exec", "functions__wait", "clock__sleep"} <= set(names)
    assert {Loss.CUSTOM_TOOLS, Loss.NAMESPACES} <= translation.losses
    answer = {
        "id": "msg_1",
        "content": [
            {
                "type": "tool_use",
                "id": "toolu_1",
                "name": "functions__exec",
                "input": {"input": "text(1)"},
            }
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    body, failed = translation.whole(json.dumps(answer).encode())
    assert not failed
    (item,) = json.loads(body)["output"]
    assert (item["type"], item["namespace"], item["name"], item["input"]) == (
        "custom_tool_call",
        "functions",
        "exec",
        "text(1)",
    )


def test_bodies_without_foreign_seals_are_not_touched() -> None:
    for name in ("claude-tool", "codex-sub", "gemini-tool"):
        for request in load(name):
            for dialect in ("anthropic_messages", "gemini"):
                assert without_foreign_seals(request.body, dialect) is request.body
    for alike in (f'{{"a": "{RARE}', f'{{"a": "{RARE}"}}', '{"a": "' + "/" * 80 + '"}'):
        body = alike.encode()
        assert without_foreign_seals(body, "anthropic_messages") is body
        assert without_foreign_seals(body, "gemini") is body


SEALED = enveloped(Seal("openai_chat", "s"), "anthropic_messages")
SIGNED = signature_of(Seal("openai_chat", "s"))
THOUGHT = {"role": "assistant", "content": [{"type": "thinking", "signature": SEALED}]}


@pytest.mark.parametrize(
    ("dialect", "body", "left"),
    [
        (
            "anthropic_messages",
            {"messages": [THOUGHT, {"role": "user", "content": "a"}]},
            {"messages": [{"role": "user", "content": "a"}]},
        ),
        (
            "openai_responses",
            {"input": [{"type": "reasoning", "encrypted_content": SEALED}, {"id": 1}]},
            {"input": [{"id": 1}]},
        ),
        (
            "gemini",
            {"contents": [{"parts": [{"text": "a", "thoughtSignature": SIGNED}]}]},
            {"contents": [{"parts": [{"text": "a"}]}]},
        ),
    ],
)
def test_foreign_seals_are_taken_out(dialect: str, body: object, left: object) -> None:
    cleaned = without_foreign_seals(msgspec.json.encode(body), dialect)
    assert json.loads(cleaned) == left


def test_a_tool_loop_is_cached_where_only_marks_cache() -> None:
    system = Turn(role=Role.SYSTEM, parts=(Text(text="be brief"),))
    call = ToolCall(id="c", name="look", arguments="{}")
    result = ToolResult(call_id="c", content=(Text(text="ok"),))
    turns = (
        system,
        Turn(role=Role.USER, parts=(Text(text="a"),)),
        Turn(role=Role.ASSISTANT, parts=(call,)),
        Turn(role=Role.USER, parts=(result,)),
    )
    marked = marked_for_cache(asked(PLAIN, turns=turns))
    places = [turn.parts[-1].cache for turn in marked.turns]  # type: ignore[union-attr]
    assert places == [CacheMark.SHORT, None, None, CacheMark.SHORT]
    assert marked_for_cache(marked) is marked
    assert not marks(marked_for_cache(asked(turns=turns)))
    assert not marks(marked_for_cache(asked(PLAIN)))
