"""Whether a decoded JSON value fits a JSON schema, as models' tools use them.

Knows the keywords that tool schemas are made of, and takes every other one, and every
malformed one, for no demand: a value is refused only where the schema says so clearly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEEPEST = 40
"""Levels that are looked at; a reference to itself ends there."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def why_not(value: Any, schema: Any) -> str | None:
    """Return the first reason why `value` breaks `schema`; None when it fits."""
    if not isinstance(schema, dict):
        return None
    return next(_problems(value, schema, "it", schema, 0), None)


def _problems(
    value: Any,
    schema: Mapping[str, Any],
    where: str,
    root: Mapping[str, Any],
    deep: int,
) -> Iterator[str]:
    if deep > DEEPEST:
        return
    target = _referred(schema, root)
    if target is not None:
        yield from _problems(value, target, where, root, deep + 1)
        return
    kinds = _kinds(schema.get("type"))
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{where} is no {' or '.join(kinds)}"
        return
    allowed = schema.get("enum")
    if isinstance(allowed, list) and not any(_same(value, each) for each in allowed):
        yield f"{where} is none of the allowed values"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{where} is not the one allowed value"
    yield from _bounds(value, schema, where)
    yield from _choices(value, schema, where, root, deep)
    if isinstance(value, dict):
        yield from _members(value, schema, root, deep)
    elif isinstance(value, list):
        yield from _items(value, schema, where, root, deep)


def _kinds(kind: object) -> list[str]:
    if isinstance(kind, str):
        kind = [kind]
    if not isinstance(kind, list):
        return []
    return [each for each in kind if isinstance(each, str) and each in _TYPES]


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _same(one: Any, other: Any) -> bool:
    return bool(isinstance(one, bool) == isinstance(other, bool) and one == other)


_LIMITS: tuple[tuple[str, Callable[[float, float], bool], str], ...] = (
    ("minimum", lambda value, limit: value >= limit, "below"),
    ("maximum", lambda value, limit: value <= limit, "above"),
    ("exclusiveMinimum", lambda value, limit: value > limit, "not above"),
    ("exclusiveMaximum", lambda value, limit: value < limit, "not below"),
)
_SIZES = (("minLength", "maxLength", str), ("minItems", "maxItems", list))


def _bounds(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        for key, fits, word in _LIMITS:
            limit = schema.get(key)
            if limit is not None and _is_number(limit) and not fits(value, limit):
                yield f"{where} is {word} {limit}"
    for least, most, kind in _SIZES:
        if not isinstance(value, kind):
            continue
        size = len(value)
        if _is_number(schema.get(least)) and size < schema[least]:
            yield f"{where} is shorter than {schema[least]}"
        if _is_number(schema.get(most)) and size > schema[most]:
            yield f"{where} is longer than {schema[most]}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _choices(
    value: Any,
    schema: Mapping[str, Any],
    where: str,
    root: Mapping[str, Any],
    deep: int,
) -> Iterator[str]:
    for each in _schemas(schema.get("allOf")):
        yield from _problems(value, each, where, root, deep + 1)
    for key in ("anyOf", "oneOf"):
        listed = schema.get(key)
        choices = _schemas(listed)
        if not choices or not isinstance(listed, list) or len(choices) < len(listed):
            continue
        if all(
            next(_problems(value, each, where, root, deep + 1), None) is not None
            for each in choices
        ):
            yield f"{where} fits none of its {len(choices)} alternatives"


def _schemas(listed: object) -> list[dict[str, Any]]:
    if not isinstance(listed, list):
        return []
    return [each for each in listed if isinstance(each, dict)]


def _members(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], deep: int
) -> Iterator[str]:
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in value:
            yield f"{name[:80]} is missing"
    others = schema.get("additionalProperties")
    # Patterns are not read here, so names that one may allow are not refused.
    closed = others is False and "patternProperties" not in schema
    for name, inner in value.items():
        declared = known.get(name)
        if isinstance(declared, dict):
            yield from _problems(inner, declared, name[:80], root, deep + 1)
        elif name not in known and closed:
            yield f"{name[:80]} is not in the schema"
        elif name not in known and isinstance(others, dict):
            yield from _problems(inner, others, name[:80], root, deep + 1)


def _items(
    value: list[Any],
    schema: Mapping[str, Any],
    where: str,
    root: Mapping[str, Any],
    deep: int,
) -> Iterator[str]:
    inner = schema.get("items")
    if not isinstance(inner, dict) or "prefixItems" in schema:
        return
    for index, item in enumerate(value):
        yield from _problems(item, inner, f"{where}[{index}]", root, deep + 1)


def _referred(
    schema: Mapping[str, Any], root: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return what a local reference names; None for no reference or a foreign one."""
    path = schema.get("$ref")
    if not isinstance(path, str) or not path.startswith("#/"):
        return None
    found: Any = root
    for part in path[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
