"""Ways of single providers: nothing is broken, and each differs from the common form.

They stand apart from the faults: what they state of usage is true, in a form that a
reader must know. Chat Completions alone has them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from faregate.smoke.simulated.ask import Ask, invalid
from faregate.smoke.simulated.fault import Charge, Fault
from faregate.smoke.simulated.faults.usages import changed_usage
from faregate.smoke.simulated.frames import Frame, FrameKind, to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from faregate.smoke.simulated.ask import Json
    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.exchange import Exchange

_FIXED = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty")


def worded(status: int, body: object) -> Fault:
    """Return a refusal in a provider's own words; nothing is billed."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send_whole(to_bytes(to_json(body)), status=status)

    return Fault(name=f"worded_{status}", charge=Charge.NOTHING, take_over=answer)


def usage_before_last() -> Fault:
    """Return a stream whose usage chunk is followed by an empty one, as xAI's."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if frame.kind is FrameKind.USAGE and isinstance(frame.data, dict):
                yield _empty(frame.data)

    return Fault(name="usage_before_last", on_frames=bent)


def empty_choices() -> Fault:
    """Return a stream with chunks without choices, as Azure's content filter sends."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if frame.kind is FrameKind.DELTA and isinstance(frame.data, dict):
                yield _empty(frame.data)

    return Fault(name="empty_choices", on_frames=bent)


def cached_at_the_top() -> Fault:
    """Return usage that names cached tokens at its top, as Kimi's did."""

    def change(holder: Json, key: str) -> None:
        usage = holder[key]
        usage["cached_tokens"] = usage.pop("prompt_tokens_details")["cached_tokens"]

    return changed_usage("cached_at_the_top", change)


def cached_as_hits() -> Fault:
    """Return usage that names hits and misses of the cache, as DeepSeek's."""

    def change(holder: Json, key: str) -> None:
        usage = holder[key]
        cached = usage.pop("prompt_tokens_details")["cached_tokens"]
        usage["prompt_cache_hit_tokens"] = cached
        usage["prompt_cache_miss_tokens"] = usage["prompt_tokens"] - cached

    return changed_usage("cached_as_hits", change)


def reasoning_apart() -> Fault:
    """Return usage whose completion leaves reasoning out, as xAI's."""

    def change(holder: Json, key: str) -> None:
        usage = holder[key]
        thought = usage["completion_tokens_details"]["reasoning_tokens"]
        usage["completion_tokens"] -= thought

    return changed_usage("reasoning_apart", change)


def reasoning_renamed() -> Fault:
    """Return thoughts in `reasoning`, as OpenRouter does."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for frame in frames:
            if isinstance(frame.data, dict):
                for choice in frame.data.get("choices") or []:
                    _rename(choice["delta"])
            yield frame

    def body(given: Json, _: Dialect) -> Json:
        for choice in given.get("choices") or []:
            _rename(choice["message"])
        return given

    return Fault(name="reasoning_renamed", on_frames=bent, on_body=body)


def fixed_parameters() -> Fault:
    """Return a refusal of every sampling parameter, as Moonshot's K models refuse."""

    def strict(ask: Ask) -> Ask:
        named = [name for name in _FIXED if name in ask.body]
        if named:
            raise invalid(f"invalid {named[0]}: only 1 is allowed for this model")
        return ask

    return Fault(name="fixed_parameters", on_ask=strict)


def _empty(data: Json) -> Frame:
    chunk = {**data, "choices": []}
    chunk.pop("usage", None)
    return Frame(kind=FrameKind.NOISE, data=chunk)


def _rename(holder: Json) -> None:
    if "reasoning_content" in holder:
        holder["reasoning"] = holder.pop("reasoning_content")


_NAMED = (
    usage_before_last(),
    empty_choices(),
    cached_at_the_top(),
    cached_as_hits(),
    reasoning_apart(),
    reasoning_renamed(),
    fixed_parameters(),
)
ODDITIES: Mapping[str, Fault] = MappingProxyType(
    {fault.name: fault for fault in _NAMED}
)
