"""Errors with a status, in the body each dialect has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.simulated.ask import ApiError
from faregate.smoke.simulated.fault import Charge, Fault
from faregate.smoke.simulated.frames import to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.exchange import Exchange

_MESSAGES = {
    400: "The request is not valid.",
    401: "Incorrect API key provided.",
    402: "Insufficient balance.",
    403: "You are not allowed to use this model.",
    404: "The model does not exist or you do not have access to it.",
    413: "The request is too large.",
    422: "A parameter is out of range.",
    429: "Rate limit reached for requests.",
    500: "The server had an error while processing your request.",
    502: "Bad gateway.",
    503: "The engine is currently overloaded, please try again later.",
    529: "Overloaded",
}
_FIRST_SERVER_ERROR = 500


def status(
    code: int,
    *,
    retry_after: str | None = None,
    charge: Charge = Charge.NOTHING,
    kind: str | None = None,
    error_code: str | None = None,
    message: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """Return an answer with an error status.

    `retry_after` is put in the header as it is, also when it is garbage. Raises
    ValueError when a refusal (4xx) should be charged: no provider does that.
    """
    if code < _FIRST_SERVER_ERROR and charge is not Charge.NOTHING:
        raise ValueError(f"a {code} is never billed")
    text = message or _MESSAGES.get(code, "Something went wrong.")
    error = ApiError(status=code, message=text, kind=kind, code=error_code)
    extra = dict(headers or {})
    if retry_after is not None:
        extra["Retry-After"] = retry_after

    async def answer(exchange: Exchange) -> None:
        if charge is not Charge.NOTHING:
            await exchange.think()
        body = exchange.dialect.error(error)
        data = to_bytes(to_json(body))
        await exchange.send_whole(data, status=code, headers=extra)

    return Fault(name=str(code), charge=charge, take_over=answer)


def insufficient_quota() -> Fault:
    """Return the 429 that means an empty wallet, not too many requests."""
    return status(
        429,
        kind="insufficient_quota",
        error_code="insufficient_quota",
        message="You exceeded your current quota, please check your plan and billing.",
    )
