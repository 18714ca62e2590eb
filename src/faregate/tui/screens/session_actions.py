"""The actions on a session, for every screen on which one is chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.screens.session_control import (
    judge_session,
    pause_session,
    stop_session,
)
from faregate.tui.tmux_pane import JumpError, jump

if TYPE_CHECKING:
    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.workers import Work


class _Acting(Protocol):
    """The part of the app that carries actions out."""

    @property
    def control(self) -> ControlDesk: ...

    def act(self, work: Work) -> None: ...


class SessionActions(LiveScreen):
    """Acts on the session that `acting_on` returns."""

    def acting_on(self) -> SessionView | None:
        """Return the session that a key means now."""
        raise NotImplementedError

    def session_shown(self) -> SessionView | None:
        """Return the session that an export or a copy would be about."""
        return self.acting_on()

    def action_judge(self) -> None:
        """Say whether its task was accepted."""
        found = self._meant()
        if found is not None:
            desk = self._acting.control
            self._acting.act(partial(judge_session, self.app, self.view, desk, found))

    def action_jump(self) -> None:
        """Go to the tmux pane of its agent."""
        found = self._meant()
        if found is not None:
            self._acting.act(partial(self._jump, found))

    def action_stop_session(self) -> None:
        """Stop it, after a question."""
        found = self._meant()
        if found is not None:
            desk = self._acting.control
            self._acting.act(partial(stop_session, self.app, self.view, desk, found))

    def action_pause_session(self) -> None:
        """Pause it, or let it go on."""
        found = self._meant()
        if found is not None:
            desk = self._acting.control
            self._acting.act(partial(pause_session, self.app, self.view, desk, found))

    def action_loop(self) -> None:
        """Show what went round when a loop of it was stopped."""
        found = self._meant()
        if found is not None:
            from faregate.tui.screens.loop_stop import show_loop

            desk = self._acting.control
            self._acting.act(partial(show_loop, self.app, self.view, desk, found))

    async def action_limits(self) -> None:
        """Show what limits it, to look at and to set."""
        found = self._meant()
        if found is not None:
            from faregate.tui.screens.limits import LimitsScreen

            screen = LimitsScreen(self.view, self._acting.control, found)
            await self.app.push_screen(screen)

    @property
    def _acting(self) -> _Acting:
        return cast(_Acting, self.app)

    def _meant(self) -> SessionView | None:
        found = self.acting_on()
        if found is None:
            self.notify("no session is chosen", markup=False)
        return found

    async def _jump(self, session: SessionView) -> None:
        try:
            pane = await jump(session.id)
        except JumpError as error:
            self.notify(str(error), severity="warning", markup=False)
        else:
            self.notify(f"in tmux pane {pane}", markup=False)
