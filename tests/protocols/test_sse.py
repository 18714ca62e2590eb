"""Splitting server-sent events, for every mix of line ends and cuts."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.sse import SseSplitter, event_data

ENDS = (b"\n", b"\r\n", b"\r")
LINES = (
    b"data: a",
    b"data:b",
    b"data",
    b"data:  two",
    b"data: \xd0\xb6",
    b"datax: no",
    b": comment",
    b"id: 1",
    b"event: e",
    b"",
)

streams = st.lists(
    st.tuples(st.sampled_from(LINES), st.sampled_from(ENDS)), max_size=25
).map(lambda lines: b"".join(line + end for line, end in lines))


def split(stream: bytes, cuts: list[int]) -> tuple[list[bytes], bytes]:
    splitter = SseSplitter()
    edges = [0, *sorted(cuts), len(stream)]
    events: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        events += splitter.feed(stream[start:end])
    return events, splitter.finish()


def payloads(stream: bytes) -> list[bytes]:
    """What the standard says, line by line: the oracle."""
    found: list[bytes] = []
    data: list[bytes] = []
    lines = re.split(rb"\r\n|\n|\r", stream)
    for line in lines:
        if not line:
            if data:
                found.append(b"\n".join(data))
            data = []
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
    if data:
        found.append(b"\n".join(data))
    return [payload for payload in found if payload]


@settings(max_examples=100, deadline=None)
@given(stream=streams, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_cut_gives_the_events_of_the_standard(
    stream: bytes, cuts: list[int]
) -> None:
    cuts = [min(cut, len(stream)) for cut in cuts]
    events, rest = split(stream, cuts)
    assert b"".join(events) + rest == stream
    found = [data for data in map(event_data, [*events, rest]) if data]
    assert found == payloads(stream)


plain = st.lists(
    st.sampled_from(
        (b"data: a\n\n", b"event: e\ndata: b\n\n", b"data: c\r\n\r\n", b"data: \n\n")
    ),
    max_size=6,
).map(b"".join)


@settings(max_examples=100, deadline=None)
@example(stream=b"data: a\n\n\n", cuts=[])
@given(stream=st.one_of(streams, plain), cuts=st.lists(st.integers(0, 200), max_size=8))
def test_payloads_alone_are_those_of_the_events(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    one, other = SseSplitter(), SseSplitter()
    for start, end in itertools.pairwise(edges):
        chunk = stream[start:end]
        events = one.feed(chunk)
        assert other.payloads(chunk) == [d for d in map(event_data, events) if d]
    # A blank line behind the last event says nothing, and may be left out.
    assert one.finish().strip(b"\r\n") == other.finish().strip(b"\r\n")


@settings(max_examples=50, deadline=None)
@given(stream=streams)
def test_cuts_never_move_an_event(stream: bytes) -> None:
    whole = split(stream, [])
    assert split(stream, list(range(len(stream)))) == whole


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b"data: x\n\n", b"x"),
        (b"data:x\n\n", b"x"),
        (b"data:  x\n\n", b" x"),
        (b"data: x\r\n\r\n", b"x"),
        (b"data: x\r\r", b"x"),
        (b"data: x\ry: z\n\n", b"x"),
        (b"event: e\ndata: x\ndata: y\n\n", b"x\ny"),
        (b"\xef\xbb\xbfdata: x\n\n", b"x"),
        (b"data: x", b"x"),
        (b"data\n\n", b""),
        (b"data:\n\n", b""),
        (b"database: x\n\n", b""),
        (b": data: x\n\n", b""),
        (b"id: 1\nretry: 5\n\n", b""),
        (b"\n\n", b""),
        (b"", b""),
    ],
)
def test_payload_of_an_event(event: bytes, data: bytes) -> None:
    assert event_data(event) == data


def test_the_common_case_copies_nothing() -> None:
    chunk = b"data: {}\n\n"
    assert SseSplitter().feed(chunk)[0] is chunk


def test_an_event_may_be_as_long_as_the_limit() -> None:
    splitter = SseSplitter(limit=20)
    assert splitter.feed(b"data: " + b"x" * 14) == []
    assert splitter.feed(b"\n\n") != []
    with pytest.raises(StreamTooLargeError, match="20 bytes"):
        splitter.feed(b"data: " + b"x" * 15)


def test_a_long_event_in_small_pieces() -> None:
    splitter = SseSplitter()
    line = b"data: " + b"x" * 3_000_000 + b"\r\n\r\n"
    events = [
        e for i in range(0, len(line), 4096) for e in splitter.feed(line[i:][:4096])
    ]
    assert events == [line]
