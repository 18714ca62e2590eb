"""The palette: every action by name, and every theme."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from faregate.tui.action import Scope
from faregate.tui.action_table import ACTIONS
from faregate.tui.actions import about, is_permitted, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from faregate.tui.view import View


class _Commanded(Protocol):
    """The part of the app that the palette needs."""

    view: View

    @property
    def theme_names(self) -> tuple[str, ...]: ...

    @property
    def keymap(self) -> Mapping[str, str]: ...

    def apply_theme(self, name: str) -> None: ...

    def scopes(self) -> tuple[Scope, ...]: ...


class ActionCommands(Provider):
    """Offers what works on the screen below the palette."""

    async def startup(self) -> None:
        """Say what is typed here in signs that every alphabet has."""
        for field in self.app.screen.query(Input):
            field.placeholder = "Search for commands"

    async def discover(self) -> Hits:
        """List everything."""
        for name, told, run in self._commands():
            yield DiscoveryHit(name, run, help=told)

    async def search(self, query: str) -> Hits:
        """List what matches."""
        matcher = self.matcher(query)
        for name, told, run in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=told)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        app = cast(_Commanded, self.app)
        scopes = set(app.scopes())
        for action in ACTIONS:
            permitted = is_permitted(
                action.command.partition("(")[0], read_only=app.view.read_only
            )
            if action.palette and action.scope in scopes and permitted:
                keys = " ".join(keys_of(action, app.keymap))
                node = self.app if action.scope is Scope.EVERYWHERE else self.screen
                run = partial(node.run_action, action.command)
                told = about(action, ends_proxy=app.view.ends_proxy)
                yield action.label, f"{told} ({keys})", run
        for name in app.theme_names:
            yield f"theme {name}", "use this theme", partial(app.apply_theme, name)
