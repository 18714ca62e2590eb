"""One tool call with its result: what makes it the same as another.

Owns which results tell of an error, and which calls only let time pass. A step has
digests of texts and single words, never a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.loops.arguments import (
    asked,
    command,
    content_words,
    numbers,
    target,
    tokens,
    words_without,
)
from faregate.core.loops.normal import normal_result, plain_words
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.transcript import ToolCall, ToolResult

_ERROR_WORDS = 60
_NO_WORDS: frozenset[str] = frozenset()
_HEAD = 1500
# What shells of agents say about every command.
_BOOKKEEPING = frozenset(
    (
        *("chunk", "code", "command", "count", "directory", "duration", "empty"),
        *("error", "exit", "exited", "group", "id", "none", "original", "output"),
        *("pgid", "process", "returncode", "root", "running", "seconds", "signal"),
        *("time", "token", "wall", "with", "untrusted_context", "0", "1", "2"),
    )
)
_STATE_LENGTH = 300

_FAILED = re.compile(
    r"(?:^|\n)\s*(?!error: \(?none)(?:error|fatal|traceback|failed|failure|exception"
    r"|panic|rejected|refused|invalid|unable to|could not|cannot|can't)\b"
    r"|\b\w+(?:Error|Exception)\b:|\berror:(?! \(?none)|command not found|No such file"
    r"|permission denied|verification failed|\bnot recognized as\b"
    r"|exit(?:ed)?(?: with)? (?:code|status)[: ]+[1-9]|<returncode>[1-9]"
    r"|returncode[\"': ]+[1-9]|exit code[: ]+[1-9]",
    re.IGNORECASE,
)
_FAILED_HINTS = (
    *("error", "fatal", "traceback", "fail", "exception", "panic", "not found"),
    *("no such", "denied", "exit", "returncode", "not recognized", "rejected"),
    *("refused", "invalid", "unable to", "could not", "cannot", "can't"),
)
_WAITING_CALL = re.compile(
    r"\b(?:sleep|start-sleep|watch|wait|inotifywait|until|tail -f)\b"
)
_WAITING_TOOL = re.compile(
    r"(?:bash|task|shell|process|command|agent)_?output|write_stdin|wait|poll|await"
    r"|sleep|monitor|status",
    re.IGNORECASE,
)
_WAITING_STATE = re.compile(
    r"\b(?:still|currently|status|state|phase|job|is|process)\b.{0,24}?\b(?:running|"
    r"in[ _-]progress|pending|queued|building|waiting|loading|starting|not ready|"
    r"processing|scheduled)\b"
    r"|\b(?:compiling|building|bundling|linking|downloading|uploading|fetching|pulling|"
    r"installing|resolving|loading|indexing|starting|waiting|running|processing)\b"
    r"[^\n]*?(?:\.\.\.|\u2026|\d ?%)",
    re.IGNORECASE | re.DOTALL,
)
# Moves something that its result does not show.
_MOVING_TOOL = re.compile(
    r"(?:^|_)(?:press|key|keys|scroll|swipe|tap|click|drag|hover|mouse|move|type|fill|"
    r"next|step|forward|turn|computer|navigate|goto)(?:_|$)",
    re.IGNORECASE,
)
_SAYS_LITTLE = 40
_LOOKING_TOOL = re.compile(
    r"read|view|search|grep|glob|list|get|fetch|query|find|show|describe|snapshot",
    re.IGNORECASE,
)
_LOOKING_COMMAND = re.compile(
    r"\s*(?:cd \S+ && )?(?:cat|head|tail|less|more|nl|bat|ls|find|grep|rg|ag|tree|wc"
    r"|awk|sed -n|git (?:log|show|diff|status|blame|grep))\b[^>]*"
)


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call with its result, as far as loops are concerned."""

    tool: str
    asks: int
    """Hash of what the call asks for, exactly."""
    brings: int
    """Hash of what its result says."""
    bare: int
    """The same without the words of the call, which many results repeat."""
    error: frozenset[str]
    """The first of those words, where the call failed."""
    tells: int
    """How many of those words there are, up to some."""
    failed: bool
    waits: bool
    """The call is made to let time pass, or its result says that something runs."""
    moves: bool
    """It moves what its result does not show: a key pressed, a page scrolled."""
    looks: bool
    """It only shows something and changes nothing."""
    words: frozenset[str]
    tokens: tuple[str, ...]
    """The words of the call in order, flags and numbers with them."""
    numbers: tuple[str, ...]
    target: str | None


def step_of(call: ToolCall, result: ToolResult | None) -> Step:
    """Return a call and its result as one step; a call may have none yet."""
    text = "" if result is None else plain_words(result.text)
    normal = normal_result(text)
    bare = words_without(normal, call.arguments)
    own = [word for word in bare if word not in _BOOKKEEPING]
    # A search that finds nothing ends with a code, too, and no word of an error.
    failed = bool(own) and may_have_failed(result, text)
    return Step(
        tool=call.name,
        asks=hash(asked(call.arguments)),
        brings=hash(normal),
        bare=hash(bare),
        error=frozenset(own[:_ERROR_WORDS]) if failed else _NO_WORDS,
        tells=len(own),
        failed=failed,
        waits=_waits(call, normal, failed=failed),
        moves=not failed and _moves(call, normal),
        looks=_looks(call),
        words=content_words(call.arguments),
        tokens=tokens(call.arguments),
        numbers=numbers(call.arguments),
        target=target(call.arguments),
    )


def may_have_failed(result: ToolResult | None, text: str) -> bool:
    """Tell whether a call failed, if its result's plain `text` has words of its own."""
    return result is not None and (result.is_error or _says_failed(text))


def _says_failed(text: str) -> bool:
    head = text[:_HEAD]
    low = head.lower()
    # Far cheaper than the expression, which most results would run through in vain.
    if not any(hint in low for hint in _FAILED_HINTS):
        return False
    return _FAILED.search(head) is not None


def _waits(call: ToolCall, result: str, *, failed: bool) -> bool:
    if _WAITING_TOOL.fullmatch(call.name) or _WAITING_CALL.search(
        command(call.arguments)
    ):
        return True
    if failed or len(result) > _STATE_LENGTH:
        return False
    return _WAITING_STATE.search(result) is not None


def _moves(call: ToolCall, result: str) -> bool:
    return len(result) <= _SAYS_LITTLE and _MOVING_TOOL.search(call.name) is not None


def _looks(call: ToolCall) -> bool:
    shown = command(call.arguments) if call.arguments.startswith("{") else ""
    if shown:
        return _LOOKING_COMMAND.fullmatch(shown) is not None
    return _LOOKING_TOOL.search(call.name) is not None


def asks_no_other(one: Step, other: Step) -> bool:
    """Tell whether one of two calls only says less than the other.

    Where each has a word or a number that the other lacks, they ask different things.
    """
    words = one.words <= other.words or other.words <= one.words
    mine, theirs = set(one.numbers), set(other.numbers)
    return words and (mine <= theirs or theirs <= mine)
