"""One attempt: the bytes that go to a provider on behalf of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """One attempt's bytes and where they go."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: bytes
    stream: bool = False
