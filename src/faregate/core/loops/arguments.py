"""What a tool call asks for, apart from how it is put.

Owns which arguments say only how patient or how talkative a call is, and which words
carry its meaning. A number is never taken for another: it may name a file, a page or
a seed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 4_000
"""Characters of arguments whose words are told apart; the rest counts as one."""
MOST_WORDS = 100
"""Different words of a text; with more it is only the same or not."""
_BARE_LENGTH = 1000
_DEEPEST = 32
_WORD = re.compile(r"[^\W_][\w./-]*")
_INNER = "_./-"
_GAPS = {
    code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in _INNER)
}
"""What stands between two words of ASCII."""
_WRITER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_READER = json.JSONDecoder()
_ESCAPE = re.compile(r"\\[nrtbf\"/\\]")

# Said about a call, or how long to wait for it: no part of what it asks.
_MANNER = frozenset(
    {
        "description",
        "explanation",
        "justification",
        "reason",
        "reasoning",
        "thought",
        "title",
        "instruction",
        "timeout",
        "timeout_ms",
        "timeoutms",
        "yield_time_ms",
        "max_output_tokens",
        "toolcallid",
    }
)
_TARGETS = (
    "file_path",
    "filepath",
    "path",
    "absolute_path",
    "notebook_path",
    "target_file",
    "url",
    "uri",
)
_PATIENCE = re.compile(
    r"(?:--?(?:max-)?(?:timeout|attempts?|retry|retries|tries|wait|delay|time)"
    r"(?:[ =]|(?=\d))|\b(?:sleep|timeout) )\d+(?:\.\d+)?[smh]?\b"
)
_COMMANDS = ("command", "cmd", "commands", "script")
_PATCHED = re.compile(r"\*\*\* (?:Update|Add|Delete) File: ([^\s\\\"]+)")
_QUOTES = str.maketrans("", "", "\"'`")
_SEPARATORS = re.compile(r"[\s,;|&(){}\[\]<>!?]+")
_DOTS = re.compile(r"(?:^|(?<=/))\./")
_SLASHES = re.compile(r"/{2,}")
_NUMBER = re.compile(r"\d+")
_FILLERS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "do", "does", "for", "from"),
        *("going", "how", "i", "if", "in", "is", "it", "its", "ll", "let", "me", "my"),
        *("of", "on", "or", "please", "so", "that", "the", "then", "there", "this"),
        *("to", "true", "was", "we", "what", "when", "why", "will", "with", "would"),
        *("you", "your", "am", "im", "ill"),
    )
)


def asked(arguments: str) -> str:
    """Return arguments in one spelling, without what is only manner."""
    decoded = _decoded(arguments)
    if decoded is None:
        return arguments.strip()
    kept = {key: value for key, value in decoded.items() if not _is_manner(key)}
    try:
        return _WRITER.encode(kept)
    except RecursionError:
        return arguments.strip()


def tried(tool: str, arguments: str) -> int:
    """Return a hash that is the same for calls that are `asked` the same, at least.

    It tells apart a little less, such as true from 1, and is had for a fraction.
    """
    plain = arguments.strip()
    decoded = _decoded(plain)
    return hash((tool, plain)) if decoded is None else tried_with(tool, decoded)


def tried_with(tool: str, arguments: Mapping[str, Any]) -> int:
    """Return the same of arguments that are an object, already decoded."""
    kept = [item for item in arguments.items() if item[0].lower() not in _MANNER]
    try:
        return hash((tool, frozenset(kept)))
    except TypeError:
        # A list or an object in it has no hash.
        pass
    try:
        return hash((tool, _WRITER.encode(dict(kept))))
    except RecursionError:
        return hash(tool)


def target(arguments: str) -> str | None:
    """Return the file or address that a call is about; None when none is named."""
    lowered = {key.lower(): value for key, value in (_decoded(arguments) or {}).items()}
    for key in _TARGETS:
        value = lowered.get(key)
        if isinstance(value, str):
            return _path(value)
    patched = _PATCHED.search(arguments)
    return None if patched is None else _path(patched.group(1))


def command(arguments: str) -> str:
    """Return what a shell is to run; "" when the call is for no shell."""
    decoded = _decoded(arguments)
    if decoded is None:
        return arguments
    return " ".join(_flat(decoded[key]) for key in _COMMANDS if key in decoded)


def content_words(arguments: str) -> frozenset[str]:
    """Return the words that carry a call's meaning; flags and fillers are none."""
    decoded = _decoded(arguments)
    if decoded is None:
        return words_of(without_patience(arguments))
    texts = [_flat(value) for key, value in decoded.items() if not _is_manner(key)]
    return words_of(without_patience(" ".join(texts)))


def tokens(arguments: str) -> tuple[str, ...]:
    """Return every word of a call in order, flags and numbers with them."""
    decoded = _decoded(arguments)
    texts = [arguments]
    if decoded is not None:
        keys = sorted(key for key in decoded if not _is_manner(key))
        texts = [_flat(decoded[key]) for key in keys]
    plain = without_patience(" ".join(texts))[:LONGEST].translate(_QUOTES).lower()
    found = tuple(_path(word) for word in _SEPARATORS.split(plain) if word)
    return found if len(found) <= MOST_WORDS else (str(hash(found)),)


def numbers(arguments: str) -> tuple[str, ...]:
    """Return every number that a call asks with, in order; patience is none."""
    text = without_patience(asked(arguments))
    found = _NUMBER.findall(text[:LONGEST])
    return (*found, str(hash(text[LONGEST:]))) if len(text) > LONGEST else tuple(found)


def without_patience(text: str) -> str:
    """Return a text without how long and how often something is to be tried."""
    if "-" in text or "sleep " in text or "timeout " in text:
        return _PATIENCE.sub(" ", text)
    return text


def words_of(text: str) -> frozenset[str]:
    """Return the content words of a text: no flags, no fillers, no plural."""
    plain = text[:LONGEST].translate(_QUOTES).lower()
    found = {
        _stem(_path(word))
        for word in _SEPARATORS.split(plain)
        if word and not word.startswith("-")
    }
    found -= _FILLERS
    found.discard("")
    if len(text) > LONGEST:
        found.add(str(hash(text[LONGEST:])))
    if len(found) > MOST_WORDS:
        return frozenset({str(hash(frozenset(found)))})
    return frozenset(found)


def words_without(text: str, arguments: str) -> tuple[str, ...]:
    """Return the words of a text, in order, without those of the arguments.

    Many results, errors above all, repeat what they were asked. What comes after the
    first words counts as one.
    """
    echoed = set(_words(_escapes_as_spaces(arguments[:LONGEST]).lower()))
    head, rest = text[:_BARE_LENGTH].lower(), text[_BARE_LENGTH:]
    own = [word for word in _words(head) if word not in echoed]
    if rest:
        own.append(str(hash(rest)))
    return tuple(own)


def _words(text: str) -> list[str]:
    if not text.isascii():
        return _WORD.findall(text)
    # The same by a table, which is several times faster.
    found = [word.lstrip(_INNER) for word in text.translate(_GAPS).split()]
    return [word for word in found if word]


def _escapes_as_spaces(arguments: str) -> str:
    return _ESCAPE.sub(" ", arguments)


def _path(word: str) -> str:
    # Most words have neither, and an expression takes longer than a look.
    if "./" in word:
        word = _DOTS.sub("", word)
    if "//" in word:
        word = _SLASHES.sub("/", word)
    return word.rstrip("/.:")


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _is_manner(key: str) -> bool:
    return key.lower() in _MANNER


def _flat(value: Any, depth: int = 0) -> str:
    """Return every text and number in a value, but for what lies very deep."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        if depth == _DEEPEST:
            return ""
        return " ".join(_flat(each, depth + 1) for each in inner)
    return "" if value is None or value is True or value is False else str(value)


@lru_cache(maxsize=8)
def _decoded(arguments: str) -> dict[str, Any] | None:
    """Return arguments that are a JSON object; None for any other text.

    The object is shared by all who read the same call: leave it as it is.
    """
    if not arguments.lstrip().startswith("{"):
        return None
    try:
        value = _READER.decode(arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
