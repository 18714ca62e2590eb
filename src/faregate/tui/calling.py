"""Calls the person through the terminal: sets its title, rings, shows a notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.tui.attention import Attention, Call, title
from faregate.tui.terminal_signals import (
    BELL,
    RESTORE_TITLE,
    SAVE_TITLE,
    notice,
    set_title,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.tui.glyphs import Glyphs
    from faregate.tui.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Which signals may leave the screen."""

    bell: bool = True
    notices: bool = True
    titles: bool = True


class Caller:
    """Writes signals where `write` leads; each reason is told once."""

    def __init__(self, write: Callable[[str], None], signals: Signals) -> None:
        self.signals = signals
        self._write = write
        self._attention = Attention()
        self._title = ""

    def begin(self) -> None:
        """Have the terminal remember its own title."""
        if self.signals.titles:
            self._write(SAVE_TITLE)

    def look(self, store: Store, glyphs: Glyphs) -> list[Call]:
        """Tell the terminal what is new in the store; return what was called for."""
        told = title(store, glyphs)
        if self.signals.titles and told != self._title:
            self._title = told
            self._write(set_title(told))
        calls = self._attention.calls(store)
        if calls and self.signals.bell:
            self._write(BELL)
        if self.signals.notices:
            for call in calls:
                self._write(notice(f"faregate: {call.text}"))
        return calls

    @property
    def farewell(self) -> str:
        """Return what gives the terminal its own title back."""
        return RESTORE_TITLE if self._title else ""
