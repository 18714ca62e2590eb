"""Reading the members of a decoded JSON object, each with a clear refusal.

Owns the sentences for what has the wrong type, and which members were never asked
for. Knows no dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.codec import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Members:
    """One JSON object of a request; `where` names it in refusals."""

    __slots__ = ("_asked", "_values", "where")

    def __init__(self, value: object, where: str = "") -> None:
        """Wrap a decoded value; raise BadRequestError when it is no object."""
        if not isinstance(value, dict):
            raise BadRequestError(
                f"`{where or 'body'}` must be an object.", where or None
            )
        self._values: dict[str, Any] = value
        self._asked: set[str] = set()
        self.where = where

    def get(self, key: str) -> Any:
        """Return a member as it is, None when absent."""
        self._asked.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """Return a string."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key, "a string")

    def needed(self, key: str) -> str:
        """Return a string that has to be there."""
        value = self.text(key)
        if value is None:
            raise self._wrong(key, "a string")
        return value

    def number(self, key: str) -> float | None:
        """Return a number."""
        value = self.get(key)
        if value is None or (
            isinstance(value, int | float) and not isinstance(value, bool)
        ):
            return value
        raise self._wrong(key, "a number")

    def integer(self, key: str) -> int | None:
        """Return a whole number."""
        value = self.number(key)
        if value is None:
            return None
        if value != value // 1:
            raise self._wrong(key, "a whole number")
        return int(value)

    def flag(self, key: str) -> bool | None:
        """Return true or false."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(key, "true or false")

    def object(self, key: str) -> Members | None:
        """Return an object's members."""
        value = self.get(key)
        return None if value is None else Members(value, self._path(key))

    def mapping(self, key: str) -> dict[str, Any] | None:
        """Return an object as it is."""
        value = self.get(key)
        if value is None or isinstance(value, dict):
            return value
        raise self._wrong(key, "an object")

    def objects(self, key: str) -> Iterator[Members]:
        """Yield the objects of a list; nothing when it is absent."""
        value = self.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        for index, item in enumerate(value):
            yield Members(item, f"{self._path(key)}[{index}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; one string stands for a list of it."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self._wrong(key, "a list of strings")

    def unread(self, ignored: Iterable[str] = ()) -> bool:
        """Tell whether a member that says something was never asked for."""
        known = self._asked.union(ignored)
        return any(
            key not in known and value not in (None, False, [], {}, "")
            for key, value in self._values.items()
        )

    def wrong(self, key: str, what: str) -> BadRequestError:
        """Return the refusal for a member that is not `what`."""
        return self._wrong(key, what)

    def unknown(self, kind: str) -> BadRequestError:
        """Return the refusal for content of a kind that no translation knows."""
        return BadRequestError(
            f"`{self.where}`: content of the kind {kind[:40]!r} cannot be "
            "translated for this provider.",
            self.where,
        )

    def _wrong(self, key: str, what: str) -> BadRequestError:
        path = self._path(key)
        return BadRequestError(f"`{path}` must be {what}.", path)

    def _path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key


def read_members(body: bytes) -> Members:
    """Return the members of a body; raise BadRequestError when it is no object."""
    try:
        return Members(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequestError(f"The body is no JSON object: {error}.") from None


def object_text(value: object) -> str:
    """Return a decoded value as JSON text."""
    return msgspec.json.encode(value).decode()


def json_object(text: str) -> dict[str, Any] | None:
    """Return JSON text as an object; None when it is none. "" stands for {}."""
    if not text.strip():
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def schema_of(tool: Members, key: str) -> dict[str, Any]:
    """Return the schema of a tool's arguments; one that is absent allows nothing.

    Raises BadRequestError for one that is no schema of an object.
    """
    schema = tool.mapping(key)
    if schema is None:
        return {"type": "object", "properties": {}}
    kind = schema.get("type", "object")
    properties = schema.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise tool.wrong(f"{key}.properties", "an object")
    if not isinstance(kind, str) or kind.lower() != "object":
        raise tool.wrong(f"{key}.type", '"object"')
    return schema if "type" in schema else {"type": "object", **schema}
