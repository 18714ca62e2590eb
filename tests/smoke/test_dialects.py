"""Requests in each protocol, and the same answer read from each."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.facts import RequestFacts
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import by_name
from faregate.providers.spec import GEMINI
from faregate.smoke.asking.asker import _encoded
from faregate.smoke.dialects.registry import DIALECTS, dialect_of
from faregate.smoke.dialects.wanted import ToolTurn, Wanted
from faregate.smoke.exchanges import WEATHER
from faregate.smoke.reading import Finish
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.smoke.probing import CHAT, EVERY, MESSAGES, MODEL, RESPONSES, stage

TURN = ToolTurn(id="call_1", name="get_weather", arguments='{"city":"P"}', result="17")
RICH = Wanted(
    prompt="Hi",
    system="Rule",
    max_output=33,
    tools=(WEATHER,),
    tool_choice="required",
    turn=TURN,
    stop="END",
    temperature=0,
)


def facts(wanted: Wanted, protocol: str) -> RequestFacts:
    """Read a request as the gate would."""
    dialect, codec = dialect_of(protocol), by_name(protocol)
    assert dialect is not None
    assert codec is not None
    shaped = dialect.shape(wanted, MODEL)
    # Base URLs of the OpenAI family end in /v1.
    path = shaped.path if protocol in {GEMINI, MESSAGES} else f"/v1{shaped.path}"
    head = RequestHead(method="POST", path=path, query=shaped.query)
    return codec.inspect(head, _encoded(shaped.body))


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("stream", [False, True])
def test_the_gate_reads_every_request_as_it_was_meant(
    protocol: str, stream: bool
) -> None:
    read = facts(Wanted(prompt="Hi", max_output=33, stream=stream), protocol)
    assert (read.model, read.stream, read.output_bound) == (MODEL, stream, 33)
    assert read.wants_usage
    rich = facts(RICH, protocol)
    assert rich.tools >= 1
    assert not rich.media
    assert rich.server_tools == ()


@pytest.mark.parametrize("protocol", EVERY)
async def test_a_rich_request_is_accepted_and_read_back(protocol: str) -> None:
    calls = (
        ToolCall(name="get_weather", arguments={"city": "Paris", "unit": "celsius"}),
        ToolCall(name="get_weather", arguments={"city": "Rome", "unit": "celsius"}),
    )
    for stream in (False, True):
        async with stage(protocol) as on:
            step = Step(text="Let me see.", reasoning="Hm.", tools=calls)
            on.provider.match(lambda _, step=step: step)  # type: ignore[misc]
            asked = await on.ctx.ask(
                Wanted(prompt="Hi", turn=TURN, tools=(WEATHER,), stream=stream)
            )
        said = asked.said
        assert asked.ok
        assert (said.text, said.reasoning) == ("Let me see.", "Hm.")
        assert [call.name for call in said.calls] == ["get_weather"] * 2
        cities: list[Any] = [call.parsed()["city"] for call in said.calls]
        assert cities == ["Paris", "Rome"]
        assert len({call.id for call in said.calls}) == 2
        assert asked.finish is Finish.TOOLS
        assert (said.model, bool(said.id)) == (MODEL, True)
        assert said.usages
        assert asked.answer.usage is not None


@pytest.mark.parametrize("protocol", EVERY)
async def test_a_cut_answer_finishes_by_length(protocol: str) -> None:
    for stream in (False, True):
        async with stage(protocol) as on:
            on.provider.match(lambda _: Step(text="word " * 90))
            asked = await on.ctx.ask(Wanted(prompt="Hi", max_output=16, stream=stream))
        assert asked.finish is Finish.LENGTH


def test_options_have_their_names() -> None:
    bodies = {d.protocol: d.shape(RICH, MODEL).body for d in DIALECTS}
    assert bodies[CHAT]["stop"] == ["END"]
    assert bodies[CHAT]["tool_choice"] == "required"
    assert bodies[MESSAGES]["stop_sequences"] == ["END"]
    assert bodies[MESSAGES]["tool_choice"] == {"type": "any"}
    assert bodies[RESPONSES]["instructions"] == "Rule"
    assert bodies[GEMINI]["generationConfig"]["stopSequences"] == ["END"]
    declared = bodies[GEMINI]["tools"][0]["functionDeclarations"][0]
    assert "additionalProperties" not in str(declared)
    none = Wanted(prompt="Hi", tools=(WEATHER,), tool_choice="none")
    assert DIALECTS[2].shape(none, MODEL).body["tool_choice"] == {"type": "none"}
    assert "NONE" in str(DIALECTS[3].shape(none, MODEL).body["toolConfig"])


def test_formats_have_their_names() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    shaped = [d.shape(Wanted(prompt="x", schema=schema), MODEL).body for d in DIALECTS]
    assert shaped[0]["response_format"]["json_schema"]["strict"] is True
    assert shaped[1]["text"]["format"]["type"] == "json_schema"
    assert shaped[3]["generationConfig"]["responseSchema"] == {
        "type": "object",
        "properties": {},
    }
    shaped = [d.shape(Wanted(prompt="x", json_mode=True), MODEL).body for d in DIALECTS]
    assert shaped[0]["response_format"] == {"type": "json_object"}
    assert shaped[1]["text"] == {"format": {"type": "json_object"}}
    assert shaped[3]["generationConfig"]["responseMimeType"] == "application/json"


def test_literal_fields_go_last_and_another_model_first() -> None:
    for dialect in DIALECTS:
        wanted = Wanted(prompt="x", model="other", literal={"extra": 1})
        shaped = dialect.shape(wanted, MODEL)
        assert shaped.body["extra"] == 1
        assert "other" in shaped.path + str(shaped.body.get("model"))


def test_the_output_field_can_be_chosen() -> None:
    wanted = Wanted(prompt="x", output_field="max_completion_tokens", max_output=5)
    body = DIALECTS[0].shape(wanted, MODEL).body
    assert (body["max_completion_tokens"], "max_tokens" in body) == (5, False)


def test_an_unknown_protocol_has_no_dialect() -> None:
    assert dialect_of("smoke-signals") is None
