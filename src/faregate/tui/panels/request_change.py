"""What changed since the session's last answered request, and what that cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.tui.figures import count, dollars, instant, money, percent
from faregate.tui.lines import Line, span, wrap
from faregate.tui.request_table import lost_cache
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.cost_log import ExplainView, RequestView
    from faregate.tui.view import View


def change_title(view: View, before: RequestView | None) -> str:
    """Return the title of the panel."""
    at = None if before is None else instant(before.at)
    if at is None:
        return "changed since the last request"
    return f"changed since {view.clock.local(at):%H:%M:%S}"


def change_lines(
    told: ExplainView, earlier: ExplainView | None, cells: int
) -> list[Line]:
    """Return the differences that a bill knows of, and the price of a lost cache."""
    each = told.request
    before = None if earlier is None else earlier.request
    if earlier is None or before is None:
        first = "nothing of this session was answered before, or it is long ago"
        return [(span(piece, Tone.MUTED),) for piece in wrap(first, cells)]
    lines = [
        _difference("input", before.input_tokens, each.input_tokens),
        _difference("output", before.output_tokens, each.output_tokens),
        (span(_cache(before, each), Tone.TEXT),),
        _target(before, each),
        (span(_cost(before, each), Tone.TEXT),),
    ]
    if lost_cache(each, before):
        lines += [
            (span(piece, Tone.WARN),) for piece in wrap(_lost(told, earlier), cells)
        ]
    return lines


def _difference(what: str, was: int, now: int) -> Line:
    sign = "+" if now >= was else "-"
    return (span(f"{what} {sign}{count(abs(now - was))} tokens: {count(now)}"),)


def _cache(before: RequestView, each: RequestView) -> str:
    was = percent(before.cache_read_tokens, before.input_tokens)
    now = percent(each.cache_read_tokens, each.input_tokens)
    return f"from the cache {now} of the input; {was} before"


def _target(before: RequestView, each: RequestView) -> Line:
    was, now = f"{before.provider}/{before.model}", f"{each.provider}/{each.model}"
    if was == now:
        return (span(f"same target {now}", Tone.MUTED),)
    return (span(f"other target: {now} after {was}", Tone.WARN),)


def _cost(before: RequestView, each: RequestView) -> str:
    more = money(each.cost) - money(before.cost)
    sign = "+" if more >= Money() else "-"
    amount = more if more >= Money() else Money(-more.pico)
    return f"cost {sign}{dollars(amount)}"


def _lost(told: ExplainView, earlier: ExplainView) -> str:
    head = "the provider's cache did not serve it"
    with_cache = _cost_with_cache(told, earlier)
    if with_cache is None:
        return head
    return f"{head}: with it, it would have cost about ~{dollars(with_cache)}"


def _cost_with_cache(told: ExplainView, earlier: ExplainView) -> Money | None:
    """Return the bill with what was cached before read from the cache again.

    None where neither bill has a line from which the price of a cache read is known.
    """
    full = _rates(told).get("uncached input")
    cached = {**_rates(earlier), **_rates(told)}.get("cache read")
    if full is None or cached is None or cached >= full:
        return None
    again = min(earlier.request.cache_read_tokens, told.request.input_tokens)
    again -= told.request.cache_read_tokens
    saved = Money(max(again, 0) * (full - cached))
    return max(money(told.request.cost) - saved, Money())


def _rates(told: ExplainView) -> dict[str, int]:
    """Return pico-USD a token by what was billed."""
    return {
        str(each.get("what")): each["rate"]
        for note in told.notes or []
        if note.get("step") == "cost"
        for each in note.get("lines") or []
        if isinstance(each.get("rate"), int)
    }
