"""Tools that only one dialect has, as plain functions, and back again.

Owns the names that stand for namespaced tools and the one argument that stands for
free text. The way back reads the answer's events; nothing here knows a dialect.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from faregate.core.values import dataclass
from faregate.protocols.dialogue import Dialogue, Part, Tool, ToolCall, ToolResult
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    StreamEvent,
)
from faregate.protocols.losses import Loss
from faregate.protocols.members import json_object, object_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_NAME = 64
"""Characters of a function's name that every provider accepts."""
_TAKEN_ANYWHERE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
_UNUSUAL = re.compile(r"[^a-zA-Z0-9_-]|^(?=[^a-zA-Z_])")
_FREE_TEXT = "input"
_SHELL_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "command": {"type": "array", "items": {"type": "string"}},
        "timeout_ms": {"type": "integer"},
        "working_directory": {"type": "string"},
    },
    "required": ["command"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What a function's name stands for."""

    name: str
    namespace: str = ""
    kind: CallKind = CallKind.FUNCTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """A request of plain functions, and what they stand for."""

    dialogue: Dialogue
    originals: Mapping[str, Original] = field(default_factory=dict)
    losses: frozenset[Loss] = frozenset()


def flattened(dialogue: Dialogue, *, names_alone: bool = False) -> Flattened:
    """Return a request whose tools are functions with names that every provider takes.

    With `names_alone` their kinds and namespaces stay.
    """
    flat = _Names(dialogue, names_alone=names_alone)
    tools = tuple(flat.tool(tool) for tool in dialogue.tools)
    turns = tuple(
        replace(turn, parts=tuple(flat.part(part) for part in turn.parts))
        for turn in dialogue.turns
    )
    if not flat.losses:
        return Flattened(dialogue=dialogue)
    choice = dialogue.tool_choice
    if choice is not None and choice.name:
        kept = choice.namespace if names_alone else ""
        wire = flat.wire(choice.name, choice.namespace)
        choice = replace(choice, name=wire, namespace=kept)
    return Flattened(
        dialogue=replace(dialogue, tools=tools, turns=turns, tool_choice=choice),
        originals=flat.originals,
        losses=frozenset(flat.losses),
    )


class _Names:
    """The names in use, and what was lost on the way to them."""

    def __init__(self, dialogue: Dialogue, *, names_alone: bool) -> None:
        self._names_alone = names_alone
        self._taken = {tool.name for tool in dialogue.tools if not tool.namespace}
        self._wires: dict[tuple[str, str], str] = {}
        self.originals: dict[str, Original] = {}
        self.losses: set[Loss] = set()

    def wire(self, name: str, namespace: str) -> str:
        """Return the name that a tool goes by."""
        prefix = f"{namespace}__" if namespace and not self._names_alone else ""
        if not prefix and _TAKEN_ANYWHERE.fullmatch(name):
            return name
        key = (namespace, name)
        if key not in self._wires:
            wire = _shortened(_UNUSUAL.sub("_", f"{prefix}{name}"))
            while wire in self._taken:
                wire = _shortened(f"{wire}_")
            self._taken.add(wire)
            self._wires[key] = wire
        return self._wires[key]

    def tool(self, tool: Tool) -> Tool:
        wire = self._known(tool.name, tool.namespace, tool.kind)
        if self._names_alone:
            return replace(tool, name=wire)
        if tool.kind is CallKind.FUNCTION:
            return replace(tool, name=wire, namespace="")
        shell = tool.kind is CallKind.LOCAL_SHELL
        return Tool(
            name=wire,
            description="Runs a command." if shell else _described(tool),
            schema=_SHELL_SCHEMA if shell else _text_schema(),
            cache=tool.cache,
        )

    def part(self, part: Part) -> Part:
        if isinstance(part, ToolResult) and not self._names_alone:
            return replace(part, kind=CallKind.FUNCTION)
        if not isinstance(part, ToolCall):
            return part
        wire = self._known(part.name, part.namespace, part.kind)
        if self._names_alone:
            return replace(part, name=wire)
        arguments = part.arguments
        if part.kind is CallKind.CUSTOM:
            arguments = object_text({_FREE_TEXT: arguments})
        return replace(
            part,
            name=wire,
            namespace="",
            arguments=arguments,
            kind=CallKind.FUNCTION,
        )

    def _known(self, name: str, namespace: str, kind: CallKind) -> str:
        wire = self.wire(name, namespace)
        plain = self._names_alone
        lost: set[Loss] = set()
        if namespace and not plain:
            lost.add(Loss.NAMESPACES)
        if kind is not CallKind.FUNCTION and not plain:
            lost.add(Loss.CUSTOM_TOOLS)
        if not _TAKEN_ANYWHERE.fullmatch(name):
            lost.add(Loss.TOOL_NAMES)
        self.losses |= lost
        if lost:
            original = Original(name=name, namespace=namespace, kind=kind)
            self.originals.setdefault(wire, original)
        return wire


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9]}_{digest}"


def _described(tool: Tool) -> str:
    text = tool.description or ""
    hint = f"`{_FREE_TEXT}` holds the whole text, as it is, without any wrapping."
    if tool.grammar is not None:
        syntax = tool.grammar.get("syntax", "")
        definition = tool.grammar.get("definition", "")
        hint += f" It follows this {syntax} grammar:\n{definition}"
    return f"{text}\n\n{hint}".strip()


def _text_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {_FREE_TEXT: {"type": "string"}},
        "required": [_FREE_TEXT],
        "additionalProperties": False,
    }


class Restorer:
    """Puts the tools' own names and forms back into an answer's events."""

    __slots__ = ("_kind", "_originals", "_pieces")

    def __init__(self, originals: Mapping[str, Original]) -> None:
        self._originals = originals
        self._kind = CallKind.FUNCTION
        self._pieces: list[str] = []

    def restored(self, events: Sequence[StreamEvent]) -> Sequence[StreamEvent]:
        """Return the events as the client's tools know them."""
        if not self._originals:
            return events
        out: list[StreamEvent] = []
        for event in events:
            if isinstance(event, CallStarted):
                out.append(self._begun(event))
            elif self._kind is CallKind.FUNCTION:
                out.append(event)
            elif isinstance(event, CallDelta):
                # Only the whole text can be taken out of its wrapping.
                self._pieces.append(event.arguments)
            else:
                if isinstance(event, BlockEnded):
                    out.append(CallDelta(self._unwrapped()))
                out.append(event)
        return out

    def _begun(self, event: CallStarted) -> CallStarted:
        original = self._originals.get(event.name)
        if original is None:
            self._kind = CallKind.FUNCTION
            return event
        if event.kind is not CallKind.FUNCTION:
            # The provider knows this kind itself; only the name was another one.
            self._kind = CallKind.FUNCTION
            return CallStarted(event.id, original.name, event.kind, event.namespace)
        self._kind = original.kind
        self._pieces = []
        return CallStarted(event.id, original.name, original.kind, original.namespace)

    def _unwrapped(self) -> str:
        """Return the call's text; what was not wrapped is the text itself."""
        kind, self._kind = self._kind, CallKind.FUNCTION
        whole = "".join(self._pieces)
        self._pieces = []
        found = json_object(whole)
        if kind is CallKind.LOCAL_SHELL:
            return object_text({"type": "exec", "env": {}, **(found or {})})
        text = None if found is None else found.get(_FREE_TEXT)
        return text if isinstance(text, str) else whole
