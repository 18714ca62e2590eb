"""The simulated prompt cache: which part of a prompt was seen before.

Owns prompt token counting, at four bytes a token. Where a prompt marks breakpoints
only what lies before one is written and read; elsewhere every prefix is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.smoke.simulated.rates import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.smoke.simulated.ask import Segment

_BYTES_PER_TOKEN = 4
_LEAST = 1024  # unmarked prefixes are cached from here on, in whole blocks
_BLOCK = 128


@dataclass(frozen=True, slots=True)
class _Prefix:
    digest: bytes
    tokens: int
    mark: str | None


class PromptCache:
    """Prefixes seen so far, by model; nothing ever expires."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, bytes]] = set()

    def count(
        self,
        model: str,
        segments: Sequence[Segment],
        *,
        marked_only: bool,
        enabled: bool,
        remember: bool = True,
    ) -> Counts:
        """Return the input counters of a prompt and remember its prefixes.

        `marked_only` is for protocols that cache at breakpoints alone; there the part
        newly cached is a paid write.
        """
        prefixes = _prefixes(segments)
        total = prefixes[-1].tokens if prefixes else 0
        if not enabled:
            return Counts(input=total)
        kept = [p for p in prefixes if p.mark or not marked_only]
        # A breakpoint is looked up backwards, so unmarked parts before it count too.
        reach = kept[-1].tokens if kept else 0
        known = (
            prefix.tokens
            for prefix in prefixes
            if prefix.tokens <= reach and (model, prefix.digest) in self._seen
        )
        read = max(known, default=0)
        if remember:
            self._seen.update((model, prefix.digest) for prefix in kept)
        if not marked_only:
            read = read // _BLOCK * _BLOCK if read >= _LEAST else 0
            return Counts(input=total - read, cached=read)
        short, long = _written(kept, read)
        return Counts(
            input=total - read - short - long,
            cached=read,
            cache_write=short,
            cache_write_1h=long,
        )


def _written(kept: Sequence[_Prefix], read: int) -> tuple[int, int]:
    """Return the tokens newly written for five minutes and for one hour."""
    short = long = 0
    upto = read
    for prefix in kept:
        new = max(0, prefix.tokens - upto)
        upto += new
        if prefix.mark == "1h":
            long += new
        else:
            short += new
    return short, long


def _prefixes(segments: Sequence[Segment]) -> list[_Prefix]:
    """Return each prefix of the prompt with its rounded-up token count."""
    prefixes: list[_Prefix] = []
    running = hashlib.sha256()
    size = 0
    for segment in segments:
        running.update(len(segment.data).to_bytes(8, "big") + segment.data)
        size += len(segment.data)
        tokens = -(-size // _BYTES_PER_TOKEN)
        prefixes.append(_Prefix(running.copy().digest(), tokens, segment.mark))
    return prefixes
