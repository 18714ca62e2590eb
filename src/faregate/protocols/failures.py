"""The event for an answer that is an error, in whatever dialect it is told."""

from __future__ import annotations

from faregate.protocols.error_bodies import read_error
from faregate.protocols.events import Failed


def failure_in(data: bytes) -> Failed:
    """Return what an error body or event says; some words where it says nothing."""
    found = read_error(data)
    if found is None:
        return Failed("the answer cannot be read", None)
    return Failed(found.message, found.code)
