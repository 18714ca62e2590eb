"""Credentials of the agents' plane: local tokens, and callers with their own key.

A token is signed, not stored: it says its session and labels itself, survives a
restart and is worthless to any other proxy. The signing secret never leaves its
owner-only file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import msgspec

from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "fg-"
_LONGEST = 2048
_SIGNATURE = 20
_REMEMBERED = 1024
_SUBSCRIPTIONS = ("sk-ant-oat",)
"""Beginnings of credentials that belong to a flat-rate login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: with a local token, or with a provider key of its own."""

    grant: Grant | None
    subscription: bool = False


class Tokens:
    """Issues and checks local tokens."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the signing secret is shorter than 32 bytes")
        self._secret = secret
        self._known: dict[str, Grant] = {}
        self._ended: set[str] = set()

    def issue(self, grant: Grant) -> str:
        """Return a token for this session and these labels."""
        said = {"s": grant.session} if grant.session else {}
        for item in fields(Labels):
            value = getattr(grant.labels, item.name)
            if value is not None:
                said[item.name] = value
        if grant.max_cost is not None:
            said["max"] = str(grant.max_cost.pico)
        payload = _encode(msgspec.json.encode(said))
        return f"{PREFIX}{payload}.{self._sign(payload)}"

    def end(self, session: str) -> None:
        """Refuse the tokens of this session from now on."""
        self._ended.add(session)

    def grant_of(self, token: str) -> Grant | None:
        """Return what a token grants, or None when it is not valid here."""
        known = self._known.get(token)
        if known is None:
            known = self._verified(token)
            if known is None:
                return None
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token] = known
        return known

    def is_ended(self, grant: Grant) -> bool:
        """Tell whether the token's session was ended."""
        return grant.session is not None and grant.session in self._ended

    def _verified(self, token: str) -> Grant | None:
        payload, dot, signature = token.removeprefix(PREFIX).rpartition(".")
        if not dot or not payload or not token.isascii():
            return None
        if not hmac.compare_digest(self._sign(payload), signature):
            return None
        said = msgspec.json.decode(_decode(payload), type=dict[str, str])
        session = said.pop("s", None)
        most = said.pop("max", None)
        return Grant(
            session=session,
            labels=Labels(**said),
            max_cost=None if most is None else Money(int(most)),
        )

    def _sign(self, payload: str) -> str:
        digest = hmac.new(self._secret, payload.encode(), hashlib.sha256).digest()
        return _encode(digest[:_SIGNATURE])


def credentials(headers: Mapping[str, str]) -> list[str] | Refusal:
    """Return every credential of a request, scheme words removed."""
    found = []
    for name in ("authorization", "x-api-key", "x-goog-api-key", "api-key"):
        value = headers.get(name)
        if value is None:
            continue
        if name == "authorization":
            scheme, _, value = value.partition(" ")
            if scheme.lower() != "bearer":
                return _unauthorized("Send the key as: Authorization: Bearer KEY")
        value = value.strip()
        if not value or len(value) > _LONGEST or not value.isascii():
            return _unauthorized(f"The key in {name} is empty or malformed")
        found.append(value)
    return found


def caller_of(headers: Mapping[str, str], tokens: Tokens) -> Caller | Refusal:
    """Decide who calls; a credential that begins `fg-` must be valid here."""
    found = credentials(headers)
    if isinstance(found, Refusal):
        return found
    if not found:
        return _unauthorized(
            'No key was sent. Run: eval "$(faregate env)" in the agent\'s shell, or '
            "start it with: faregate run -- COMMAND"
        )
    local = {key for key in found if key.startswith(PREFIX)}
    if not local:
        return Caller(grant=None, subscription=_is_subscription(found))
    grants = [tokens.grant_of(token) for token in local]
    valid = [grant for grant in grants if grant is not None]
    if len(valid) != len(grants):
        return _unauthorized(
            "This fg- token is not valid here. Get one with: faregate env"
        )
    if len(valid) > 1:
        return Refusal(
            code=RefusalCode.BAD_REQUEST,
            message="Two different fg- tokens were sent; send one",
        )
    if tokens.is_ended(valid[0]):
        return Refusal(
            code=RefusalCode.STOPPED,
            message=f"Session {valid[0].session} has ended; start a new run",
        )
    return Caller(grant=valid[0])


def _is_subscription(keys: Iterable[str]) -> bool:
    return any(key.startswith(_SUBSCRIPTIONS) for key in keys)


def _unauthorized(message: str) -> Refusal:
    return Refusal(code=RefusalCode.UNAUTHORIZED, message=message)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
