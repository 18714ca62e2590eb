"""The agents' plane: from a knock at the door to the end of an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from faregate.core.holds import LedgerError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.exchange import Exchange
from faregate.gateway.inbound import Inbound
from faregate.protocols.codec import Codec, RequestHead
from faregate.server.auth import Caller, Tokens, caller_of, without_tokens
from faregate.server.body import read_body
from faregate.server.connection import AgentConnection
from faregate.server.door import Door, Entry, Knock
from faregate.server.reply import StreamReply
from faregate.server.responses import new_request_id, own_headers, refusal_response
from faregate.server.visits import Visit, Visits, likeness_of
from faregate.server.whole_reply import whole_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multidict import CIMultiDictProxy

    from faregate.core.facts import Work
    from faregate.gateway.gate import Gate


class Proxy:
    """Serves every request of the agents' plane."""

    def __init__(
        self,
        *,
        gate: Gate,
        door: Door,
        tokens: Tokens,
        models: Callable[[str, Mapping[str, str]], web.Response | Refusal],
    ) -> None:
        """Serve `gate` to whom `door` and `tokens` let in."""
        self._gate = gate
        self._door = door
        self._tokens = tokens
        self._models = models
        self._visits = Visits()
        self._leaving: Refusal | None = None
        self.first_request_seen = False

    def close(self, leaving: Refusal) -> None:
        """Refuse what comes over connections that are still open."""
        self._leaving = leaving

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for cancellation."""
        request_id = new_request_id()
        likeness = likeness_of(request)
        visit = self._visits.find(likeness)
        if visit is None or self._is_over(visit):
            decided = self._decide(request, request_id)
            if not isinstance(decided, Visit):
                return decided
            visit = decided
            self._visits.remember(likeness, visit)
        self.first_request_seen = True
        answer = await self._serve(request, visit, request_id)
        if isinstance(answer, Refusal):
            headers, codec, path = visit.headers, visit.codec, visit.head.path
            return _refused(request, answer, request_id, headers, codec, path)
        return answer

    def _is_over(self, visit: Visit) -> bool:
        """Tell whether what was decided may no longer hold."""
        grant = visit.caller.grant
        return (
            self._leaving is not None or grant is None or self._tokens.is_ended(grant)
        )

    def _decide(
        self, request: web.BaseRequest, request_id: str
    ) -> Visit | web.StreamResponse:
        """Let a request in by its head alone, or answer it."""
        headers = _lower(request.headers)
        entry = self._door.check(request.method, request.raw_path, headers)
        if isinstance(entry, Refusal):
            path = request.raw_path[:512]
            return _refused(request, entry, request_id, headers, None, path)
        if entry.knock is Knock.LIVENESS:
            return web.Response(headers=own_headers(request_id))
        caller = self._leaving or self._caller(headers)
        answer: web.Response | Refusal
        if isinstance(caller, Refusal):
            answer = caller
        elif entry.codec is None or entry.work is None:
            answer = self._models(entry.path, headers)
        else:
            return _visit(
                request.method, entry, entry.codec, entry.work, caller, headers
            )
        if isinstance(answer, Refusal):
            codec, path = entry.codec, entry.path
            return _refused(request, answer, request_id, headers, codec, path)
        answer.headers.update(own_headers(request_id))
        return answer

    def _caller(self, headers: Mapping[str, str]) -> Caller | Refusal:
        try:
            return caller_of(headers, self._tokens)
        except LedgerError as error:
            return Refusal(
                code=RefusalCode.LEDGER_UNAVAILABLE,
                message=f"The ledger cannot be read, so nothing is sent: {error}",
            )

    async def _serve(
        self, request: web.BaseRequest, visit: Visit, request_id: str
    ) -> web.StreamResponse | Refusal:
        """Read the body and see the exchange through."""
        body = await read_body(request)
        if isinstance(body, Refusal):
            return body
        caller, capture = visit.caller, self._gate.capture
        path, headers = request.raw_path, visit.headers
        inbound = Inbound(
            id=request_id,
            head=visit.head,
            body=body,
            codec=visit.codec,
            work=visit.work,
            grant=caller.grant,
            url=visit.url,
            labels=visit.labels,
            received_ms=self._gate.clock.now_ms(),
            subscription=caller.subscription,
            tape=None if capture is None else capture.tape(path, headers),
        )
        reply = StreamReply(request, request_id)
        exchange = Exchange(self._gate, inbound, reply)
        connection = request.protocol
        if not isinstance(connection, AgentConnection):
            raise TypeError("this connection would not tell of its loss")
        connection.on_lost = exchange.client_gone
        if request.transport is None:
            exchange.client_gone()
        try:
            result = await exchange.run()
        finally:
            connection.on_lost = None
        if reply.response is not None:
            if isinstance(result, Refusal):
                await reply.fail(visit.codec.error_event(result, request_id))
            return reply.response
        if isinstance(result, Refusal):
            return result
        if result is None:
            raise RuntimeError("an exchange ended without an answer")
        return whole_response(result, request_id)


def _visit(
    method: str,
    entry: Entry,
    codec: Codec,
    work: Work,
    caller: Caller,
    headers: Mapping[str, str],
) -> Visit:
    head = RequestHead(
        method=method,
        path=entry.path,
        query=entry.query,
        headers=without_tokens(headers),
    )
    return Visit(
        caller=caller,
        codec=codec,
        work=work,
        url=entry.url,
        labels=entry.labels,
        head=head,
        headers=headers,
    )


def _refused(
    request: web.BaseRequest,
    refusal: Refusal,
    request_id: str,
    headers: Mapping[str, str],
    codec: Codec | None,
    path: str,
) -> web.Response:
    response = refusal_response(refusal, request_id, headers, codec, path)
    if not request.content.is_eof():
        # What is left of the body would be read as the next request.
        response.force_close()
    return response


def _lower(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Return headers by lower-case name; what is sent twice is one list."""
    found = {name.lower(): value for name, value in headers.items()}
    if len(found) != len(headers):
        for name in found:
            found[name] = ", ".join(headers.getall(name))
    return found
