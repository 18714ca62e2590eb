"""A head that comes again is taken without a parser: for what the parser takes it."""

from __future__ import annotations

import pytest

from faregate.core.identity import Claim, Grant
from faregate.core.refusal import Refusal
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for
from faregate.server.answer import Answer
from faregate.server.auth import Caller
from faregate.server.body import BODY_LIMIT
from faregate.server.connection import AgentConnection
from faregate.server.incoming import Incoming, RequestParser
from faregate.server.known_head import LONGEST, KnownHead
from faregate.server.visits import Visit

PLAIN = b"POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: %d\r\nX-B: 2\r\n\r\n"
ODD = {
    "plain": PLAIN,
    "last": b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n",
    "names_in_any_case": b"POST / HTTP/1.1\r\nhOST: h\r\nCONTENT-length: %d\r\n\r\n",
    "names_twice": b"POST / HTTP/1.1\r\nA: 1\r\na: 2\r\nContent-Length: %d\r\nA: 3\r\n\r\n",
    "spaces": b"POST / HTTP/1.1\r\nA: \t 1 \t\r\nContent-Length: \t %d\r\nB:\r\n\r\n",
    "spaces_behind": b"POST / HTTP/1.1\r\nA: 1\r\nContent-Length: %d \t\r\n\r\n",
    "no_spaces": b"POST / HTTP/1.1\r\nA:1\r\nContent-Length:%d\r\n\r\n",
    "zeros": b"POST / HTTP/1.1\r\nContent-Length: 000%d\r\n\r\n",
    "length_in_a_value": b"POST /content-length:5 HTTP/1.1\r\n"
    b"A: content-length: 5\r\nContent-Length: %d\r\nX-content-length: 7\r\n\r\n",
    "bytes_beyond_ascii": b"POST /\xc3\xa9 HTTP/1.1\r\nA: \xff\xc3\r\n"
    b"Content-Length: %d\r\n\r\n",
    "expects": b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
    "blank_lines_before": b"\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
    "closes": b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
    "old": b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n",
    "offers": b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Content-Length: %d\r\n\r\n",
}
BODIES = (b"", b"x", b"hello", b"\r\n\r\nPOST / HTTP/1.1\r\n\r\n" * 40)


def facts_of(request: Incoming) -> tuple[object, ...]:
    return (
        request.likeness,
        request.version,
        request.length,
        request.keep_alive,
        request.complete,
        request.size,
        request.body(),
        request.refusal,
    )


class Nobody:
    """Serves whatever it is asked to."""

    def enter(self, _request: Incoming) -> Answer | None:
        return None

    def refuse(self, _request: Incoming, refusal: Refusal) -> Answer:
        raise AssertionError(refusal)

    def expect(self) -> None:
        """Counts nobody."""

    async def serve(self, request: Incoming, _at: AgentConnection) -> Answer:
        return Answer(200, {}, request.body())


def visit_of(grant: Grant | None) -> Visit:
    head = RequestHead(method="POST", path="/v1/x", query="", headers={})
    found = codec_for("POST", "/v1/chat/completions")
    assert found is not None
    return Visit(
        caller=Caller(grant=grant),
        codec=found[0],
        work=found[1],
        url=Claim(),
        labels=Claim(),
        head=head,
        headers={},
    )


def read(data: list[bytes], *, remembers: bool) -> tuple[list[object], bool]:
    """Parse data piece by piece; each request with a whole head is let in."""
    parser = RequestParser()
    found: list[Incoming] = []
    for piece in data:
        parser.feed(piece)
        while parser.requests:
            request = parser.requests.popleft()
            if remembers and request.head:
                parser.remember(request)
            found.append(request)
    return [facts_of(request) for request in found], parser.broken


@pytest.mark.parametrize("size", [1, 13, 64, 100_000])
@pytest.mark.parametrize("head", ODD.values(), ids=ODD)
def test_a_known_head_is_what_the_parser_says_it_is(head: bytes, size: int) -> None:
    whole = [head % len(body) + body for body in BODIES]
    all_at_once = b"".join(whole)
    cut = [all_at_once[at : at + size] for at in range(0, len(all_at_once), size)]
    apart = [part for body in BODIES for part in (head % len(body), body)]
    for data in (whole, cut, apart, whole[:1] + cut):
        assert read(data, remembers=True) == read(data, remembers=False)


LENGTHS = ("+5", "-5", "0x5", "5,5", "5 5", "", " ", "5\n", "5\r", "5\0", "9" * 30)
LINES = (
    b"X-B: 2\r\n y\r\n",
    b"X-B: 2\r\nContent-Length: 6\r\n",
    b"X-B: 2\r\nTransfer-Encoding: chunked\r\n",
    b"X-B: 3\r\n",
    b"X-B:  2\r\n",
    b"X-B: 2\n",
    b"x-b: 2\r\n",
    b"",
)


def test_a_head_that_differs_anywhere_is_left_to_the_parser() -> None:
    first = PLAIN % 5 + b"hello"
    others = [
        PLAIN.replace(b"%d", text.encode()) + b"hello"
        for text in (*LENGTHS, str(BODY_LIMIT + 1))
    ]
    others += [PLAIN.replace(b"X-B: 2\r\n", line) % 5 + b"hello" for line in LINES]
    others += [first[:at] + b"\1" + first[at + 1 :] for at in range(len(first) - 5)]
    for other in others:
        data = [first, other, first]
        assert read(data, remembers=True) == read(data, remembers=False), other


def known(head: bytes) -> tuple[KnownHead[Incoming] | None, Incoming]:
    parser = RequestParser()
    parser.feed(head)
    request = parser.requests.popleft()
    return KnownHead.of(request), request


def test_a_known_head_makes_requests_of_its_own() -> None:
    head, first = known(PLAIN % 5)
    assert head is not None
    found = head.again(PLAIN % 7 + b"and more", BODY_LIMIT)
    assert found is not None
    request, at = found
    assert (request.length, first.length, at) == (7, 5, len(PLAIN % 7))
    assert request.likeness == first.likeness
    assert request.parts is not first.parts
    assert head.again(PLAIN % 7, 6) is None


@pytest.mark.parametrize(
    "head",
    [
        PLAIN.replace(b"Content-Length: %d\r\n", b""),
        PLAIN.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked"),
        ODD["closes"] % 5,
        ODD["offers"] % 5,
        PLAIN.replace(b"X-A: 1\r\n", b"X-A: %b\r\n" % (b"a" * 8000) * 3) % 5,
    ],
    ids=["no_length", "chunked", "closes", "offers", f"beyond_{LONGEST}"],
)
def test_heads_that_do_not_come_again_in_that_way_are_not_known(head: bytes) -> None:
    assert known(head)[0] is None


@pytest.mark.parametrize("grant", [Grant(), None], ids=["token", "own_key"])
async def test_a_head_with_a_providers_own_key_is_not_kept(grant: Grant | None) -> None:
    came_with: list[Visit | None] = []

    class Plane(Nobody):
        def enter(self, request: Incoming) -> Answer | None:
            came_with.append(request.visit)
            request.visit = visit_of(grant)
            return None

    connection = AgentConnection(Plane(), set())
    for _ in range(3):
        connection.data_received(PLAIN % 5 + b"hello")
        assert connection.task is not None
        await connection.task
    assert [visit is not None for visit in came_with] == [False] + [
        grant is not None
    ] * 2


def test_a_head_that_is_not_whole_at_once_is_not_known() -> None:
    parser = RequestParser()
    parser.feed((PLAIN % 5)[:30])
    parser.feed((PLAIN % 5)[30:] + b"hello")
    assert parser.requests.popleft().head == b""
