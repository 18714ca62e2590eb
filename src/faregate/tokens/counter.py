"""Counting tokens as OpenAI's text models do, without the network.

Owns the loaded encodings. It must not be used on the common path of a request: a
count serves a tighter hold where the provider names its encoding, and figures that
are shown as estimates.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from typing import TYPE_CHECKING, Final

from faregate.tokens.vocabularies import (
    VocabularyError,
    load_encoding,
    packaged_files,
    vocabulary_named,
)

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tiktoken import Encoding

_log = logging.getLogger(__name__)

DEFAULT_ENCODING: Final = "o200k_base"

# The splitter of words goes back over such a run until its stack is used up.
_ENDLESS_BLANK = re.compile(r"\s{100000}")


class TokenCounter:
    """Counts the tokens of plain text; loads each encoding once, when first needed.

    Text that looks like a special token (`<|endoftext|>`) is counted as the plain text
    that it is. All methods raise VocabularyError for an encoding that is unknown, or
    whose file is missing or damaged, and never fetch another.
    """

    def __init__(self, *, folder: Traversable | None = None) -> None:
        """Read vocabularies from `folder`, by default the one inside the package."""
        self._folder = folder
        self._encodings: dict[str, Encoding] = {}
        self._loading = threading.Lock()
        self._unable: set[str] = set()

    async def count(self, text: str, encoding: str = DEFAULT_ENCODING) -> int:
        """Count the tokens of `text` in a helper thread."""
        return await asyncio.to_thread(self.count_now, text, encoding)

    async def count_if_able(
        self, text: str, encoding: str = DEFAULT_ENCODING
    ) -> int | None:
        """Count like `count`; None, and one warning in the log, where that fails.

        For those who can do without: a damaged file must not stop anything.
        """
        try:
            return await self.count(text, encoding)
        except VocabularyError as error:
            if encoding not in self._unable:
                self._unable.add(encoding)
                _log.warning("tokens are not counted, bytes stand for them: %s", error)
            return None

    async def prepare(self, encoding: str = DEFAULT_ENCODING) -> None:
        """Load an encoding in a helper thread while nothing is waiting for it.

        Loading holds the interpreter for some 0.15 s once, and the memory of some
        80 MB from then on; afterwards a count does neither.
        """
        await asyncio.to_thread(self._encoding, encoding)

    def count_now(self, text: str, encoding: str = DEFAULT_ENCODING) -> int:
        """Count the tokens of `text` in this thread: not for use on the event loop.

        Text with an endless run of blanks counts its bytes, which are never fewer.
        """
        if _ENDLESS_BLANK.search(text):
            return len(text.encode("utf-8", "replace"))
        return len(self._encoding(encoding).encode_ordinary(text))

    def _encoding(self, name: str) -> Encoding:
        loaded = self._encodings.get(name)
        if loaded is not None:
            return loaded
        vocabulary = vocabulary_named(name)
        with self._loading:
            loaded = self._encodings.get(name)
            if loaded is None:
                loaded = load_encoding(vocabulary, self._folder or packaged_files())
                self._encodings[name] = loaded
            return loaded
