"""What counts as a retry, on every screen and in every table. Pure.

A retry is a call that was made again: each attempt after a request's first, be it at
the same target, at another one (a fallback) or at a better one (an escalation), and
each request that an agent sent once more. It is what the limit `retries` counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.cost_log import RequestView


class Retried(Protocol):
    """Something whose calls were counted: by the gate, and by its agent."""

    @property
    def retries(self) -> int:
        """Return the attempts after a request's first."""
        ...

    @property
    def client_retries(self) -> int:
        """Return the requests that the agent sent once more."""
        ...


def retries_of(*counted: Retried) -> int:
    """Return the retries of sessions or sums, whoever made them."""
    return sum(each.retries + each.client_retries for each in counted)


def retries_of_request(request: RequestView) -> int:
    """Return the retries of one request: its own one, and those made for it."""
    return request.retries + request.client_retry


def by_agent(counted: Iterable[Retried]) -> int:
    """Return how many of the retries were made by agents."""
    return sum(each.client_retries for each in counted)


def retries_words(total: int, by_the_agent: int) -> str:
    """Return "3 retries (1 by the agent)"."""
    words = f"{total} {'retry' if total == 1 else 'retries'}"
    return f"{words} ({by_the_agent} by the agent)" if by_the_agent else words
