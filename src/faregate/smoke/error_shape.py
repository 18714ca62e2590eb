"""What an answer that should be an error looks like, in any provider's dress."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.protocols.error_bodies import read_error
from faregate.smoke.reading import dig, parsed
from faregate.smoke.scrub import scrub, scrub_bytes

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript


class Form(StrEnum):
    """The dress of an answer."""

    JSON = "JSON"
    ARRAY = "an array"
    STATUS_BLOCK = "base_resp"
    PAGE = "an HTML page"
    EMPTY = "an empty body"
    TEXT = "plain text"
    OTHER_JSON = "JSON that states no error"
    ANSWER = "an answer"
    NONE = "nothing"


def form_of(asked: Transcript) -> Form:
    """Return what kind of answer came."""
    plain = _page_or_nothing(asked)
    if plain is not None:
        return plain
    value = asked.json
    if isinstance(value, dict) and dig(value, "base_resp", "status_code"):
        return Form.STATUS_BLOCK
    if read_error(asked.body) is not None:
        return Form.ARRAY if isinstance(value, list) else Form.JSON
    if asked.error is not None:
        return Form.JSON
    return Form.TEXT if value is None else Form.OTHER_JSON


def _page_or_nothing(asked: Transcript) -> Form | None:
    if asked.status is None:
        return Form.NONE
    if not asked.body.strip():
        return Form.EMPTY
    if asked.is_html:
        return Form.PAGE
    wrote = asked.said.text or asked.said.calls or asked.answer.started
    # One that says how it ended is an answer, be it empty.
    return Form.ANSWER if wrote or asked.finish is not None else None


def message_of(asked: Transcript) -> str:
    """Return the error's own message; "" when it states none."""
    found = asked.error or read_error(asked.body)
    if found is None or found.message == "no message":
        return ""
    if isinstance(parsed(found.message), dict):
        # The error object itself stands in for the message that it lacks.
        return ""
    return found.message


def shown(asked: Transcript, secret: str | None = None, *, limit: int = 160) -> str:
    """Return an answer in one safe line: status, code, message or first words."""
    if asked.status is None:
        return scrub(asked.fault or "no answer", secret, limit=limit)
    return scrub(_said(asked), secret, limit=limit)


def _said(asked: Transcript) -> str:
    head = str(asked.status)
    if asked.broke is not None:
        return f"{head}, then {asked.fault}"
    if asked.status is not None and 300 <= asked.status < 400:
        return f"{head}, a redirect, which is never followed"
    found = asked.error or read_error(asked.body)
    if found is not None:
        code = f" {found.code}" if found.code and found.code != head else ""
        return f"{head}{code}: {found.message}"
    form = form_of(asked)
    if form is Form.ANSWER:
        words = asked.said.text or asked.said.reasoning or "a tool call"
        return f'{head} and wrote "{words[:60]}"'
    if form in {Form.PAGE, Form.EMPTY}:
        return f"{head} with {form.value}"
    return f"{head}: {scrub_bytes(asked.body, limit=120)}"


def names(asked: Transcript, *words: str) -> bool:
    """Tell whether an error names one of these words, wherever it does."""
    text = asked.body.decode("utf-8", "replace").casefold()
    return any(word.casefold() in text for word in words)
