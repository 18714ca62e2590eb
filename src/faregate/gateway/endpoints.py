"""URLs and headers of an attempt: what is passed on, what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from faregate.core.facts import RequestFacts, Work
from faregate.core.header_lines import SentHeaders
from faregate.gateway.messages import LONGEST_RETRY_AFTER
from faregate.gateway.recipients import CREDENTIALS, strangers
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    AuthScheme,
    ProviderSpec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.routing import Target
    from faregate.protocols.codec import RequestHead

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {
    "host",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "expect",
    "cookie",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
}
_NOT_FORWARDED_WITH_KEY = _NOT_FORWARDED | CREDENTIALS
_NOT_RETURNED = _HOP_BY_HOP | {
    "content-length",
    "content-encoding",
    "set-cookie",
    "server",
    "date",
    "alt-svc",
    "strict-transport-security",
    "nel",
    "report-to",
}
OWN_PREFIX = "x-faregate-"
_PATHS = {
    "openai_chat": (OPENAI_CHAT, "/chat/completions"),
    "openai_completions": (OPENAI_CHAT, "/completions"),
    "openai_embeddings": (OPENAI_CHAT, "/embeddings"),
    "openai_responses": (OPENAI_RESPONSES, "/responses"),
    "anthropic_messages": (ANTHROPIC_MESSAGES, "/v1/messages"),
    "gemini": (GEMINI, ""),
}


def base_protocol(protocol: str) -> str:
    """Return the protocol whose base URL serves a codec's endpoint."""
    return _PATHS[protocol][0]


def url_of(base: str, head: RequestHead, facts: RequestFacts, target: Target) -> str:
    """Return the URL of an attempt."""
    path = _PATHS[facts.protocol][1]
    if facts.protocol == "gemini":
        root, _, verb = head.path.rpartition(":")
        version = root.split("/", 2)[1]
        path = f"/{version}/models/{quote(target.model, safe='')}:{verb}"
    elif facts.work is Work.TOKEN_COUNT:
        path += "/count_tokens"
    return f"{base}{path}?{head.query}" if head.query else base + path


def forwarded_headers(
    headers: Mapping[str, str], spec: ProviderSpec, base: str | None
) -> dict[str, str]:
    """Return the caller's headers, its own key among them, as a provider gets them.

    Left out is what ends at the gate, and what is a key for somebody else.
    """
    others = strangers(headers, spec, base, keyed=False)
    return _without(headers, _NOT_FORWARDED | others if others else _NOT_FORWARDED)


def forwarded_with_key(
    headers: Mapping[str, str],
    spec: ProviderSpec,
    protocol: str,
    key: str | None,
    base: str | None,
) -> dict[str, str]:
    """Return the forwarded headers with the provider's key for every credential."""
    others = strangers(headers, spec, base, keyed=True)
    left_out = _NOT_FORWARDED_WITH_KEY | others if others else _NOT_FORWARDED_WITH_KEY
    return SentHeaders(_keyed(_without(headers, left_out), spec, protocol, key))


def with_key(
    headers: Mapping[str, str], spec: ProviderSpec, protocol: str, key: str | None
) -> dict[str, str]:
    """Replace every credential by the provider's own key."""
    kept = {n: v for n, v in headers.items() if n not in CREDENTIALS}
    return _keyed(kept, spec, protocol, key)


def _keyed(
    kept: dict[str, str], spec: ProviderSpec, protocol: str, key: str | None
) -> dict[str, str]:
    if key is None:
        return kept
    match spec.auth_for.get(base_protocol(protocol), spec.auth):
        case AuthScheme.BEARER:
            kept["authorization"] = f"Bearer {key}"
        case AuthScheme.X_API_KEY:
            kept["x-api-key"] = key
        case AuthScheme.X_GOOG_API_KEY:
            kept["x-goog-api-key"] = key
        case AuthScheme.NONE:
            pass
    return kept


def _without(headers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in headers.items()
        if name not in names and not name.startswith(OWN_PREFIX)
    }
    kept["accept-encoding"] = "identity"
    return kept


def returned_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a provider's answer headers that the caller may see; names in lower case."""
    kept = {
        name: value
        for name, value in headers.items()
        if name not in _NOT_RETURNED and not name.startswith("access-control-")
    }
    if "retry-after" in kept:
        kept["retry-after"] = _capped(kept["retry-after"])
    if "connection" in headers:
        for named in headers["connection"].split(","):
            if (name := named.strip().lower()) != "content-type":
                kept.pop(name, None)
    return kept


def _capped(retry_after: str) -> str:
    text = retry_after.strip()
    if text.isdigit():
        return str(min(int(text[:9]), LONGEST_RETRY_AFTER))
    return str(LONGEST_RETRY_AFTER)
