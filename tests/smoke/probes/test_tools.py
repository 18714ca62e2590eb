"""Each way in which tool calls fail, streamed and not, in every protocol."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.providers.spec import GEMINI
from faregate.smoke.probe import Probe
from faregate.smoke.probes import (
    parallel_tools,
    tool,
    tool_accuracy,
    tool_result,
    tool_stream,
)
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import CHAT, EVERY, MESSAGES, RESPONSES, probed, stage

FAIL, WARN, PASS = Verdict.FAIL, Verdict.WARN, Verdict.PASS
GOOD = {"city": "Paris", "unit": "celsius"}
TYPED = (CHAT, RESPONSES, MESSAGES)


def calls(*made: ToolCall, text: str | None = None) -> Step:
    return Step(tools=made, text=text)


def weather(arguments: Any = GOOD, *, name: str = "get_weather", id: str = "") -> Step:
    return calls(ToolCall(name=name, arguments=arguments, id=id))


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("probe", [tool.PROBE, tool_stream.PROBE])
async def test_a_call_printed_as_text_fails(protocol: str, probe: Probe) -> None:
    found = await probed(probe, protocol, fault="tools_as_text")
    assert found.verdict is FAIL
    assert "tool_call" in found.seen


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("probe", [tool.PROBE, tool_stream.PROBE])
@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(text="It is sunny."), "no call"),
        (weather({"city": "Paris"}), "unit is missing"),
        (weather({"city": "Paris", "unit": "kelvin"}), "none of"),
        (weather({**GOOD, "when": "now"}), "not in the schema"),
        (weather({"city": 7, "unit": "celsius"}), "no string"),
        (weather(name="get_wether"), "never offered"),
        (
            calls(
                ToolCall(name="get_weather", arguments=GOOD, id="call_1"),
                ToolCall(name="get_weather", arguments=GOOD, id="call_1"),
            ),
            "same id",
        ),
    ],
)
async def test_a_broken_call_fails(
    protocol: str, probe: Probe, step: Step, words: str
) -> None:
    async with stage(protocol) as on:
        on.provider.match(lambda _: step)
        found = await on.verdict(probe)
    if protocol == CHAT and probe is tool_stream.PROBE and words == "same id":
        assert found.verdict is FAIL
        return
    assert (found.verdict, words in found.seen) == (FAIL, True), found.seen


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES])
@pytest.mark.parametrize("probe", [tool.PROBE, tool_stream.PROBE])
async def test_arguments_that_are_no_json_fail(protocol: str, probe: Probe) -> None:
    async with stage(protocol) as on:
        on.provider.match(lambda _: weather('{"city": "Paris", "unit'))
        found = await on.verdict(probe)
    assert found.verdict is FAIL
    assert "no JSON" in found.seen


async def test_several_calls_for_one_question_are_a_warning() -> None:
    two = (
        ToolCall(name="get_weather", arguments=GOOD),
        ToolCall(name="get_weather", arguments={**GOOD, "city": "Rome"}),
    )
    async with stage() as on:
        on.provider.match(lambda _: calls(*two))
        assert (await on.verdict(tool.PROBE)).verdict is WARN


async def test_pieces_of_two_calls_under_one_index_fail() -> None:
    two = (
        ToolCall(name="get_weather", arguments=GOOD),
        ToolCall(name="get_weather", arguments={**GOOD, "city": "Rome"}),
    )
    reused = Fault(name="reused", on_frames=_one_index)
    async with stage() as on:
        on.provider.match(lambda _: Step(tools=two, fault=reused))
        found = await on.verdict(tool_stream.PROBE)
    assert found.verdict is FAIL
    assert "same index" in found.seen


def _one_index(frames: Any, _dialect: object) -> Any:
    for frame in frames:
        for choice in frame.data.get("choices", []) if frame.kind == "delta" else []:
            for part in choice["delta"].get("tool_calls", []):
                part["index"] = 0
        yield frame


def _changed_call(**changes: Any) -> Fault:
    """A fault that changes each tool-call delta of a chat stream."""

    def bent(frames: Any, _dialect: object) -> Any:
        for frame in frames:
            for choice in (
                frame.data.get("choices", []) if frame.kind == "delta" else []
            ):
                for part in choice["delta"].get("tool_calls", []):
                    part.update(changes)
            yield frame

    return Fault(name="changed", on_frames=bent)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"id": ""}, "no id"), ({"id": "call_7"}, "more than once")],
)
async def test_odd_ids_in_a_stream_fail(change: dict[str, Any], words: str) -> None:
    found = await probed(tool_stream.PROBE, fault=_changed_call(**change))
    assert (found.verdict, words in found.seen) == (FAIL, True), found.seen


async def test_a_finish_that_hides_the_call_fails() -> None:
    def bent(frames: Any, _dialect: object) -> Any:
        for frame in frames:
            if frame.kind == "terminal":
                frame.data["choices"][0]["finish_reason"] = "stop"
            yield frame

    found = await probed(tool_stream.PROBE, fault=Fault(name="hidden", on_frames=bent))
    assert found.verdict is FAIL
    assert "'stop'" in found.seen


@pytest.mark.parametrize("protocol", TYPED)
async def test_a_call_in_one_piece_is_a_warning(protocol: str) -> None:
    """Short arguments are cut into as many pieces as they have characters."""

    def glued(frames: Any, _dialect: object) -> Any:
        held: list[Any] = []
        for frame in frames:
            if frame.kind == "delta" and _argument_of(frame.data) is not None:
                held.append(frame)
                continue
            if held:
                yield _joined(held)
                held = []
            yield frame

    found = await probed(
        tool_stream.PROBE, protocol, fault=Fault(name="1", on_frames=glued)
    )
    assert found.verdict is WARN, found


def _argument_of(data: Any) -> str | None:
    if data.get("type") == "response.function_call_arguments.delta":
        return str(data["delta"])
    if data.get("type") == "content_block_delta":
        return data["delta"].get("partial_json")  # type: ignore[no-any-return]
    for choice in data.get("choices", []):
        for part in choice["delta"].get("tool_calls", []):
            return str(part["function"]["arguments"])
    return None


def _joined(held: list[Any]) -> Any:
    whole = "".join(_argument_of(frame.data) or "" for frame in held)
    data = held[0].data
    if "choices" in data:
        data["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"] = whole
    elif data["type"] == "content_block_delta":
        data["delta"]["partial_json"] = whole
    else:
        data["delta"] = whole
    return held[0]


REFUSED = json_answer(400, {"error": {"message": "tools are not supported here"}})


async def test_refused_tools_are_unsupported() -> None:
    async with stage() as on:
        on.provider.intercept(lambda _: REFUSED)
        assert (await on.verdict(tool.PROBE)).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("probe", [tool.PROBE, tool_stream.PROBE, tool_accuracy.PROBE])
async def test_an_error_fails(probe: Probe) -> None:
    assert (await probed(probe, fault="500")).verdict is FAIL


class TestResult:
    @pytest.mark.parametrize("protocol", EVERY)
    async def test_a_refusal_of_its_own_call_fails(self, protocol: str) -> None:
        def before(seen: SeenRequest) -> RawAnswer | None:
            turned = b"station code" in seen.body
            wrong = {"error": {"message": "tool_call_id is not functions.x:0"}}
            return json_answer(400, wrong) if turned else None

        async with stage(protocol) as on:
            on.provider.intercept(before)
            found = await on.verdict(tool_result.PROBE)
        assert found.verdict is FAIL
        assert "its own call" in found.seen

    async def test_a_second_call_instead_of_an_answer_fails(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: weather())
            found = await on.verdict(tool_result.PROBE)
        assert found.verdict is FAIL
        assert "loop" in found.means

    async def test_an_answer_without_the_result_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(
                lambda seen: (
                    Step(text="Nice.") if b"station code" in seen.body else weather()
                )
            )
            assert (await on.verdict(tool_result.PROBE)).verdict is WARN

    async def test_without_a_call_there_is_nothing_to_answer(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="Sunny."))
            assert (await on.verdict(tool_result.PROBE)).verdict is Verdict.SKIP

    async def test_an_error_fails(self) -> None:
        async with stage(fault="500", only=frozenset({"result"})) as on:
            assert (await on.verdict(tool_result.PROBE)).verdict is FAIL


class TestParallel:
    @pytest.mark.parametrize(
        ("step", "verdict", "words"),
        [
            (Step(text="No."), FAIL, "no call although"),
            (weather({"city": 1}), FAIL, "unit is missing"),
            (weather(), WARN, "none"),
        ],
    )
    async def test_tool_choice_that_is_not_kept(
        self, step: Step, verdict: Verdict, words: str
    ) -> None:
        async with stage() as on:
            on.provider.match(lambda _: step)
            found = await on.verdict(parallel_tools.PROBE)
        assert (found.verdict, words in found.seen) == (verdict, True), found.seen

    async def test_one_call_for_two_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(
                lambda seen: (
                    weather()
                    if b'"tool_choice": "required"' in seen.body
                    else Step(text="No.")
                )
            )
            found = await on.verdict(parallel_tools.PROBE)
        assert found.verdict is WARN
        assert "one call where two" in found.seen

    @pytest.mark.parametrize("choice", [b': "required"', b': "none"'])
    async def test_a_refused_choice_is_unsupported(self, choice: bytes) -> None:
        refusal = json_answer(400, {"error": {"message": "tool_choice is unknown"}})
        async with stage() as on:
            on.provider.intercept(lambda s: refusal if choice in s.body else None)
            found = await on.verdict(parallel_tools.PROBE)
        assert found.verdict is Verdict.UNSUPPORTED

    async def test_an_error_fails(self) -> None:
        assert (await probed(parallel_tools.PROBE, fault="500")).verdict is FAIL


class TestAccuracy:
    @pytest.mark.parametrize("protocol", [CHAT, GEMINI])
    async def test_broken_calls_fail_and_are_counted(self, protocol: str) -> None:
        async with stage(protocol) as on:
            on.provider.match(
                lambda seen: (
                    weather({"city": "Oslo"}) if b"Oslo" in seen.body else weather()
                )
            )
            found = await on.verdict(tool_accuracy.PROBE)
        assert found.verdict is FAIL
        assert (found.facts["valid"], found.facts["calls"]) == (4, 5)
        assert "4/5" in found.seen

    async def test_needless_calls_are_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: weather())
            found = await on.verdict(tool_accuracy.PROBE)
        assert found.verdict is WARN
        assert found.facts["needless"] == 2

    async def test_never_calling_fails(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="Sunny."))
            assert (await on.verdict(tool_accuracy.PROBE)).verdict is FAIL
