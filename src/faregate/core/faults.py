"""Faults of a provider's answer: something broke, and what that says about money."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """How an attempt broke."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    RESET = "reset"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    LOCAL = "local"
    """This machine's fault: it has no file descriptor left."""


class UpstreamError(Exception):
    """An attempt broke before or inside its answer.

    `sent` is False only on proof that the provider took no byte of the request;
    `reused` tells that a pooled connection failed before any byte of the answer.
    """

    def __init__(
        self, kind: FaultKind, message: str, *, sent: bool, reused: bool = False
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.sent = sent
        self.reused = reused
