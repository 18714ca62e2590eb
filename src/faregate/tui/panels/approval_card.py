"""The card on which a person decides: why, effect, cause, cheaper, client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.caps import gauges
from faregate.tui.figures import count, dollars, elapsed, money
from faregate.tui.lines import Line, cell, line, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.approvals import ApprovalView, DecidedView
    from faregate.core.money import Money
    from faregate.tui.cheaper import Cheaper
    from faregate.tui.view import View

_LABEL = 9


def card_lines(
    view: View, waits: ApprovalView, left: float, other: Cheaper | None, cells: int
) -> list[Line]:
    """Return the card of what waits; `left` seconds are left."""
    clock = f"no answer in {elapsed(left)} counts as no"
    rows: list[tuple[str, str, Tone]] = [("", waits.title, Tone.STRONG)]
    rows += [("WHY", each, Tone.TEXT) for each in _why(waits)]
    rows += [("CALLS", call, Tone.ACCENT) for call in waits.calls]
    rows += [("EFFECT", each, Tone.TEXT) for each in _effect(view, waits)]
    rows += [("CAUSE", each, Tone.TEXT) for each in _cause(view, waits)]
    if other is not None:
        told = f"{other.target} ~{dollars(other.estimate)}"
        rows.append(("CHEAPER", told, Tone.OK))
    rows.append(("CLIENT", _client(waits), Tone.MUTED))
    rows.append(("SESSION", f"A also covers {waits.for_session}", Tone.MUTED))
    rows.append(("CLOCK", clock, Tone.WAITING if left >= 30 else Tone.CRIT))
    return _laid_out(rows, cells)


def over_lines(done: DecidedView, cells: int) -> list[Line]:
    """Return what is known of something that was decided."""
    rows = [("", done.title, Tone.STRONG), ("DECIDED", done.decision, Tone.TEXT)]
    if done.reason:
        rows.append(("REASON", done.reason, Tone.TEXT))
    return _laid_out(rows, cells)


def _laid_out(rows: list[tuple[str, str, Tone]], cells: int) -> list[Line]:
    lines: list[Line] = []
    before = None
    for label, text, tone in rows:
        shown = "" if label == before else label
        width = max(cells - (_LABEL if label else 0), 10)
        for piece in wrap(span(text).text, width):
            head = span(cell(shown, _LABEL), Tone.MUTED)
            lines.append(
                line(head, span(piece, tone)) if label else (span(piece, tone),)
            )
            shown = ""
        before = label
    return lines


def _why(waits: ApprovalView) -> list[str]:
    return [
        each.why if each.what in each.why else f"{each.what}: {each.why}"
        for each in waits.reasons
    ]


def _effect(view: View, waits: ApprovalView) -> list[str]:
    """Return what a yes does to the cap and to the session."""
    estimate = money(waits.estimate)
    if not estimate:
        return ["nothing more is billed: the answer is paid for, its tools would run"]
    told: list[str] = []
    found = gauges(view.store.budgets.values())
    if found:
        first = found[0]
        after = first.used + estimate
        told.append(
            f"cap {first.percent} to {_percent(after, first.limit)}; "
            f"{dollars(max(first.left - estimate, type(estimate)()))} left"
        )
    session = view.shown.sessions.get(waits.session)
    if session is not None:
        spent = money(session.cost)
        told.append(f"session {dollars(spent)} to ~{dollars(spent + estimate)}")
    told.append(f"at most {dollars(money(waits.at_most))}")
    return told


def _cause(view: View, waits: ApprovalView) -> list[str]:
    """Return what is known of why it costs that much."""
    if not waits.input_tokens or waits.kind == "tool_calls":
        return []
    told = f"{count(waits.input_tokens)} tokens go in"
    session = view.shown.sessions.get(waits.session)
    if session is None or session.context_tokens is None:
        return [told]
    grown = waits.input_tokens - session.context_tokens
    if grown > 0:
        told += f", {count(grown)} more than the latest request"
    if session.context_window:
        told += f"; the window is {count(session.context_window)}"
    return [told]


def _client(waits: ApprovalView) -> str:
    if waits.kept_alive:
        times = "time" if waits.kept_alive == 1 else "times"
        return f"still connected; kept alive {waits.kept_alive} {times}"
    if waits.stream:
        return "still connected; it hears from the gate after 30 s"
    return "still connected; it waits without a stream"


def _percent(part: Money, whole: Money) -> str:
    if whole.pico <= 0:
        return "100%"
    return f"{part.pico * 1000 // whole.pico / 10:.1f}%"
