"""The tiktoken vocabularies that ship with the package.

Owns which encodings there are, their files and their checksums. It never asks the
network: tiktoken's own loader would, when a file is missing or damaged.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tiktoken import Encoding


class VocabularyError(Exception):
    """A vocabulary is unknown, missing or damaged; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """One encoding: how text is split, and the checksum of its unpacked ranks."""

    name: str
    sha256: str
    pattern: str


# The patterns are those of tiktoken's own definitions of these encodings, which cannot
# be asked for without downloading the ranks.
_O200K_PATTERN: Final = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_CL100K_PATTERN: Final = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)

VOCABULARIES: Final = (
    Vocabulary(
        name="o200k_base",
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        pattern=_O200K_PATTERN,
    ),
    Vocabulary(
        name="cl100k_base",
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        pattern=_CL100K_PATTERN,
    ),
)


def packaged_files() -> Traversable:
    """The folder of the compressed rank files inside the package."""
    return files("faregate") / "tokens" / "vocabulary"


def vocabulary_named(name: str) -> Vocabulary:
    """The vocabulary of an encoding; raises VocabularyError for an unknown name."""
    for vocabulary in VOCABULARIES:
        if vocabulary.name == name:
            return vocabulary
    known = ", ".join(vocabulary.name for vocabulary in VOCABULARIES)
    raise VocabularyError(f"no vocabulary is named {name!r}; known are {known}")


def load_encoding(vocabulary: Vocabulary, folder: Traversable) -> Encoding:
    """Build an encoding from its file in `folder`; takes about 0.4 s.

    Half of that is one call that holds the interpreter, whatever thread it runs in.
    Raises VocabularyError when the file is missing or is not the one expected.
    """
    from tiktoken import Encoding

    return Encoding(
        vocabulary.name,
        pat_str=vocabulary.pattern,
        mergeable_ranks=_parse_ranks(vocabulary, _checked_bytes(vocabulary, folder)),
        special_tokens={},
    )


def _checked_bytes(vocabulary: Vocabulary, folder: Traversable) -> bytes:
    file = folder / f"{vocabulary.name}.tiktoken.gz"
    try:
        unpacked = gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise VocabularyError(
            f"the vocabulary file {file} cannot be read ({error}); reinstall faregate"
        ) from error
    found = hashlib.sha256(unpacked).hexdigest()
    if found != vocabulary.sha256:
        raise VocabularyError(
            f"the vocabulary file {file} is damaged: its sha256 is {found}, "
            f"expected {vocabulary.sha256}; reinstall faregate"
        )
    return unpacked


def _parse_ranks(vocabulary: Vocabulary, unpacked: bytes) -> dict[bytes, int]:
    """Read lines of `base64-of-token rank`."""
    pairs = (line.split(b" ") for line in unpacked.splitlines())
    try:
        return {base64.b64decode(token): int(rank) for token, rank in pairs}
    except (binascii.Error, ValueError) as error:
        raise VocabularyError(
            f"the vocabulary {vocabulary.name} is not a list of token and rank: {error}"
        ) from error
