"""What is known of one provider, as data.

Owns the shape of a provider's entry. Holds no prices and does nothing itself:
what differs between providers is declared here and interpreted elsewhere.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENAI_CHAT = "openai_chat"
OPENAI_RESPONSES = "openai_responses"
ANTHROPIC_MESSAGES = "anthropic_messages"
GEMINI = "gemini"
PROTOCOLS = frozenset({OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI})
"""Every protocol id that a base URL may be keyed by."""

NO_REGION = ""


class AuthScheme(StrEnum):
    """How a key is sent."""

    BEARER = "bearer"
    X_API_KEY = "x_api_key"
    X_GOOG_API_KEY = "x_goog_api_key"
    NONE = "none"


class OnAbort(StrEnum):
    """What an aborted answer is booked as when no final usage arrived."""

    OBSERVED = "observed"
    """Input and the output seen, with a margin: the provider stops billing."""
    HOLD = "hold"
    """The whole hold as unknown: the provider may bill the full answer."""


class Billing(StrEnum):
    """What a request is paid with."""

    METERED = "metered"
    SUBSCRIPTION = "subscription"
    FREE = "free"


class ErrorClass(StrEnum):
    """What an error means, whatever its HTTP status says."""

    AUTH = "auth"
    PERMISSION = "permission"
    MODEL_UNKNOWN = "model_unknown"
    BAD_REQUEST = "bad_request"
    CONTEXT_OVERFLOW = "context_overflow"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    UPSTREAM = "upstream"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRule:
    """An error of this provider that its status alone does not explain.

    `status` None matches every status, 200 included; `code` is compared with the
    body's error code or type, `text` is searched in its message without regard to
    case. All that are given must match. The first rule that matches counts.
    """

    error_class: ErrorClass
    status: int | None = None
    code: str | None = None
    text: str | None = None


class BalanceKind(StrEnum):
    """How the answer of a balance endpoint is read."""

    DEEPSEEK = "deepseek"
    MOONSHOT = "moonshot"
    OPENROUTER = "openrouter"
    SILICONFLOW = "siliconflow"
    NOVITA = "novita"
    DEEPINFRA = "deepinfra"
    ZAI_PLAN = "zai_plan"
    KIMI_PLAN = "kimi_plan"
    MINIMAX_PLAN = "minimax_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceEndpoint:
    """Where an ordinary inference key can read what is left; called with GET."""

    url: str
    kind: BalanceKind
    unit: str
    """"USD" or "CNY" for money, "percent" or "requests" for a plan's quota."""
    stale_s: int = 0
    """How old the figure may be."""
    plan_only: bool = False
    """Only a subscription key gets an answer."""
    others: tuple[BalanceEndpoint, ...] = ()
    """The same for separate accounts, each at the domain of a region's base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """One provider: where it is, how it is spoken to and how it bills.

    Everything that no source confirms is left out or takes the value that keeps
    a cap safe.
    """

    name: str
    title: str
    base_urls: Mapping[str, str]
    """Protocol id to the URL, without a trailing slash, that the protocol's own
    endpoint path is appended to: what precedes `/chat/completions` and
    `/responses`, `/v1/messages`, `/v1beta/models`."""
    auth: AuthScheme = AuthScheme.BEARER
    auth_for: Mapping[str, AuthScheme] = field(default_factory=dict)
    """Protocols whose keys are sent in another way."""
    key_env: tuple[str, ...] = ()
    """Environment variables that may hold the key, the conventional one first."""
    model_prefixes: tuple[str, ...] = ()
    """Beginnings, in lower case, of model names that lead here unconfigured."""
    foreign_prefixes: tuple[str, ...] = ()
    """Model names that begin like this provider's and are somebody else's."""
    output_fields: Mapping[str, str] = field(default_factory=dict)
    """Protocol id to the request field that bounds the output."""
    output_fields_known: bool = True
    """The vendor documents them; a bound in another field may be ignored there."""
    takes_flat_logins: bool = False
    """Credentials of a flat-rate login are this vendor's, and bill no money here."""
    unbilled_statuses: frozenset[int] = frozenset()
    """Error statuses that prove nothing was billed, beside 400, 401, 403, 404, 413,
    422 and 429, which hold everywhere."""
    on_abort: OnAbort = OnAbort.HOLD
    billing: Billing = Billing.METERED
    local: bool = False
    """Runs on this machine: plain http to the loopback address, and free."""
    tokenizer: str | None = None
    """Encoding whose count may shrink a hold; only where the vendor names it."""
    usage_flags: frozenset[str] = frozenset()
    """What the codecs must know about this provider's answers."""
    quirks: frozenset[str] = frozenset()
    """What it takes in translated requests that not every provider does."""
    translated_to: str | None = None
    """The protocol that requests of other dialects are put into, where it is not the
    usual one: its own, where its other layers keep less."""
    regions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Region name to base URLs that replace the ones of the same protocol."""
    region_multipliers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Region name to the factor on all its prices."""
    balance: BalanceEndpoint | None = None
    tools: bool | None = None
    """Tool calls work, or do not, on the person's word; None asks the smoke test."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """Model names that are gone, to the name that took their place."""
    signup: str = ""
    """Where a person gets a key."""
    error_rules: tuple[ErrorRule, ...] = ()
    anthropic_version: str | None = None
    """Default of the `anthropic-version` header."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers added to every request that does not carry them."""

    def base_url(self, protocol: str, region: str = NO_REGION) -> str | None:
        """Return the base URL of a protocol, in a region; None when not spoken.

        A region that names no URL for the protocol does not speak it: a key of one
        region is no key of another. Raises KeyError for an unknown region.
        """
        if not region:
            return self.base_urls.get(protocol)
        return self.regions[region].get(protocol)

    def auth_scheme(self, protocol: str) -> AuthScheme:
        """Return how the key is sent in requests of a protocol."""
        return self.auth_for.get(protocol, self.auth)


def max_tokens(*protocols: str) -> dict[str, str]:
    """Return the usual output fields of the given protocols."""
    usual = {
        OPENAI_CHAT: "max_tokens",
        OPENAI_RESPONSES: "max_output_tokens",
        ANTHROPIC_MESSAGES: "max_tokens",
        GEMINI: "maxOutputTokens",
    }
    return {protocol: usual[protocol] for protocol in protocols}
