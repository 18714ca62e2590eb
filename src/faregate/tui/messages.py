"""Messages inside the TUI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from faregate.control.models import SessionView


class StoreChanged(Message):
    """The store has news; what is new waits with the app, so a burst is one message."""

    def can_replace(self, message: Message) -> bool:
        """Let one message stand for all that are still in the queue."""
        return isinstance(message, StoreChanged)


class OpenRequest(Message):
    """The person wants to see one request."""

    def __init__(self, request: str) -> None:
        super().__init__()
        self.request = request


class OpenSession(Message):
    """The person wants to see one session; `known` where it may not be listed."""

    def __init__(self, session: str, known: SessionView | None = None) -> None:
        super().__init__()
        self.session = session
        self.known = known
