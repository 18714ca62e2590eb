"""Turns capture on and off, and knows what is kept.

Owns the switch of the running process: what the configuration says holds at its
start, what a person says until it stops. The writing itself is the writer's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING

from faregate.captures.folder import Folder, Keep, heads, read, read_head_of
from faregate.captures.writer import Writer
from faregate.config.files import make_private_dir
from faregate.config.problems import ConfigError
from faregate.control.capture import CaptureStatus
from faregate.control.sanitise import sanitise_optional
from faregate.gateway.capturing import MOST_IN_MEMORY, Capture, Selection
from faregate.gateway.tape import Room
from faregate.server.cost_views import exact_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from faregate.captures.document import CaptureHead
    from faregate.config.settings import CaptureSettings
    from faregate.core.captured import CapturedRequest
    from faregate.gateway.events import Severity
    from faregate.gateway.gate import Gate

LONGEST_S = 30 * 86_400.0
WARNING = "prompts, code and answers are written to disk"


class CaptureDesk:
    """The switch of capture; make it on the loop, close it once."""

    def __init__(
        self,
        settings: CaptureSettings,
        path: Path,
        gate: Gate,
        *,
        secrets: Callable[[], Sequence[str]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Keep captures in `path`, a private folder, without `secrets`."""
        self._settings = settings
        self._path = path
        self._gate = gate
        self._loop = loop
        self._room = Room(MOST_IN_MEMORY)
        keep = Keep(size=settings.max_size, age_s=settings.max_age_s)
        self._folder = Folder(path, keep, now_s=lambda: gate.clock.now_ms() / 1000)
        self._writer = Writer(self._folder, secrets, trouble=self._in_trouble)
        self._by_command = False
        self._session: str | None = None
        self._until: float | None = None
        # Counts what there is, and deletes what grew too old while nothing ran.
        self._writer.start()
        self.warning = ""
        """What a start has to say of it; "" while capture is off."""
        if settings.enabled:
            self._begin_as_configured()

    def on(self, *, for_s: float | None = None, session: str | None = None) -> None:
        """Capture everything, or a session, from now on.

        Raises ConfigError where the folder cannot be made private.
        """
        make_private_dir(self._path)
        self._by_command = True
        self._session = session
        now = self._gate.clock.elapsed()
        self._until = None if for_s is None else now + for_s
        whose = () if session else self._settings.workspaces
        self._begin(Selection(session=session, workspaces=frozenset(whose)))
        self._publish(f"capture is {self.words()}: {WARNING}", "warn")

    def off(self) -> None:
        """Capture nothing more; what runs is not written either way it ends."""
        was_on = self.is_on
        self._by_command = True
        self._end()
        if was_on:
            self._publish("capture is off; what was captured stays", "info")

    @property
    def is_on(self) -> bool:
        """Tell whether requests are captured just now."""
        if self._until is not None and self._gate.clock.elapsed() >= self._until:
            self._end()
            self._publish("capture is off: its time is over", "info")
        return self._gate.capture is not None

    def words(self) -> str:
        """Return what is captured, for a status line: "" for nothing."""
        if not self.is_on:
            return ""
        whose = f" for session {self._session}" if self._session else ""
        if not whose and self._settings.workspaces:
            whose = f" for workspace {', '.join(self._settings.workspaces)}"
        if self._until is None:
            return f"on{whose}"
        left = max(self._until - self._gate.clock.elapsed(), 0)
        minutes = -(-left // 60)
        return f"on{whose} for {minutes:.0f} min"

    def status(self) -> CaptureStatus:
        """Return all of it."""
        on = self.is_on
        until = None
        if on and self._until is not None:
            left_ms = (self._until - self._gate.clock.elapsed()) * 1000
            until = exact_instant(self._gate.clock.now_ms() + int(left_ms))
        tally, settings = self._writer.tally, self._settings
        return CaptureStatus(
            on=on,
            source="command" if self._by_command else "config",
            until=until,
            session=self._session if on else None,
            workspaces=[] if self._session else list(settings.workspaces),
            folder=str(self._path),
            captures=self._folder.count,
            bytes=self._folder.size,
            max_body=settings.max_body,
            max_size=settings.max_size,
            max_age_s=settings.max_age_s,
            dropped=tally.dropped,
            trouble=sanitise_optional(tally.trouble),
        )

    def head(self, request: str) -> CaptureHead | None:
        """Return whose request this is; None where it was not captured. Blocks."""
        return read_head_of(self._path, request)

    def heads(self, limit: int) -> list[CaptureHead]:
        """Return captured requests, the newest first. Blocks."""
        return heads(self._path, limit)

    def read(self, request: str) -> CapturedRequest | None:
        """Return a captured request; CaptureFileError for a damaged one. Blocks."""
        return read(self._path, request)

    def clear(self, request: str | None) -> asyncio.Future[int]:
        """Delete one capture, or all; return how many went, or an OSError.

        Whoever gives up waiting calls it off, unless it has begun.
        """
        done: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._writer.do(lambda: self._clear(request, done))
        return asyncio.wrap_future(done, loop=self._loop)

    def _clear(self, request: str | None, done: concurrent.futures.Future[int]) -> None:
        """Delete in the thread that counts what there is."""
        if not done.set_running_or_notify_cancel():
            return
        folder = self._folder
        try:
            gone = folder.clear() if request is None else int(folder.remove(request))
        except OSError as error:
            done.set_exception(error)
        else:
            done.set_result(gone)

    def close(self) -> None:
        """Write what waits, for a short while."""
        self._gate.capture = None
        self._writer.close()

    def _begin_as_configured(self) -> None:
        try:
            make_private_dir(self._path)
        except ConfigError as error:
            # Agents have to be served all the same.
            self.warning = f"requests are not captured: {error}"
            return
        self._begin(Selection(workspaces=frozenset(self._settings.workspaces)))
        self.warning = (
            f"[capture] is {self.words()}: {WARNING}, in {self._path} "
            "(faregate capture off ends that)"
        )

    def _begin(self, selection: Selection) -> None:
        self._gate.capture = Capture(
            self._take,
            clock=self._gate.clock.monotonic,
            selection=selection,
            most=self._settings.max_body,
            room=self._room,
        )

    def _take(self, request: CapturedRequest) -> None:
        # What came before its time was over, or capture was turned off, is not kept
        # after that: off means that nothing more goes to the disk.
        if self.is_on:
            self._writer.keep(request)

    def _end(self) -> None:
        self._gate.capture = None
        self._until = self._session = None

    def _in_trouble(self, why: str) -> None:
        """Tell a person once; called in the writer's thread or on the loop."""
        text = f"requests are not captured: {why}; agents notice nothing of it"
        self._loop.call_soon_threadsafe(self._publish, text, "warn")

    def _publish(self, text: str, severity: Severity) -> None:
        self._gate.events.publish(
            "capture", text, at_ms=self._gate.clock.now_ms(), severity=severity
        )
