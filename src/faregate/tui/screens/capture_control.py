"""Turning capture on and off from the screen; says first what goes to the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.session_table import session_name

if TYPE_CHECKING:
    from textual.app import App

    from faregate.control.models import SessionView
    from faregate.tui.capture_desk import CaptureDesk
    from faregate.tui.view import View

HOUR_S = 3600.0
_Span = Literal["hour", "session", "always"]


async def toggle_capture(
    app: App[None], view: View, desk: CaptureDesk, session: SessionView | None
) -> None:
    """Turn capture off, or on after a question; raises ControlError."""
    found = await desk.status()
    if found.on:
        await desk.off()
        app.notify("capture is off; what was captured stays", markup=False)
        return
    choices: list[Choice[_Span]] = [
        Choice(key="h", label="an hour", value="hour", note="every session, then off"),
    ]
    if session is not None:
        note = f"{session_name(session)} and its sub-agents"
        choices.append(
            Choice(key="s", label="this session", value="session", note=note)
        )
    choices.append(
        Choice(key="a", label="everything", value="always", note="until it is off")
    )
    question = (
        "Capture requests? Prompts, code and answers of agents are then written to "
        f"{found.folder}. Keys, cookies and tokens are taken out of them."
    )
    chosen = await app.push_screen_wait(ChoiceScreen(view, question, choices))
    if chosen is None:
        return
    named = session.id if chosen == "session" and session is not None else None
    await desk.on(HOUR_S if chosen == "hour" else None, named)
    app.notify("capture is on: C turns it off", markup=False)
