"""Which code runs here: two installations with equal code have the same name."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(__file__).parents[1]


@cache
def build() -> str:
    """Return the name of the code that this process was started from.

    A long process asks when it starts: files that are replaced later do not count.
    """
    return build_now()


def build_now() -> str:
    """Return the name of the code that the next process will be started from."""
    return build_of(_PACKAGE)


def build_of(package: Path) -> str:
    """Return the name of the code in a folder, by the names and sizes of its files.

    Reading them all would take too long for a command.
    """
    listing = "\n".join(sorted(_files(str(package), "")))
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def _files(folder: str, name: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield f"{name}{entry.name} {entry.stat().st_size}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path, f"{name}{entry.name}/")
