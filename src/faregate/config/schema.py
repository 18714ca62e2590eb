"""Every key of the configuration: its name, kind, default and meaning.

The only list of keys: reading, `faregate config schema` and suggestions use it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from faregate.config.kinds import (
    CAP,
    FLAG,
    Kind,
    NotThisKind,
    choice,
    duration,
    integer,
    list_of,
    number,
    text,
)
from faregate.config.problems import did_you_mean, shown
from faregate.config.settings import OnTight, Unpriced
from faregate.config.tables import Field
from faregate.core.limits.budget import SCOPE_KINDS, ScopeKind
from faregate.core.windows import WindowKind
from faregate.providers.spec import PROTOCOLS, Billing, OnAbort

if TYPE_CHECKING:
    from decimal import Decimal

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
PROVIDER_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
WINDOWS = tuple(window.value for window in WindowKind)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# What keys of providers begin with: somebody wrote the key where its name belongs.
_KEY_ITSELF = re.compile(r"(sk|pk|rk|gsk|xai|fg|tgp|nvapi)[-_]|AIza|hf_[A-Za-z0-9]{20}")


class ProviderKind(StrEnum):
    """The shape of a provider's API."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


class OutputField(StrEnum):
    """The fields by which protocols bound the output."""

    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    MAX_OUTPUT_TOKENS = "max_output_tokens"
    GEMINI = "maxOutputTokens"


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


def is_loopback(host: str) -> bool:
    """Return whether a host of a URL is this machine."""
    return (
        host.lower().rstrip(".") in LOOPBACK_HOSTS
        or re.fullmatch(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}", host) is not None
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
    found = re.fullmatch(r"(\d\d):(\d\d)", value) if isinstance(value, str) else None
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


class ServerKeys:
    """Keys of [server]."""

    HOST = Field(
        "host",
        Kind(_loopback, {"enum": sorted(LOOPBACK_HOSTS)}),
        "the address to listen on: this machine only",
        default="127.0.0.1",
    )
    PORT = Field("port", integer(1, 65535), "the port that agents use", default=4747)
    DRAIN = Field(
        "drain",
        duration(0, 3600),
        "how long a stop waits for running requests",
        default=10.0,
    )


class BudgetKeys:
    """Keys of [budget]."""

    MONTHLY = Field("monthly", CAP, 'the cap of a month in USD, or "none"')
    DAILY = Field("daily", CAP, 'the cap of a day in USD, or "none"')
    SESSION = Field("session", CAP, 'the cap of each session in USD, or "none"')
    ALERTS: Field[tuple[int, ...]] = Field(
        "alerts",
        list_of(Kind(_percent, {"type": "integer", "minimum": 1, "maximum": 100})),
        "percentages of a cap at which to alert",
        default=(50, 80),
    )
    TIMEZONE = Field(
        "timezone",
        text(r"[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*", "the name of a time zone"),
        "the time zone in which days, weeks and months begin",
        default="UTC",
    )
    ON_TIGHT = Field(
        "on_tight",
        choice(OnTight),
        "what to do when a request does not fit: wait, clamp its output, or refuse",
        default=OnTight.WAIT,
    )
    OUTPUT = Field(
        "output",
        integer(1, 10_000_000, "a whole number of tokens"),
        "output tokens for a request that names no bound",
        default=32_000,
    )
    UNPRICED = Field(
        "unpriced",
        choice(Unpriced),
        "what to do with a model of unknown price: deny, dearest or allow",
        default=Unpriced.DENY,
    )


class BudgetsKeys:
    """Keys of one [[budgets]] entry."""

    SCOPE = Field(
        "scope", Kind(_scope, {"type": "string"}), "whose spending, as in agent:codex"
    )
    WINDOW = Field(
        "window",
        Kind(_window, {"enum": list(WINDOWS)}),
        "session, day, week, month or total",
    )
    LIMIT = Field("limit", CAP, 'the cap in USD, or "none"')


class ProviderKeys:
    """Keys of one [providers.NAME]."""

    KIND = Field("kind", choice(ProviderKind), "openai, anthropic or gemini")
    BASE_URL = Field(
        "base_url",
        Kind(_url, {"type": "string", "format": "uri"}),
        "where its API is: with /v1 for kind openai, without for anthropic",
    )
    PROTOCOLS: Field[tuple[str, ...]] = Field(
        "protocols",
        list_of(Kind(_protocol, {"enum": sorted(PROTOCOLS)})),
        "the protocols it speaks",
    )
    KEY_ENV: Field[tuple[str, ...]] = Field(
        "key_env",
        list_of(Kind(_variable, {"type": "string"}), or_one=True),
        "environment variables that may hold its key",
        secret=True,
    )
    KEY_COMMAND: Field[tuple[str, ...]] = Field(
        "key_command",
        Kind(_argv, {"type": "array", "items": {"type": "string"}, "minItems": 1}),
        "a command, as a list, that prints its key",
        secret=True,
    )
    KEYRING: Field[tuple[str, str]] = Field(
        "keyring",
        Kind(_keyring, {"type": "string", "pattern": "^.+/.+$"}),
        "SERVICE/USER of its key in the system's keyring",
    )
    BILLING = Field(
        "billing", choice(Billing), "metered, subscription or free", Billing.METERED
    )
    REGION = Field("region", text(r"[A-Za-z0-9_-]+", "a region"), "one of its regions")
    ON_ABORT = Field(
        "on_abort",
        choice(OnAbort),
        "what a broken-off answer costs: observed output, or the whole hold",
    )


class ModelKeys:
    """Keys of one [models."provider/model"]."""

    CONTEXT = Field(
        "context", integer(1, 100_000_000, "a number of tokens"), "tokens of its window"
    )
    MAX_OUTPUT = Field(
        "max_output",
        integer(1, 100_000_000, "a number of tokens"),
        "output tokens of one request at most",
    )
    OUTPUT_FIELD = Field(
        "output_field",
        choice(OutputField),
        "the request field that bounds its output",
    )


_PRICE: Kind[Decimal] = Kind(_price, {"type": "number", "minimum": 0})


class PriceKeys:
    """Keys of one [prices."provider/model"], and of one of its tiers."""

    INPUT = Field("input", _PRICE, "USD per million input tokens")
    CACHED_INPUT = Field("cached_input", _PRICE, "USD per million cached input tokens")
    CACHE_WRITE = Field(
        "cache_write", _PRICE, "USD per million tokens written to cache"
    )
    CACHE_WRITE_1H = Field(
        "cache_write_1h", _PRICE, "USD per million tokens written to a one-hour cache"
    )
    OUTPUT = Field("output", _PRICE, "USD per million output tokens")
    ABOVE_INPUT = Field(
        "above_input",
        integer(1, 100_000_000, "a number of tokens"),
        "input tokens of a request above which this tier counts",
    )


class PriceWindowKeys:
    """Keys of one entry of windows in [prices."provider/model"]; times are UTC."""

    DAYS: Field[tuple[int, ...]] = Field(
        "days",
        list_of(Kind(_weekday, {"enum": list(_WEEKDAYS)})),
        "weekdays, as in mon",
    )
    START = Field("start", Kind(_minute, {"type": "string"}), "first minute, UTC")
    END = Field("end", Kind(_minute, {"type": "string"}), "minute after the last, UTC")
    MULTIPLIER = Field("multiplier", _PRICE, "the factor on every price")


class RouteKeys:
    """Keys of one [routes.NAME]."""

    MODELS: Field[tuple[str, ...]] = Field(
        "models",
        list_of(text(r"[^\x00-\x20\x7f]{1,256}", "a model's name"), or_one=True),
        "the model names it answers to",
    )
    TARGETS: Field[tuple[str, ...]] = Field(
        "targets",
        list_of(text(r"[^\x00-\x20\x7f]{1,256}", "provider/model"), or_one=True),
        "the provider/model that serves them",
    )


class ThemeKeys:
    """Keys of [theme]."""

    NAME = Field(
        "name", text(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a theme's name"), "the theme"
    )
    ASCII = Field("ascii", FLAG, "draw with ASCII characters only", default=False)


class LedgerKeys:
    """Keys of [ledger]."""

    URL = Field(
        "url",
        text(r"sqlite:///[^\x00-\x1f?#]+", "a URL like sqlite:///folder"),
        "the folder of the ledger: sqlite:///absolute/folder",
    )


KEY_BINDING = text(r"[^\x00-\x1f\x7f]{1,64}", "a key")
