"""What an error teaches about the output bound that the gate itself set.

Only errors about that bound are read: a provider that finds it too large names its
own maximum, or the gate halves its guess; one that knows another field names that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.estimate import OUTPUT_FLOOR
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.estimate import Bounds
    from faregate.gateway.inbound import Whole
    from faregate.gateway.plan import Plan

# Not the dates and versions in model names, which a hyphen or a point joins.
_NUMBER = re.compile(rb"(?<![\w.-])(?:\d{1,3}(?:,\d{3})+|\d{3,7})(?![\w-]|[.,]\d)")
_CONTEXT = re.compile(
    rb"context (?:length|window|limit|size)|context_length|inputs?\W{0,2} tokens \+"
)
_REFUSED = re.compile(
    rb"unsupported|not supported|unrecognized|unknown (?:field|name|parameter)"
    rb"|unexpected|not permitted|not allowed|does not support"
)
_FIELDS = (b"max_completion_tokens", b"max_output_tokens", b"max_tokens")
_READ = 4096
"""Bytes of an error that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What to do otherwise; None leaves a part alone."""

    maximum: int | None = None
    field: str | None = None
    """The field that bounds the output of this model."""
    no_field: bool = False
    """The model takes no output bound at all."""
    lasting: bool = True
    """It holds for the model, not only for this request."""
    guess: bool = False
    """Nothing named it: it lasts if it turns out to help."""


@dataclass(slots=True)
class Learned:
    """What errors of a provider taught about one model."""

    maximum: int | None = None
    field: str | None = None
    no_field: bool = False

    def take(self, lesson: Lesson) -> None:
        """Note a lesson; what it does not speak of stays known."""
        self.maximum = lesson.maximum or self.maximum
        self.field = lesson.field or self.field
        self.no_field = lesson.no_field or self.no_field


NOTHING_LEARNED = Learned()


def lesson_from(plan: Plan, bounds: Bounds, answer: Whole) -> Lesson | None:
    """Return what a refused output bound teaches, where the gate had set it."""
    field = plan.output_field
    if answer.status != 400 or field is None:
        return None
    # A client's bound was meant for another model where its request is translated.
    injected = plan.bounds.output_injected or plan.translates
    if not injected and field == plan.facts.output_field:
        return None
    lesson = lesson_of(answer.body, field, bounds.output)
    if not injected and lesson is not None and lesson.maximum is not None:
        return None
    return lesson


def lesson_of(body: bytes, field: str, bound: int) -> Lesson | None:
    """Return what an error body teaches about `bound` in `field`; None for nothing."""
    text = body[:_READ].lower()
    named = field.lower().encode() in text
    if _REFUSED.search(text) and named:
        return _about_field(text, field)
    if b"token" not in text or not (named or b"max" in text):
        return None
    if _CONTEXT.search(text):
        return _about_window(text, bound)
    below = [n for n in _numbers(text) if OUTPUT_FLOOR <= n < bound]
    if below:
        return Lesson(maximum=max(below))
    half = bound // 2
    if half < OUTPUT_FLOOR:
        return None
    return Lesson(maximum=half, lasting=False, guess=True)


def _about_field(text: bytes, field: str) -> Lesson:
    others = [name for name in _FIELDS if name in _without(text, field)]
    if others:
        return Lesson(field=others[0].decode())
    return Lesson(no_field=True)


def _about_window(text: bytes, bound: int) -> Lesson | None:
    """Fit the bound beside this request's input into the window that was named.

    Of the numbers, those that are the bound, or a sum with it, say nothing new; the
    largest that is left is the window, the next one the input.
    """
    numbers = set(_numbers(text))
    new = {n for n in numbers if n != bound and n - bound not in numbers}
    window, tokens = [*sorted(new, reverse=True), 0, 0][:2]
    left = window - tokens if tokens else window // 2
    if not OUTPUT_FLOOR <= left < bound:
        left = bound // 2
    return Lesson(maximum=left, lasting=False) if left >= OUTPUT_FLOOR else None


def _numbers(text: bytes) -> list[int]:
    return [int(found.replace(b",", b"")) for found in _NUMBER.findall(text)]


def _without(text: bytes, field: str) -> bytes:
    return text.replace(field.lower().encode(), b"")
