"""Kinds of values that only this configuration has: addresses, names, scopes, prices.

Pure. What is secret is never part of a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from faregate.config.kinds import Kind, NotThisKind, number
from faregate.config.problems import did_you_mean, shown
from faregate.core.limits.budget import SCOPE_KINDS, ScopeKind
from faregate.core.windows import WindowKind
from faregate.protocols.quirks import KNOWN_QUIRKS
from faregate.providers.spec import PROTOCOLS

if TYPE_CHECKING:
    from decimal import Decimal

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
WINDOWS = tuple(window.value for window in WindowKind)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# What keys of providers begin with: somebody wrote the key where its name belongs.
_KEY_ITSELF = re.compile(r"(sk|pk|rk|gsk|xai|fg|tgp|nvapi)[-_]|AIza|hf_[A-Za-z0-9]{20}")


def _loopback(value: object) -> str:
    if not isinstance(value, str):
        raise NotThisKind(f"{shown(value)} is not text", 'Text needs "quotes".')
    host = value.strip("[]")
    if host not in LOOPBACK_HOSTS:
        raise NotThisKind(
            f"{shown(value)} is not this machine alone",
            "The gate lends out provider keys, so it listens on 127.0.0.1, ::1 or "
            "localhost only. To share it, forward a port over SSH.",
        )
    return host


def _url(value: object) -> SplitResult:
    if not isinstance(value, str):
        raise NotThisKind(f"{shown(value)} is not text", 'Text needs "quotes".')
    if "@" in value.partition("//")[2].partition("/")[0]:
        raise NotThisKind(
            "the URL carries a user name or password (not shown)",
            "Put the key into an environment variable and name it in key_env.",
        )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise NotThisKind(f"{shown(value)} is not a URL: {error}") from error
    if port == 0 or parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotThisKind(
            f"{shown(value)} is not a URL", "Write it like https://host/v1"
        )
    if not value.isprintable() or " " in value or "\\" in value:
        raise NotThisKind(f"{shown(value)} holds a character that no URL has")
    if parts.query or parts.fragment:
        raise NotThisKind(f"{shown(value)} has a query or fragment; leave it out")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise NotThisKind(
            f"{shown(value)} would send keys and prompts unencrypted",
            "Use https://, or plain http:// to this machine only.",
        )
    return parts


def _webhook(value: object) -> str:
    """Read a URL that may carry a secret in its query."""
    bare = value.partition("?")[0] if isinstance(value, str) else value
    _url(bare)
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise NotThisKind(f"{shown(value)} holds a character that no URL has")
    return value


def is_loopback(host: str) -> bool:
    """Return whether a host of a URL is this machine."""
    return (
        host.lower().rstrip(".") in LOOPBACK_HOSTS
        or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None
    )


def _variable(value: object) -> str:
    # Never shows the value: a key pasted here by mistake must not be printed.
    if (
        not isinstance(value, str)
        or not _VARIABLE.fullmatch(value)
        or _KEY_ITSELF.match(value)
    ):
        raise NotThisKind(
            "is not the name of an environment variable (value not shown)",
            'Write the name, not the key: {key} = ["OPENAI_API_KEY"]',
        )
    return value


def _argument(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise NotThisKind("is not a list of strings (value not shown)", _ARGV_HINT)
    return value


_ARGV_HINT = 'Write a list, no shell runs it: {key} = ["pass", "show", "openai"]'


def _argv(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise NotThisKind("is not a list of strings (value not shown)", _ARGV_HINT)
    return tuple(_argument(each) for each in value)


def _keyring(value: object) -> tuple[str, str]:
    service, slash, user = value.partition("/") if isinstance(value, str) else ("",) * 3
    if not (slash and service and user):
        raise NotThisKind("is not SERVICE/USER", 'Write: {key} = "faregate/openai"')
    return service, user


def _protocol(value: object) -> str:
    if value not in PROTOCOLS:
        known = sorted(PROTOCOLS)
        raise NotThisKind(
            f"{shown(value)} is not one of {', '.join(known)}",
            did_you_mean(str(value).replace("-", "_"), known),
        )
    return str(value)


def _quirk(value: object) -> str:
    if value not in KNOWN_QUIRKS:
        known = sorted(KNOWN_QUIRKS)
        raise NotThisKind(
            f"{shown(value)} is not one of {', '.join(known)}",
            did_you_mean(str(value).replace("-", "_"), known),
        )
    return str(value)


def _scope(value: object) -> tuple[ScopeKind, str | None]:
    if not isinstance(value, str):
        raise NotThisKind(f"{shown(value)} is not text", 'Text needs "quotes".')
    word, colon, name = value.partition(":")
    kind = next((known for known in SCOPE_KINDS if known == word), None)
    if kind is None:
        guess = did_you_mean(word, SCOPE_KINDS)
        raise NotThisKind(
            f"{shown(value)} is no scope",
            guess or f"A scope is one of {', '.join(SCOPE_KINDS)}, as in agent:NAME.",
        )
    if colon and (kind in ("global", "session") or not name):
        raise NotThisKind(
            f"{shown(value)} is no scope",
            f'Write "{kind}".' if kind in ("global", "session") else f"{kind} of whom?",
        )
    if name and (len(name) > 200 or not name.isprintable()):
        raise NotThisKind(f"{shown(value)} is no usable name")
    return kind, name or None


def _window(value: object) -> WindowKind:
    if isinstance(value, str) and value in WINDOWS:
        return WindowKind(value)
    guess = {"monthly": "month", "daily": "day", "weekly": "week"}.get(str(value))
    raise NotThisKind(
        f"{shown(value)} is not one of {', '.join(WINDOWS)}",
        f"Did you mean {guess}?" if guess else "",
    )


def _price(value: object) -> Decimal:
    if isinstance(value, str):
        raise NotThisKind(
            f"{shown(value)} is text; a price is a bare number",
            "Write USD per million tokens: {key} = 2.5",
        )
    exact = number(value, "a price")
    # Bounded before any arithmetic, which overflows on absurd exponents.
    if exact < 0 or (exact and not -12 <= exact.adjusted() <= 12):
        raise NotThisKind(f"{shown(value)} is not a price", "USD per million tokens.")
    return exact


def _minute(value: object) -> int:
    found = (
        re.fullmatch(r"([0-9]{2}):([0-9]{2})", value)
        if isinstance(value, str)
        else None
    )
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minute > 24 * 60:
        raise NotThisKind(f"{shown(value)} is no time of day", 'Write: {key} = "16:30"')
    return minute


def _weekday(value: object) -> int:
    if isinstance(value, str) and value in _WEEKDAYS:
        return _WEEKDAYS.index(value)
    raise NotThisKind(f"{shown(value)} is not one of {', '.join(_WEEKDAYS)}")


def _percent(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise NotThisKind(
            f"{shown(value)} is no whole percentage", "Write: {key} = [50, 80]"
        )
    return value


LOOPBACK_HOST: Kind[str] = Kind(_loopback, {"enum": sorted(LOOPBACK_HOSTS)})
URL: Kind[SplitResult] = Kind(_url, {"type": "string", "format": "uri"})
WEBHOOK: Kind[str] = Kind(_webhook, {"type": "string", "format": "uri"})
VARIABLE: Kind[str] = Kind(_variable, {"type": "string"})
ARGV: Kind[tuple[str, ...]] = Kind(
    _argv, {"type": "array", "items": {"type": "string"}, "minItems": 1}
)
KEYRING: Kind[tuple[str, str]] = Kind(
    _keyring, {"type": "string", "pattern": "^.+/.+$"}
)
PROTOCOL: Kind[str] = Kind(_protocol, {"enum": sorted(PROTOCOLS)})
QUIRK: Kind[str] = Kind(_quirk, {"enum": sorted(KNOWN_QUIRKS)})
SCOPE: Kind[tuple[ScopeKind, str | None]] = Kind(_scope, {"type": "string"})
WINDOW: Kind[WindowKind] = Kind(_window, {"enum": list(WINDOWS)})
PRICE: Kind[Decimal] = Kind(_price, {"type": "number", "minimum": 0})
MINUTE: Kind[int] = Kind(_minute, {"type": "string"})
WEEKDAY: Kind[int] = Kind(_weekday, {"enum": list(_WEEKDAYS)})
PERCENT: Kind[int] = Kind(_percent, {"type": "integer", "minimum": 1, "maximum": 100})
