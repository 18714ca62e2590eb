"""What counts as a call that an agent can carry out."""

from __future__ import annotations

import pytest

from faregate.smoke.asking.transcript import Transcript
from faregate.smoke.exchanges import WEATHER
from faregate.smoke.reading import Finish, Said, SaidCall
from faregate.smoke.tool_calls import (
    printed_as_text,
    problem_of,
    problems,
    triggered,
)

GOOD = '{"city": "Paris", "unit": "celsius"}'


def answer(
    *calls: SaidCall, text: str = "", finish: Finish | None = Finish.TOOLS
) -> Transcript:
    said = Said()
    said.calls, said.text = list(calls), text
    return Transcript(sent={}, stream=False, status=200, said=said, finish=finish)


def call(arguments: str = GOOD, name: str = "get_weather", id: str = "c1") -> SaidCall:
    return SaidCall(id=id, name=name, arguments=arguments, ids=1)


def test_a_good_call_has_no_problem() -> None:
    assert problems(answer(call()), (WEATHER,)) == []
    assert triggered(answer(call()))
    assert not triggered(answer(call(), finish=Finish.STOP))
    assert not triggered(answer())


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (call("{"), "no JSON"),
        (call("{}"), "city is missing"),
        (call(name="x"), "never offered"),
        (call(name=""), "names no tool"),
    ],
)
def test_what_is_wrong_with_a_call(made: SaidCall, words: str) -> None:
    assert words in (problem_of(made, (WEATHER,)) or "")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (answer(call(id="")), "no id"),
        (answer(call(), call()), "same id"),
        (answer(call(), finish=Finish.STOP), "finish reason"),
    ],
)
def test_what_is_wrong_with_an_answer(asked: Transcript, words: str) -> None:
    assert words in " ".join(problems(asked, (WEATHER,)))


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>{}</tool_call>",
        '{"name": "get_weather"}',
        "[TOOL_CALLS] [",
        "<|tool|>",
    ],
)
def test_printed_calls_are_seen(text: str) -> None:
    assert printed_as_text(answer(text=text))
    assert not printed_as_text(answer(call(), text=text))


def test_ordinary_text_is_no_call() -> None:
    assert not printed_as_text(answer(text="The weather in Paris is fine."))
