"""What one request leaves on its way, kept in memory until it is over.

Owns how bytes are overheard between the gate and a provider, and between the gate and
its client. Keeps references and copies nothing; never delays or changes a byte, and
raises nothing of its own. What is kept is bounded: by body, and over all requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.captured import (
    CapturedAttempt,
    CapturedBody,
    CapturedReply,
)
from faregate.core.faults import UpstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from faregate.core.attempts import UpstreamRequest
    from faregate.core.captured import CapturedRequest
    from faregate.core.identity import Identity
    from faregate.gateway.explaining import Explanation
    from faregate.gateway.ports import Reply, Upstream, UpstreamAnswer, Wait

MOST_ARRIVALS = 20_000
"""Pieces of one body whose arrival is noted; what comes after counts to the last."""
_GIVEN_UP = "it was given up"


class Room:
    """Memory that all tapes share; what finds none is counted, not kept."""

    def __init__(self, most: int) -> None:
        """Give out at most `most` bytes at a time."""
        self._free = most

    def take(self, size: int) -> bool:
        """Tell whether there was room for these bytes; it is taken then."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def give_back(self, size: int) -> None:
        """Free what was taken."""
        self._free += size


class BodyTape:
    """One body as it arrives."""

    __slots__ = ("_arrivals", "_elapsed", "_parts", "_room", "kept", "length", "most")

    def __init__(self, room: Room, most: int, elapsed_ms: Callable[[], int]) -> None:
        self._room = room
        self.most = most
        self._elapsed = elapsed_ms
        self._parts: list[bytes] = []
        self._arrivals: list[tuple[int, int]] = []
        self.length = 0
        self.kept = 0

    def add(self, chunk: bytes) -> None:
        """Keep a piece, or the beginning of it that there is room for."""
        if len(self._arrivals) < MOST_ARRIVALS:
            self._arrivals.append((self.length, self._elapsed()))
        # What follows a gap would be read as if it belonged there.
        whole = self.kept == self.length
        self.length += len(chunk)
        left = self.most - self.kept
        if not whole or left <= 0:
            return
        part = chunk if len(chunk) <= left else chunk[:left]
        if self._room.take(len(part)):
            self._parts.append(part)
            self.kept += len(part)

    def captured(self, *, complete: bool) -> CapturedBody:
        """Return what came."""
        return CapturedBody(
            data=b"".join(self._parts),
            length=self.length,
            arrivals=tuple(self._arrivals),
            complete=complete,
        )


class AttemptTape:
    """One attempt: what was sent, and what comes back."""

    def __init__(
        self, tape: Tape, request: UpstreamRequest, target: str, attempt: str | None
    ) -> None:
        self._request = request
        self._target = target
        self._attempt = attempt
        self._sent_ms = tape.elapsed_ms()
        self._tape = tape
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}
        self._answered_ms: int | None = None
        self.answer = tape.body_tape()
        self.over = False
        """The answer came to its end."""
        self.error: str | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head of its answer."""
        self._status, self._headers = status, headers
        self._answered_ms = self._tape.elapsed_ms()

    def captured(self, clients: bytes, most: int) -> CapturedAttempt:
        """Return all of it; `clients` is the body that the client sent."""
        request, answered = self._request, self._status is not None
        own = request.body is clients or request.body == clients
        return CapturedAttempt(
            target=self._target,
            attempt=self._attempt,
            method=request.method,
            url=request.url,
            headers=tuple(request.headers.items()),
            body=None if own else bounded(request.body, most),
            sent_ms=self._sent_ms,
            status=self._status,
            answered_ms=self._answered_ms,
            answer_headers=tuple(self._headers.items()),
            answer=self.answer.captured(complete=self.over) if answered else None,
            error=self.error,
        )


class Tape:
    """One request; `over` and `hears` put it between the gate and the world."""

    def __init__(
        self,
        *,
        path: str,
        headers: Mapping[str, str],
        room: Room,
        most: int,
        clock: Callable[[], float],
        wants: Callable[[Identity], bool],
        done: Callable[[CapturedRequest], None],
    ) -> None:
        """Begin; `most` bytes are kept of a body, `clock` counts seconds.

        `done` takes what was captured when the request is over.
        """
        self.done = done
        self.path = path
        self.headers = headers
        self.most = most
        self._room = room
        self._clock = clock
        self._began = clock()
        self._wants = wants
        self._attempts: list[AttemptTape] = []
        self._bodies: list[BodyTape] = []
        self._heard: ReplyTape | None = None

    def elapsed_ms(self) -> int:
        """Return milliseconds since the request came."""
        return int((self._clock() - self._began) * 1000)

    def body_tape(self) -> BodyTape:
        """Return a tape for one body."""
        tape = BodyTape(self._room, self.most, self.elapsed_ms)
        self._bodies.append(tape)
        return tape

    def wanted(self, explanation: Explanation) -> bool:
        """Tell whether this is a request of those that are captured."""
        return explanation.identity is not None and self._wants(explanation.identity)

    def over(
        self, upstream: Upstream, explanation: Explanation, target: object
    ) -> Upstream:
        """Return a way to providers that is overheard."""
        if not self.wanted(explanation):
            self._deafen()
            return upstream
        held = explanation.last("hold")
        attempt = None if held is None else str(held["attempt"])
        return _OverheardUpstream(self, upstream, str(target), attempt)

    def _deafen(self) -> None:
        self.most = 0
        for body in self._bodies:
            body.most = 0

    def begun(
        self, request: UpstreamRequest, target: str, attempt: str | None
    ) -> AttemptTape:
        """Note that an attempt is sent."""
        tape = AttemptTape(self, request, target, attempt)
        self._attempts.append(tape)
        return tape

    def hears(self, reply: Reply) -> Reply:
        """Return a way to the client that is overheard."""
        self._heard = ReplyTape(reply, self.body_tape())
        return self._heard

    def attempts(self, clients: bytes) -> tuple[CapturedAttempt, ...]:
        """Return every attempt; `clients` is the body that the client sent."""
        return tuple(each.captured(clients, self.most) for each in self._attempts)

    def streamed(self) -> CapturedReply | None:
        """Return the streamed reply, None where none was begun."""
        return None if self._heard is None else self._heard.captured()

    def erase(self) -> None:
        """Free the memory that was taken; what was captured stays as it is."""
        for body in self._bodies:
            self._room.give_back(body.kept)
            body.kept = 0


class ReplyTape:
    """A client's reply that is overheard."""

    def __init__(self, reply: Reply, body: BodyTape) -> None:
        self._reply = reply
        self._body = body
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}
        self._cut = False

    @property
    def started(self) -> bool:
        """Tell whether status and headers went out."""
        return self._reply.started

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        self._status, self._headers = status, headers
        await self._reply.start(status, headers)

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        self._body.add(data)
        await self._reply.write(data)

    def push(self, data: bytes) -> Wait | None:
        """Send bytes now."""
        self._body.add(data)
        return self._reply.push(data)

    async def fail(self, last_words: bytes) -> None:
        """Send an error event and close."""
        self._cut = True
        self._body.add(last_words)
        await self._reply.fail(last_words)

    def abort(self) -> None:
        """Drop the connection."""
        self._cut = True
        self._reply.abort()

    def captured(self) -> CapturedReply | None:
        """Return what was sent, None where nothing was."""
        if self._status is None:
            return None
        return CapturedReply(
            status=self._status,
            headers=tuple(self._headers.items()),
            body=self._body.captured(complete=not self._cut),
        )


class _OverheardUpstream:
    """Sends attempts of one request, with its tape listening."""

    def __init__(
        self, tape: Tape, upstream: Upstream, target: str, attempt: str | None
    ) -> None:
        self._tape = tape
        self._upstream = upstream
        self._target = target
        self._attempt = attempt

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> UpstreamAnswer:
        """Return once headers arrived."""
        tape = self._tape.begun(request, self._target, self._attempt)
        tape.error = _GIVEN_UP
        try:
            answer = await self._upstream.send(request, fresh=fresh)
        except UpstreamError as error:
            tape.error = error.message
            raise
        tape.error = None
        tape.answered(answer.status, answer.headers)
        return _OverheardAnswer(answer, tape)


class _OverheardAnswer:
    """A provider's answer, with a tape listening."""

    def __init__(self, answer: UpstreamAnswer, tape: AttemptTape) -> None:
        self._answer = answer
        self._tape = tape
        self.status = answer.status
        self.headers = answer.headers

    def arrived(self) -> bytes | None:
        """Return the whole body where all of it is here."""
        body = self._answer.arrived()
        if body is not None:
            self._tape.answer.add(body)
            self._tape.over = True
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield body bytes as they arrive."""
        add = self._tape.answer.add
        try:
            async for chunk in self._answer.chunks():
                add(chunk)
                yield chunk
        except UpstreamError as error:
            self._tape.error = error.message
            raise
        self._tape.over = True

    async def pour(self, into: Callable[[bytes], Wait | None]) -> None:
        """Give the body to `into` as it arrives."""
        add = self._tape.answer.add

        def heard(chunk: bytes) -> Wait | None:
            add(chunk)
            return into(chunk)

        try:
            await self._answer.pour(heard)
        except UpstreamError as error:
            self._tape.error = error.message
            raise
        self._tape.over = True

    async def read(self, limit: int) -> bytes:
        """Return the whole body."""
        body = await self._answer.read(limit)
        self._tape.answer.add(body)
        self._tape.over = True
        return body

    def abort(self) -> None:
        """Close the connection."""
        self._answer.abort()

    def release(self) -> None:
        """Hand the connection back."""
        self._answer.release()


def bounded(body: bytes, most: int) -> CapturedBody:
    """Return a body that is there as a whole, cut where it is too long."""
    return CapturedBody(data=body[:most], length=len(body))
