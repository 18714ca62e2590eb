"""Whether a value fits a JSON schema, as far as the probes' own schemas go.

Knows type, enum, properties, required, additionalProperties, items and minimum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def why_not(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Return the first reason why `value` breaks `schema`; None when it fits."""
    return next(_problems(value, schema, "it"), None)


def _problems(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        yield f"{where} is no {kind}"
        return
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        yield f"{where} is none of {', '.join(map(str, allowed))}"
    least = schema.get("minimum")
    if least is not None and value < least:
        yield f"{where} is below {least}"
    if isinstance(value, dict):
        yield from _members(value, schema)
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _problems(item, schema["items"], f"{where}[{index}]")


def _members(value: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{name} is missing"
    for name, inner in value.items():
        if name in known:
            yield from _problems(inner, known[name], name)
        elif schema.get("additionalProperties") is False:
            yield f"{name} is not in the schema"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
