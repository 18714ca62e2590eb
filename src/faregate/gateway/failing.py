"""From the end of an attempt to what went wrong with it.

Owns the table from a provider's error classes to the troubles that routing knows. It
judges no money: whether anything was billed is the hold's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.retry_after import retry_after
from faregate.core.retrying import Failure, Trouble
from faregate.providers.error_classes import classify, stated, stated_in
from faregate.providers.spec import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.refusal import Refusal
    from faregate.gateway.forwarding import Delivered
    from faregate.protocols.answer_check import Finding
    from faregate.protocols.codec import Answer
    from faregate.providers.spec import ProviderSpec

_TROUBLES: Mapping[ErrorClass, Trouble] = {
    ErrorClass.AUTH: Trouble.KEY,
    ErrorClass.PERMISSION: Trouble.FORBIDDEN,
    ErrorClass.MODEL_UNKNOWN: Trouble.MODEL_GONE,
    ErrorClass.BAD_REQUEST: Trouble.REQUEST,
    ErrorClass.CONTEXT_OVERFLOW: Trouble.CONTEXT,
    ErrorClass.RATE_LIMITED: Trouble.RATE_LIMIT,
    ErrorClass.QUOTA_EXHAUSTED: Trouble.QUOTA,
    ErrorClass.OVERLOADED: Trouble.OVERLOADED,
    ErrorClass.UPSTREAM: Trouble.SERVER_ERROR,
    ErrorClass.CONTENT_FILTER: Trouble.REQUEST,
}


def of_fault(error: UpstreamError) -> Failure:
    """Return the failure of an attempt that broke before or inside its answer."""
    trouble = Trouble.BROKEN
    if error.kind is FaultKind.LOCAL:
        trouble = Trouble.LOCAL
    elif not error.sent:
        trouble = Trouble.CONNECT
    elif error.kind is FaultKind.TIMEOUT:
        trouble = Trouble.TIMEOUT
    return Failure(trouble=trouble, message=error.message)


def of_unusable(refusal: Refusal, status: int) -> Failure:
    """Return the failure of an answer that is none."""
    return Failure(trouble=Trouble.BROKEN, message=refusal.message, status=status)


def of_finding(finding: Finding) -> Failure:
    """Return the failure of an answer that was checked and does not hold up."""
    return Failure(
        trouble=Trouble.REJECTED,
        message=finding.why,
        status=200,
        trigger=finding.trigger,
    )


def of_whole(spec: ProviderSpec, delivered: Delivered, *, now: float) -> Failure:
    """Return the failure that a whole answer states.

    `now` is Unix seconds, for a wait that is named as an instant.
    """
    whole, answer = delivered.whole, delivered.answer
    said = stated_in(whole.status, whole.body)
    return Failure(
        trouble=_TROUBLES[classify(spec, said)],
        message=answer.error or f"it answered {whole.status}",
        status=whole.status,
        retry_after=retry_after(whole.headers, now=now),
    )


def of_stream(spec: ProviderSpec, answer: Answer) -> Failure:
    """Return the failure that an event of a stream states.

    What the event's words do not explain is an error inside a stream.
    """
    codes = frozenset({answer.error_code} if answer.error_code else ())
    message = answer.error or ""
    found = _TROUBLES[classify(spec, stated(200, message, codes))]
    if found in {Trouble.SERVER_ERROR, Trouble.REQUEST}:
        found = Trouble.STREAM_ERROR
    return Failure(trouble=found, message=message, status=200)
