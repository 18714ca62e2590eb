"""The words for a refusal: one sentence that says what happened, and one fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.causes import Cause

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec

_WHAT = {
    Cause.KEY_REJECTED: "rejects this key",
    Cause.KEY_MISSING: "wants a key and got none",
    Cause.COUNTRY: "does not serve the country that this machine is in",
    Cause.NO_PERMISSION: "does not let this key do that",
    Cause.WALLET_EMPTY: "says that nothing is left to spend",
    Cause.MODEL_UNKNOWN: "does not know the model {model}",
    Cause.PATH_UNKNOWN: "has no such path",
    Cause.CONTEXT: "says that the input is too long",
    Cause.RATE_LIMITED: "says that it is asked too often",
    Cause.OVERLOADED: "is overloaded",
    Cause.FILTERED: "filtered this request",
    Cause.BAD_REQUEST: "refuses the form of the request",
    Cause.REDIRECTED: "sends elsewhere, and redirects are not followed",
    Cause.BROKEN: "failed on its own side",
}
_FIX = {
    Cause.COUNTRY: (
        "Use it through a provider that serves this country, such as a router, or turn "
        "on billing where the provider offers that."
    ),
    Cause.NO_PERMISSION: "Give the key access to this model or plan{signup}.",
    Cause.WALLET_EMPTY: "Add funds or wait for the plan to reset{signup}.",
    Cause.MODEL_UNKNOWN: "Use a name that it lists; faregate smoke-test {name} tries the first one.",
    Cause.PATH_UNKNOWN: (
        "Check base_url under [providers.{name}]: the protocol's own path is added to it."
    ),
    Cause.CONTEXT: ('State its window: [models."{name}/{model}"] context = TOKENS.'),
    Cause.RATE_LIMITED: "Wait and run again; raise the account's limit if it lasts.",
    Cause.OVERLOADED: "Run again later; add a fallback to the route.",
    Cause.FILTERED: "Ask in other words or use another model.",
    Cause.BAD_REQUEST: "Compare the provider's words with what it documents.",
    Cause.REDIRECTED: "Put the address it sends to into base_url under [providers.{name}].",
    Cause.BROKEN: "Run again later; ask the provider when it lasts.",
}


def sentence_of(
    spec: ProviderSpec, cause: Cause, status: int, words: str, model: str
) -> str:
    """Return what happened, ending with the provider's own words."""
    successor = spec.retired.get(model)
    if cause is Cause.MODEL_RETIRED:
        what = f"has retired {model}; its successor is {successor}"
    else:
        what = _WHAT[cause].format(model=model or "that was asked for")
    said = f": {words}" if words and words != "no message" else ""
    return f"{spec.name} {what} (status {status}){said}"


def fix_of(spec: ProviderSpec, cause: Cause, model: str) -> str:
    """Return one thing that a person can do."""
    if cause is Cause.MODEL_RETIRED:
        return f"Use {spec.name}/{spec.retired.get(model, '')} instead."
    if cause is Cause.KEY_REJECTED:
        return _key_fix(spec)
    if cause is Cause.KEY_MISSING:
        return f"{_key_place(spec)}{_signup(spec)}."
    text = _FIX[cause]
    return text.format(name=spec.name, model=model or "MODEL", signup=_signup(spec))


def _key_fix(spec: ProviderSpec) -> str:
    where = f"{_key_place(spec)} of this provider{_signup(spec)}"
    if len(spec.regions) < 2:
        return f"{where}."
    names = ", ".join(sorted(spec.regions))
    return f"{where}; or set the key's region ({names}) under [providers.{spec.name}]."


def _key_place(spec: ProviderSpec) -> str:
    if spec.key_env:
        return f"Put a key that is valid into {spec.key_env[0]}"
    return f"Name a key under [providers.{spec.name}], key_env or key_command"


def _signup(spec: ProviderSpec) -> str:
    return f" ({spec.signup})" if spec.signup else ""
