"""What an error means, whatever its HTTP status says.

Pure: a status and what the body states in, one class out. Interprets the rules that a
provider's spec declares, then what holds for every provider; a status alone never
decides where the body says more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from faregate.protocols.error_bodies import read_error
from faregate.providers.spec import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.providers.spec import ErrorRule, ProviderSpec


class Stated(NamedTuple):
    """An error as it came: status, codes and types, and its message."""

    status: int
    codes: frozenset[str]
    text: str
    """In lower case."""


def stated(status: int, message: str, codes: frozenset[str]) -> Stated:
    """Return an error as it is judged.

    One inside an answer that began well carries the status it would have had.
    """
    if status < 300:
        told = next((code for code in sorted(codes) if _HTTP_ERROR.fullmatch(code)), "")
        status = int(told or status)
    return Stated(status, codes, f"{message} {' '.join(sorted(codes))}".lower())


def stated_in(status: int, body: bytes) -> Stated:
    """Return the error that an answer's body states, be it an error or not."""
    found = read_error(body)
    message = "" if found is None else found.message
    return stated(status, message, codes_in(body))


def codes_in(body: bytes) -> frozenset[str]:
    """Return every code, type and status word that an error body states."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return frozenset()
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), None)
    return frozenset(_codes(value))


def classify(spec: ProviderSpec, said: Stated) -> ErrorClass:
    """Return what an error means: by the provider's own rules, then by any's."""
    for rule in spec.error_rules:
        if _matches(rule, said):
            return rule.error_class
    return _general(said)


_HTTP_ERROR = re.compile(r"[45]\d\d")
_CODE_PLACES = (
    ("error", "code"),
    ("error", "type"),
    ("error", "status"),
    ("error", "metadata", "error_type"),
    ("code",),
    ("type",),
    ("reason",),
    ("base_resp", "status_code"),
    ("fault", "detail", "errorcode"),
)


def _codes(value: Any) -> Iterator[str]:
    places = [_dig(value, path) for path in _CODE_PLACES]
    details = _dig(value, ("error", "details"))
    if isinstance(details, list):
        places += [row.get("reason") for row in details if isinstance(row, dict)]
    for place in places:
        if isinstance(place, str | int) and not isinstance(place, bool):
            yield str(place)


def _dig(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _matches(rule: ErrorRule, said: Stated) -> bool:
    if rule.status is not None and rule.status != said.status:
        return False
    if rule.code is not None and rule.code not in said.codes:
        return False
    return rule.text is None or rule.text.lower() in said.text


# Words that decide before a status does, the surest first.
_WORDS: tuple[tuple[ErrorClass, re.Pattern[str]], ...] = (
    (
        ErrorClass.QUOTA_EXHAUSTED,
        re.compile(
            r"insufficient[_ ](?:quota|balance|credit|fund)|exceeded your current quota"
            r"|credit balance|balance (?:is )?(?:not enough|insufficient|too low|empty)"
            r"|out of credits|payment required|top ?up|recharge|arrear"
        ),
    ),
    (
        ErrorClass.CONTEXT_OVERFLOW,
        re.compile(
            r"context[_ ](?:length|window|size)|maximum context|prompt is too long"
            r"|too many (?:input )?tokens|input length"
        ),
    ),
    (
        ErrorClass.AUTH,
        re.compile(
            r"(?:invalid|incorrect|wrong|expired|missing|no|not valid|malformed)"
            r"[_ ](?:[a-z]+[_ ]){0,3}(?:api[-_ ]?key|access token|token provided"
            r"|auth|credential)"
            r"|api[-_ ]?key(?: is)? (?:not valid|invalid|expired|missing|required"
            r"|incorrect)|api_key_invalid|unauthenticated|authentication[_ ]"
        ),
    ),
    (
        ErrorClass.CONTENT_FILTER,
        re.compile(r"content[_ ](?:filter|policy|management)|safety system|moderation"),
    ),
    (
        ErrorClass.MODEL_UNKNOWN,
        re.compile(
            r"model[_ ]not[_ ](?:found|exist)|unknown[_ ]model|no such model"
            r"|invalid[_ ]model|model\b.{0,120}?(?:not found|does ?n[o']t exist|not exist"
            r"|not supported|unknown|not available|retired|deprecated|decommissioned)"
        ),
    ),
)
_BY_STATUS = {
    401: ErrorClass.AUTH,
    402: ErrorClass.QUOTA_EXHAUSTED,
    403: ErrorClass.PERMISSION,
    404: ErrorClass.BAD_REQUEST,
    408: ErrorClass.UPSTREAM,
    410: ErrorClass.MODEL_UNKNOWN,
    413: ErrorClass.CONTEXT_OVERFLOW,
    429: ErrorClass.RATE_LIMITED,
    451: ErrorClass.PERMISSION,
    503: ErrorClass.OVERLOADED,
    529: ErrorClass.OVERLOADED,
}
_WORDS_DECIDE = frozenset({200, 400, 403, 404, 410, 422})
"""Statuses that stand for many things, so that words say more."""


def _general(said: Stated) -> ErrorClass:
    """Return what an error means at any provider."""
    if said.status == 429 and _WORDS[0][1].search(said.text):
        return ErrorClass.QUOTA_EXHAUSTED
    if said.status in _WORDS_DECIDE:
        if COUNTRY.search(said.text):
            return ErrorClass.PERMISSION
        for error_class, words in _WORDS:
            if words.search(said.text):
                return error_class
    known = _BY_STATUS.get(said.status)
    if known is not None:
        return known
    return ErrorClass.BAD_REQUEST if 400 <= said.status < 500 else ErrorClass.UPSTREAM


COUNTRY = re.compile(
    r"user location|unsupported[_ ]country|country, region"
    r"|(?:country|location|region|territory)[^.]{0,40}(?:not supported|unsupported)"
    r"|(?:not (?:available|supported)|unavailable) in your (?:country|region|location)"
)
"""Words of a provider that does not serve where the caller is."""
