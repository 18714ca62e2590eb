"""Changing a limit from the screen: for whom, how much, and a yes when it loosens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from faregate.config.limit_values import allowed, limit_value
from faregate.control.governing import SetLimit
from faregate.core.limits.effective import EVERYONE
from faregate.tui.figures import dollars, money
from faregate.tui.limit_table import exact_figure
from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.lasting import FOR_GOOD, LASTING
from faregate.tui.screens.typed import TypedScreen
from faregate.tui.session_table import session_name

if TYPE_CHECKING:
    from textual.app import App

    from faregate.control.governing import LimitChanged, LimitView
    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View


async def change_limit(
    app: App[None],
    view: View,
    desk: ControlDesk,
    session: SessionView | None,
    limit: LimitView,
) -> None:
    """Ask for a limit and set it; raises ControlError when the proxy refuses."""
    name = limit.name
    scope = await _whose(app, view, session, name)
    if scope is None:
        return
    whose = _words(scope, session)
    question = (
        f"{name} for {whose}: {exact_figure(name, limit.limit)} now{_used(limit)}.\n"
        f"The new limit: {allowed(name)}."
    )
    typed = await app.push_screen_wait(
        TypedScreen(view, question, lambda text: _checked(name, text))
    )
    if typed is None:
        return
    asked = SetLimit(scope=scope, name=name, value=typed)
    would = await desk.set_limit(replace(asked, preview=True))
    lasting = FOR_GOOD
    if would.loosens:
        chosen = await app.push_screen_wait(
            ChoiceScreen(view, "Loosened for how long?", LASTING)
        )
        if chosen is None:
            return
        lasting = chosen
        more = (
            f"Loosen {name} for {whose} {_change(would)}{lasting.words}?"
            f"{_spent(session)}"
        )
        if not await app.push_screen_wait(ConfirmScreen(view, more)):
            return
    done = await desk.set_limit(replace(asked, for_s=lasting.seconds))
    shown = exact_figure(name, done.after)
    app.notify(f"{name} for {whose}: {shown}{lasting.words}", markup=False)


async def take_back(
    app: App[None],
    view: View,
    desk: ControlDesk,
    session: SessionView | None,
    limit: LimitView,
) -> None:
    """Take back what was set, after a question; raises ControlError."""
    name = limit.name
    scope = limit.scope
    if scope is None:
        told = f"{name} was not set here: it is from {limit.source}"
        app.notify(told, markup=False)
        return
    whose = _words(scope, session)
    asked = SetLimit(scope=scope, name=name, value=None)
    would = await desk.set_limit(replace(asked, preview=True))
    before, after = exact_figure(name, would.before), exact_figure(name, would.after)
    question = (
        f"Take back {name} for {whose}? It is {before}, and {after} after that."
        f"{_spent(session)}"
    )
    if await app.push_screen_wait(ConfirmScreen(view, question)):
        done = await desk.set_limit(asked)
        shown = exact_figure(name, done.after)
        app.notify(f"{name} for {whose}: {shown} again", markup=False)


async def _whose(
    app: App[None], view: View, session: SessionView | None, name: str
) -> str | None:
    """Ask whose limit is meant; None for escape."""
    if session is None:
        return EVERYONE
    choices = [
        Choice(key="s", label="this session", value=f"session:{session.id}",
               note=session_name(session)),
    ]  # fmt: skip
    if session.agent:
        value = f"agent:{session.agent}"
        choices.append(
            Choice(key="a", label="its agent", value=value, note=session.agent)
        )
    if session.workspace:
        value = f"workspace:{session.workspace}"
        choices.append(
            Choice(key="w", label="its workspace", value=value, note=session.workspace)
        )
    choices.append(Choice(key="e", label="every session", value=EVERYONE))
    question = f"Set {name} for whom? The nearest to a session counts."
    return await app.push_screen_wait(ChoiceScreen(view, question, choices))


def _words(scope: str, session: SessionView | None) -> str:
    kind, _, name = scope.partition(":")
    if kind == "session" and session is not None:
        return session_name(session)
    return "every session" if scope == EVERYONE else f"{kind} {name}"


def _checked(name: str, text: str) -> str:
    limit_value(name, text)
    return text


def _used(limit: LimitView) -> str:
    return (
        "" if limit.used is None else f", {exact_figure(limit.name, limit.used)} used"
    )


def _change(would: LimitChanged) -> str:
    name = would.name
    before, after = exact_figure(name, would.before), exact_figure(name, would.after)
    return f"from {before} to {after}"


def _spent(session: SessionView | None) -> str:
    """Return what is at stake: what the session has cost so far."""
    if session is None:
        return ""
    return f" {session_name(session)} has spent {dollars(money(session.cost))}."
