"""Media as URLs: bytes inside a `data:` URL, or bytes elsewhere."""

from __future__ import annotations

import re

from faregate.protocols.dialogue import Inline, Remote

_DATA = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?);base64,", re.IGNORECASE)


def source_of(url: str) -> Inline | Remote:
    """Return what a URL stands for."""
    match = _DATA.match(url)
    if match is None:
        return Remote(url=url)
    kind = match.group(1) or "application/octet-stream"
    return Inline(media_type=kind, data=url[match.end() :])


def url_of(source: Inline | Remote) -> str:
    """Return a source as a URL."""
    if isinstance(source, Remote):
        return source.url
    return f"data:{source.media_type};base64,{source.data}"
