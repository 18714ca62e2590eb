"""Kinds of work that providers offer at endpoints which are not served.

Owns their names by path, for the sentence that says why. Nothing there can be held:
what a batch, a fine-tune or a video costs is known only to the provider, and later.
"""

from __future__ import annotations

import re

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("batches", re.compile(r"/v1/(?:messages/)?batches\b|:batch[A-Z]|/v1beta/batches")),
    (
        "uploads",
        re.compile(
            r"/v1/(?:files|uploads|vector_stores|containers)\b|/(?:upload/)?v1beta/files"
        ),
    ),
    ("fine_tunes", re.compile(r"/v1/(?:fine_tuning|fine-tunes)\b|/tunedModels\b")),
    (
        "media",
        re.compile(
            r"/v1/(?:images|audio|videos?|realtime)\b|:predict(?:LongRunning)?$"
        ),
    ),
)


def kind_of_path(path: str) -> str | None:
    """Return the kind of work that a path is for, None for any other path."""
    return next((kind for kind, paths in _KINDS if paths.search(path)), None)
