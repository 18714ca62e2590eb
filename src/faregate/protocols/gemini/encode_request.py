"""Writes a dialogue as a generateContent request; its model stands in the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
    Choice,
    Dialogue,
    Document,
    Image,
    Inline,
    Part,
    Reasoning,
    ReasoningControl,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Written,
    marks,
)
from faregate.protocols.gemini.request import PROTOCOL
from faregate.protocols.gemini.signatures import UNCHECKED, signature_of
from faregate.protocols.losses import Loss
from faregate.protocols.members import json_object
from faregate.protocols.sampling import (
    budget_of,
    call_names,
    images_after_results,
    one_system_role,
    system_first,
)

if TYPE_CHECKING:
    from faregate.protocols.dialects import WriteOptions
    from faregate.protocols.events import Seal

_LARGEST_BUDGET = 24576
"""Tokens of thought that every thinking model of this dialect accepts."""
_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "seed": "seed",
}


def write_request(dialogue: Dialogue, _options: WriteOptions) -> Written:
    """Return the request's body; raise BadRequestError for what it cannot say."""
    return _Writer(dialogue).written()


class _Writer:
    """Writes one request and notes what it leaves out."""

    def __init__(self, asked: Dialogue) -> None:
        dialogue, moved = system_first(asked)
        self._asked, renamed = one_system_role(dialogue)
        self._losses: set[Loss] = set(moved | renamed)
        self._names = call_names(asked)
        if marks(asked):
            self._losses.add(Loss.CACHE_CONTROL)

    def written(self) -> Written:
        asked = self._asked
        body: dict[str, Any] = {}
        turns = list(asked.turns)
        if turns and turns[0].role is Role.SYSTEM:
            parts = [self._said(part) for part in turns.pop(0).parts]
            body["systemInstruction"] = {"parts": parts}
        contents = [self._content(turn) for turn in turns]
        body["contents"] = [each for each in contents if each["parts"]]
        self._tooling(body)
        config = self._config()
        if config:
            body["generationConfig"] = config
        for loss, given in (
            (Loss.PARALLEL_CONTROL, not asked.parallel_calls),
            (Loss.USER, asked.user is not None),
            (Loss.VERBOSITY, asked.verbosity is not None),
            (Loss.CACHE_KEY, asked.cache_key is not None),
        ):
            if given:
                self._losses.add(loss)
        return Written(body=msgspec.json.encode(body), losses=frozenset(self._losses))

    def _content(self, turn: Turn) -> dict[str, Any]:
        if turn.role is Role.ASSISTANT:
            return {"role": "model", "parts": self._models(turn.parts)}
        turn, moved = images_after_results(turn)
        if moved:
            self._losses.add(Loss.TOOL_RESULT_MEDIA)
        parts = [
            self._result(part) if isinstance(part, ToolResult) else self._said(part)
            for part in turn.parts
        ]
        return {"role": "user", "parts": parts}

    def _models(self, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        """Return the model's parts, each signature on the part after its thought."""
        written: list[dict[str, Any]] = []
        waiting: Seal | None = None
        signed = False
        for part in parts:
            if isinstance(part, Reasoning):
                if waiting is not None:
                    written.append(_only_signed(waiting))
                waiting = self._own(part)
                if part.text:
                    written.append({"text": part.text, "thought": True})
                continue
            each = self._call(part) if isinstance(part, ToolCall) else self._said(part)
            if waiting is not None:
                each["thoughtSignature"] = signature_of(waiting)
                signed, waiting = True, None
            elif isinstance(part, ToolCall) and not signed:
                each["thoughtSignature"] = UNCHECKED
                signed = True
            written.append(each)
        if waiting is not None:
            written.append(_only_signed(waiting))
        return written

    def _own(self, part: Reasoning) -> Seal | None:
        seal = part.seal
        if seal is not None and seal.origin != PROTOCOL:
            self._losses.add(Loss.REASONING_SEAL)
            return None
        return seal

    def _call(self, call: ToolCall) -> dict[str, Any]:
        arguments = json_object(call.arguments)
        if arguments is None:
            self._losses.add(Loss.TOOL_ARGUMENTS)
            arguments = {"arguments": call.arguments}
        inner = {"id": call.id, "name": call.name, "args": arguments}
        return {"functionCall": inner}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        texts = [part.text for part in result.content if isinstance(part, Text)]
        if len(texts) > 1:
            self._losses.add(Loss.TEXT_PARTS)
        key = "error" if result.is_error else "output"
        inner = {
            "id": result.call_id,
            "name": self._names.get(result.call_id, "unknown"),
            "response": {key: "\n\n".join(texts)},
        }
        return {"functionResponse": inner}

    def _said(self, part: Part) -> dict[str, Any]:
        match part:
            case Text(text=text):
                return {"text": text}
            case Image(source=source, detail=detail):
                if detail is not None:
                    self._losses.add(Loss.IMAGE_DETAIL)
            case Document(source=source, name=name):
                if name is not None:
                    self._losses.add(Loss.DOCUMENT_NAME)
            case _:
                raise BadRequestError("A message holds a part that its role cannot.")
        if not isinstance(source, Inline):
            raise BadRequestError(
                "An image or document at a URL cannot be translated for this "
                "provider; send its bytes.",
                "messages",
            )
        return {"inlineData": {"mimeType": source.media_type, "data": source.data}}

    def _tooling(self, body: dict[str, Any]) -> None:
        tools = self._asked.tools
        if tools:
            declared = [_tool(tool) for tool in tools]
            body["tools"] = [{"functionDeclarations": declared}]
        if any(tool.strict for tool in tools):
            self._losses.add(Loss.TOOL_STRICT)
        choice = self._asked.tool_choice
        if choice is None:
            return
        calling: dict[str, Any] = {
            "mode": "NONE" if choice.choice is Choice.NONE else "ANY"
        }
        if choice.choice is Choice.NAMED:
            calling["allowedFunctionNames"] = [choice.name]
        body["toolConfig"] = {"functionCallingConfig": calling}

    def _config(self) -> dict[str, Any]:
        asked = self._asked
        config: dict[str, Any] = {}
        for name, written in _NAMES.items():
            value = getattr(asked.sampling, name)
            if value is not None:
                config[written] = value
        if asked.sampling.stop:
            config["stopSequences"] = list(asked.sampling.stop)
        if asked.sampling.logprobs is not None:
            config["responseLogprobs"] = True
            if asked.sampling.logprobs:
                config["logprobs"] = asked.sampling.logprobs
        if asked.output_bound is not None:
            config["maxOutputTokens"] = asked.output_bound
        self._format(config)
        thinking = self._thinking()
        if thinking:
            config["thinkingConfig"] = thinking
        return config

    def _format(self, config: dict[str, Any]) -> None:
        wanted = self._asked.output_format
        if wanted is None:
            return
        config["responseMimeType"] = "application/json"
        if wanted.schema is not None:
            config["responseJsonSchema"] = wanted.schema
            if wanted.name is not None or not wanted.strict:
                self._losses.add(Loss.STRUCTURED_OUTPUT)

    def _thinking(self) -> dict[str, Any]:
        control = self._asked.reasoning
        budget = control.budget
        if budget is None and control.effort is not None:
            budget = budget_of(control.effort)
        if budget is not None:
            # No thought at all is refused by models that always think.
            budget = min(budget, _LARGEST_BUDGET) if budget > 0 else None
        thinking: dict[str, Any] = {}
        if budget is not None:
            thinking["thinkingBudget"] = budget
        if control.visible:
            thinking["includeThoughts"] = True
        said = ReasoningControl(budget=budget, visible=control.visible)
        if said != control:
            self._losses.add(Loss.REASONING_CONTROL)
        return thinking


def _only_signed(seal: Seal) -> dict[str, Any]:
    return {"text": "", "thoughtSignature": signature_of(seal)}


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.schema is None:
        raise BadRequestError(
            f"The tool {tool.name!r} takes free text, which this dialect cannot say.",
            "tools",
        )
    declared: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        declared["description"] = tool.description
    declared["parametersJsonSchema"] = tool.schema
    return declared
