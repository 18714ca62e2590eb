"""What each part of a conversation is, read once.

Owns the memory by which a message that an agent sends again with every turn is not
read again. It holds hashes, sizes and flags under a process-local hash of the bytes,
and no text: of the latest long bodies alone the text is kept, by `body_memory`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.lean import lean
from faregate.core.pricing import CacheWrite
from faregate.core.values import dataclass
from faregate.protocols.cache_markers import (
    NO_WRITE,
    dearest_write,
    is_marked,
    unmarked,
)
from faregate.protocols.codec import BadRequestError
from faregate.protocols.fields import limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from faregate.protocols.json_object import JsonObject
    from faregate.protocols.known_body import Growing
    from faregate.protocols.tools import ToolFacts

ANYWHERE = 2**31
"""The reach of media that may stand behind any part."""
_REMEMBERED = 16_384
_REMOTE = b'"http'
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


@lean
@dataclass(frozen=True, slots=True)
class SeenPart:
    """One message or item, as far as it matters."""

    digest: int = 0
    """Hash without its cache markers."""
    size: int = 0
    user: bool = False
    """The user speaks."""
    media: bool = False
    remote: bool = False
    """What it holds may stand at a URL."""
    audio: bool = False
    stored: bool = False
    """It names what is stored at the provider."""
    tools: ToolFacts | None = None
    """Tools that it declares."""
    cache_write: CacheWrite = CacheWrite.NONE
    plain: bool = True
    """It is text, and nothing else of it matters."""


@lean
@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one request in order; `elements` are their JSON."""

    elements: Sequence[bytes]
    seen: Sequence[SeenPart]
    marked: Sequence[tuple[int, SeenPart]]
    """Those that are more than text, each with its number from 1."""
    digests: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def until_user(self) -> int:
        """Return how many there are up to the first user's, that included."""
        count = 0
        for part in self.seen:
            count += 1
            if part.user:
                break
        return count

    @property
    def media_reach(self) -> int:
        """Return the number of the last part that holds media, 0 when none does.

        What stands at a URL may be another thing the next time it is fetched: then
        no part can be said to be the last.
        """
        reach = 0
        for number, part in self.marked:
            if part.remote:
                return ANYWHERE
            if part.media:
                reach = number
        return reach

    @property
    def cache_write(self) -> CacheWrite:
        """Return the dearest cache write that a marker in them can cause."""
        found = NO_WRITE
        for _, part in self.marked:
            found = dearest_write(found, part.cache_write)
        return found

    @property
    def audio(self) -> bool:
        """Tell whether any of them is sound."""
        return any(part.audio for _, part in self.marked)

    @property
    def stored(self) -> bool:
        """Tell whether any of them names what is stored at the provider."""
        return any(part.stored for _, part in self.marked)

    @property
    def unbounded(self) -> bool:
        """Tell whether there is input that its bytes do not bound."""
        # Most requests have none, and to ask `any` takes longer than to look.
        return bool(self.marked) and any(
            part.media or part.stored for _, part in self.marked
        )

    def tools(self) -> Iterator[ToolFacts]:
        """Yield the tools that parts declare."""
        for _, part in self.marked:
            if part.tools is not None:
                yield part.tools


class PartMemory:
    """Remembers the parts of one dialect."""

    def __init__(self, read: Callable[[bytes], SeenPart]) -> None:
        """Remember what `read` says of a part.

        It sets flags alone, and raises msgspec.DecodeError for what it cannot read.
        """
        self._read = read
        self._known: dict[int, SeenPart] = {}

    def of(self, request: JsonObject, name: str) -> Parts | None:
        """Return the parts of a member of a request that is a list.

        None when one has a form nobody knows. Raises BadRequestError when it is no
        list at all, or one beyond all reason.
        """
        known = request.known
        if known is None:
            return self.parts(request.get(name) or b"[]", name)
        parts: Parts | None
        grows = known.grows
        if grows is None:
            raw = request.get(name)
            parts = self.parts(raw or b"[]", name)
            if parts is not None and raw is not None:
                known.split(name, request.spans[name][1], parts.elements, parts)
            return parts
        parts = grows.parts
        if parts is None:
            grows.parts = parts = self._more(grows, name)
            grows.before = None
        return parts

    def parts(self, raw: bytes, name: str) -> Parts | None:
        """Return the parts in a JSON list, as `of` does."""
        try:
            found = limited(_ELEMENTS.decode(raw), name)
        except (msgspec.DecodeError, RecursionError):
            if not raw.startswith(b"["):
                raise BadRequestError(f"`{name}` must be a list.", name) from None
            return None
        return self._joined(NO_PARTS, 0, [bytes(each) for each in found])

    def _more(self, grows: Growing, name: str) -> Parts | None:
        """Return the parts of a list that goes on from one that was read before."""
        elements: Sequence[bytes] = limited(grows.elements, name)
        before: Parts | None = grows.before
        if before is None:
            return self._joined(NO_PARTS, 0, elements)
        return self._joined(before, grows.shared, elements)

    def _joined(
        self, before: Parts, shared: int, elements: Sequence[bytes]
    ) -> Parts | None:
        """Return the parts that elements are, the first of them those of `before`."""
        seen = list(before.seen[:shared])
        marked = [each for each in before.marked if each[0] <= shared]
        digests, sizes = list(before.digests[:shared]), list(before.sizes[:shared])
        look = self.look
        try:
            for element in elements[shared:]:
                part = look(element)
                seen.append(part)
                digests.append(part.digest)
                sizes.append(part.size)
                if not part.plain:
                    marked.append((len(seen), part))
        except (msgspec.DecodeError, RecursionError):
            return None
        return Parts(elements, seen, marked, tuple(digests), tuple(sizes))

    def look(self, piece: bytes) -> SeenPart:
        """Return what one part is."""
        key = hash(piece)
        part = self._known.get(key)
        if part is None or part.size != len(piece):
            part = self._learned(piece, key)
            self._keep(key, part)
        return part

    def _learned(self, piece: bytes, key: int) -> SeenPart:
        """Read a part; know it without its cache marker too, which moves away."""
        flags = self._read(piece)
        if not is_marked(piece):
            return _part(flags, piece, key, NO_WRITE)
        plain, write = unmarked(piece)
        part = _part(flags, piece, hash(plain), write)
        # A marker of an unknown form stays in what is left.
        if not _is_more(flags) and not is_marked(plain):
            self._keep(part.digest, _part(flags, plain, part.digest, NO_WRITE))
        return part

    def _keep(self, key: int, part: SeenPart) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = part


def _is_more(flags: SeenPart) -> bool:
    """Tell whether a reader found anything but text."""
    return flags.media or flags.audio or flags.stored or flags.tools is not None


def _part(flags: SeenPart, piece: bytes, digest: int, write: CacheWrite) -> SeenPart:
    """Return what a reader said of a part, with what its bytes say."""
    if write is NO_WRITE and not _is_more(flags):
        return SeenPart(digest, len(piece), flags.user)
    # By name and not by `replace`, which takes longer than to read the part.
    return SeenPart(
        digest=digest,
        size=len(piece),
        user=flags.user,
        media=flags.media,
        remote=flags.media and _REMOTE in piece,
        audio=flags.audio,
        stored=flags.stored,
        tools=flags.tools,
        cache_write=write,
        plain=False,
    )


NO_PARTS = Parts((), (), (), (), ())
_TEXTS = PartMemory(lambda _text: SeenPart(user=True))


def text_part(raw: bytes) -> SeenPart:
    """Return what a text beside the messages is, such as the system's."""
    return _TEXTS.look(raw)


def text_parts(texts: Sequence[bytes]) -> Parts:
    """Return the parts that texts are, each for itself."""
    seen = [*map(text_part, texts)]
    digests = tuple([part.digest for part in seen])
    sizes = tuple([part.size for part in seen])
    return Parts(texts, seen, (), digests, sizes)
