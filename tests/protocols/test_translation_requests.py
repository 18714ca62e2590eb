"""What one dialect says arrives in another, and what does not is exactly what is listed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from faregate.protocols.codec import RequestHead
from faregate.protocols.dialects import WriteOptions
from faregate.protocols.dialogue import (
    CacheMark,
    Dialogue,
    OutputFormat,
    Reasoning,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from faregate.protocols.events import Seal
from faregate.protocols.losses import Loss
from faregate.protocols.quirks import (
    CACHE_MARKS,
    FIXED_SAMPLING,
    JSON_OBJECT_ONLY,
    REASONING_BACK,
)
from faregate.protocols.translation.table import DIALECTS
from faregate.protocols.translation.translator import path_of
from faregate.providers.openai import SPEC
from tests.protocols.dialogues import dialogues
from tests.protocols.laws import OPENAI, arrives


def head_of(dialect: str, asked: Dialogue) -> RequestHead:
    path, query = path_of(dialect, asked.model, stream=asked.stream)
    return RequestHead(method="POST", path=path, query=query)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(asked=dialogues())
@settings(max_examples=30, deadline=None)
def test_a_request_arrives_but_for_the_listed_losses(
    dialect: str, asked: Dialogue
) -> None:
    written = DIALECTS[dialect].write(asked, WriteOptions())
    expected, lost = arrives(asked, dialect)
    read = DIALECTS[dialect].read(head_of(dialect, asked), written.body)
    assert read.dialogue == expected
    assert written.losses == lost
    assert read.losses == frozenset()


@given(asked=dialogues())
@settings(max_examples=30, deadline=None)
def test_a_provider_that_takes_more_loses_less(asked: Dialogue) -> None:
    chat = DIALECTS["openai_chat"]
    written = chat.write(asked, WriteOptions(quirks=SPEC.quirks))
    expected, lost = arrives(asked, OPENAI)
    read = chat.read(head_of("openai_chat", asked), written.body)
    assert read.dialogue == expected
    assert written.losses == lost


def written_to(quirk: str, asked: Dialogue) -> tuple[Any, frozenset[Loss]]:
    options = WriteOptions(quirks=frozenset({quirk}))
    written = DIALECTS["openai_chat"].write(asked, options)
    return msgspec.json.decode(written.body), written.losses


def test_thoughts_go_back_where_they_are_asked_for() -> None:
    thought = Reasoning(text="hm", seal=Seal("gemini", "s"))
    call = ToolCall(id="c", name="n", arguments="{}")
    turn = Turn(role=Role.ASSISTANT, parts=(thought, call))
    body, lost = written_to(REASONING_BACK, Dialogue(model="m", turns=(turn,)))
    assert body["messages"][0]["reasoning_content"] == "hm"
    assert lost == {Loss.REASONING_SEAL}


def test_cache_marks_go_to_a_chat_that_takes_them() -> None:
    mark = CacheMark.LONG
    result = ToolResult(call_id="c", content=(Text(text="r"),), cache=mark)
    turns = (
        Turn(role=Role.SYSTEM, parts=(Text(text="s", cache=mark),)),
        Turn(role=Role.USER, parts=(result,)),
    )
    tools = (Tool(name="t", schema={"type": "object"}, cache=mark),)
    asked = Dialogue(model="m", turns=turns, tools=tools)
    written = DIALECTS["openai_chat"].write(
        asked, WriteOptions(quirks=frozenset({CACHE_MARKS}))
    )
    assert written.losses == frozenset()
    read = DIALECTS["openai_chat"].read(head_of("openai_chat", asked), written.body)
    assert read.dialogue == asked


def test_a_schema_is_said_in_words_where_there_is_only_json_mode() -> None:
    wanted = OutputFormat(schema={"type": "object"})
    turn = Turn(role=Role.USER, parts=(Text(text="a"),))
    asked = Dialogue(model="m", turns=(turn,), output_format=wanted)
    body, lost = written_to(JSON_OBJECT_ONLY, asked)
    assert lost == {Loss.STRUCTURED_OUTPUT}
    assert body["response_format"] == {"type": "json_object"}
    assert '{"type":"object"}' in body["messages"][0]["content"]


def test_fixed_sampling_is_left_out() -> None:
    asked = Dialogue(model="m", sampling=Sampling(temperature=0.5, seed=1))
    body, lost = written_to(FIXED_SAMPLING, asked)
    assert (body["seed"], "temperature" in body) == (1, False)
    assert lost == {Loss.TEMPERATURE}


@pytest.mark.parametrize("dialect", DIALECTS)
@given(asked=dialogues())
@settings(max_examples=10, deadline=None)
def test_what_arrived_loses_nothing_more(dialect: str, asked: Dialogue) -> None:
    table = DIALECTS[dialect]
    head = head_of(dialect, asked)
    first = table.read(head, table.write(asked, WriteOptions()).body).dialogue
    again = table.write(first, WriteOptions())
    assert table.read(head, again.body).dialogue == first
