"""The client of captured requests: turns capture on and off, reads what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from faregate.control.capture import (
    CaptureHeadView,
    CaptureOn,
    CaptureStatus,
    CaptureView,
    Cleared,
    Part,
)
from faregate.control.client import ControlClient
from faregate.control.wire import decoded, request_bytes

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 30.0
"""Seconds that a long body may take to come from the disk."""


class CaptureClient(ControlClient):
    """Asks the proxy about captures; the errors are those of ControlClient."""

    def __init__(self, socket_path: Path, *, admin_secret: str | None = None) -> None:
        super().__init__(socket_path, timeout=PATIENCE_S, admin_secret=admin_secret)

    def capture_status(self) -> CaptureStatus:
        """Return whether requests are captured."""
        return self._get("/v1/capture", CaptureStatus)

    def capture_on(self, asked: CaptureOn, *, confirmed: bool = False) -> CaptureStatus:
        """Capture from now on; needs `confirmed`, or the admin secret."""
        answer = self._post("/v1/capture/on", asked, headers=self._proof(confirmed))
        return decoded(answer, CaptureStatus)

    def capture_off(self) -> CaptureStatus:
        """Capture no more; what is kept stays."""
        return decoded(self._post("/v1/capture/off", {}), CaptureStatus)

    def captures(self, limit: int) -> list[CaptureHeadView]:
        """Return captured requests, the newest first."""
        return self._get(f"/v1/captures?limit={limit}", list[CaptureHeadView])

    def capture(self, request: str) -> CaptureView:
        """Return one captured request; the code not_captured for none."""
        return self._get(f"/v1/captures/{quote(request, safe='')}", CaptureView)

    def captured_body(self, request: str, part: Part, attempt: int = 0) -> bytes:
        """Return the bytes that are kept of a body; attempts count from 1."""
        query = urlencode({"part": part, "attempt": attempt})
        path = f"/v1/captures/{quote(request, safe='')}/body?{query}"
        return self._call(request_bytes("GET", path))

    def clear_captures(self, request: str | None = None) -> int:
        """Delete one capture, or all; return how many went."""
        answer = self._post("/v1/captures/clear", {"request": request})
        return decoded(answer, Cleared).deleted
