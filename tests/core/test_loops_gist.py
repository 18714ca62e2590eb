"""What is told of results and calls at a glance is never wrong about a loop."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.arguments import asked, tried, tried_with
from faregate.core.loops.gist import surely_differ
from faregate.core.loops.steps import Step, step_of
from faregate.core.transcript import ToolCall, ToolResult

PIECES = [
    *(
        "section",
        "paragraph",
        "minutes",
        "kept_back",
        "request",
        "span",
        "/tmp/",
        "Nov",
    ),
    *("12", "5 ", "0x", "12:30:01", "2026-11-24", "deadbeef1", "line ", ".py:7", "id "),
    *(
        " ",
        "  ",
        "\n",
        "\t",
        "=",
        ":",
        "(",
        "-",
        ".",
        "<time>",
        "K",
        "\u212a",
        "\u00a0",
    ),
    *("<system-reminder>", "</system-reminder>", "zz " * 300, "word " * 210),
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
made = st.tuples(
    st.builds(
        ToolCall,
        id=st.just("c"),
        name=st.just("f"),
        arguments=st.sampled_from(["", "section", '{"a": "paragraph"}', "request 5"]),
    ),
    st.none() | st.builds(ToolResult, call_id=st.just("c"), text=texts),
)


def brings_the_same(one: Step, other: Step) -> bool:
    return one.brings == other.brings or one.bare == other.bare


@settings(max_examples=300, deadline=None)
@given(one=made, other=made)
def test_results_that_surely_differ_are_never_the_same(one: Any, other: Any) -> None:
    if surely_differ(one, other):
        assert not brings_the_same(step_of(*one), step_of(*other))


def result(text: str, arguments: str = "") -> tuple[ToolCall, ToolResult]:
    call = ToolCall(id="c", name="f", arguments=arguments)
    return call, ToolResult(call_id="c", text=text)


def test_two_words_that_the_other_lacks_are_enough_whichever_has_them() -> None:
    plain, other = result("no matches"), result("a paragraph of something more.")
    assert surely_differ(other, plain)
    assert surely_differ(plain, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it ran minutes, seconds.", "it ran 5 minutes 7 seconds."),
        ("a paragraph of something", "a PARAGRAPH of SOMETHING"),
        ("a paragraph alone", "a page alone"),
        ("a <system-reminder> paragraph of something.", ""),
    ],
)
def test_what_may_be_volatile_or_the_same_leaves_it_open(one: str, other: str) -> None:
    assert not surely_differ(result(one), result(other))


def test_words_of_the_call_tell_nothing() -> None:
    one = result("a paragraph of something.", "paragraph")
    assert not surely_differ(one, result("nothing"))


values = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([1.0, "x", "1"])
)
objects = st.dictionaries(
    st.sampled_from(["command", "timeout", "Title", "path"]),
    values | st.lists(values, max_size=2) | st.dictionaries(st.just("a"), values),
    max_size=3,
)
spelled = st.tuples(objects, st.sampled_from(["", " ", "\n"]), st.booleans()).map(
    lambda each: each[1] + json.dumps(each[0], sort_keys=each[2]) + each[1]
)


@settings(max_examples=200, deadline=None)
@given(one=spelled, other=spelled)
def test_calls_that_ask_the_same_try_the_same(one: str, other: str) -> None:
    if asked(one) == asked(other):
        assert tried("f", one) == tried("f", other)
    assert tried("f", one) == tried_with("f", json.loads(one))


def test_manner_and_order_make_no_other_call_and_a_number_does() -> None:
    assert tried("f", '{"a": 1, "timeout": 5}') == tried("f", '{"timeout": 9, "a": 1}')
    assert tried("f", '{"a": 1}') != tried("f", '{"a": 2}')
    assert tried("f", '{"a": [1]}') != tried("f", '{"a": [2]}')
    assert tried("f", "{}") != tried("g", "{}")
    assert tried("f", " make ") == tried("f", "make")
    deep = '{"a": ' + "[" * 900 + "]" * 900 + "}"
    assert tried("f", deep) == tried("f", deep)
