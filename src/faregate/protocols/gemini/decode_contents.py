"""Reads the contents of a generateContent request as turns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
    Document,
    Image,
    Inline,
    Part,
    Reasoning,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from faregate.protocols.gemini.signatures import seal_of
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, object_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.events import Seal

_OWN_FILES = "https://generativelanguage.googleapis.com/"
_SERVER_PARTS = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")


def read_name(members: Members, name: str) -> Any:
    """Return a member by its documented name, or by its snake case one."""
    found = members.get(name)
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    other = members.get(snake)
    return other if found is None else found


def _object(members: Members, name: str) -> Members | None:
    found = read_name(members, name)
    return None if found is None else Members(found, f"{members.where}.{name}")


class _Calls:
    """Which calls wait for their results: neither may carry an id."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._made = 0

    def made(self, name: str, given: str | None) -> str:
        self._made += 1
        call_id = given or f"call_{self._made}"
        self._waiting.append((name, call_id))
        return call_id

    def answered(self, name: str, given: str | None) -> str:
        for pair in self._waiting:
            if pair[1] == given or (given is None and pair[0] == name):
                self._waiting.remove(pair)
                return pair[1]
        return given or f"call_{name}"


def read_contents(request: Members, losses: set[Loss]) -> Iterator[Turn]:
    """Yield a turn for each content."""
    calls = _Calls()
    for content in request.objects("contents"):
        role = content.text("role") or "user"
        if role not in {"user", "model", "function"}:
            raise content.wrong("role", "user or model")
        parts: list[Part] = []
        for part in content.objects("parts"):
            _read_part(part, parts, calls, losses)
        speaker = Role.ASSISTANT if role == "model" else Role.USER
        yield Turn(role=speaker, parts=tuple(parts))


def _read_part(
    part: Members, parts: list[Part], calls: _Calls, losses: set[Loss]
) -> None:
    signature = read_name(part, "thoughtSignature")
    seal = seal_of(signature if isinstance(signature, str) else None)
    if part.flag("thought"):
        parts.append(Reasoning(text=part.text("text") or "", seal=seal))
        return
    if seal is not None:
        _seal(parts, seal)
    found = _content(part, calls, losses)
    if found is not None:
        parts.append(found)


def _seal(parts: list[Part], seal: Seal) -> None:
    """Put a signature to the thought before the part that carries it."""
    last = parts[-1] if parts else None
    if isinstance(last, Reasoning) and last.seal is None:
        parts[-1] = replace(last, seal=seal)
    else:
        parts.append(Reasoning(text="", seal=seal))


def _content(part: Members, calls: _Calls, losses: set[Loss]) -> Part | None:
    call = _object(part, "functionCall")
    if call is not None:
        name = call.needed("name")
        return ToolCall(
            id=calls.made(name, call.text("id")),
            name=name,
            arguments=object_text(call.mapping("args") or {}),
        )
    answer = _object(part, "functionResponse")
    if answer is not None:
        return _result(answer, calls)
    blob = _object(part, "inlineData")
    if blob is not None:
        return _media(blob)
    file = _object(part, "fileData")
    if file is not None:
        return _remote(file)
    if any(read_name(part, name) is not None for name in _SERVER_PARTS):
        losses.add(Loss.SERVER_BLOCKS)
        return None
    return Text(text=part.needed("text"))


def _result(answer: Members, calls: _Calls) -> ToolResult:
    response = answer.mapping("response") or {}
    is_error = set(response) == {"error"}
    text = response.get("error") if is_error else response.get("output")
    if len(response) != 1 or not isinstance(text, str):
        text, is_error = object_text(response), False
    media = [
        _media(Members(found, f"{part.where}.inlineData"))
        for part in answer.objects("parts")
        if (found := read_name(part, "inlineData")) is not None
    ]
    return ToolResult(
        call_id=calls.answered(answer.needed("name"), answer.text("id")),
        content=(Text(text=text), *media),
        is_error=is_error,
    )


def _media(blob: Members) -> Image | Document:
    kind = str(read_name(blob, "mimeType") or "application/octet-stream")
    if kind.startswith(("audio/", "video/")):
        raise BadRequestError(
            f"`{blob.where}`: sound and film cannot be translated for this provider.",
            blob.where,
        )
    source = Inline(media_type=kind, data=blob.needed("data"))
    if kind.startswith("image/"):
        return Image(source=source)
    return Document(source=source)


def _remote(file: Members) -> Image | Document:
    url = str(read_name(file, "fileUri") or "")
    kind = str(read_name(file, "mimeType") or "")
    if url.startswith(_OWN_FILES) or not url.startswith(("http://", "https://")):
        raise BadRequestError(
            f"`{file.where}`: a file that is stored at another provider cannot be "
            "sent to this one; send its bytes.",
            file.where,
        )
    source = Remote(url=url)
    return (
        Image(source=source) if kind.startswith("image/") else Document(source=source)
    )
