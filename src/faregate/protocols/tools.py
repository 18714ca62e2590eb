"""Which of a request's tools the provider runs and bills itself.

Owns the reading of tool lists. Which kinds run at the client is for each dialect to
say; a kind that it does not list counts as the provider's, so that a new one is
never cheap.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from faregate.core.pricing import CacheWrite
from faregate.core.values import dataclass
from faregate.protocols.cache_markers import cache_write_of, digest_of
from faregate.protocols.codec import BadRequestError
from faregate.protocols.fields import MAX_COUNT, limited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DATED = re.compile(r"_\d{8}$|_preview(_\d{4}_\d{2}_\d{2})?$|_\d{4}_\d{2}_\d{2}$")
LARGEST_REMEMBERED = 512 * 1024
"""Bytes of a list that is kept until newer ones come."""


class _Tool(msgspec.Struct, gc=False):
    type: str | None = None
    max_uses: int | None = None
    tools: msgspec.Raw = msgspec.Raw()
    """The tools of a namespace."""
    environment: msgspec.Raw = msgspec.Raw()
    """Where a shell runs."""


_TOOLS = msgspec.json.Decoder(list[_Tool])


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFacts:
    """A tool list: how many, which are the provider's, how often those may run."""

    count: int = 0
    server: tuple[str, ...] = ()
    uses: int | None = 0
    """Sum of the server tools' declared maximum uses; None when one has none."""
    digest: int = 0
    cache_write: CacheWrite = CacheWrite.NONE


NO_TOOLS = ToolFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKinds:
    """The kinds of tools that the client runs: exact names, and prefixes."""

    names: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def __contains__(self, kind: str) -> bool:
        return kind in self.names or kind.startswith(self.prefixes)


def read_tools(raw: bytes | None, client: ClientKinds) -> ToolFacts:
    """Return what matters of a tool list; raise BadRequestError where it is none.

    Agents send the same long list with each request, so it is read once.
    """
    if raw is None:
        return NO_TOOLS
    if len(raw) > LARGEST_REMEMBERED:
        return _read(raw, client)
    return _remembered(raw, client)


@lru_cache(maxsize=64)
def _remembered(raw: bytes, client: ClientKinds) -> ToolFacts:
    return _read(raw, client)


def _read(raw: bytes, client: ClientKinds) -> ToolFacts:
    tools = list(_flat(raw))
    server = [
        tool
        for tool in tools
        if tool.type and (tool.type not in client or _is_hosted(tool))
    ]
    limits = [tool.max_uses for tool in server]
    return ToolFacts(
        count=len(tools),
        server=unique(server_name(tool.type or "") for tool in server),
        uses=None if None in limits else sum(n for n in limits if n is not None),
        digest=digest_of(raw),
        cache_write=cache_write_of([raw]),
    )


def _is_hosted(tool: _Tool) -> bool:
    """Tell whether a shell runs on a machine of the provider's, which is billed."""
    return tool.type == "shell" and b'"container' in bytes(tool.environment)


def _flat(raw: bytes | msgspec.Raw) -> Iterator[_Tool]:
    try:
        tools = limited(_TOOLS.decode(raw), "tools")
    except RecursionError:
        raise BadRequestError("`tools` is nested too deeply.", "tools") from None
    except msgspec.DecodeError as error:
        raise BadRequestError(f"`tools` cannot be read: {error}.", "tools") from None
    for tool in tools:
        if tool.max_uses is not None and not 1 <= tool.max_uses <= MAX_COUNT:
            raise BadRequestError(
                "`max_uses` of a tool must be a whole number above 0.", "tools"
            )
        if tool.type == "namespace" and tool.tools:
            yield from _flat(tool.tools)
        else:
            yield tool


def server_name(kind: str) -> str:
    """Return the plain name of a server tool: "web_search_20250305" is dated."""
    return _DATED.sub("", kind)


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order, each once."""
    return tuple(dict.fromkeys(names))
