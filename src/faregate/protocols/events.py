"""The one union of events that every streamed or whole answer is read as.

Owns the words between decoders and encoders: N of each, never N x N. Blocks (text,
reasoning, refusal, call) come strictly one after another: a delta of another kind
ends the open block, and `BlockEnded` ends one where the same kind follows. An answer
ends with one `Finished`, after all of its usage, or with one `Failed`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from faregate.core.usage import Usage


class StopReason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    CONTEXT_WINDOW = "context_window"
    """The context window was full before the answer was."""
    PAUSED = "paused"
    """The provider ended a long turn; the same request continues it."""
    MALFORMED_CALL = "malformed_call"
    """The model wrote a tool call that the provider itself could not read."""


class CallKind(StrEnum):
    """What a tool takes."""

    FUNCTION = "function"
    """A JSON object that follows a schema."""
    CUSTOM = "custom"
    """Free text."""
    LOCAL_SHELL = "local_shell"
    """A command of the vendor's own shell tool, run by the client."""


class Seal(msgspec.Struct, frozen=True, gc=False):
    """A provider's opaque proof of its reasoning, which only it can read."""

    origin: str
    """Protocol id of the dialect that it was made in."""
    data: str


class Started(msgspec.Struct, frozen=True, gc=False):
    """The answer began. Texts are "" where the provider states none."""

    id: str = ""
    model: str = ""


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """More visible text."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """More reasoning, or a summary of it."""

    text: str


class RefusalDelta(msgspec.Struct, frozen=True, gc=False):
    """More of the model's refusal to answer."""

    text: str


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """The seal of the open reasoning block; without one, of an empty block."""

    seal: Seal


class CallStarted(msgspec.Struct, frozen=True, gc=False):
    """The model calls a tool; its arguments follow until the block ends."""

    id: str
    name: str
    kind: CallKind = CallKind.FUNCTION
    namespace: str = ""


class CallDelta(msgspec.Struct, frozen=True, gc=False):
    """More of the open call's arguments: JSON text, or free text of a custom call."""

    arguments: str


class BlockEnded(msgspec.Struct, frozen=True, gc=False):
    """The open block is whole."""


class Logprobs(msgspec.Struct, frozen=True, gc=False):
    """Log probabilities of the tokens that were last seen, where asked for."""

    values: tuple[float, ...]


class UsageSeen(msgspec.Struct, frozen=True, gc=False):
    """Usage as the provider states it so far: totals, never increments."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True, gc=False):
    """The answer is whole."""

    reason: StopReason
    sequence: str | None = None
    """The stop sequence that was met, where it is stated."""


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The provider ended the answer with an error."""

    message: str
    code: str | None = None


StreamEvent = (
    Started
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | Sealed
    | CallStarted
    | CallDelta
    | BlockEnded
    | Logprobs
    | UsageSeen
    | Finished
    | Failed
)
