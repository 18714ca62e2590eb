"""Secrets that Faregate makes for itself, once, in private files."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from faregate.config.files import read_private, write_private

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 32


def signing_secret(path: Path) -> bytes:
    """Return what local tokens are signed with; made where none is yet."""
    found = read_private(path)
    if found is not None and len(found) >= _BYTES:
        return found
    fresh = secrets.token_bytes(_BYTES)
    write_private(path, fresh)
    return fresh


def admin_secret(path: Path) -> str:
    """Return what stands for a person's word; made where none is yet."""
    found = read_private(path)
    if found:
        return found.decode("ascii").strip()
    fresh = secrets.token_urlsafe(_BYTES)
    write_private(path, fresh.encode() + b"\n")
    return fresh
