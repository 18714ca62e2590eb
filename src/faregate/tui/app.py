"""The application: wires feed, store, view, themes and screens, and nothing else."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.filter import Monochrome

from faregate.control.feed import feed
from faregate.control.sanitise import sanitise
from faregate.tui.action import Scope
from faregate.tui.actions import bindings, check_keymap, is_permitted
from faregate.tui.agents import installed
from faregate.tui.calling import Caller
from faregate.tui.clock import Clock, SystemClock
from faregate.tui.colorless import colorless
from faregate.tui.commands import ActionCommands
from faregate.tui.control_desk import ControlDesk
from faregate.tui.feed import Connect, follow
from faregate.tui.glyphs import ASCII, UNICODE
from faregate.tui.ink import mix
from faregate.tui.messages import OpenRequest, OpenSession, StoreChanged
from faregate.tui.other_version import OtherVersion
from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.smoke_desk import SmokeDesk
from faregate.tui.starting import StartError, start_proxy
from faregate.tui.store import EVERYTHING, Kind, Store
from faregate.tui.theme_shelf import ThemeShelf
from faregate.tui.themes import choose, css_variable_defaults
from faregate.tui.view import View
from faregate.tui.workers import attempt, start, tell_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.binding import BindingType
    from textual.command import Provider
    from textual.filter import LineFilter
    from textual.notifications import SeverityLevel
    from textual.timer import Timer

    from faregate.tui.options import Options
    from faregate.tui.workers import Work

PAINT_EVERY_S = 0.25
"""Paintings are at least this far apart, however fast news come."""


class FaregateApp(App[None]):
    """Shows what a running proxy tells; quitting it leaves the proxy alone."""

    TITLE = "faregate"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        ActionCommands
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.EVERYWHERE)

    def __init__(
        self,
        options: Options,
        *,
        clock: Clock | None = None,
        connect: Connect | None = None,
    ) -> None:
        """Read the themes; raises ThemeError when there is not one."""
        self._options = options
        self._shelf = ThemeShelf(options.themes_dir, options.user_themes_dir)
        self._told = list(self._shelf.told)
        super().__init__()
        self.no_color = options.no_color
        self.control = ControlDesk(options.socket_path, read_only=options.read_only)
        self._caller = Caller(self._write_terminal, options.signals)
        self._other = OtherVersion(options.build)
        self._connect = connect or partial(feed, options.socket_path)
        self._pending: set[Kind] = set()
        self._painted_at = float("-inf")
        self._paint_timer: Timer | None = None
        self._ticker: Timer | None = None
        self.view = self._make_view(clock or SystemClock())
        self.set_class(options.ascii_only, "-ascii")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return fallbacks for the variables of our style sheet."""
        return css_variable_defaults()

    @property
    def theme_names(self) -> tuple[str, ...]:
        """Return the themes a person can choose now."""
        return (
            (self.theme,)
            if self._options.no_color
            else tuple(sorted(self._shelf.themes))
        )

    @property
    def keymap(self) -> Mapping[str, str]:
        """Return the person's own keys, by action."""
        return self.view.keymap

    def scopes(self) -> tuple[Scope, ...]:
        """Return where the person is, for help and palette."""
        front = self._front()
        return front.SCOPES if front is not None else (Scope.EVERYWHERE,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a screen that only watches change nothing."""
        if not is_permitted(action, read_only=self._options.read_only):
            return False
        return super().check_action(action, parameters)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what painted lines pass; NO_COLOR leaves no colour, nor Textual's greys."""
        found = super().get_line_filters()
        if not self._options.no_color:
            return [each for each in found if not isinstance(each, Monochrome)]
        return [*found, colorless(self._shelf.themes[self.theme].colors["background"])]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - a name from outside is never markup
    ) -> None:
        """Show a notice; whatever it quotes is text and nothing else."""
        told, head = sanitise(message), sanitise(title)
        super().notify(
            told, title=head, severity=severity, timeout=timeout, markup=False
        )

    def apply_theme(self, name: str) -> None:
        """Show everything in another theme."""
        theme = self._shelf.themes[name]
        self.view.theme_ink = mix(theme.colors, self.view.theme_ink.glyphs)
        self.theme = name
        self._repaint(EVERYTHING)

    async def on_mount(self) -> None:
        """Show the overview and start to listen."""
        self._caller.begin()
        if not self._options.motion:
            self.animation_level = "none"
        self.set_keymap(self.view.keymap)
        await self.push_screen(OverviewScreen(self.view))
        self._ticker = self.set_interval(1.0, self._tick, pause=True)
        self.set_interval(20.0, partial(self._repaint, {Kind.PROXY}))
        if self._options.user_themes_dir is not None:
            self.set_interval(1.0, self._reload_themes)
        for problem in self._told:
            self.notify(problem, severity="warning", timeout=10, markup=False)
        listen = partial(follow, self._connect, self.view.store, self.view.clock)
        start(self, partial(listen, self._changed), "feed")

    def on_store_changed(self, _message: StoreChanged) -> None:
        """Paint now, or when the last painting is long enough ago."""
        if self._paint_timer is not None:
            return
        since = self.view.clock.monotonic() - self._painted_at
        if since >= PAINT_EVERY_S:
            self._paint()
        else:
            self._paint_timer = self.set_timer(PAINT_EVERY_S - since, self._paint)

    async def on_open_session(self, message: OpenSession) -> None:
        """Show one session."""
        # Loaded here, as below: the first frame needs none of it.
        from faregate.tui.screens.session import SessionScreen

        await self.push_screen(
            SessionScreen(self.view, self.control, message.session, message.known)
        )

    async def on_open_request(self, message: OpenRequest) -> None:
        """Show one request."""
        from faregate.tui.screens.request import RequestScreen

        await self.push_screen(RequestScreen(self.view, self.control, message.request))

    def action_freeze(self) -> None:
        """Hold the screen still, or let it go on."""
        self.view.freeze()
        self._repaint(EVERYTHING)

    def action_next_theme(self) -> None:
        """Show the next theme."""
        names = self.theme_names
        if len(names) < 2:
            self.notify("NO_COLOR is set, so the theme stays mono", markup=False)
            return
        name = names[(names.index(self.theme) + 1) % len(names)]
        self.apply_theme(name)
        self.notify(f"theme {name}", timeout=2, markup=False)

    async def action_show(self, name: str) -> None:
        """Show a screen by its name, over the overview."""
        if not isinstance(self.screen, LiveScreen):
            return
        if self.view.replay and name != "overview":
            # The other screens ask the proxy, and would mix the present in.
            self.notify("a replay has the overview and its sessions", markup=False)
            return
        with self.batch_update():
            while not isinstance(self.screen, OverviewScreen):
                await self.pop_screen()
            if name != "overview":
                await self.push_screen(self._make_screen(name))

    def action_change_cap(self) -> None:
        """Ask for another cap."""
        from faregate.tui.cap_change import change_cap

        self.act(partial(change_cap, self, self.view, self.control))

    def action_change_price(self) -> None:
        """Ask for the price of a model."""
        from faregate.tui.screens.price_change import change_price

        self.act(partial(change_price, self, self.view, self.control))

    def act(self, work: Work) -> None:
        """Do what the person asked for; trouble is told, and nothing breaks."""
        if isinstance(self.screen, LiveScreen):
            start(self, partial(attempt, self, work), "act")

    async def action_help(self) -> None:
        """Explain the screen in front."""
        from faregate.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            await self.push_screen(HelpScreen(self.view, self.scopes()))

    def action_capture(self) -> None:
        """Keep what requests and answers say, or stop that."""
        front = self._front()
        if front is not None:
            from faregate.tui.capture_desk import CaptureDesk
            from faregate.tui.screens.capture_control import toggle_capture

            options, session = self._options, front.session_shown()
            desk = CaptureDesk(options.socket_path, read_only=options.read_only)
            self.act(partial(toggle_capture, self, self.view, desk, session))

    def action_pause_everything(self) -> None:
        """Pause all, or let all go on."""
        from faregate.tui.screens.session_control import pause_everything

        self.act(partial(pause_everything, self, self.view, self.control))

    def action_export(self) -> None:
        """Write what is shown to a file."""
        front = self._front()
        if front is not None:
            from faregate.tui.screens.taking import export

            folder, session = Path.cwd(), front.session_shown()
            self.act(partial(export, self, self.view, session, folder))

    def action_copy(self) -> None:
        """Hand something of what is shown to the terminal's clipboard."""
        front = self._front()
        if front is not None:
            from faregate.tui.screens.taking import copy

            session, request = front.session_shown(), front.request_shown()
            self.act(partial(copy, self, self.view, self.control, session, request))

    def action_start_proxy(self) -> None:
        """Start the proxy where there is none."""
        if self.view.store.live or not self._options.start:
            self.notify("the proxy runs already", timeout=3, markup=False)
            return
        self.act(self._start_proxy)

    async def _start_proxy(self) -> None:
        self.notify("starting the proxy", timeout=3, markup=False)
        try:
            url = await start_proxy(self._options.start)
        except StartError as error:
            tell_trouble(self, str(error))
        else:
            self.notify(f"the proxy is up: {url}", markup=False)

    def action_toggle_bell(self) -> None:
        """Ring no more, or again."""
        signals = self._caller.signals
        self._caller.signals = replace(signals, bell=not signals.bell)
        self.notify(f"bell {'off' if signals.bell else 'on'}", timeout=2, markup=False)

    def action_help_quit(self) -> None:
        """Tell who presses ctrl+c how to leave."""
        ends = self._options.ends_proxy
        after = "the demo ends with it" if ends else "the proxy goes on"
        self.notify(f"q closes this screen; {after}", markup=False)

    def say_farewell(self) -> None:
        """Give the terminal its own title back, once the screen is left."""
        terminal = sys.__stderr__
        if terminal is not None and terminal.isatty():
            terminal.write(self._caller.farewell)
            terminal.flush()

    def _make_screen(self, name: str) -> LiveScreen:
        from faregate.tui.screens.catalogue import SCREENS
        from faregate.tui.screens.providers import ProvidersScreen

        if name == "providers":
            desk = self._options.desk or SmokeDesk(self._options.socket_path)
            return ProvidersScreen(self.view, desk, self.control)
        return SCREENS[name](self.view, self.control)

    def _make_view(self, clock: Clock) -> View:
        options = self._options
        themes = self._shelf.themes
        glyphs = ASCII if options.ascii_only else UNICODE
        theme, told = choose(themes, options.theme, no_color=options.no_color)
        keymap, wrong_keys = check_keymap(options.keys)
        self._told += [*([told] if told else []), *wrong_keys]
        for known in list(self.available_themes):
            if known != self.theme:
                self.unregister_theme(known)
        for each in themes.values():
            self.register_theme(each.textual())
        self.theme = theme.name
        agents = installed() if options.agents is None else options.agents
        return View(
            store=Store(),
            clock=clock,
            theme_ink=mix(theme.colors, glyphs),
            socket=str(options.socket_path),
            keymap=keymap,
            agents=agents,
            read_only=options.read_only,
            ends_proxy=options.ends_proxy,
            replay=options.replay,
        )

    def _write_terminal(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _changed(self, kinds: set[Kind]) -> None:
        self._pending |= kinds
        self.post_message(StoreChanged())

    def _paint(self) -> None:
        self._paint_timer = None
        self._painted_at = self.view.clock.monotonic()
        kinds, self._pending = self._pending, set()
        self._other.look(self.view, self.notify)
        self._repaint(kinds)
        self._caller.look(self.view.store, self.view.theme_ink.glyphs)
        self._set_ticker()

    def _repaint(self, kinds: set[Kind] | frozenset[Kind]) -> None:
        front = self._front()
        if front is not None:
            front.repaint(kinds)

    def _front(self) -> LiveScreen | None:
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                return screen if screen.is_alive else None
        return None

    def _set_ticker(self) -> None:
        """Tick only while a clock is on screen, so that an idle screen costs nothing."""
        if self._ticker is None:
            return
        store = self.view.store
        moves = bool(store.flights) or bool(self.view.replay)
        if store.link.retry_at is not None or (store.live and moves):
            self._ticker.resume()
        else:
            self._ticker.pause()

    def _tick(self) -> None:
        front = self._front()
        if front is not None:
            front.tick()

    def _reload_themes(self) -> None:
        """Take up edited theme files; a bad one is told and left alone."""
        changed, problems = self._shelf.refresh()
        for problem in problems:
            self.notify(problem, severity="warning", markup=False)
        for theme in changed:
            self.register_theme(theme.textual())
            if theme.name == self.theme:
                self.mutate_reactive(App.theme)
                self.apply_theme(theme.name)
