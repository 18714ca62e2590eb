"""The one model of a request that every dialect is read into and written from.

Owns what two dialects share. A decoder always returns turns in canonical form, so
that equal requests are equal values whatever dialect they came in.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from faregate.core.values import dataclass
from faregate.protocols.events import CallKind, Seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faregate.protocols.losses import Loss


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"


class CacheMark(StrEnum):
    """How long the prompt up to a marked part is to be cached."""

    SHORT = "5m"
    LONG = "1h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """Bytes inside the request."""

    media_type: str
    data: str
    """Base64, as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Bytes at a URL that the provider fetches."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words."""

    text: str
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture."""

    source: Inline | Remote
    detail: str | None = None
    """ "low", "high" or "auto"."""
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file, such as a PDF."""

    source: Inline | Remote
    name: str | None = None
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """What the model thought, or a summary; its seal belongs to the next part too."""

    text: str
    seal: Seal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of an earlier turn."""

    id: str
    name: str
    arguments: str
    kind: CallKind = CallKind.FUNCTION
    namespace: str = ""
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call gave back."""

    call_id: str
    content: tuple[Text | Image | Document, ...] = ()
    is_error: bool = False
    kind: CallKind = CallKind.FUNCTION
    cache: CacheMark | None = None


Part = Text | Image | Document | Reasoning | ToolCall | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool that the client runs."""

    name: str
    description: str | None = None
    schema: Mapping[str, Any] | None = None
    """JSON schema of the arguments; None for a custom tool."""
    strict: bool = False
    kind: CallKind = CallKind.FUNCTION
    namespace: str = ""
    grammar: Mapping[str, Any] | None = None
    """The format of a custom tool's text."""
    cache: CacheMark | None = None


class Choice(StrEnum):
    """Whether tools are to be called, where that is not left to the model."""

    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """Which tools may or must be called."""

    choice: Choice
    name: str = ""
    namespace: str = ""


UNNAMED = "answer"
"""The name of a schema that was given none, where a dialect wants one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """JSON that the answer has to be; `schema` None for any JSON."""

    schema: Mapping[str, Any] | None = None
    name: str | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningControl:
    """How much the model shall think; None leaves a matter to the provider."""

    effort: str | None = None
    """ "none", "minimal", "low", "medium", "high", "xhigh", "max"."""
    budget: int | None = None
    """Most tokens of thought; 0 for none."""
    visible: bool = False
    """The client wants to see the thoughts, or a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are chosen."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    """Alternatives wanted beside each token; 0 for the token alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One request."""

    model: str
    turns: tuple[Turn, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_calls: bool = True
    output_bound: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    reasoning: ReasoningControl = field(default_factory=ReasoningControl)
    output_format: OutputFormat | None = None
    verbosity: str | None = None
    user: str | None = None
    cache_key: str | None = None
    stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A request as read, and what of it the model above cannot hold."""

    dialogue: Dialogue
    losses: frozenset[Loss] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A request as written, and what of it the dialect cannot say."""

    body: bytes
    losses: frozenset[Loss] = frozenset()


def canonical(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Return turns with neighbours of one role joined and tool results first.

    Empty texts and empty turns are left out: no dialect has a meaning for them.
    """
    joined: list[tuple[Role, list[Part]]] = []
    for turn in turns:
        parts = [_full(p) for p in turn.parts if not isinstance(p, Text) or p.text]
        if not parts:
            continue
        if joined and joined[-1][0] is turn.role:
            joined[-1][1].extend(parts)
        else:
            joined.append((turn.role, parts))
    return tuple(Turn(role=role, parts=_results_first(parts)) for role, parts in joined)


def _full(part: Part) -> Part:
    if not isinstance(part, ToolResult):
        return part
    said = tuple(p for p in part.content if not isinstance(p, Text) or p.text)
    return part if len(said) == len(part.content) else replace(part, content=said)


def _results_first(parts: list[Part]) -> tuple[Part, ...]:
    results = [part for part in parts if isinstance(part, ToolResult)]
    if not results or parts[: len(results)] == results:
        return tuple(parts)
    others = [part for part in parts if not isinstance(part, ToolResult)]
    return (*results, *others)


def unmarked(dialogue: Dialogue) -> Dialogue:
    """Return a request without its cache marks."""
    turns = tuple(
        replace(turn, parts=tuple(_unmarked(part) for part in turn.parts))
        for turn in dialogue.turns
    )
    tools = tuple(replace(tool, cache=None) for tool in dialogue.tools)
    return replace(dialogue, turns=turns, tools=tools)


def _unmarked(part: Part) -> Part:
    if isinstance(part, Reasoning):
        return part
    if isinstance(part, ToolResult):
        content = tuple(replace(each, cache=None) for each in part.content)
        return replace(part, content=content, cache=None)
    return replace(part, cache=None)


def marks(dialogue: Dialogue) -> bool:
    """Tell whether a request holds any cache mark."""
    return any(tool.cache for tool in dialogue.tools) or any(
        _marked(part) for turn in dialogue.turns for part in turn.parts
    )


def _marked(part: Part) -> bool:
    if isinstance(part, Reasoning):
        return False
    if part.cache is not None:
        return True
    return isinstance(part, ToolResult) and any(each.cache for each in part.content)
