"""Credentials of the agents' plane: local tokens, and callers with their own key.

A token is signed, not stored: it says its session and labels itself, survives a
restart and is worthless to any other proxy. The signing secret never leaves its
owner-only file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.core.agents import agent_named
from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.core.lean import lean
from faregate.core.limits.effective import NAMES
from faregate.core.limits.limit import Limits
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.secret import LOCAL_TOKEN_PREFIX
from faregate.core.values import dataclass
from faregate.protocols.agents import agent_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CREDENTIAL_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_LONGEST = 8190
"""Characters of a credential: the logins of some vendors take thousands."""
_TOKEN = re.compile(r"(?<![A-Za-z0-9])fg-[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")
_SIGNATURE = 20
_REMEMBERED = 1024
_SUBSCRIPTIONS = ("sk-ant-oat",)
"""Beginnings of credentials that belong to a flat-rate login."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: with a local token, or with a provider key of its own."""

    grant: Grant | None
    subscription: bool = False


class _Said(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """The payload of a token."""

    session: str | None = msgspec.field(default=None, name="s")
    labels: dict[str, str] = msgspec.field(default_factory=dict, name="l")
    max_pico: int | None = msgspec.field(default=None, name="max")
    key: str | None = msgspec.field(default=None, name="k")
    limits: dict[str, int | float] = msgspec.field(default_factory=dict, name="lim")
    """By name; money in pico-USD."""


class Tokens:
    """Issues and checks local tokens."""

    def __init__(
        self, secret: bytes, was_ended: Callable[[str], bool] = lambda _session: False
    ) -> None:
        """Sign with `secret`; `was_ended` tells which sessions ended before."""
        if len(secret) < 32:
            raise ValueError("the signing secret is shorter than 32 bytes")
        self._secret = secret
        self._was_ended = was_ended
        self._known: dict[str, Grant] = {}
        self._ended: set[str] = set()
        self._revoked: set[str] = set()

    def issue(self, grant: Grant) -> str:
        """Return a token for this session and these labels."""
        labels = {name: value for name, value in asdict(grant.labels).items() if value}
        most = None if grant.max_cost is None else grant.max_cost.pico
        said = _Said(
            session=grant.session,
            labels=labels,
            max_pico=most,
            key=grant.key,
            limits=_plain_limits(grant.limits),
        )
        payload = _encode(msgspec.json.encode(said))
        return f"{LOCAL_TOKEN_PREFIX}{payload}.{self._sign(payload)}"

    def end(self, session: str) -> None:
        """Refuse the tokens of this session from now on."""
        self._ended.add(session)

    def revoke(self, *keys: str) -> None:
        """Refuse the keys of workspaces with these ids from now on."""
        self._revoked.update(keys)

    def is_revoked(self, grant: Grant) -> bool:
        """Tell whether the key was taken back."""
        return grant.key is not None and grant.key in self._revoked

    def grant_of(self, token: str) -> Grant | None:
        """Return what a token grants, or None when it is not valid here."""
        known = self._known.get(token)
        if known is None:
            known = self._verified(token)
            if known is None:
                return None
            if known.session is not None and self._was_ended(known.session):
                self._ended.add(known.session)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token] = known
        return known

    def is_ended(self, grant: Grant) -> bool:
        """Tell whether the token's session was ended."""
        return grant.session is not None and grant.session in self._ended

    def is_over(self, grant: Grant) -> bool:
        """Tell whether what a valid token grants was ended or taken back."""
        return self.is_ended(grant) or self.is_revoked(grant)

    def _verified(self, token: str) -> Grant | None:
        payload, dot, signature = token.removeprefix(LOCAL_TOKEN_PREFIX).rpartition(".")
        if not dot or not payload or not token.isascii():
            return None
        if not hmac.compare_digest(self._sign(payload), signature):
            return None
        try:
            said = msgspec.json.decode(_decode(payload), type=_Said)
            return Grant(
                session=said.session,
                labels=Labels(**said.labels),
                max_cost=None if said.max_pico is None else Money(said.max_pico),
                key=said.key,
                limits=_limits(said.limits),
            )
        except (ValueError, TypeError):
            # Signed by us, but by a version that said more or less.
            return None

    def _sign(self, payload: str) -> str:
        digest = hmac.new(self._secret, payload.encode(), hashlib.sha256).digest()
        return _encode(digest[:_SIGNATURE])


def credentials(headers: Mapping[str, str]) -> list[str] | Refusal:
    """Return every credential of a request, scheme words removed.

    An empty one beside another is left out: clients send what they have no key for.
    """
    found: list[str] = []
    wrong: Refusal | None = None
    for name in CREDENTIAL_HEADERS:
        value = headers.get(name)
        if value is None:
            continue
        scheme, space, rest = value.strip().partition(" ")
        if scheme.lower() == "bearer":
            value = rest
        elif name == "authorization" and (space or value):
            return _unauthorized("Send the key as: Authorization: Bearer KEY")
        value = value.strip(" \t\"'")
        if not value:
            wrong = _unauthorized(f"The key in {name} is empty. {_way_to_one(headers)}")
        elif len(value) > _LONGEST or not value.isascii() or " " in value:
            return _unauthorized(f"The key in {name} is malformed")
        else:
            found.append(value)
    return found or wrong or _unauthorized(f"No key was sent. {_way_to_one(headers)}")


def caller_of(headers: Mapping[str, str], tokens: Tokens) -> Caller | Refusal:
    """Decide who calls; a credential that begins `fg-` must be valid here."""
    found = credentials(headers)
    if isinstance(found, Refusal):
        return found
    local = set(filter(is_local, found))
    if not local:
        return Caller(grant=None, subscription=_is_subscription(found))
    grants = list(map(tokens.grant_of, local))
    grant = grants[0]
    if grant is None or None in grants:
        return _unauthorized(
            f"This fg- token is not valid here. {_way_to_one(headers)}"
        )
    if len(grants) > 1:
        return Refusal(
            code=RefusalCode.BAD_REQUEST,
            message="Two different fg- tokens were sent; send one",
        )
    return _still_running(grant, tokens)


def is_local(key: str) -> bool:
    """Tell whether a credential claims to be a token of ours, valid or not."""
    return key[: len(LOCAL_TOKEN_PREFIX)].lower() == LOCAL_TOKEN_PREFIX


def has_own_key(headers: Mapping[str, str]) -> bool:
    """Tell whether a credential is none of ours; the caller was let in before."""
    found = credentials(headers)
    return isinstance(found, Refusal) or not all(map(is_local, found))


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """Leave out every header that a key is sent in."""
    return {n: v for n, v in headers.items() if n not in CREDENTIAL_HEADERS}


def without_tokens(headers: Mapping[str, str]) -> dict[str, str]:
    """Leave out headers that carry a token of ours where no credential belongs."""
    return {
        name: value
        for name, value in headers.items()
        if LOCAL_TOKEN_PREFIX not in value
        or name in CREDENTIAL_HEADERS
        or not _TOKEN.search(value)
    }


def _still_running(grant: Grant, tokens: Tokens) -> Caller | Refusal:
    if tokens.is_revoked(grant):
        return _unauthorized(
            f"This key ({grant.key}) was taken back. Make another with: faregate keys "
            "new WORKSPACE"
        )
    if tokens.is_ended(grant):
        return Refusal(
            code=RefusalCode.STOPPED,
            message=f"Session {grant.session} has ended; start a new run",
        )
    return Caller(grant=grant)


def _is_subscription(keys: Iterable[str]) -> bool:
    # A provider may take any of them, so one that is metered decides.
    return all(key.startswith(_SUBSCRIPTIONS) for key in keys)


def _way_to_one(headers: Mapping[str, str]) -> str:
    """Return how the agent gets a token: some need more than variables."""
    name = agent_name(headers) or ""
    agent = f" {name}" if agent_named(name) else ""
    other = "" if agent else " (faregate env AGENT for what one agent needs)"
    return (
        f'Run: eval "$(faregate env{agent})" in the agent\'s shell{other}, or start it '
        "with: faregate run -- COMMAND"
    )


def _unauthorized(message: str) -> Refusal:
    return Refusal(code=RefusalCode.UNAUTHORIZED, message=message)


def _plain_limits(limits: Limits | None) -> dict[str, int | float]:
    if limits is None:
        return {}
    found = {name: getattr(limits, name) for name in NAMES}
    return {
        name: value.pico if isinstance(value, Money) else value
        for name, value in found.items()
        if value is not None
    }


def _limits(said: dict[str, int | float]) -> Limits | None:
    """Read what `_plain_limits` wrote; raises TypeError for what is no limit."""
    if not said:
        return None
    values: dict[str, Any] = dict(said)
    spend = values.get("spend_per_minute")
    if spend is not None:
        values["spend_per_minute"] = Money(int(spend))
    return Limits(**values)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
