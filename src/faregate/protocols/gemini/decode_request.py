"""Reads a generateContent request as a dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
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
from faregate.protocols.fields import checked_model
from faregate.protocols.gemini.decode_contents import read_contents, read_name
from faregate.protocols.gemini.paths import STREAMING, read_path
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, read_members, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.codec import RequestHead

_FUNCTIONS = ("functionDeclarations", "function_declarations")


def read_request(head: RequestHead, body: bytes) -> Read:
    """Return a request as a dialogue; raise BadRequestError where it cannot be."""
    endpoint = read_path(head.path)
    if endpoint is None:
        raise BadRequestError("The path names no model and method.", "model")
    request = read_members(body)
    losses: set[Loss] = set()
    config = read_name(request, "generationConfig")
    settings = Members(config or {}, "generationConfig")
    _refuse(request, settings)
    turns = [*_system(request), *read_contents(request, losses)]
    dialogue = Dialogue(
        model=checked_model(endpoint.model),
        turns=canonical(turns),
        tools=tuple(_tools(request, losses)),
        tool_choice=_tool_choice(request, losses),
        output_bound=_integer(settings, "maxOutputTokens"),
        sampling=_sampling(settings),
        reasoning=_reasoning(settings),
        output_format=_output_format(settings),
        stream=endpoint.verb == STREAMING,
    )
    _note_the_rest(request, settings, losses)
    return Read(dialogue=dialogue, losses=frozenset(losses))


def _refuse(request: Members, settings: Members) -> None:
    if read_name(request, "cachedContent") is not None:
        raise BadRequestError(
            "`cachedContent` lives at another provider and cannot be translated: send "
            "the whole conversation in `contents`.",
            "cachedContent",
        )
    if (_integer(settings, "candidateCount") or 1) > 1:
        raise BadRequestError(
            "`candidateCount` above 1 cannot be translated for this provider.",
            "generationConfig.candidateCount",
        )
    kinds = read_name(settings, "responseModalities") or []
    if any(str(kind).upper() != "TEXT" for kind in kinds):
        raise BadRequestError(
            "Answers that are no text cannot be translated for this provider.",
            "generationConfig.responseModalities",
        )


def _note_the_rest(request: Members, settings: Members, losses: set[Loss]) -> None:
    if str(read_name(request, "serviceTier") or "standard").lower() != "standard":
        losses.add(Loss.SERVICE_TIER)
    if request.unread(("model",)) or settings.unread():
        losses.add(Loss.FIELDS)


def _integer(settings: Members, name: str) -> int | None:
    found = settings.integer(name)
    return settings.integer(_snake(name)) if found is None else found


def _number(settings: Members, name: str) -> float | None:
    found = settings.number(name)
    return settings.number(_snake(name)) if found is None else found


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _sampling(settings: Members) -> Sampling:
    stop = settings.texts("stopSequences") or settings.texts("stop_sequences")
    logprobs = _integer(settings, "logprobs")
    if read_name(settings, "responseLogprobs") is True and logprobs is None:
        logprobs = 0
    return Sampling(
        temperature=settings.number("temperature"),
        top_p=_number(settings, "topP"),
        top_k=_integer(settings, "topK"),
        frequency_penalty=_number(settings, "frequencyPenalty"),
        presence_penalty=_number(settings, "presencePenalty"),
        seed=settings.integer("seed"),
        stop=stop,
        logprobs=logprobs,
    )


def _reasoning(settings: Members) -> ReasoningControl:
    found = read_name(settings, "thinkingConfig")
    if found is None:
        return ReasoningControl()
    config = Members(found, "generationConfig.thinkingConfig")
    budget = _integer(config, "thinkingBudget")
    level = read_name(config, "thinkingLevel")
    return ReasoningControl(
        effort=str(level).lower() if level else None,
        budget=None if budget is None or budget < 0 else budget,
        visible=read_name(config, "includeThoughts") is True,
    )


def _output_format(settings: Members) -> OutputFormat | None:
    schema = read_name(settings, "responseJsonSchema")
    plain = read_name(settings, "responseSchema")
    kind = read_name(settings, "responseMimeType")
    if kind != "application/json":
        return None
    found = schema if schema is not None else plain
    if found is None:
        return OutputFormat()
    if not isinstance(found, dict):
        raise settings.wrong("responseJsonSchema", "an object")
    return OutputFormat(schema=lowered(found), strict=True)


def lowered(schema: Any) -> Any:
    """Return a schema with the names of its types in lower case, as JSON has them."""
    if isinstance(schema, dict):
        return {
            key: value.lower()
            if key == "type" and isinstance(value, str)
            else lowered(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [lowered(item) for item in schema]
    return schema


def _tools(request: Members, losses: set[Loss]) -> Iterator[Tool]:
    for group in request.objects("tools"):
        for key in _FUNCTIONS:
            for function in group.objects(key):
                yield _tool(function)
        if group.unread():
            losses.add(Loss.SERVER_TOOLS)


def _tool(function: Members) -> Tool:
    keys = ("parametersJsonSchema", "parameters_json_schema")
    key = next((each for each in keys if function.get(each) is not None), "parameters")
    return Tool(
        name=function.needed("name"),
        description=function.text("description"),
        schema=lowered(schema_of(function, key)),
    )


def _tool_choice(request: Members, losses: set[Loss]) -> ToolChoice | None:
    found = read_name(request, "toolConfig")
    if found is None:
        return None
    calling = read_name(Members(found, "toolConfig"), "functionCallingConfig")
    if calling is None:
        return None
    config = Members(calling, "toolConfig.functionCallingConfig")
    allowed = config.texts("allowedFunctionNames")
    allowed = allowed or config.texts("allowed_function_names")
    match str(config.text("mode") or "AUTO").upper():
        case "NONE":
            return ToolChoice(choice=Choice.NONE)
        case "ANY" if len(allowed) == 1:
            return ToolChoice(choice=Choice.NAMED, name=allowed[0])
        case "ANY":
            if allowed:
                losses.add(Loss.TOOL_CHOICE)
            return ToolChoice(choice=Choice.REQUIRED)
        case _:
            if allowed:
                losses.add(Loss.TOOL_CHOICE)
            return None


def _system(request: Members) -> Iterator[Turn]:
    found = read_name(request, "systemInstruction")
    if found is None:
        return
    if isinstance(found, str):
        yield Turn(role=Role.SYSTEM, parts=(Text(text=found),))
        return
    content = Members(found, "systemInstruction")
    texts = tuple(
        Text(text=part.text("text") or "") for part in content.objects("parts")
    )
    yield Turn(role=Role.SYSTEM, parts=texts)
