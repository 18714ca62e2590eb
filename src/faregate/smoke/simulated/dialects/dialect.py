"""What every dialect can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from faregate.smoke.simulated.frames import Frame, to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faregate.smoke.simulated.answer import Answer
    from faregate.smoke.simulated.ask import ApiError, Ask, Json, Segment


class Dialect(Protocol):
    """One protocol's shapes; holds no state."""

    name: str
    newline: bytes
    caches_at_marks: bool
    bound_fields: tuple[str, ...]

    def ask(self, body: Json, model: str, query: Mapping[str, str], /) -> Ask:
        """Read a request; `model` is the one in the path, where it is there.

        Raises BadAskError for what the real API refuses.
        """

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the prompt's parts in the order the model reads them."""

    def body(self, answer: Answer, ask: Ask, /) -> Json:
        """Return the body of an answer that is not streamed."""

    def frames(self, answer: Answer, ask: Ask, /) -> Iterator[Frame]:
        """Yield the events of a streamed answer."""

    def error(self, error: ApiError) -> Json:
        """Return the body of an error."""

    def error_frame(self, error: ApiError) -> Frame:
        """Return the event that reports an error inside a stream."""

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return where usage sits in a body or an event: container and key."""

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return the headers this API adds to every answer."""


def packed(value: Any) -> bytes:
    """Return any part of a request as stable bytes, to be counted and hashed."""
    return to_bytes(to_json(value))


def tool_names(tools: Any) -> tuple[str, ...]:
    """Return the names of tools given as `{name}` or as `{function: {name}}`."""
    if not isinstance(tools, list):
        return ()
    found: list[str] = []
    for tool in tools:
        if not isinstance(tool, dict):
            continue
        inner = tool.get("function")
        name = tool.get("name") or (inner or {}).get("name")
        if isinstance(name, str):
            found.append(name)
    return tuple(found)
