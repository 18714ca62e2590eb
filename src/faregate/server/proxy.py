"""The agents' plane: from a knock at the door to the end of an exchange."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING

from aiohttp import web

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.exchange import Exchange
from faregate.gateway.inbound import Inbound
from faregate.gateway.tasks import spawn
from faregate.protocols.codec import Codec, RequestHead
from faregate.server.auth import Caller, Tokens, caller_of
from faregate.server.body import read_body
from faregate.server.door import Door, Entry, Knock
from faregate.server.reply import StreamReply
from faregate.server.responses import REQUEST_ID, refusal_response, whole_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multidict import CIMultiDictProxy

    from faregate.gateway.gate import Gate

_log = logging.getLogger("faregate.server")
_random = random.SystemRandom()


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
        self._gate = gate
        self._door = door
        self._tokens = tokens
        self._models = models
        self.first_request_seen = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for cancellation."""
        request_id = new_request_id()
        headers = _lower(request.headers)
        entry = self._door.check(request.method, request.raw_path, headers)
        if isinstance(entry, Refusal):
            return refusal_response(
                entry, request_id, headers, None, request.raw_path[:512]
            )
        if entry.knock is Knock.LIVENESS:
            return web.Response(status=200, headers={REQUEST_ID: request_id})
        caller = caller_of(headers, self._tokens)
        if isinstance(caller, Refusal):
            return refusal_response(
                caller, request_id, headers, entry.codec, entry.path
            )
        if entry.knock is Knock.MODELS:
            answer = self._models(entry.path, headers)
            if isinstance(answer, Refusal):
                return refusal_response(answer, request_id, headers, None, entry.path)
            return answer
        self.first_request_seen = True
        return await self._proxy(request, entry, caller, headers, request_id)

    async def _proxy(
        self,
        request: web.BaseRequest,
        entry: Entry,
        caller: Caller,
        headers: Mapping[str, str],
        request_id: str,
    ) -> web.StreamResponse:
        codec = entry.codec
        if codec is None or entry.work is None:
            raise RuntimeError("a proxied entry has a codec")
        body = await read_body(request)
        if isinstance(body, Refusal):
            return refusal_response(body, request_id, headers, codec, entry.path)
        inbound = Inbound(
            id=request_id,
            head=RequestHead(
                method=request.method,
                path=entry.path,
                query=entry.query,
                headers=headers,
            ),
            body=body,
            codec=codec,
            work=entry.work,
            grant=caller.grant,
            url=entry.url,
            labels=entry.labels,
            received_ms=self._gate.clock.now_ms(),
            subscription=caller.subscription,
        )
        return await self._exchange(request, inbound, headers, codec)

    async def _exchange(
        self,
        request: web.BaseRequest,
        inbound: Inbound,
        headers: Mapping[str, str],
        codec: Codec,
    ) -> web.StreamResponse:
        reply = StreamReply(request, inbound.id)
        exchange = Exchange(self._gate, inbound, reply)
        task = spawn(exchange.run(), "exchange")
        try:
            result = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                exchange.client_gone()
            raise
        except Exception:
            _log.exception("request %s failed", inbound.id)
            result = Refusal(
                code=RefusalCode.INTERNAL,
                message=f"Faregate failed on request {inbound.id}; its cost is kept "
                "as unknown. Please report it",
            )
            if reply.response is not None:
                await reply.fail(codec.error_event(result, inbound.id))
        if reply.response is not None:
            return reply.response
        if isinstance(result, Refusal):
            return refusal_response(
                result, inbound.id, headers, codec, inbound.head.path
            )
        if result is None:
            raise RuntimeError("an exchange ended without an answer")
        return whole_response(result, inbound.id)


def new_request_id() -> str:
    """Return an id that sorts by time, so that the ledger appends in order."""
    return f"req_{time.time_ns() // 1_000_000:011x}{_random.getrandbits(40):010x}"


def _lower(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
