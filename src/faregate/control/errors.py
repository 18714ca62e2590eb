"""What can go wrong between a client and the control API."""

from __future__ import annotations


class ControlError(Exception):
    """The proxy said no, or its answer made no sense.

    `code` is stable and for programs, `message` one sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ProxyNotRunning(ControlError):  # noqa: N818 - a state of the world, no fault
    """Nobody listens on the control socket."""

    def __init__(self, message: str = "no proxy is running here") -> None:
        super().__init__("not_running", message)
