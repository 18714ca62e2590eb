"""Events that are the one before but for their text: recognised, and never guessed."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols.repeats import Repeats


class Event(msgspec.Struct, gc=False):
    text: str | None = None
    other: int = 0


def only_text(event: Event) -> tuple[bytes, str] | None:
    return None if event.other or not event.text else (b"text", event.text)


def read(repeats: Repeats, data: bytes) -> str | None:
    """Read one event as a meter does; the text of a repeat stands after a tilde."""
    again = repeats.text(data)
    if again is not None:
        return "~" + again.decode()
    event = msgspec.json.decode(data, type=Event)
    repeats.after(data, event, only_text)
    return event.text


def read_all(*events: str) -> list[str | None]:
    repeats = Repeats()
    return [read(repeats, event.encode()) for event in events]


def test_the_same_event_with_another_text_is_not_decoded_again() -> None:
    assert read_all(
        '{"a":1,"text":"one","b":[2]}',
        '{"a":1,"text":"two","b":[2]}',
        '{"a":1,"text":"","b":[2]}',
        '{"a":1,"text":"ünf","b":[2]}',
    ) == ["one", "~two", "~", "~ünf"]


def test_spaces_between_tokens_are_no_hindrance() -> None:
    assert read_all(
        '{"a": 1, "text": "one" }', '{"a": 1, "text": "two"    }', '{"text":"x"}'
    ) == ["one", "~two", "x"]


@pytest.mark.parametrize(
    "other",
    [
        '{"a":2,"text":"two"}',
        '{"a":1,"text":"two","other":7}',
        '{"a":1,"text":"t\\u0077o"}',
        '{"a":1,"text":"two","text":"three"}',
        '{"a":1,"text":null}',
        '{"a":1}',
    ],
)
def test_any_other_event_is_decoded(other: str) -> None:
    said = json.loads(other).get("text")
    assert read_all('{"a":1,"text":"one"}', other) == ["one", said]


def test_what_follows_another_event_is_compared_with_that() -> None:
    plain = '{"a":1,"text":"one"}'
    other = '{"a":1,"other":7}'
    assert read_all(plain, other, plain, plain) == ["one", None, "one", "~one"]


def test_an_escape_does_not_make_it_start_again() -> None:
    assert read_all('{"text":"one"}', '{"text":"\\n\\"x\\""}', '{"text":"two"}') == [
        "one",
        '\n"x"',
        "~two",
    ]


def test_a_member_that_stands_twice_is_never_taken_for_the_text() -> None:
    for twice in (
        '{"meta":{"text":"one"},"text":"%s"}',
        '{"meta":{"text": "one"},"text":"%s"}',
        '{"text":"%s","meta":{"text": "one"}}',
    ):
        said = ["one", "two", "one"]
        assert read_all(*(twice % word for word in said)) == said


def test_streams_without_repeats_are_not_compared_for_ever() -> None:
    numbered = [f'{{"n":{n},"text":"x"}}' for n in range(40)]
    assert read_all(*numbered, numbered[-1]) == ["x"] * 41


def test_what_cannot_be_decoded_is_forgotten() -> None:
    repeats = Repeats()
    read(repeats, b'{"text":"one"}')
    repeats.forget()
    assert repeats.text(b'{"text":"two"}') is None


members = st.sampled_from(('"a":1', '"other":0', '"other":7', '"text":"y"', '"b":"q"'))
texts = st.text(alphabet='ab"\\\n ü\u2028', max_size=4)
events = st.builds(
    lambda before, text, after, spaced: (
        "{"
        + ",".join([*before, f'"text":{" " * spaced}{json.dumps(text)}', *after])
        + "}"
    ),
    st.lists(members, max_size=1),
    texts,
    st.lists(members, max_size=1),
    st.integers(0, 1),
)


@settings(max_examples=100, deadline=None)
@given(stream=st.lists(events, max_size=12))
def test_nothing_is_ever_read_otherwise(stream: list[str]) -> None:
    repeats = Repeats()
    for event in stream:
        found = read(repeats, event.encode())
        wanted = msgspec.json.decode(event, type=Event)
        assert (found or "").removeprefix("~") == (wanted.text or "").removeprefix("~")
        if found is not None and found.startswith("~"):
            assert not wanted.other
