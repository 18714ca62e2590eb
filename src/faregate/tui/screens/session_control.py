"""What a person does to a session: stop it, pause it, let it go on, judge it.

Each asks first where it could cost work or money, and names the session and its spend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from faregate.tui.figures import dollars, money
from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.session_table import session_name

if TYPE_CHECKING:
    from textual.app import App

    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

EVERYTHING = "all"
Verdict = Literal["accepted", "rejected"]


async def stop_session(
    app: App[None], view: View, desk: ControlDesk, session: SessionView
) -> None:
    """Stop a session after a question; raises ControlError."""
    name = session_name(session)
    running = any(each.session == session.id for each in view.store.flights)
    if session.state == "ended" and not running:
        app.notify(f"{name} has ended already: nothing to stop", markup=False)
        return
    question = (
        f"Stop {name}? It has spent {dollars(money(session.cost))}. What it has running "
        "ends, and its next requests are refused until somebody resumes it."
    )
    if await app.push_screen_wait(ConfirmScreen(view, question)):
        ended = await desk.stop(f"session:{session.id}")
        told = f", {ended} running request{'s' * (ended != 1)} ended" if ended else ""
        app.notify(f"stopped {name}{told}", markup=False)


async def pause_session(
    app: App[None], view: View, desk: ControlDesk, session: SessionView
) -> None:
    """Pause a session, or let it go on after a question; raises ControlError."""
    name, scope = session_name(session), f"session:{session.id}"
    if session.state not in {"paused", "stopped"}:
        await desk.pause(scope)
        app.notify(f"paused {name}: p lets it go on", markup=False)
        return
    question = (
        f"Let {name} go on? It was {session.state} at {dollars(money(session.cost))}."
    )
    if await app.push_screen_wait(ConfirmScreen(view, question)):
        await desk.resume(scope)
        app.notify(f"{name} goes on", markup=False)


async def judge_session(
    app: App[None], view: View, desk: ControlDesk, session: SessionView
) -> None:
    """Ask whether the session's task was accepted; raises ControlError."""
    name = session_name(session)
    now = session.outcome or "not judged"
    choices: list[Choice[Verdict]] = [
        Choice(
            key="a", label="accepted", value="accepted", note="it did what it should"
        ),
        Choice(key="r", label="rejected", value="rejected", note="it was paid in vain"),
    ]
    question = f"The outcome of {name}, {dollars(money(session.cost))}: {now}"
    verdict = await app.push_screen_wait(ChoiceScreen(view, question, choices))
    if verdict is not None:
        await desk.judge(session.id, verdict)
        app.notify(f"{name}: {verdict}", markup=False)


async def pause_everything(app: App[None], view: View, desk: ControlDesk) -> None:
    """Pause every session, or let all go on after a question; raises ControlError."""
    found = [each for each in await desk.latches() if each.scope == EVERYTHING]
    if not found:
        running = view.store.in_flight
        told = f" {running} running may finish." if running else ""
        question = f"Pause everything? New requests wait, then are refused.{told}"
        if await app.push_screen_wait(ConfirmScreen(view, question)):
            await desk.pause(EVERYTHING)
            app.notify("everything is paused: H lets it go on", markup=False)
        return
    question = f"Everything is {found[0].state} since {found[0].at}. Let it go on?"
    if await app.push_screen_wait(ConfirmScreen(view, question)):
        await desk.resume(EVERYTHING)
        app.notify("everything goes on", markup=False)
