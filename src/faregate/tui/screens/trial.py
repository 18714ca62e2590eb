"""One test request from the first screen: what it costs, a yes, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.errors import ControlError
from faregate.tui.figures import money
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.price_change import ask_target

if TYPE_CHECKING:
    from textual.app import App

    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_ANSWERED = 200


async def try_it(app: App[None], view: View, desk: ControlDesk) -> None:
    """Ask for a model and send it one small request; raises ControlError."""
    suggested, why = "", ""
    try:
        suggested = (await desk.trial(None, preview=True)).target
    except ControlError as error:
        if error.code != "bad_request":
            raise
        why = f"{error.message}.\n"
    question = f"{why}Send one small request through the gate to which model?"
    target = await ask_target(app, view, question, suggested)
    if target is None:
        return
    offer = await desk.trial(target, preview=True)
    sure = (
        f"Ask {offer.target} for one word? It costs about {money(offer.at_most)} at "
        "most, and counts against the cap."
    )
    if not await app.push_screen_wait(ConfirmScreen(view, sure)):
        return
    app.notify(f"asking {offer.target}", timeout=3, markup=False)
    done = await desk.trial(target, preview=False)
    if done.status == _ANSWERED:
        told = f"{done.target} answered: {done.text or 'nothing'}"
        app.notify(told, timeout=15, markup=False)
    else:
        status = f" ({done.status})" if done.status else ""
        told = f"{done.target} did not answer{status}: {done.text}"
        app.notify(told, severity="error", timeout=30, markup=False)
