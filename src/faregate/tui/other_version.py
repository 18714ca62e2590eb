"""Tells the person when the proxy on screen is of another version than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate import __version__
from faregate.config.build import build_now
from faregate.control.calling import spelled
from faregate.control.versions import apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.tui.store import Store
    from faregate.tui.view import View

_OLD_SCREEN = (
    "the proxy is newer than this screen, which may lack what it tells: close the "
    "screen and start it again"
)
_SHOWN_S = 20.0


class OtherVersion:
    """Looks at each proxy once."""

    def __init__(self, own_build: str) -> None:
        """Compare with the build that this screen was started from; "" compares none."""
        self._own = own_build
        self._seen = (__version__, own_build)

    def look(self, view: View, notify: Callable[..., None]) -> None:
        """Look at the proxy of the view; notify once where it is another."""
        store = view.store
        seen = (store.version, store.build)
        if not self._own or not store.told or seen == self._seen:
            return
        self._seen = seen
        view.apart = self._sentence(store)
        if view.apart:
            notify(spelled(view.apart), severity="warning", timeout=_SHOWN_S)

    def _sentence(self, store: Store) -> str:
        if store.build != self._own and store.build == build_now():
            return _OLD_SCREEN
        said = apart(
            store.version, store.build, own_version=__version__, own_build=self._own
        )
        return said or ""
