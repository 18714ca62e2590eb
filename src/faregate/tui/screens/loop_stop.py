"""A loop that was stopped: what went round, and whether it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from faregate.tui.figures import dollars, instant, money
from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.session_control import stop_session
from faregate.tui.session_table import session_name

if TYPE_CHECKING:
    from textual.app import App

    from faregate.control.governing import LoopView
    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_Answer = Literal["go on", "stop"]


async def show_loop(
    app: App[None], view: View, desk: ControlDesk, session: SessionView
) -> None:
    """Show the calls that repeated, and ask what becomes of it; raises ControlError."""
    name = session_name(session)
    found = [e for e in await desk.loops() if session.id in {e.session, e.root}]
    if not found:
        app.notify(f"{name}: no loop is stopped there", markup=False)
        return
    choices: list[Choice[_Answer]] = []
    if not view.read_only:
        choices = [
            Choice(
                key="g", label="let it go on", value="go on", note="asks once more"
            ),
            Choice(
                key="x", label="keep it stopped", value="stop",
                note="whatever it says next",
            ),
        ]  # fmt: skip
    answer = await app.push_screen_wait(
        ChoiceScreen(view, loop_words(view, name, found[-1]), choices)
    )
    if answer == "stop":
        await stop_session(app, view, desk, session)
    elif answer == "go on":
        question = (
            f"Let {name} go on? {_sentence(found[-1].what)}. It has spent "
            f"{dollars(money(session.cost))}, and its limits begin anew."
        )
        if await app.push_screen_wait(ConfirmScreen(view, question)):
            await desk.resume(f"session:{found[-1].root}")
            app.notify(f"{name} goes on", markup=False)


def loop_words(view: View, name: str, loop: LoopView) -> str:
    """Return what is told of a loop: what repeats, how often, since when."""
    requests = "1 request" if loop.refused == 1 else f"{loop.refused} requests"
    calls = "\n".join(loop.calls) or "nothing is kept of what it said"
    return (
        f"{name} goes in circles and was stopped: {loop.what}.\n"
        f"Stopped at {_at(view, loop.at)}, last refused at {_at(view, loop.latest)}; "
        f"{requests} not sent.\n\n{calls}"
    )


def _at(view: View, text: str) -> str:
    at = instant(text)
    return text if at is None else f"{view.clock.local(at):%H:%M:%S}"


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
