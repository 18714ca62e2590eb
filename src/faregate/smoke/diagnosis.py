"""What a provider's refusal means, and what to do about it.

Pure: a status and a body in, one cause out, with a sentence and a remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.protocols.error_bodies import read_error
from faregate.providers.error_classes import COUNTRY, classify, codes_in, stated
from faregate.providers.spec import ErrorClass
from faregate.smoke.causes import Cause
from faregate.smoke.remedies import fix_of, sentence_of
from faregate.smoke.scrub import scrub, scrub_bytes

if TYPE_CHECKING:
    from faregate.providers.error_classes import Stated
    from faregate.providers.spec import ProviderSpec

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
    said = stated(status, message, codes_in(body))
    error_class = classify(spec, said)
    cause = _cause(spec, said, error_class, model, keyless=keyless)
    return Diagnosis(
        error_class=_CLASS_OF.get(cause, error_class),
        cause=cause,
        sentence=sentence_of(
            spec, cause, said.status, scrub(message, secret, limit=_SHOWN), model
        ),
        fix=fix_of(spec, cause, model),
        code=code,
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
    said: Stated,
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


def _is_country(said: Stated) -> bool:
    # What Gemini answers where it may not serve, whatever its words are.
    return "FAILED_PRECONDITION" in said.codes or bool(COUNTRY.search(said.text))


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
