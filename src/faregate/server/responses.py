"""Answers of the gate's own, as HTTP in the caller's dialect."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.control.calling import PLAIN, command, spelled
from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.agents import is_litellm_family
from faregate.protocols.registry import dialect_of
from faregate.protocols.statuses import STOP_LITELLM, status_of
from faregate.server.answer import Answer
from faregate.server.claims import claim_of_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.gateway.inbound import Whole
    from faregate.protocols.codec import Codec

REQUEST_ID = "x-faregate-request-id"
SERVER = "faregate"
"""The only thing that answers tell of what made them."""
_MAY_PASS = frozenset(
    {
        RefusalCode.UPSTREAM_UNREACHABLE,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.PROVIDER_RESTING,
        RefusalCode.SHUTTING_DOWN,
    }
)
"""Troubles that a client may try again after; everything else is final."""

_CLOSES = frozenset(
    {
        RefusalCode.TOO_LARGE,
        RefusalCode.MISDIRECTED,
        RefusalCode.REQUEST_TIMEOUT,
        RefusalCode.EXPECTATION_FAILED,
        RefusalCode.SHUTTING_DOWN,
    }
)
_40_BITS = 2**40 - 1
_serials = itertools.count(random.SystemRandom().getrandbits(40))


def new_request_id() -> str:
    """Return an id that sorts by time, so that the ledger appends in order."""
    number = time.time_ns() // 1_000_000 << 40 | next(_serials) & _40_BITS
    return f"req_{number:021x}"


def own_headers(request_id: str) -> dict[str, str]:
    """Return the headers of every answer, the gate's own and a provider's."""
    return {REQUEST_ID: request_id, "server": SERVER}


def whole_answer(whole: Whole, request_id: str) -> Answer:
    """Return a provider's whole answer."""
    headers = {**whole.headers, **own_headers(request_id)}
    return Answer(whole.status, headers, whole.body)


def refusal_answer(
    refusal: Refusal,
    request_id: str,
    headers: Mapping[str, str],
    codec: Codec | None,
    path: str,
) -> Answer:
    """Return a refusal as an answer that stops agents at once."""
    dialect = codec or dialect_of(claim_of_path(path)[1])
    if command() != PLAIN:
        refusal = replace(refusal, message=spelled(refusal.message))
    litellm = is_litellm_family(headers)
    status = status_of(refusal.code, litellm_family=litellm)
    if litellm and status == STOP_LITELLM:
        # litellm reads the error type before the status, and retries a bad request.
        refusal = replace(refusal, error_type="not_found_error")
    return Answer(
        status,
        _refusal_headers(refusal, request_id),
        dialect.refusal_body(refusal, request_id),
        # Nobody can tell whether a client that waits for leave sends its body after
        # all.
        closes=refusal.code in _CLOSES or "expect" in headers,
    )


def _refusal_headers(refusal: Refusal, request_id: str) -> dict[str, str]:
    answer = {
        **own_headers(request_id),
        "content-type": "application/json",
        "x-faregate-refusal": str(refusal.code),
    }
    if refusal.final or refusal.code not in _MAY_PASS:
        answer["x-should-retry"] = "false"
    if refusal.retry_after is not None:
        answer["retry-after"] = str(refusal.retry_after)
    if refusal.code is RefusalCode.UNAUTHORIZED:
        answer["www-authenticate"] = 'Bearer realm="faregate"'
    if refusal.code is RefusalCode.UPGRADE_REFUSED:
        answer["upgrade"] = "HTTP/1.1"
    return answer
