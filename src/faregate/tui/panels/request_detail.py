"""One request: its way through the gate, and its bill line by line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from faregate.control.explained_steps import steps
from faregate.tui.figures import (
    NOT_KNOWN,
    count,
    dollars,
    instant,
    milliseconds,
    money,
    size,
)
from faregate.tui.lines import EMPTY, Line, cell, line, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.control.cost_log import AttemptView, ExplainView, RequestView
    from faregate.tui.view import View

_PICO_PER_MTOK = Decimal(10) ** 6
_NOT_TOKENS = {"server tool calls", "reported by the provider"}
_QUIET = {"identity", "hold", "cost", "attempt"}

Note = dict[str, Any]


def head_line(view: View, told: ExplainView) -> Line:
    """Return which request this is, and what it cost: that first, so it is never cut."""
    each = told.request
    at = instant(each.at)
    when = f"{view.clock.local(at):%H:%M:%S}" if at else NOT_KNOWN
    return line(
        " ",
        span("requests", Tone.MUTED),
        span(" > ", Tone.TRACK),
        span(each.id, Tone.STRONG),
        span(f"   {_cost(each)}", Tone.SPEND),
        span(f" {each.cost_source or ''}", Tone.MUTED),
        span(f"   {when}   {each.asked or each.model or ''}", Tone.MUTED),
    )


def _cost(each: RequestView) -> str:
    """Return "$0.86", "~$0.86" for an estimate, "?" where no price is known."""
    if each.cost_source == "unpriced" and not money(each.cost):
        return "?"
    sign = "~" if each.cost_source in {"estimated", "mixed"} else ""
    return f"{sign}{dollars(money(each.cost))}"


def timeline_lines(told: ExplainView, cells: int) -> list[Line]:
    """Return what happened when, in seconds after the request came."""
    each = told.request
    lines = [_step(0, _received(each), Tone.TEXT)]
    if each.waited_ms:
        lines.append(_step(0, f"waited {milliseconds(each.waited_ms)}", Tone.WAITING))
    for number, attempt in enumerate(told.attempts, 1):
        lines += _attempt_lines(each, attempt, number)
    if each.duration_ms is not None:
        word = (each.result or "ended").replace("_", " ")
        tone = Tone.OK if each.result == "answered" else Tone.CRIT
        told_end = f"{word} {each.status or ''} {each.code or ''}".rstrip()
        lines.append(_step(each.duration_ms, told_end, tone))
    if each.message:
        lines += [(span(piece, Tone.WARN),) for piece in wrap(each.message, cells)]
    notes = [note for note in told.notes or [] if note.get("step") not in _QUIET]
    for name, sentence in steps(notes):
        step = f"{cell(name, 11)} {sentence}"
        lines += [(span(piece, Tone.MUTED),) for piece in wrap(step, cells)]
    return lines


def cost_lines(told: ExplainView) -> list[Line]:
    """Return each attempt's bill: count, price row, amount."""
    lines: list[Line] = []
    for attempt in told.attempts:
        lines += [EMPTY] if lines else []
        lines += list(_bill(attempt, told.notes or []))
    for each in told.corrections:
        amounts = f"{dollars(money(each.before))} to {dollars(money(each.after))}"
        note = f": {each.note}" if each.note else ""
        lines.append(
            (span(f"corrected from {amounts} by {each.who}{note}", Tone.WARN),)
        )
    if not lines:
        lines = [(span("nothing was sent, so nothing was billed", Tone.MUTED),)]
    return lines


def _received(each: RequestView) -> str:
    parts = [f"received {each.protocol}"]
    if each.body_bytes is not None:
        parts.append(size(each.body_bytes))
    if each.stream:
        parts.append("streamed")
    if each.client_retry:
        parts.append("the same request again")
    return ", ".join(parts)


def _attempt_lines(each: RequestView, attempt: AttemptView, number: int) -> list[Line]:
    began = _after(each.at, attempt.at)
    cause = f" ({attempt.cause.replace(':', ': ')})" if attempt.cause else ""
    target = f"{attempt.provider}/{attempt.model}"
    lines = [_step(began, f"try {number} {target}{cause}", Tone.ACCENT)]
    first = attempt.first_token_ms
    first = attempt.ttfb_ms if first is None else first
    if first is not None:
        lines.append(_step(began + first, "first token", Tone.TEXT))
    if attempt.duration_ms is not None:
        wasted = f", wasted: {attempt.waste or 'yes'}" if attempt.wasted else ""
        fault = f" {attempt.fault}" if attempt.fault else ""
        verdict = f", {attempt.verdict}" if attempt.verdict else ""
        ended = f"{attempt.state} {attempt.status or ''}{fault}{verdict}{wasted}"
        good = attempt.state == "settled" and not attempt.fault and not attempt.wasted
        tone = Tone.OK if good else Tone.RETRY
        lines.append(_step(began + attempt.duration_ms, ended, tone))
    return lines


def _bill(attempt: AttemptView, notes: list[Note]) -> Iterator[Line]:
    source = attempt.cost_source or attempt.state
    price = f"prices: {attempt.price_source}" if attempt.price_source else ""
    yield line(
        span(_amount(dollars(money(attempt.cost))), Tone.SPEND),
        span(f"  {attempt.provider}/{attempt.model}", Tone.STRONG),
        span(f" {source}  {price}", Tone.MUTED),
    )
    if attempt.state in {"held", "unknown"}:
        amount = dollars(money(attempt.held))
        tone = Tone.UNKNOWN if attempt.state == "unknown" else Tone.HELD
        yield (span(f"{_amount(amount)}  {attempt.state}", tone),)
        return
    own = [n for n in notes if n.get("attempt") == attempt.attempt]
    told = next((n for n in reversed(own) if n.get("step") == "cost"), None)
    if told is None:
        if (
            not attempt.prompt_tokens
            + attempt.cached_tokens
            + attempt.completion_tokens
        ):
            return
        yield line(
            span("tokens ", Tone.MUTED),
            f"{count(attempt.prompt_tokens)} new, {count(attempt.cached_tokens)} "
            f"cached, {count(attempt.completion_tokens)} out",
        )
        return
    for each in told.get("lines") or []:
        yield _bill_line(each)


def _bill_line(each: Note) -> Line:
    what = str(each.get("what", ""))
    amount = dollars(money(str(each.get("amount", "0"))))
    number = f"{each.get('count', 0):,}" if isinstance(each.get("count"), int) else ""
    at = "" if what in _NOT_TOKENS else f"x ${_per_mtok(each.get('rate'))}/M"
    return line(
        span(_amount(amount), Tone.SPEND),
        span(f"  {what.ljust(15)}", Tone.MUTED),
        number.rjust(9),
        span(f"  {at}", Tone.MUTED),
    )


def _amount(text: str) -> str:
    """Return an amount as the first column of the bill, where nothing cuts it."""
    return text.rjust(8)


def _per_mtok(rate: object) -> str:
    try:
        each = Decimal(str(rate)) / _PICO_PER_MTOK
    except InvalidOperation:
        return NOT_KNOWN
    return f"{each:.2f}" if each == each.quantize(Decimal("0.01")) else f"{each:f}"


def _step(at_ms: float, text: str, tone: Tone) -> Line:
    return line(
        span(f"{at_ms / 1000:7.2f}  ", Tone.MUTED), span(" ".join(text.split()), tone)
    )


def _after(start: str, at: str) -> float:
    began, came = instant(start), instant(at)
    if began is None or came is None:
        return 0.0
    return max((came - began).total_seconds() * 1000, 0.0)
