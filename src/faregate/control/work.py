"""What the gate and a session are doing, the same on every line and screen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.cost_log import RequestView
    from faregate.control.models import SessionState, SessionView


def work_words(in_flight: int, waiting: int, approvals: int) -> list[str]:
    """Return what runs and what waits for what; nothing for a gate at rest.

    `waiting` counts all that wait, `approvals` those that wait for a person.
    """
    approvals = min(approvals, waiting)
    counted = (
        (in_flight - waiting, "running"),
        (waiting - approvals, "waiting for room"),
        (approvals, "waiting for approval"),
    )
    return [f"{number} {what}" for number, what in counted if number > 0]


def asked_of(session: SessionView) -> int:
    """Return how many requests a session made; those that were refused count."""
    return session.requests + session.refusals


def only_counted(request: RequestView) -> bool:
    """Tell whether an agent only had tokens counted, which no session's sum has."""
    return request.result == "answered" and not request.attempts


def doing_of(flights: Iterable[str]) -> str | None:
    """Return what a session's requests in flight do: one that waits says least."""
    found = list(flights)
    return next((each for each in found if each != "waiting"), next(iter(found), None))


def state_with(state: SessionState, doing: str | None) -> SessionState:
    """Return the state of a session whose requests are `doing` something, or None.

    What a person decided, and an end, stand above what still runs.
    """
    if doing is None or state in {"ended", "paused", "stopped"}:
        return state
    return "waiting" if doing == "waiting" else "active"
