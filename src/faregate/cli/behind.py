"""What was changed after the proxy started, and so is not in force.

A proxy reads its configuration, its keys and its own code once. Only compares and tells.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from faregate import __version__
from faregate.cli import output
from faregate.config.build import build
from faregate.config.keys import find_keys
from faregate.control.versions import RESTART, apart

if TYPE_CHECKING:
    from collections.abc import Container

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.models import Status


def another_version(running: Status) -> list[str]:
    """Return a sentence when the running proxy is of another version than this."""
    said = apart(
        running.version, running.build, own_version=__version__, own_build=build()
    )
    return [] if said is None else [said]


def changed_since_start(paths: Paths) -> list[str]:
    """Return a sentence when the configuration is newer than the running proxy.

    Only for a proxy that answers: one that was killed leaves its pid file behind.
    """
    # What `faregate budget set` writes is applied at once, so overrides never count.
    with contextlib.suppress(OSError):
        if paths.config.stat().st_mtime_ns > paths.pid.stat().st_mtime_ns:
            return [
                f"{paths.config} was changed after the proxy started and is not in "
                f"force yet. To use it: {RESTART}"
            ]
    return []


def keys_since_start(settings: Settings, known: Container[str]) -> list[str]:
    """Return a sentence for keys of this environment that the proxy does not have."""
    found = find_keys(settings, run=False).found
    new = dict.fromkeys(
        key.source for provider, key in found.items() if provider not in known
    )
    if not new:
        return []
    are = "is" if len(new) == 1 else "are"
    return [
        f"{', '.join(new)} {are} set here, but the proxy started without. To use "
        f"{'it' if len(new) == 1 else 'them'}: {RESTART}"
    ]


def tell(sentences: list[str]) -> None:
    """Print each as a diagnostic."""
    for each in sentences:
        output.warn(each)
