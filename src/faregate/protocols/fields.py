"""Strict readers of the request fields that mean money or routing.

Owns what a model name, a flag and a count may look like. Everything else in a body
is none of the gate's business and passes as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import msgspec

from faregate.protocols.codec import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.protocols.json_object import JsonObject

MAX_COUNT = 2**53
"""Above this, readers of JSON no longer agree on what an integer is."""

LONGEST_MODEL = 256

MOST_ELEMENTS = 100_000
"""Messages, tools or inputs of one request; more would only keep us busy."""

_BLANK = b" \t\r\n"
ALTERNATIVES = ("models", "preset")
"""Fields of routers that let another model answer than the one that is named."""

_List = TypeVar("_List", bound="Sequence[object]")

_TEXT = msgspec.json.Decoder(str)
_FLAG = msgspec.json.Decoder(bool)
_NUMBER = msgspec.json.Decoder(int)
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def checked_model(model: str) -> str:
    """Return a model name, or raise BadRequestError where it cannot be one."""
    if not model:
        raise BadRequestError("`model` is empty; name a model.", "model")
    if len(model) > LONGEST_MODEL:
        raise BadRequestError(
            f"`model` is longer than {LONGEST_MODEL} characters.", "model"
        )
    if " " in model or not model.isprintable():
        raise BadRequestError(
            "`model` holds a space or a character that cannot be shown.", "model"
        )
    if ".." in model or "\\" in model or "//" in model:
        raise BadRequestError("`model` looks like a file path.", "model")
    return model


def read_model(body: JsonObject) -> str:
    """Return the model name; raise BadRequestError when missing or impossible."""
    value = body.get("model")
    if value is None:
        raise BadRequestError("`model` is missing; name a model.", "model")
    return _model_of(value)


@lru_cache(maxsize=256)
def _model_of(value: bytes) -> str:
    try:
        return checked_model(_TEXT.decode(value))
    except msgspec.DecodeError:
        raise BadRequestError("`model` must be a string.", "model") from None


def may_compact(body: JsonObject) -> bool:
    """Tell whether the provider is asked to shorten a long conversation by itself."""
    managed = body.get("context_management") or b""
    # An escaped letter may stand for one of the word.
    return b'"compact' in managed or b"\\u" in managed


def refuse_alternatives(body: JsonObject) -> None:
    """Refuse a choice of further models: one could be dearer than what is held."""
    for key in ALTERNATIVES:
        value = body.get(key)
        if value is not None and value.translate(None, _BLANK) != b"[]":
            raise BadRequestError(
                f"`{key}` names alternatives whose price cannot be held; "
                "name one model.",
                key,
            )


def read_text(body: JsonObject, key: str, param: str | None = None) -> str | None:
    """Return a string field, None when absent or null; anything else is refused."""
    value = body.get(key)
    if value is None:
        return None
    try:
        return _TEXT.decode(value)
    except msgspec.DecodeError:
        raise BadRequestError(
            f"`{param or key}` must be a string.", param or key
        ) from None


def hint_text(body: JsonObject, key: str) -> str | None:
    """Return a string field that is only a hint: None when it is anything else."""
    value = body.get(key)
    if value is None:
        return None
    try:
        return _TEXT.decode(value)
    except msgspec.DecodeError:
        return None


def read_flag(body: JsonObject, key: str, param: str | None = None) -> bool:
    """Return a boolean field, False when absent or null; else it is refused."""
    value = body.get(key)
    if value is None:
        return False
    try:
        return _FLAG.decode(value)
    except msgspec.DecodeError:
        raise BadRequestError(
            f"`{param or key}` must be true or false.", param or key
        ) from None


def read_count(body: JsonObject, key: str, param: str | None = None) -> int | None:
    """Return a positive integer field, None when absent or null; else refused."""
    value = body.get(key)
    if value is None:
        return None
    name = param or key
    try:
        count = _NUMBER.decode(value)
    except msgspec.DecodeError:
        raise BadRequestError(f"`{name}` must be a whole number.", name) from None
    if count < 1:
        raise BadRequestError(f"`{name}` must be at least 1.", name)
    if count > MAX_COUNT:
        raise BadRequestError(f"`{name}` is larger than any model allows.", name)
    return count


def read_bound(
    body: JsonObject, keys: Sequence[str], prefix: str = ""
) -> tuple[int | None, str | None]:
    """Return the output bound and the field that carried it, of several spellings.

    Raises BadRequestError when two of them disagree.
    """
    found: tuple[int | None, str | None] = (None, None)
    for key in keys:
        bound = read_count(body, key, prefix + key)
        if bound is None:
            continue
        if found[0] is not None and found[0] != bound:
            raise BadRequestError(
                f"`{prefix}{found[1]}` and `{prefix}{key}` disagree; send one of them.",
                prefix + key,
            )
        if found[0] is None:
            found = (bound, key)
    return found


_HARD = re.compile(rb'"(?:high|xhigh|max)"', re.IGNORECASE)
_BUDGET = re.compile(
    rb'"(?:budget_tokens|thinking_?budget|max_tokens)"\s*:\s*(\d{1,9})', re.I
)
MUCH_THINKING = 8192
"""Tokens from which a budget for thinking is a large one."""


def asks_to_think(body: JsonObject, *names: str) -> bool:
    """Tell whether one of these members asks for much thinking."""
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        budget = _BUDGET.search(value)
        if _HARD.search(value) or (budget and int(budget[1]) >= MUCH_THINKING):
            return True
    return False


def read_list(body: JsonObject, key: str) -> list[msgspec.Raw]:
    """Return a list field's elements undecoded, [] when absent or null."""
    value = body.get(key)
    if value is None:
        return []
    return list_elements(value, key)


def list_elements(value: bytes, param: str) -> list[msgspec.Raw]:
    """Return a JSON list's elements undecoded; raise BadRequestError otherwise."""
    try:
        elements = _ELEMENTS.decode(value)
    except RecursionError:
        raise BadRequestError(f"`{param}` is nested too deeply.", param) from None
    except msgspec.DecodeError:
        raise BadRequestError(f"`{param}` must be a list.", param) from None
    return limited(elements, param)


def limited(elements: _List, param: str) -> _List:
    """Return a list, or raise BadRequestError where it is beyond all reason."""
    if len(elements) > MOST_ELEMENTS:
        raise BadRequestError(
            f"`{param}` has more than {MOST_ELEMENTS} elements.", param
        )
    return elements


def json_text(text: str) -> bytes:
    """Return a string as JSON."""
    return msgspec.json.encode(text)
