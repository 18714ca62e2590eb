"""The agents' plane: from a knock at the door to the end of an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.exchange import Exchange
from faregate.gateway.explaining import Explanation
from faregate.gateway.inbound import Inbound
from faregate.protocols.codec import Codec, RequestHead
from faregate.server.answer import Answer
from faregate.server.auth import (
    Caller,
    Tokens,
    caller_of,
    has_own_key,
    without_credentials,
    without_tokens,
)
from faregate.server.body import decoded
from faregate.server.door import Door, Entry, Knock
from faregate.server.reply import StreamReply
from faregate.server.responses import (
    new_request_id,
    own_headers,
    refusal_answer,
    whole_answer,
)
from faregate.server.turned_away import TurnedAway
from faregate.server.visits import Visit, Visits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.facts import Work
    from faregate.gateway.gate import Gate
    from faregate.server.connection import AgentConnection
    from faregate.server.incoming import Incoming


class Proxy:
    """Serves every request of the agents' plane."""

    def __init__(
        self,
        *,
        gate: Gate,
        door: Door,
        tokens: Tokens,
        models: Callable[[str, Mapping[str, str]], Answer | Refusal],
        first_request_seen: bool = False,
    ) -> None:
        """Serve `gate` to whom `door` and `tokens` let in.

        `first_request_seen` tells whether an earlier process served one.
        """
        self._gate = gate
        self._commits = gate.admission.commits
        self._door = door
        self._tokens = tokens
        self._models = models
        self._visits = Visits()
        self._leaving: Refusal | None = None
        self._turned_away = TurnedAway(gate.events, gate.clock)
        self.first_request_seen = first_request_seen

    def close(self, leaving: Refusal) -> None:
        """Refuse what comes over connections that are still open."""
        self._leaving = leaving

    def enter(self, request: Incoming) -> Answer | None:
        """Answer a request by its head alone, or let it in: None."""
        visit, request.visit = request.visit, None
        if visit is None:
            visit = self._visits.find(request.likeness)
        if visit is None or self._is_over(visit):
            decided = self._decide(request, new_request_id())
            if not isinstance(decided, Visit):
                return decided
            visit = decided
            self._visits.remember(request.likeness, visit)
        self.first_request_seen = True
        request.visit = visit
        return None

    def refuse(self, request: Incoming, refusal: Refusal) -> Answer:
        """Return a refusal in the words of whoever asked."""
        return _refused(request.visit, refusal, new_request_id())

    def expect(self) -> None:
        """Note that a request is whole and will be served once, in this turn."""
        self._commits.coming += 1

    async def serve(
        self, request: Incoming, connection: AgentConnection
    ) -> Answer | StreamReply:
        """See the exchange of a request through that was let in and is whole."""
        self._commits.coming -= 1
        visit, request_id = request.visit, new_request_id()
        if visit is None:
            raise RuntimeError("a request is served that was not let in")
        encoding = visit.headers.get("content-encoding")
        body = request.body()
        if encoding is not None:
            plain = await decoded(body, encoding)
            if isinstance(plain, Refusal):
                return _refused(visit, plain, request_id)
            body = plain
        # A long wait holds it once, not twice.
        request.parts = []
        inbound = self._inbound(visit, body, request_id, request)
        reply = StreamReply(connection, request, request_id)
        exchange = Exchange(self._gate, inbound, reply)
        connection.on_lost = exchange.client_gone
        if connection.transport is None:
            exchange.client_gone()
        try:
            result = await exchange.run()
        finally:
            connection.on_lost = None
        if reply.started:
            if isinstance(result, Refusal):
                await reply.fail(visit.codec.error_event(result, request_id))
            return reply
        if isinstance(result, Refusal):
            return _refused(visit, result, request_id)
        if result is None and connection.lost:
            # Whoever hung up before a stream began is told nothing.
            return reply
        if result is None:
            raise RuntimeError("an exchange ended without an answer")
        return whole_answer(result, request_id)

    def _is_over(self, visit: Visit) -> bool:
        """Tell whether what was decided may no longer hold."""
        grant = visit.caller.grant
        return self._leaving is not None or grant is None or self._tokens.is_over(grant)

    def _decide(self, request: Incoming, request_id: str) -> Visit | Answer:
        """Let a request in by its head alone, or answer it."""
        headers = request.headers()
        if isinstance(headers, Refusal):
            answer = refusal_answer(headers, request_id, {}, None, "/")
            answer.closes = True
            return answer
        entry = self._door.check(request.method, request.target, headers)
        if isinstance(entry, Refusal):
            path = request.target[:512]
            self._turned_away.note(path, entry)
            return refusal_answer(entry, request_id, headers, None, path)
        if entry.knock is Knock.LIVENESS:
            return Answer(200, own_headers(request_id))
        caller = self._leaving or self._caller(headers)
        told: Answer | Refusal
        if isinstance(caller, Refusal):
            told = caller
        elif entry.codec is None or entry.work is None:
            told = self._models(entry.path, headers)
        else:
            return _visit(
                request.method, entry, entry.codec, entry.work, caller, headers
            )
        if isinstance(told, Refusal):
            self._turned_away.note(entry.path, told)
            codec, path = entry.codec, entry.path
            return refusal_answer(told, request_id, headers, codec, path)
        told.headers.update(own_headers(request_id))
        return told

    def _caller(self, headers: Mapping[str, str]) -> Caller | Refusal:
        try:
            return caller_of(headers, self._tokens)
        except LedgerError as error:
            return Refusal(
                code=RefusalCode.LEDGER_UNAVAILABLE,
                message=f"The ledger cannot be read, so nothing is sent: {error}",
            )

    def _inbound(
        self, visit: Visit, body: bytes, request_id: str, request: Incoming
    ) -> Inbound:
        caller, capture = visit.caller, self._gate.capture
        return Inbound(
            request_id,
            visit.head,
            body,
            visit.codec,
            visit.work,
            caller.grant,
            visit.url,
            visit.labels,
            self._gate.clock.now_ms(),
            caller.subscription,
            Explanation(),
            None
            if capture is None
            else capture.tape(request.target, visit.headers_of(request.length)),
        )


def _visit(
    method: str,
    entry: Entry,
    codec: Codec,
    work: Work,
    caller: Caller,
    headers: Mapping[str, str],
) -> Visit:
    said = without_tokens(headers)
    own_key = caller.grant is not None and has_own_key(headers)
    if own_key:
        # It is not forwarded, and heads outlive their requests.
        said = without_credentials(said)
    head = RequestHead(method=method, path=entry.path, query=entry.query, headers=said)
    return Visit(
        caller=caller,
        codec=codec,
        work=work,
        url=entry.url,
        labels=entry.labels,
        head=head,
        headers=headers,
        own_key=own_key,
    )


def _refused(visit: Visit | None, refusal: Refusal, request_id: str) -> Answer:
    if visit is None:
        answer = refusal_answer(refusal, request_id, {}, None, "/")
        answer.closes = True
        return answer
    codec, path = visit.codec, visit.head.path
    return refusal_answer(refusal, request_id, visit.headers, codec, path)
