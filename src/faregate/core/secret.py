"""Secrets that cannot be printed by accident."""

from __future__ import annotations

LOCAL_TOKEN_PREFIX = "fg-"
"""What every token of this proxy starts with; no provider's key does."""


class Secret:
    """A key or token; only `reveal` gives it out, for the moment it is sent."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not serialised")
