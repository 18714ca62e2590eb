"""What was captured of a request without its secrets.

Pure. Credentials in headers and queries go by their name, by how keys look, and by
their value; known values are masked in bodies as well, at the same length, so that
where each piece arrived stays true.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.captured import (
        CapturedAttempt,
        CapturedBody,
        CapturedReply,
        CapturedRequest,
        Header,
    )

REDACTED = "[redacted]"
SHORTEST = 8
"""Characters of a value that is looked for everywhere; less would hit by chance."""
_SECRET_NAME = re.compile(
    r"auth|cookie|credential|passw|secret|signature|token|key(?![a-z])|bearer|faregate-admin",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"ratelimit|rate-limit|idempotency-key|max[-_]?tokens|tokens$|token-count"
    r"|sec-websocket-key|www-authenticate",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(bearer|basic|digest|token)\s+(?=\S)", re.IGNORECASE)
_LOCAL = r"(?<![A-Za-z0-9])fg-[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}"
_LOOKS_SECRET = re.compile(
    rf"{_LOCAL}"
    r"|(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|xai|tgp|nvapi|pplx|ghp|gho|ghs|hf|AKIA)[-_]"
    r"[A-Za-z0-9_-]{12,}"
    r"|(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{20,}|(?<![A-Za-z0-9])ya29\.[A-Za-z0-9_-]{10,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    r"|(?<=[Bb]earer )\S{8,}"
)
_LOCAL_BYTES = re.compile(_LOCAL.encode())
_QUERY_PART = re.compile(r"([?&;]|^)([^=&;?#]*)=([^&;#]*)")
_QUERY_NAMES = frozenset({"code", "sig", "sid", "pwd"})


def redact(request: CapturedRequest, secrets: Iterable[str] = ()) -> CapturedRequest:
    """Return a request without secrets; `secrets` are known values.

    What the client sent as a credential is one of them.
    """
    known = {value for value in secrets if len(value) >= SHORTEST}
    known |= _credentials(request.headers)
    for attempt in request.attempts:
        known |= _credentials(attempt.headers)
    # Longer ones first: one may begin with another.
    words = sorted(known, key=len, reverse=True)
    masks = [value.encode() for value in words]
    return replace(
        request,
        path=redact_url(request.path, words),
        headers=redact_headers(request.headers, words),
        body=redact_body(request.body, masks),
        attempts=tuple(_attempt(each, words, masks) for each in request.attempts),
        reply=None if request.reply is None else _reply(request.reply, words, masks),
        refusal=None if request.refusal is None else _text(request.refusal, words),
    )


def redact_headers(
    headers: Iterable[Header], secrets: Iterable[str] = ()
) -> tuple[Header, ...]:
    """Return headers without secrets; what scheme a credential has stays."""
    # What parses HTTP has strings of its own kind: only plain ones leave here.
    return tuple(
        (str(name), _value(name, str(value), secrets)) for name, value in headers
    )


def redact_url(url: str, secrets: Iterable[str] = ()) -> str:
    """Return a URL or a path without secrets in its query."""
    path, mark, query = url.partition("?")
    return _text(path, secrets) + mark + _text(_QUERY_PART.sub(_part, query), secrets)


def redact_body(body: CapturedBody, secrets: Iterable[bytes] = ()) -> CapturedBody:
    """Return a body without known values, each masked at its own length."""
    data = body.data
    for secret in secrets:
        if secret in data:
            data = data.replace(secret, _mask(len(secret)))
        if body.truncated:
            data = _without_beginning(data, secret)
    if b"fg-" in data:
        data = _LOCAL_BYTES.sub(lambda found: _mask(len(found[0])), data)
    return body if data is body.data else replace(body, data=data)


def _attempt(
    attempt: CapturedAttempt, words: list[str], masks: list[bytes]
) -> CapturedAttempt:
    body, answer = attempt.body, attempt.answer
    return replace(
        attempt,
        url=redact_url(attempt.url, words),
        headers=redact_headers(attempt.headers, words),
        body=None if body is None else redact_body(body, masks),
        answer_headers=redact_headers(attempt.answer_headers, words),
        answer=None if answer is None else redact_body(answer, masks),
        error=None if attempt.error is None else _text(attempt.error, words),
    )


def _reply(reply: CapturedReply, words: list[str], masks: list[bytes]) -> CapturedReply:
    return replace(
        reply,
        headers=redact_headers(reply.headers, words),
        body=None if reply.body is None else redact_body(reply.body, masks),
    )


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS.search(name)


def _credentials(headers: Iterable[Header]) -> set[str]:
    """Return the values of headers that are secret by their name."""
    found: set[str] = set()
    for name, value in headers:
        if _is_secret(name):
            bare = _SCHEME.sub("", value.strip(), count=1).strip(" \t\"'")
            found.update(each for each in (bare, value) if len(each) >= SHORTEST)
    return found


def _value(name: str, value: str, secrets: Iterable[str]) -> str:
    if not _is_secret(name):
        return _text(value, secrets)
    scheme = _SCHEME.match(value)
    return f"{scheme[1]} {REDACTED}" if scheme else REDACTED


def _text(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return _LOOKS_SECRET.sub(REDACTED, text)


def _part(found: re.Match[str]) -> str:
    name = found[2]
    if _is_secret(name) or name.lower() in _QUERY_NAMES:
        return f"{found[1]}{name}={REDACTED}"
    return found[0]


def _mask(length: int) -> bytes:
    return REDACTED.encode()[:length].ljust(length, b"*")


def _without_beginning(data: bytes, secret: bytes) -> bytes:
    """Mask the beginning of a secret at the very end of what was kept."""
    for length in range(min(len(secret) - 1, len(data)), 3, -1):
        if data.endswith(secret[:length]):
            return data[:-length] + _mask(length)
    return data
