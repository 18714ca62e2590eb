"""Answers that a test puts ahead of everything else: odd errors, odd model lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from faregate.smoke.simulated.seen import SeenRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """One HTTP answer as it is; `delay` in seconds."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


Interceptor = Callable[[SeenRequest], RawAnswer | None]


def json_answer(status: int, value: object, *, delay: float = 0.0) -> RawAnswer:
    """Return an answer that carries a value as JSON."""
    return RawAnswer(status=status, body=json.dumps(value).encode(), delay=delay)
