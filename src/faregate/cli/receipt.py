"""The line that closes a run: what it cost, and what stayed open. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from faregate.cli import figures
from faregate.control.retries import by_agent, retries_of, retries_words
from faregate.control.work import asked_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.control.models import SessionView, Status


def of_session(status: Status, session: str) -> list[SessionView]:
    """Return the session and its sub-agents' sessions."""
    return [
        each
        for each in status.sessions
        if each.id == session or each.id.startswith(f"{session}/")
    ]


def receipt(
    sessions: list[SessionView],
    session: str,
    lasted: float,
    *,
    limits_hit: Mapping[str, int] | None = None,
) -> str:
    """Return what a run cost in one line, and at which limits it was refused."""
    asked = sum(map(asked_of, sessions))
    refused = sum(each.refusals for each in sessions)
    if not asked:
        return (
            f"{session}: no request passed the gate. If the agent did call a model, it "
            "went around it: faregate env AGENT tells what it needs"
        )
    spent = sum((Decimal(each.cost) for each in sessions), Decimal(0))
    sources = {each.cost_source for each in sessions}
    mark = "" if sources <= {"reported"} else "~"
    retries = retries_of(*sessions)
    parts = [
        f"{mark}{figures.usd(str(spent))}",
        _plural(asked, "request") + (f" ({refused} refused)" if refused else ""),
        f"{figures.count(sum(each.input_tokens for each in sessions))} in",
        f"{figures.count(sum(each.output_tokens for each in sessions))} out",
        figures.seconds(lasted),
    ]
    if retries:
        parts.insert(2, retries_words(retries, by_agent(sessions)))
    if limits_hit:
        parts.append(f"limits hit: {', '.join(sorted(limits_hit))}")
    if unpriced := sum(each.unpriced for each in sessions):
        parts.append(f"{unpriced} without a price")
    held = sum((Decimal(each.held) for each in sessions), Decimal(0))
    if held:
        parts.append(f"still running: up to {figures.usd(str(held))} more")
    unknown = sum((Decimal(each.unknown) for each in sessions), Decimal(0))
    if unknown:
        parts.append(f"{figures.usd(str(unknown))} unknown: see faregate holds")
    judged = [each.outcome for each in sessions if each.id == session and each.outcome]
    parts.append(judged[0] if judged else "not judged")
    return f"{session}: " + " · ".join(parts)


def _plural(number: int, one: str) -> str:
    return f"{number} {one}{'s' * (number != 1)}"
