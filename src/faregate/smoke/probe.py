"""One probe: what it asks, when it runs, and how it is shown."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.providers.spec import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.smoke.context import ProbeContext, Profile
    from faregate.smoke.verdict import Finding


class Group(StrEnum):
    """The column that a probe belongs to; columns run from cause to effect."""

    REACH = "reach"
    AUTH = "auth"
    CHAT = "chat"
    STREAM = "stream"
    TOOLS = "tools"
    USAGE = "usage"
    ERRORS = "errors"
    CACHE = "cache"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A named question to a provider.

    `requests`, `input_tokens` and `output_tokens` are the most that it adds to a run;
    what it shares with an earlier probe is counted there. `needs` are probes without
    whose success it says nothing.
    """

    id: str
    title: str
    group: Group
    profile: Profile
    run: Callable[[ProbeContext], Awaitable[Finding]]
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    needs: tuple[str, ...] = ()
    protocols: frozenset[str] = field(default=PROTOCOLS)
