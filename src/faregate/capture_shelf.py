"""Where captures are read: with the proxy that runs, else in their folder itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from faregate.control.capture import HOW_TO_TURN_ON, NOT_CAPTURED
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError, ProxyNotRunning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.config.paths import Paths
    from faregate.control.capture import CaptureHeadView, CaptureView, Part
    from faregate.core.captured import CapturedRequest


class CaptureShelf:
    """Reads and deletes captures; every method raises ControlError."""

    def __init__(self, paths: Paths) -> None:
        """Ask the proxy of `paths`, or look into the folder there."""
        self._folder = paths.captures
        self._client = CaptureClient(paths.socket)

    def heads(self, limit: int) -> list[CaptureHeadView]:
        """Return captured requests, the newest first."""
        try:
            return self._client.captures(limit)
        except ProxyNotRunning:
            from faregate.captures.folder import heads
            from faregate.server.capture_views import head_view

            with _told():
                return [head_view(each) for each in heads(self._folder, limit)]

    def read(self, request: str) -> CaptureView:
        """Return one request without its bodies; the code not_captured for none."""
        try:
            return self._client.capture(request)
        except ProxyNotRunning:
            from faregate.server.capture_views import capture_view

            return capture_view(self._file(request))

    def body(self, request: str, part: Part, attempt: int = 0) -> bytes:
        """Return one body, attempts counted from 1; the code no_such_part for none."""
        try:
            return self._client.captured_body(request, part, attempt)
        except ProxyNotRunning:
            from faregate.server.capture_views import body_of

            found = body_of(self._file(request), part, attempt)
        if found is None:
            raise ControlError("no_such_part", "there is no such body")
        return found.data

    def clear(self, request: str | None) -> int:
        """Delete one capture, or all; return how many went."""
        try:
            return self._client.clear_captures(request)
        except ProxyNotRunning:
            from faregate.captures.folder import clear, remove

            with _told():
                if request is None:
                    return clear(self._folder)
                return int(remove(self._folder, request))

    def _file(self, request: str) -> CapturedRequest:
        from faregate.captures.folder import read

        with _told():
            found = read(self._folder, request)
        if found is None:
            raise ControlError(
                NOT_CAPTURED,
                f"request {request[:80]} was not captured; {HOW_TO_TURN_ON}",
            )
        return found


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell a person what is wrong with a capture, or with the disk."""
    from faregate.captures.document import CaptureFileError

    try:
        yield
    except CaptureFileError as error:
        raise ControlError("damaged", f"the capture: {error}") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ControlError("unreadable", f"captures: {why}") from error
