"""An answer's payloads, be it SSE or JSON, however it is cut."""

from __future__ import annotations

import pytest

from faregate.protocols.framing import Framing

SSE = b': hello\n\nevent: a\ndata: {"x":1}\n\ndata: {"y":2}\r\n\r\ndata: {"z":3}'
ARRAY = b'\xef\xbb\xbf [{"x":1},\n{"y":2}, {"z":3}]'
OBJECT = b'\r\n{"x":[{"y":2}]}\n'


def fed(*chunks: bytes) -> tuple[list[bytes], bool]:
    framing = Framing()
    found = [data for chunk in chunks for data in framing.feed(chunk)]
    _, last = framing.finish()
    return [*found, last] if last else found, framing.whole


@pytest.mark.parametrize(
    ("body", "payloads", "whole"),
    [
        (SSE, [b'{"x":1}', b'{"y":2}', b'{"z":3}'], False),
        (ARRAY, [b'{"x":1}', b'{"y":2}', b'{"z":3}'], False),
        (OBJECT, [b'{"x":[{"y":2}]}'], True),
        (b" \n", [], False),
    ],
)
def test_payloads_are_the_same_at_every_cut(
    body: bytes, payloads: list[bytes], whole: bool
) -> None:
    assert fed(body) == (payloads, whole)
    assert fed(*(body[i : i + 1] for i in range(len(body)))) == (payloads, whole)
    for at in range(len(body)):
        assert fed(body[:at], body[at:]) == (payloads, whole)


def test_the_end_returns_what_was_held_back() -> None:
    framing = Framing()
    framing.feed(SSE)
    assert framing.finish() == (b'data: {"z":3}', b'{"z":3}')
    assert framing.splitter(b"") is not None


def test_nothing_cuts_events_before_it_is_known_that_there_are_any() -> None:
    framing = Framing()
    assert framing.splitter(b"\n") is None
    assert framing.splitter(b"{") is None
    assert framing.splitter(b"data: x") is None
