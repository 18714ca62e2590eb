"""Reads a Responses request as a dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
    UNNAMED,
    Choice,
    Dialogue,
    OutputFormat,
    Read,
    ReasoningControl,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    Turn,
    canonical,
)
from faregate.protocols.events import CallKind
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, read_members, schema_of
from faregate.protocols.openai_responses.decode_items import read_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.codec import RequestHead

_IGNORED = frozenset(
    {"client_metadata", "include", "truncation", "stream_options", "background"}
)
_STANDARD_TIERS = frozenset({"auto", "default"})
_ELSEWHERE = ("previous_response_id", "conversation", "prompt")


def read_request(_head: RequestHead, body: bytes) -> Read:
    """Return a request as a dialogue; raise BadRequestError where it cannot be."""
    request = read_members(body)
    _refuse(request)
    losses: set[Loss] = set()
    tools = list(_tools(request, losses))
    turns = list(_instructions(request))
    for turn, more in read_items(request, losses):
        turns.append(turn)
        if more is not None:
            tools += _tools(more, losses)
    dialogue = Dialogue(
        model=request.needed("model"),
        turns=canonical(turns),
        tools=tuple(tools),
        tool_choice=_tool_choice(request, losses),
        parallel_calls=request.flag("parallel_tool_calls") is not False,
        output_bound=request.integer("max_output_tokens"),
        sampling=Sampling(
            temperature=request.number("temperature"),
            top_p=request.number("top_p"),
            logprobs=request.integer("top_logprobs"),
        ),
        reasoning=_reasoning(request),
        output_format=_output_format(request),
        verbosity=_verbosity(request),
        user=request.text("user"),
        cache_key=request.text("prompt_cache_key"),
        stream=request.flag("stream") or False,
    )
    _note_the_rest(request, losses)
    return Read(dialogue=dialogue, losses=frozenset(losses))


def _refuse(request: Members) -> None:
    for key in _ELSEWHERE:
        if request.get(key) is not None:
            raise BadRequestError(
                f"`{key}` names something that only the provider which stored it "
                "knows, and this model's provider speaks another protocol: send the "
                "whole conversation in `input`.",
                key,
            )


def _note_the_rest(request: Members, losses: set[Loss]) -> None:
    if request.flag("store") is not False:
        losses.add(Loss.STORE)
    if (request.text("service_tier") or "auto") not in _STANDARD_TIERS:
        losses.add(Loss.SERVICE_TIER)
    if request.unread(_IGNORED):
        losses.add(Loss.FIELDS)


def _instructions(request: Members) -> Iterator[Turn]:
    text = request.text("instructions")
    if text:
        yield Turn(role=Role.SYSTEM, parts=(Text(text=text),))


def _reasoning(request: Members) -> ReasoningControl:
    control = request.object("reasoning")
    if control is None:
        return ReasoningControl()
    summary = control.text("summary") or control.text("generate_summary")
    visible = summary not in {None, "none"}
    return ReasoningControl(effort=control.text("effort"), visible=visible)


def _verbosity(request: Members) -> str | None:
    text = request.object("text")
    return None if text is None else text.text("verbosity")


def _output_format(request: Members) -> OutputFormat | None:
    text = request.object("text")
    wanted = None if text is None else text.object("format")
    if wanted is None:
        return None
    match wanted.needed("type"):
        case "json_object":
            return OutputFormat()
        case "json_schema":
            name = wanted.text("name")
            return OutputFormat(
                schema=wanted.mapping("schema") or {},
                name=None if name == UNNAMED else name,
                strict=wanted.flag("strict") or False,
            )
        case "text":
            return None
        case _:
            raise wanted.wrong("type", "text, json_object or json_schema")


def _tools(request: Members, losses: set[Loss], namespace: str = "") -> Iterator[Tool]:
    for tool in request.objects("tools"):
        kind = tool.needed("type")
        match kind:
            case "function":
                yield Tool(
                    name=tool.needed("name"),
                    description=tool.text("description"),
                    schema=schema_of(tool, "parameters"),
                    strict=tool.flag("strict") or False,
                    namespace=namespace,
                )
            case "custom":
                grammar = tool.mapping("format")
                free = grammar is None or grammar.get("type") == "text"
                yield Tool(
                    name=tool.needed("name"),
                    description=tool.text("description"),
                    kind=CallKind.CUSTOM,
                    grammar=None if free else grammar,
                    namespace=namespace,
                )
            case "namespace" if not namespace:
                yield from _tools(tool, losses, tool.needed("name"))
            case "local_shell":
                yield Tool(name="local_shell", kind=CallKind.LOCAL_SHELL)
            case _:
                losses.add(Loss.SERVER_TOOLS)


def _tool_choice(request: Members, losses: set[Loss]) -> ToolChoice | None:
    choice = request.get("tool_choice")
    if choice is None or choice == "auto":
        return None
    if isinstance(choice, str):
        if choice not in {"none", "required"}:
            raise request.wrong("tool_choice", "auto, none, required or an object")
        return ToolChoice(choice=Choice(choice))
    named = Members(choice, "tool_choice")
    if named.text("type") in {"function", "custom"}:
        return ToolChoice(
            choice=Choice.NAMED,
            name=named.needed("name"),
            namespace=named.text("namespace") or "",
        )
    losses.add(Loss.TOOL_CHOICE)
    return None
