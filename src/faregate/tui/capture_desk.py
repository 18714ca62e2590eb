"""Where the TUI asks for captured requests, and turns capture on and off.

Every call runs in a thread of its own: neither a slow proxy nor a long body stops
the screen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.control.capture import CaptureOn
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError
from faregate.tui.captured_text import Part, body_lines, fitted, header_lines
from faregate.tui.control_desk import WATCHING
from faregate.tui.workers import in_thread

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.control.capture import CaptureStatus, CaptureView
    from faregate.control.capture import Part as WirePart
    from faregate.tui.captured_text import Source


UNREAD = (
    "this view only watches, and whoever is on this machine may open it: read what was "
    "captured in a terminal, or open the view with its token"
)


class CaptureDesk:
    """Asks and acts for the person at the screen; methods raise ControlError."""

    def __init__(self, socket_path: Path, *, read_only: bool = False) -> None:
        """Ask the proxy at `socket_path`; a `read_only` desk shows and switches nothing."""
        self._read_only = read_only
        self._client = CaptureClient(socket_path)

    async def status(self) -> CaptureStatus:
        """Return whether requests are captured."""
        return await in_thread(self._client.capture_status)

    async def on(self, for_s: float | None, session: str | None) -> CaptureStatus:
        """Capture for a while, or until it is turned off; the screen has asked."""
        self._check()
        asked = CaptureOn(for_s=for_s, session=session)
        return await in_thread(partial(self._client.capture_on, asked, confirmed=True))

    async def off(self) -> CaptureStatus:
        """Capture nothing more."""
        self._check()
        return await in_thread(self._client.capture_off)

    async def view(self, request: str) -> CaptureView:
        """Return what was captured; the code not_captured for nothing."""
        if self._read_only:
            raise ControlError("read_only", UNREAD)
        return await in_thread(partial(self._client.capture, request))

    async def body(self, request: str, wire: WirePart, attempt: int) -> bytes:
        """Return the bytes of a body."""
        ask = partial(self._client.captured_body, request, wire, attempt)
        return await in_thread(ask)

    async def lines(
        self,
        view: CaptureView,
        part: Part,
        source: Source | None,
        *,
        fold: bool,
        cells: int,
    ) -> list[str]:
        """Return a part as harmless lines of at most `cells` cells."""

        def work() -> list[str]:
            if part is Part.HEADERS:
                return fitted(header_lines(view), cells)
            if source is None:
                return ["nothing came, so there is nothing to show"]
            data = self._client.captured_body(view.request, source.wire, source.attempt)
            return fitted(body_lines(part, source, data, fold=fold), cells)

        return await in_thread(work)

    def _check(self) -> None:
        if self._read_only:
            raise ControlError("read_only", WATCHING)
