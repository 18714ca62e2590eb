"""Exit codes of every command; scripts rely on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's end means. `faregate run` ends as its command does."""

    OK = 0
    FAILED = 1
    """The thing that was checked or asked for failed."""
    USAGE = 2
    """Wrong usage, or a configuration that cannot be used."""
    UNREACHABLE = 3
    """No proxy answers."""
    REFUSED = 4
    """Refused by a budget, a limit, or for want of a person's confirmation."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
