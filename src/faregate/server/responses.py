"""Answers of the gate's own, as HTTP in the caller's dialect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web

from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.agents import is_litellm_family
from faregate.protocols.registry import CODECS
from faregate.protocols.statuses import STOP_LITELLM, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.gateway.inbound import Whole
    from faregate.protocols.codec import Codec

REQUEST_ID = "x-faregate-request-id"
_MAY_PASS = frozenset(
    {
        RefusalCode.UPSTREAM_UNREACHABLE,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.SHUTTING_DOWN,
    }
)
"""Troubles that a client may try again after; everything else is final."""

_CLOSES = frozenset(
    {
        RefusalCode.TOO_LARGE,
        RefusalCode.MISDIRECTED,
        RefusalCode.REQUEST_TIMEOUT,
        RefusalCode.SHUTTING_DOWN,
    }
)


def refusal_response(
    refusal: Refusal,
    request_id: str,
    headers: Mapping[str, str],
    codec: Codec | None,
    path: str,
) -> web.Response:
    """Return a refusal as a response that stops agents at once."""
    dialect = codec or _dialect_of(path)
    litellm = is_litellm_family(headers)
    status = status_of(refusal.code, litellm_family=litellm)
    if litellm and status == STOP_LITELLM:
        # litellm reads the error type before the status, and retries a bad request.
        refusal = replace(refusal, error_type="not_found_error")
    answer = {REQUEST_ID: request_id, "x-faregate-refusal": str(refusal.code)}
    if refusal.code not in _MAY_PASS:
        answer["x-should-retry"] = "false"
    if refusal.code is RefusalCode.UNAUTHORIZED:
        answer["www-authenticate"] = 'Bearer realm="faregate"'
    response = web.Response(
        status=status,
        headers=answer,
        body=dialect.refusal_body(refusal, request_id),
        content_type="application/json",
    )
    if refusal.code in _CLOSES:
        response.force_close()
    return response


def whole_response(whole: Whole, request_id: str) -> web.Response:
    """Return a provider's whole answer as a response."""
    return web.Response(
        status=whole.status,
        headers={**whole.headers, REQUEST_ID: request_id},
        body=whole.body,
    )


_DIALECTS = {codec.name: codec for codec in CODECS}


def _dialect_of(path: str) -> Codec:
    if "enerateContent" in path or "/v1beta" in path:
        return _DIALECTS["gemini"]
    if "/messages" in path:
        return _DIALECTS["anthropic_messages"]
    return _DIALECTS["openai_chat"]
