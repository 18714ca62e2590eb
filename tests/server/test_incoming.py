"""What one client's bytes are taken for, however they are cut."""

from __future__ import annotations

import sys

import pytest

from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.incoming import (
    LONGEST_HEAD,
    LONGEST_HEADER,
    LONGEST_TARGET,
    MOST_HEADERS,
    Incoming,
    RequestParser,
)

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: h\r\n"
ONE = HEAD + b"Content-Length: 5\r\nX-A: 1\r\n\r\nhello"
CHUNKED = (
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n"
)
OFFERS = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"


def parsed(data: bytes, size: int = 0) -> list[Incoming]:
    parser = RequestParser()
    size = size or len(data)
    for at in range(0, len(data), size):
        parser.feed(data[at : at + size])
    return list(parser.requests)


def headers_of(request: Incoming) -> dict[str, str]:
    found = request.headers()
    assert not isinstance(found, Refusal)
    return found


@pytest.mark.parametrize("size", [1, 2, 7, 0])
@pytest.mark.parametrize("data", [ONE, CHUNKED], ids=["length", "chunked"])
def test_requests_are_the_same_however_they_are_cut(data: bytes, size: int) -> None:
    found = parsed(data * 3, size)
    assert [request.body() for request in found] == [b"hello"] * 3
    for request in found:
        assert (request.method, request.target) == ("POST", "/v1/x")
        assert (request.complete, request.keep_alive) == (True, True)
        assert headers_of(request)["host"] == "h"
        assert "x" not in headers_of(request)


def test_heads_that_differ_in_the_bodys_length_alone_are_alike() -> None:
    first, second, third = parsed(
        ONE
        + ONE.replace(b"5\r\n", b"6\r\n", 1).replace(b"hello", b"hello!")
        + ONE.replace(b"X-A: 1", b"X-A: 2")
    )
    assert first.likeness == second.likeness != third.likeness
    assert headers_of(first)["content-length"] == "5"
    assert headers_of(second)["content-length"] == "6"


def test_what_is_sent_twice_is_one_list_or_refused() -> None:
    (request,) = parsed(HEAD + b"A: 1\r\na: 2 \r\n\r\n")
    assert headers_of(request)["a"] == "1, 2"
    for name in (b"Host", b"Content-Type", b"User-Agent"):
        (request,) = parsed(HEAD + b"%b: x\r\n%b: x\r\n\r\n" % (name, name))
        refusal = request.headers()
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.BAD_REQUEST


@pytest.mark.parametrize("size", [1, 0])
@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
def test_an_offer_of_another_protocol_is_passed_over(framing: bytes, size: int) -> None:
    first, second = parsed(HEAD + OFFERS + framing + ONE, size)
    assert first.body() == second.body() == b"hello"
    assert first.complete
    assert headers_of(first)["upgrade"] == "h2c"
    assert "upgrade" not in headers_of(second)


def test_an_offer_without_a_body_is_whole() -> None:
    get = b"GET / HTTP/1.1\r\nHost: h\r\n" + OFFERS + b"\r\n"
    first, second = parsed(get + ONE)
    assert first.complete
    assert (first.body(), second.body()) == (b"", b"hello")


@pytest.mark.parametrize("size", [1, 0])
@pytest.mark.parametrize("first", [HEAD + OFFERS, b"CONNECT h:1 HTTP/1.1\r\n"])
def test_an_offer_with_a_body_that_no_framing_ends_is_refused(
    first: bytes, size: int
) -> None:
    (request,) = parsed(first + b"Transfer-Encoding: gzip\r\n\r\nhello", size)
    assert request.refusal is not None
    assert request.refusal.code is RefusalCode.BAD_REQUEST
    assert not request.complete


def test_any_number_of_offers_may_come_at_once() -> None:
    get = b"GET / HTTP/1.1\r\nHost: h\r\n" + OFFERS + b"\r\n"
    found = parsed(get * 2000 + ONE)
    assert len(found) == 2001
    assert found[-1].body() == b"hello"


BROKEN = {
    "target": (b"GET /" + b"a" * LONGEST_TARGET, RefusalCode.URL_TOO_LONG),
    "header": (
        HEAD + b"X: " + b"a" * LONGEST_HEADER + b"\r\n\r\n",
        RefusalCode.HEADERS_TOO_LARGE,
    ),
    "endless_header": (HEAD + b"X: " + b"a" * 2**21, RefusalCode.HEADERS_TOO_LARGE),
    "headers": (
        HEAD + b"X: 1\r\n" * (MOST_HEADERS + 1),
        RefusalCode.HEADERS_TOO_LARGE,
    ),
    "all_headers": (
        HEAD + b"X: %b\r\n" % (b"a" * 4000) * (LONGEST_HEAD // 4000 + 1) + b"\r\n",
        RefusalCode.HEADERS_TOO_LARGE,
    ),
    "no_http": (b"\x00\xff\r\n", RefusalCode.BAD_REQUEST),
    "version": (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", RefusalCode.BAD_REQUEST),
    **{
        f"encoding_{number}": (
            HEAD + b"Transfer-Encoding: %b\r\n\r\n0\r\n\r\n" % coding,
            RefusalCode.BAD_REQUEST,
        )
        for number, coding in enumerate(
            (
                b"gzip, chunked",
                b"identity\r\nTransfer-Encoding: chunked",
                b",chunked",
                b"chunked;q=1",
            )
        )
    },
    "two_framings": (
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        RefusalCode.BAD_REQUEST,
    ),
}


@pytest.mark.parametrize("size", [4096, 0])
def test_each_head_is_as_long_as_it_may_be(size: int) -> None:
    """What is remembered of heads is bounded by their number, and by this."""
    lines = b"X: %b\r\n" % (b"a" * 4000) * (LONGEST_HEAD // 4001 - 1)
    found = parsed((HEAD + lines + b"\r\n") * 3, size)
    assert [request.refusal for request in found] == [None] * 3


@pytest.mark.parametrize("size", [4096, 0])
@pytest.mark.parametrize(("data", "code"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_head_is_the_last_thing_that_is_read(
    data: bytes, code: RefusalCode, size: int
) -> None:
    first, broken = parsed(ONE + data + ONE, size)
    assert first.refusal is None
    assert broken.refusal is not None
    assert broken.refusal.code is code
    assert not broken.keep_alive


def test_a_body_that_is_badly_framed_is_refused() -> None:
    (request,) = parsed(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert request.refusal is not None
    assert not request.complete


@pytest.mark.parametrize("beside", [b"0\r\nX: ", b"0\r\n", b"2\r\nhe\r\n3;"])
def test_what_is_sent_beside_a_body_is_bounded(beside: bytes) -> None:
    parser = RequestParser()
    parser.feed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + beside)
    line = b"X: aaaa\r\n" if beside.endswith(b"\n") else b"aaaaaaa"
    for _ in range(20):
        parser.feed(line * 10_000)
    (request,) = parser.requests
    assert parser.broken
    assert request.refusal is not None
    assert not request.complete


def test_a_large_body_in_small_chunks_is_no_large_head() -> None:
    parser = RequestParser()
    parser.feed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(300):
        parser.feed(b"100\r\n" + bytes(256) + b"\r\n2000\r\n" + bytes(8192) + b"\r\n")
    parser.feed(b"0\r\n\r\n")
    (request,) = parser.requests
    assert (request.complete, request.size) == (True, 300 * 8448)


@pytest.mark.parametrize("sizes", [(1,), (2,), (2, 90), (300, 1, 1)])
def test_a_body_in_crumbs_takes_little_more_than_its_bytes(
    sizes: tuple[int, ...],
) -> None:
    """An object for each chunk would take thirty times what it holds."""
    parser = RequestParser()
    texts = [(b"ab" * each)[:each] for each in sizes]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(text), text) for text in texts)
    parser.feed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(8):
        parser.feed(chunks * 500)
    (request,) = parser.requests
    whole = b"".join(texts) * 4000
    taken = sum(map(sys.getsizeof, request.parts)) + sys.getsizeof(request.parts)
    assert taken < 4 * len(whole) + 4096
    parser.feed(b"0\r\n\r\n")
    assert request.complete
    assert request.size == len(whole)
    assert request.body() == whole
    assert type(request.body()) is bytes


def test_what_follows_the_last_request_is_not_read() -> None:
    closes = HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    (request,) = parsed(closes + ONE)
    assert (request.complete, request.keep_alive) == (True, False)
    assert request.refusal is None
