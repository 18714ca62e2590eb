"""One attempt: the bytes that go to a provider on behalf of a request."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Departure:
    """How far the sending of an attempt has come; whoever sends it writes it."""

    connecting: bool = False
    """No connection is there yet, so it is certain that no byte has left."""


@lean
@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One attempt's bytes and where they go."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: bytes
    stream: bool = False
    departure: Departure = field(default_factory=Departure)
