"""The little HTTP that the control socket needs: requests out, answers in.

Pure: bytes and values, no socket. Requests are HTTP/1.0, so an answer is never
chunked and ends with the connection. `http.client` is not used because it loads
TLS and the e-mail package, which would triple the start of `status --line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from faregate.control.errors import ControlError
from faregate.control.models import CONTROL_VERSION, Problem, VersionInfo
from faregate.control.versions import UNKNOWN_ASK
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")

MAX_HEAD = 64 * 1024
"""Bytes of an answer's head; more is no answer of ours."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer's body."""

_NO_ROUTE = (404, 405)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Status and body length of an answer."""

    status: int
    length: int | None


def request_bytes(
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return one whole request; raises ControlError for a header with a line break."""
    lines = [f"{method} {path} HTTP/1.0", "Host: localhost", "Accept: application/json"]
    for name, value in (headers or {}).items():
        if not value.isprintable() or not value.isascii():
            raise ControlError("bad_header", f"{name} is not plain printable text")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")


def parse_head(head: bytes) -> Head:
    """Read status line and headers; raises ControlError when it is no HTTP."""
    lines = head.split(b"\r\n")
    parts = lines[0].split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        raise _not_ours()
    length: int | None = None
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        match name.strip().lower():
            case b"content-length" if value.strip().isdigit():
                length = int(value)
            case b"transfer-encoding":
                raise _not_ours()
            case _:
                pass
    return Head(status=int(parts[1]), length=length)


def split_answer(answer: bytes) -> tuple[Head, bytes]:
    """Split a whole answer; raises ControlError when it is cut or no HTTP."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        raise _not_ours()
    parsed = parse_head(head)
    if parsed.length is not None and len(body) < parsed.length:
        raise ControlError("cut_answer", "the proxy stopped in the middle of an answer")
    return parsed, body if parsed.length is None else body[: parsed.length]


def problem(status: int, body: bytes) -> ControlError:
    """Return the error that an answer with this status stands for."""
    try:
        told = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return ControlError("http_error", f"the proxy answered with status {status}")
    if told.code == "http_error" and status in _NO_ROUTE:
        return ControlError("unknown_ask", UNKNOWN_ASK)
    return ControlError(told.code, told.message)


def check_version(info: VersionInfo) -> None:
    """Raise ControlError when this proxy speaks another control version."""
    if info.control != CONTROL_VERSION:
        raise ControlError(
            "version_mismatch",
            f"the proxy ({info.version}) speaks control version {info.control}, this "
            f"program {CONTROL_VERSION}: run faregate down, then faregate up",
        )


def decoded(body: bytes, shape: type[_T]) -> _T:
    """Return what an answer's JSON says; raises ControlError for another shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise unreadable() from error


def unreadable() -> ControlError:
    """Return the error for an answer whose JSON has another shape."""
    return ControlError(
        "bad_answer",
        "the proxy's answer has an unknown shape, so it may be another version: "
        "run faregate down, then faregate up",
    )


def _not_ours() -> ControlError:
    return ControlError("bad_answer", "what answers on the socket is not a Faregate")
