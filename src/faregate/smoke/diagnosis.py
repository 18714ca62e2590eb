"""What a provider's refusal means, and what to do about it.

Pure: a status and a body in, one cause out. Interprets the rules that a provider's
spec declares, then what holds for every provider; a status alone never decides where
the body says more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from faregate.protocols.error_bodies import read_error
from faregate.providers.spec import ErrorClass
from faregate.smoke.causes import Cause
from faregate.smoke.reading import dig, parsed, rows
from faregate.smoke.remedies import fix_of, sentence_of
from faregate.smoke.scrub import scrub, scrub_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.providers.spec import ErrorRule, ProviderSpec

_SHOWN = 200
"""Characters of a provider's own words in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One refusal, understood; its texts are safe to show."""

    error_class: ErrorClass
    cause: Cause
    sentence: str
    """What happened, with the provider's own words."""
    fix: str
    """One thing to do about it."""
    code: str | None = None
    """The provider's own code."""


class _Said(NamedTuple):
    """A refusal as it came: status, codes and types, and its message."""

    status: int
    codes: frozenset[str]
    text: str
    """In lower case."""


def diagnose(
    spec: ProviderSpec,
    status: int,
    body: bytes,
    *,
    model: str = "",
    secret: str | None = None,
    keyless: bool = False,
) -> Diagnosis | None:
    """Return what an answer's error means; None when it states none.

    `model` is the one that was asked for, `secret` the key that was sent and must not
    be shown; `keyless` says that none was sent on purpose or for want of one.
    """
    found = read_error(body)
    if status < 300 and found is None:
        return None
    message = scrub_bytes(body, secret) if found is None else found.message
    code = None if found is None or found.code is None else scrub(found.code, secret)
    codes = frozenset(_codes(body))
    if status < 300 and code is not None and _HTTP_ERROR.fullmatch(code):
        # An error inside an answer that began well carries the status it would have had.
        status = int(code)
    said = _Said(status, codes, f"{message} {' '.join(sorted(codes))}".lower())
    error_class = _declared(spec, said) or _general(said)
    cause = _cause(spec, said, error_class, model, keyless=keyless)
    return Diagnosis(
        error_class=_CLASS_OF.get(cause, error_class),
        cause=cause,
        sentence=sentence_of(
            spec, cause, status, scrub(message, secret, limit=_SHOWN), model
        ),
        fix=fix_of(spec, cause, model),
        code=code,
    )


_HTTP_ERROR = re.compile(r"[45]\d\d")


def _codes(body: bytes) -> Iterator[str]:
    """Yield every code, type and status word that an error body states."""
    value = parsed(body)
    if isinstance(value, list):
        value = next(iter(rows(value)), None)
    places = [dig(value, *path) for path in _CODE_PLACES]
    places += [row.get("reason") for row in rows(dig(value, "error", "details"))]
    for place in places:
        if isinstance(place, str | int) and not isinstance(place, bool):
            yield str(place)


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


def _declared(spec: ProviderSpec, said: _Said) -> ErrorClass | None:
    """Return what the first rule of the provider that matches says."""
    for rule in spec.error_rules:
        if _matches(rule, said):
            return rule.error_class
    return None


def _matches(rule: ErrorRule, said: _Said) -> bool:
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


def _general(said: _Said) -> ErrorClass:
    """Return what an error means at any provider."""
    if said.status == 429 and _WORDS[0][1].search(said.text):
        return ErrorClass.QUOTA_EXHAUSTED
    if said.status in _WORDS_DECIDE:
        if _COUNTRY.search(said.text):
            return ErrorClass.PERMISSION
        for error_class, words in _WORDS:
            if words.search(said.text):
                return error_class
    known = _BY_STATUS.get(said.status)
    if known is not None:
        return known
    return ErrorClass.BAD_REQUEST if 400 <= said.status < 500 else ErrorClass.UPSTREAM


_COUNTRY = re.compile(
    r"user location|unsupported[_ ]country|country, region"
    r"|(?:country|location|region|territory)[^.]{0,40}(?:not supported|unsupported)"
    r"|(?:not (?:available|supported)|unavailable) in your (?:country|region|location)"
)
_CAUSE_OF = {
    ErrorClass.AUTH: Cause.KEY_REJECTED,
    ErrorClass.PERMISSION: Cause.NO_PERMISSION,
    ErrorClass.MODEL_UNKNOWN: Cause.MODEL_UNKNOWN,
    ErrorClass.BAD_REQUEST: Cause.BAD_REQUEST,
    ErrorClass.CONTEXT_OVERFLOW: Cause.CONTEXT,
    ErrorClass.RATE_LIMITED: Cause.RATE_LIMITED,
    ErrorClass.QUOTA_EXHAUSTED: Cause.WALLET_EMPTY,
    ErrorClass.OVERLOADED: Cause.OVERLOADED,
    ErrorClass.UPSTREAM: Cause.BROKEN,
    ErrorClass.CONTENT_FILTER: Cause.FILTERED,
}
_CLASS_OF = {Cause.MODEL_RETIRED: ErrorClass.MODEL_UNKNOWN}


def _cause(
    spec: ProviderSpec,
    said: _Said,
    error_class: ErrorClass,
    model: str,
    *,
    keyless: bool,
) -> Cause:
    if 300 <= said.status < 400:
        return Cause.REDIRECTED
    gone = error_class in {ErrorClass.MODEL_UNKNOWN, ErrorClass.BAD_REQUEST}
    if gone and model in spec.retired:
        return Cause.MODEL_RETIRED
    if error_class is ErrorClass.AUTH and keyless:
        return Cause.KEY_MISSING
    if error_class is ErrorClass.PERMISSION and _is_country(said):
        return Cause.COUNTRY
    if error_class is ErrorClass.BAD_REQUEST and said.status in {404, 405}:
        return Cause.PATH_UNKNOWN
    return _CAUSE_OF[error_class]


def _is_country(said: _Said) -> bool:
    # What Gemini answers where it may not serve, whatever its words are.
    return "FAILED_PRECONDITION" in said.codes or bool(_COUNTRY.search(said.text))


def bound_elsewhere(
    spec: ProviderSpec, *, here: str, there: str, own: bool = False
) -> Diagnosis:
    """Return that a key was rejected in region `here` and taken in `there`.

    `own` says that `there` is what the provider's entry has without a region.
    """
    change = "leave region out" if own else f'set region = "{there}"'
    return Diagnosis(
        error_class=ErrorClass.AUTH,
        cause=Cause.KEY_ELSEWHERE,
        sentence=(
            f"{spec.name} rejects this key in region {here or 'default'} and takes it "
            f"in {there}: it is bound to that region"
        ),
        fix=f"In config.toml under [providers.{spec.name}] {change}.",
    )
