"""Changing a cap from the screen: which one, how much, and a yes when it is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.caps import Gauge, gauge
from faregate.tui.figures import dollars, money
from faregate.tui.screens.amount import AmountScreen
from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.lasting import FOR_GOOD, LASTING, Lasting

if TYPE_CHECKING:
    from textual.app import App

    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

NONE = "none"
_HOW_LONG = "Raised for how long?"
_WINDOWS = (("m", "month"), ("w", "week"), ("d", "day"), ("t", "total"))


async def change_cap(app: App[None], view: View, desk: ControlDesk) -> None:
    """Ask for a cap and set it; raises ControlError when the proxy refuses."""
    now = _caps(view)
    choices = [
        Choice(key=key, label=window, value=window, note=_told(now.get(window)))
        for key, window in _WINDOWS
    ]
    window = await app.push_screen_wait(
        ChoiceScreen(view, "Change the cap of what window?", choices)
    )
    if window is None:
        return
    before = now.get(window)
    typed = await app.push_screen_wait(
        AmountScreen(
            view,
            f"The cap of a {window}: {_told(before)}.\nThe new cap in USD, or {NONE} "
            "for no cap:",
            word=NONE,
        )
    )
    if typed is None:
        return
    limit = None if typed == NONE else typed
    lasting = FOR_GOOD
    if limit is not None and _raises(before, limit):
        chosen = await app.push_screen_wait(ChoiceScreen(view, _HOW_LONG, LASTING))
        if chosen is None:
            return
        lasting = chosen
    if _raises(before, limit) and not await app.push_screen_wait(
        ConfirmScreen(view, _question(window, before, limit, lasting))
    ):
        return
    await desk.set_budget("global", window, limit, lasting.seconds)
    shown = "no cap" if limit is None else dollars(money(limit))
    app.notify(f"cap of a {window}: {shown}{lasting.words}", markup=False)


def _caps(view: View) -> dict[str, Gauge]:
    budgets = view.store.budgets.values()
    found = [read for each in budgets if (read := gauge(each)) is not None]
    return {read.view.window: read for read in found if read.view.scope == "global"}


def _told(cap: Gauge | None) -> str:
    if cap is None:
        return "none"
    return f"{dollars(cap.limit)}, {dollars(cap.used)} of it used"


def _raises(before: Gauge | None, limit: str | None) -> bool:
    if limit is None:
        return before is not None
    return before is not None and money(limit) > before.limit


def _question(
    window: str, before: Gauge | None, limit: str | None, lasting: Lasting
) -> str:
    was = "no cap" if before is None else dollars(before.limit)
    if limit is None or before is None:
        return f"Take away the cap of a {window}, now {was}? Nothing stops it then."
    more = dollars(money(limit) - before.limit)
    return (
        f"Raise the cap of a {window} from {was} to {dollars(money(limit))}"
        f"{lasting.words}? "
        f"Agents may spend {more} more."
    )
