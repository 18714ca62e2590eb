"""What is wrong with an answer, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.escalation import Trigger
from faregate.protocols.answer_check import check
from faregate.protocols.assembling import Assembled
from faregate.protocols.dialogue import Dialogue, OutputFormat, Tool
from faregate.protocols.events import (
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    StopReason,
    StreamEvent,
    TextDelta,
)

READ = Tool(
    name="read",
    schema={
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
)
PATCH = Tool(name="patch", kind=CallKind.CUSTOM)
LOOSE = Tool(name="loose", schema={"type": "object"})


def answer(*events: StreamEvent, reason: StopReason = StopReason.STOP) -> Assembled:
    found = Assembled()
    for each in (*events, Finished(reason)):
        found.take(each)
    return found


def called(name: str, arguments: str, kind: CallKind = CallKind.FUNCTION) -> Assembled:
    begun = CallStarted("c", name, kind)
    return answer(begun, CallDelta(arguments), reason=StopReason.TOOL_CALLS)


def wrong(
    found: Assembled, *, logprobs: tuple[float, ...] = (), **asked: Any
) -> Trigger | None:
    dialogue = Dialogue(model="m", **asked)
    finding = check(found, logprobs, dialogue, min_logprob=-1.0)
    return None if finding is None else finding.trigger


@pytest.mark.parametrize(
    ("name", "arguments", "trigger"),
    [
        ("read", '{"path": "a"}', None),
        ("read", '{"path": ', Trigger.TOOL_ARGUMENTS),
        ("read", '"a"', Trigger.TOOL_ARGUMENTS),
        ("read", '{"path": 3}', Trigger.TOOL_SCHEMA),
        ("read", "", Trigger.TOOL_SCHEMA),
        ("loose", "", None),
        ("write", "{}", Trigger.UNKNOWN_TOOL),
    ],
)
def test_calls(name: str, arguments: str, trigger: Trigger | None) -> None:
    assert wrong(called(name, arguments), tools=(READ, PATCH, LOOSE)) is trigger


def test_a_custom_tool_takes_any_text() -> None:
    found = called("patch", "*** Begin Patch", CallKind.CUSTOM)
    assert wrong(found, tools=(PATCH,)) is None


def test_a_call_of_the_vendors_own_shell_is_known() -> None:
    found = called("local_shell", "{}", CallKind.LOCAL_SHELL)
    assert wrong(found, tools=(READ,)) is None


def test_without_tools_nobody_can_tell_an_unknown_one() -> None:
    assert wrong(called("search", "{}")) is None


def test_two_hundred_calls_are_all_looked_at() -> None:
    events: list[StreamEvent] = []
    for number in range(200):
        text = '{"path": "a"}' if number < 199 else '{"path": '
        events += [CallStarted(f"c{number}", "read"), CallDelta(text)]
    assert wrong(answer(*events), tools=(READ,)) is Trigger.TOOL_ARGUMENTS


@pytest.mark.parametrize(
    ("found", "trigger"),
    [
        (answer(), Trigger.EMPTY),
        (answer(TextDelta(" \n")), Trigger.EMPTY),
        (answer(ReasoningDelta("hm")), Trigger.EMPTY),
        (answer(TextDelta("hi")), None),
        (answer(TextDelta("hi"), reason=StopReason.LENGTH), Trigger.TRUNCATED),
        (answer(reason=StopReason.CONTEXT_WINDOW), Trigger.TRUNCATED),
        (answer(reason=StopReason.CONTENT_FILTER), None),
        (answer(RefusalDelta("no"), reason=StopReason.REFUSAL), None),
        (answer(reason=StopReason.PAUSED), None),
        (answer(reason=StopReason.MALFORMED_CALL), Trigger.TOOL_ARGUMENTS),
    ],
)
def test_ends(found: Assembled, trigger: Trigger | None) -> None:
    assert wrong(found) is trigger


@pytest.mark.parametrize(
    ("text", "schema", "trigger"),
    [
        ('{"a": 1}', None, None),
        ("no", None, Trigger.RESPONSE_FORMAT),
        ('{"a": 1}', {"required": ["a"]}, None),
        ("{}", {"required": ["a"]}, Trigger.RESPONSE_FORMAT),
    ],
)
def test_formats(
    text: str, schema: dict[str, Any] | None, trigger: Trigger | None
) -> None:
    wanted = OutputFormat(schema=schema)
    assert wrong(answer(TextDelta(text)), output_format=wanted) is trigger


def test_a_call_instead_of_an_answer_has_no_format() -> None:
    found = called("read", '{"path": "a"}')
    assert wrong(found, tools=(READ,), output_format=OutputFormat()) is None


def test_a_low_mean_is_doubt_and_none_is_no_doubt() -> None:
    found = answer(TextDelta("hi"))
    assert wrong(found, logprobs=(-0.5, -1.4)) is None
    assert wrong(found, logprobs=(-0.5, -1.6)) is Trigger.LOW_CONFIDENCE
    assert wrong(found) is None


def test_an_error_is_not_judged_here() -> None:
    assert wrong(answer(Failed("overloaded"))) is None
