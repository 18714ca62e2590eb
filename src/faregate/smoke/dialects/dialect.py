"""What the smoke test needs of each protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from faregate.smoke.dialects.wanted import Shaped, Wanted
    from faregate.smoke.reading import Delta, Finish, Json, Said


class EventReader(Protocol):
    """Reads one answer, event by event or whole."""

    @property
    def said(self) -> Said:
        """Return what was read so far."""
        ...

    def event(self, name: str, data: object) -> frozenset[Delta]:
        """Read one event: its name, and its data as JSON or as the text it was."""
        ...

    def body(self, data: Json) -> None:
        """Read an answer that was not streamed."""
        ...


class Dialect(Protocol):
    """One protocol; holds no state."""

    @property
    def protocol(self) -> str:
        """Return the protocol id of the provider's base URLs and of the codec."""
        ...

    @property
    def output_fields(self) -> tuple[str, ...]:
        """Return the names of the output bound, the usual one first."""
        ...

    @property
    def terminal(self) -> str:
        """Return the name of the event that ends a stream; "" when none does."""
        ...

    @property
    def models_path(self) -> str:
        """Return the path of the model list."""
        ...

    @property
    def count_path(self) -> str:
        """Return the path that counts tokens without generating; "" for none."""
        ...

    def shape(self, wanted: Wanted, model: str) -> Shaped:
        """Return the request."""
        ...

    def finish(self, reason: str) -> Finish:
        """Return what a finish reason means."""
        ...

    def reader(self) -> EventReader:
        """Return a reader for one answer."""
        ...

    def listed_models(self, body: object) -> list[str]:
        """Return the model names of a model list."""
        ...

    def counted(self, body: object) -> int | None:
        """Return the tokens that a count answered."""
        ...
