"""What every screen of live figures has: a view, and a way to hear of news."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from faregate.tui.actions import is_permitted
from faregate.tui.store import EVERYTHING, Kind
from faregate.tui.widgets.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from faregate.control.models import SessionView
    from faregate.tui.action import Scope
    from faregate.tui.ink import Ink
    from faregate.tui.view import View


class LiveScreen(Screen[None]):
    """A screen that repaints the parts whose figures changed."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    """The actions that work here, for the line of keys and the help."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._styles_cache = Frame(self)
        self.view = view
        self.set_class(view.theme_ink.glyphs.border == "ascii", "-ascii")

    @property
    def is_alive(self) -> bool:
        """Whether the parts are there: made, and not on their way out."""
        # A screen that is left loses its parts first, and is no longer displayed then.
        return self.is_mounted and self.display and self.app.is_running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a screen that only watches change nothing."""
        if not is_permitted(action, read_only=self.view.read_only):
            return False
        return super().check_action(action, parameters)

    def session_shown(self) -> SessionView | None:
        """Return the session that an export or a copy would be about."""
        return None

    def request_shown(self) -> str | None:
        """Return the request that a copy would be about."""
        return None

    def ink(self) -> Ink:
        """Return the ink of this moment."""
        return self.view.ink

    def fresh_ink(self) -> Ink:
        """Return the ink of what is never old, such as the line of keys."""
        return self.view.theme_ink

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date that show these kinds of news."""
        raise NotImplementedError

    def tick(self) -> None:
        """Move clocks that a person watches; called once a second while there are any."""

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        self.repaint(EVERYTHING)
