"""What an error body says, in any of the shapes that providers send.

Owns finding message and code; what they mean is for the caller to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 2000


class ErrorFound(NamedTuple):
    """An error's message and its most specific code, as text."""

    message: str
    code: str | None


def read_error(body: bytes) -> ErrorFound | None:
    """Return the error that a body or event states; None when it states none."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), None)
    return _of_object(value) if isinstance(value, dict) else None


def _of_object(value: Mapping[str, Any]) -> ErrorFound | None:
    for shape in _SHAPES:
        found = shape(value)
        if found is not None:
            return found
    return None


def _inner_error(value: Mapping[str, Any]) -> ErrorFound | None:
    error = value.get("error")
    if isinstance(error, dict):
        return _of_error(error, value)
    if isinstance(error, str) and error:
        return _found(error, value.get("code"))
    return None


def _fault(value: Mapping[str, Any]) -> ErrorFound | None:
    fault = value.get("fault")
    if not isinstance(fault, dict):
        return None
    detail = fault.get("detail")
    code = detail.get("errorcode") if isinstance(detail, dict) else None
    return _found(fault.get("faultstring"), code)


def _status_block(value: Mapping[str, Any]) -> ErrorFound | None:
    status = value.get("base_resp")
    if not isinstance(status, dict) or not status.get("status_code"):
        return None
    return _found(status.get("status_msg"), status["status_code"])


def _flat(value: Mapping[str, Any]) -> ErrorFound | None:
    if value.get("object") == "error" or value.get("type") == "error":
        return _of_error(value, value)
    if "message" in value and "code" in value and "choices" not in value:
        return _found(value["message"], value["code"])
    return None


def _detailed(value: Mapping[str, Any]) -> ErrorFound | None:
    return _found(_detail(value["detail"]), None) if "detail" in value else None


_SHAPES = (_inner_error, _fault, _status_block, _flat, _detailed)


def _of_error(error: Mapping[str, Any], outer: Mapping[str, Any]) -> ErrorFound:
    codes = (error.get("code"), error.get("status"), error.get("type"))
    code = next((c for c in codes if isinstance(c, str) and c), None)
    if code in {None, "error"}:
        code = next((str(c) for c in codes if isinstance(c, int)), None)
    message = error.get("message") or outer.get("message") or _detail(error)
    return _found(message, code)


def _detail(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return str(value[0].get("msg") or value[0])
    return msgspec.json.encode(value).decode() if value else ""


def _found(message: object, code: object) -> ErrorFound:
    text = message if isinstance(message, str) and message else "no message"
    return ErrorFound(
        text[:_LONGEST], str(code) if isinstance(code, str | int) and code else None
    )
