from __future__ import annotations

import pytest

from faregate.core.header_lines import SentHeaders, header_lines, lines_of

HEADERS = {"a": "1", "x-b": "", "c": "\u00e4 2"}


def test_each_header_is_a_line() -> None:
    assert header_lines(HEADERS) == "a: 1\r\nx-b: \r\nc: \u00e4 2\r\n"
    assert header_lines({}) == ""


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "a\r\nb: c"])
def test_no_header_is_two(bad: str) -> None:
    for headers in ({"a": f"1{bad}2"}, {f"a{bad}": "1"}, {"a": "1", "b": bad}):
        for kind in (dict, SentHeaders):
            with pytest.raises(ValueError, match="would break"):
                lines_of(kind(headers))


def test_headers_that_are_sent_again_are_made_once() -> None:
    sent = SentHeaders(HEADERS)
    assert lines_of(sent) == lines_of(HEADERS) == header_lines(HEADERS)
    assert lines_of(sent) is lines_of(sent)
    assert sent == HEADERS
