"""What every screen reads: the figures shown, the clock, the ink, the person's choices.

One object, made by the app and handed to screens and widgets; it draws nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.tui.filtering import Filter, parse_filter
from faregate.tui.session_table import SessionTable, Sort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from faregate.tui.clock import Clock
    from faregate.tui.ink import Ink
    from faregate.tui.store import Store


@dataclass(slots=True)
class View:
    """The state that screens share; `store` is live, `shown` may be frozen."""

    store: Store
    clock: Clock
    theme_ink: Ink
    socket: str
    keymap: Mapping[str, str]
    agents: tuple[str, ...] = ()
    """Agents found on this machine, by command."""
    read_only: bool = False
    """Whether this screen only watches."""
    ends_proxy: bool = False
    """Whether the proxy ends with this screen, as a demo's does."""
    replay: str = ""
    """How fast a past span is shown; empty for the present."""
    apart: str = ""
    """What there is to say of a proxy of another version."""
    frozen: Store | None = None
    frozen_at: datetime | None = None
    wanted: Filter = field(default_factory=lambda: parse_filter(""))
    filtering: bool = True
    order: Sort = field(default_factory=Sort)
    table: SessionTable = field(default_factory=SessionTable)
    _aged: tuple[Ink, Ink] | None = None

    @property
    def shown(self) -> Store:
        """Return the figures on screen."""
        return self.frozen or self.store

    @property
    def ink(self) -> Ink:
        """Return the ink for these figures: quiet once the proxy is lost."""
        if self.store.live or not self.store.told:
            return self.theme_ink
        # Kept, because a widget repaints whole when it gets another ink.
        if self._aged is None or self._aged[0] is not self.theme_ink:
            self._aged = (self.theme_ink, self.theme_ink.aged(True))
        return self._aged[1]

    @property
    def active_filter(self) -> Filter:
        """Return the filter in force."""
        return self.wanted if self.filtering else _NO_FILTER

    @property
    def no_filter(self) -> Filter:
        """Return the filter that lets everything through."""
        return _NO_FILTER

    def freeze(self) -> None:
        """Hold the figures of this moment on screen, or let go of them."""
        if self.frozen is None:
            self.frozen, self.frozen_at = self.store.copy(), self.clock.now()
        else:
            self.frozen = self.frozen_at = None

    def age(self) -> float:
        """Return the seconds since the shown figures came; 0 when frozen or lost."""
        if self.frozen is not None or not self.store.live:
            return 0.0
        return max(self.clock.monotonic() - self.store.received, 0.0)


_NO_FILTER = parse_filter("")
