"""Usage blocks that lie, are missing or sit in unusual places.

The bill stays true under all of them but `inflated`, where the provider charges what
it claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.ask import Ask, Json
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.frames import Frame, FrameKind
from faregate.smoke.simulated.rates import Counts

if TYPE_CHECKING:
    from faregate.smoke.simulated.answer import Answer
    from faregate.smoke.simulated.dialects.dialect import Dialect

_Change = Callable[[Json, str], None]
_HUGE = 2**63


def missing() -> Fault:
    """Return an answer without any usage block."""

    def drop(holder: Json, key: str) -> None:
        del holder[key]

    return changed_usage("usage_missing", drop)


def null() -> Fault:
    """Return an answer whose usage is null."""

    def clear(holder: Json, key: str) -> None:
        holder[key] = None

    return changed_usage("usage_null", clear)


def every_number(name: str, change: Callable[[int], Any]) -> Fault:
    """Return an answer in which `change` was applied to every counter."""

    def apply(holder: Json, key: str) -> None:
        holder[key] = _mapped(holder[key], change)

    return changed_usage(name, apply)


def negative() -> Fault:
    """Return an answer with counters below zero."""
    return every_number("usage_negative", lambda count: -count - 1)


def text() -> Fault:
    """Return an answer with counters as text."""
    return every_number("usage_text", str)


def huge() -> Fault:
    """Return an answer with counters beyond 64 bits."""
    return every_number("usage_huge", lambda count: count + _HUGE)


def twice() -> Fault:
    """Return a stream that reports its final usage twice; adding up bills double."""

    def bent(frames: Iterator[Frame], dialect: Dialect) -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if _is_final(frame, dialect):
                yield replace(frame, tokens=0)

    return Fault(name="usage_twice", on_frames=bent)


def decreasing() -> Fault:
    """Return a stream whose second usage report is smaller than its first."""

    def halve(holder: Json, key: str) -> None:
        holder[key] = _mapped(holder[key], lambda count: count // 2)

    def bent(frames: Iterator[Frame], dialect: Dialect) -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if _is_final(frame, dialect):
                yield replace(_with_usage(frame, dialect, halve), tokens=0)

    return Fault(name="usage_decreasing", on_frames=bent)


def cumulative() -> Fault:
    """Return a stream that reports usage early and again at the end, growing."""

    def halve(holder: Json, key: str) -> None:
        holder[key] = _mapped(holder[key], lambda count: count // 2)

    def bent(frames: Iterator[Frame], dialect: Dialect) -> Iterator[Frame]:
        for frame in frames:
            if frame.kind is FrameKind.USAGE:
                yield replace(_with_usage(frame, dialect, halve), tokens=0)
            yield frame

    return Fault(name="usage_cumulative", on_frames=bent)


def unasked() -> Fault:
    """Return a stream with a usage chunk that nobody asked for."""
    return Fault(name="usage_unasked", on_ask=_asking_for_usage)


def in_choice() -> Fault:
    """Return a chat stream with usage inside the last choice, as Moonshot sends it."""

    def place(data: Json, usage: Json) -> None:
        data["choices"][0]["usage"] = usage

    return _moved("usage_in_choice", place)


def in_x_groq() -> Fault:
    """Return a chat stream with usage under `x_groq`, as Groq sent it."""

    def place(data: Json, usage: Json) -> None:
        data["x_groq"] = {"id": "req_simulated", "usage": usage}

    return _moved("usage_in_x_groq", place)


def with_finish() -> Fault:
    """Return a chat stream with usage on the chunk that holds the finish reason."""

    def place(data: Json, usage: Json) -> None:
        data["usage"] = usage

    return _moved("usage_with_finish", place)


def inflated(factor: int = 3) -> Fault:
    """Return an answer that claims, and bills, `factor` times its tokens."""

    def bent(answer: Answer) -> Answer:
        counts = answer.counts
        return replace(
            answer,
            counts=Counts(
                input=counts.input * factor,
                cached=counts.cached * factor,
                cache_write=counts.cache_write * factor,
                cache_write_1h=counts.cache_write_1h * factor,
                output=counts.output * factor,
                reasoning=counts.reasoning * factor,
            ),
        )

    return Fault(name="usage_inflated", on_answer=bent)


def changed_usage(name: str, change: _Change) -> Fault:
    """Return an answer whose usage is changed in place: its holder, and its key."""

    def frames(given: Iterator[Frame], dialect: Dialect) -> Iterator[Frame]:
        return (_with_usage(frame, dialect, change) for frame in given)

    def body(given: Json, dialect: Dialect) -> Json:
        return _with_changed_usage(given, dialect, change)

    return Fault(name=name, on_frames=frames, on_body=body)


def _moved(name: str, place: Callable[[Json, Json], None]) -> Fault:
    """Return a chat stream whose usage moves onto the chunk with the finish."""

    def bent(given: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        frames = list(given)
        usage = next((f.data for f in frames if f.kind is FrameKind.USAGE), None)
        if not isinstance(usage, dict) or "choices" not in usage:
            yield from frames
            return
        for frame in frames:
            if frame.kind is FrameKind.USAGE:
                continue
            if isinstance(frame.data, dict):
                frame.data.pop("usage", None)
                if frame.kind is FrameKind.TERMINAL:
                    place(frame.data, usage["usage"])
            yield frame

    return Fault(name=name, on_ask=_asking_for_usage, on_frames=bent)


def _asking_for_usage(ask: Ask) -> Ask:
    return replace(ask, include_usage=True)


def _is_final(frame: Frame, dialect: Dialect) -> bool:
    """Return whether a frame holds the usage of the whole answer."""
    final = frame.kind in {FrameKind.USAGE, FrameKind.TERMINAL}
    return (
        final and isinstance(frame.data, dict) and bool(dialect.usage_slots(frame.data))
    )


def _with_usage(frame: Frame, dialect: Dialect, change: _Change) -> Frame:
    if not isinstance(frame.data, dict):
        return frame
    return replace(frame, data=_with_changed_usage(frame.data, dialect, change))


def _with_changed_usage(data: Json, dialect: Dialect, change: _Change) -> Json:
    copied = deepcopy(data)
    for holder, key in dialect.usage_slots(copied):
        change(holder, key)
    return copied


def _mapped(value: Any, change: Callable[[int], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return change(value)
    return value
