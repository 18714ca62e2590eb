"""The cap: how much is gone, held and left, and when it will be reached."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from faregate.control.calling import spelled
from faregate.tui.caps import (
    Gauge,
    Level,
    cap_name,
    gauges,
    hourly_rate,
    pace,
    resets_on,
    short_pace,
    time_left,
)
from faregate.tui.figures import below_a_cent, dollars, instant, money, room
from faregate.tui.lines import (
    Line,
    Span,
    first_that_fits,
    fit_middle,
    line,
    span,
    spread,
)
from faregate.tui.meter import gauge_bar, scale
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.store import Store
    from faregate.tui.view import View

_TONES = {
    Level.CALM: Tone.TEXT,
    Level.HALF: Tone.TEXT,
    Level.HIGH: Tone.WARN,
    Level.REACHED: Tone.CRIT,
}


def cap_title(view: View) -> str:
    """Return the title of the panel: the cap, and what it cannot show."""
    found = gauges(view.shown.budgets.values())
    if not found:
        return "cap"
    parts = [cap_name(found[0].view, view.clock)]
    parts += [_raised(found[0], view), _unpriced(view)]
    return ", ".join(part for part in parts if part)


def _raised(found: Gauge, view: View) -> str:
    until = found.view.raised_until
    ends = None if until is None else instant(until)
    if ends is None:
        return ""
    same_day = ends - view.clock.now() < timedelta(days=1)
    return f"raised until {view.clock.local(ends):%H:%M}" if same_day else "raised"


def _unpriced(view: View) -> str:
    """Tell of requests whose price is not known, which no gauge can show."""
    number = sum([each.unpriced for each in view.shown.sessions.values()])
    return f"+ {number} without a price" if number else ""


def cap_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return five lines: figures, gauge, scale or next cap, what is set aside, pace."""
    store = view.shown
    found = gauges(store.budgets.values())
    if not found:
        return _no_cap(store, view.replay)
    first = found[0]
    others = [_other(each, view, cells) for each in found[1:]]
    return [
        _figures(first, view, cells),
        gauge_bar(first, cells, view.ink.glyphs),
        others[0] if others else scale(cells),
        _aside(first, view, cells),
        (span(pace(first, store.burn, _uptime(store), view.clock), Tone.MUTED),),
    ]


def strip_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return the narrow form: one line of figures, one gauge."""
    store = view.shown
    found = gauges(store.budgets.values())
    rate = (span(f"{dollars(hourly_rate(store.burn))}/h"),)
    if not found:
        spent = [money(each.spent) for each in store.budgets.values()]
        used = dollars(max(spent)) if spent else "$0.00"
        return [line(" ", span(f"{used} spent, no cap"), "   ", *rate)]
    first, dot = found[0], span(f" {view.ink.glyphs.dot} ", Tone.TRACK)
    money_part = _used_of(first, view)
    told = (first, store.burn, _uptime(store), view.clock)
    when, soon = span(pace(*told), Tone.MUTED), span(short_pace(*told), Tone.MUTED)
    aside = _set_aside(first)
    both = tuple(each for part in aside for each in (dot, part))
    chosen = first_that_fits(
        [
            (*money_part, dot, *rate, *both, dot, when),
            (*money_part, dot, *rate, *both[:2], dot, when),
            (*money_part, dot, *rate, *both, dot, soon),
            (*money_part, dot, *rate, *both[:2], dot, soon),
            (*money_part, dot, *rate, dot, soon),
            (*money_part, dot, *rate),
            money_part,
        ],
        cells - 2,
    )
    blank = Span(" ", Tone.TEXT)
    return [
        (blank, *chosen),
        (blank, *gauge_bar(first, cells - 2, view.ink.glyphs), blank),
    ]


def _set_aside(found: Gauge) -> list[Span]:
    """Return unknown money first: somebody has to look into it."""
    amounts = (
        ("unknown", found.unknown, Tone.UNKNOWN),
        ("held", found.held, Tone.HELD),
    )
    return [
        span(f"{word} {dollars(sum_)}", tone) for word, sum_, tone in amounts if sum_
    ]


def banner_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return the full-width line of a cap that is reached; none while there is room."""
    for found in gauges(view.store.budgets.values()):
        if found.level is Level.REACHED:
            return [_banner(found, view, cells)]
    return []


def _banner(found: Gauge, view: View, cells: int) -> Line:
    closed, reset = view.ink.glyphs.closed, resets_on(found.view, view.clock)
    if found.view.closed:
        return _closed(found, view, cells)
    until = f"until {reset} or a new cap" if reset else "until there is a new cap"
    if found.view.scope == "global" and not found.left:
        refused = "new requests are refused"
    elif found.view.scope == "global":
        more = f"more than {room(found.left)}"
        more = "a cent or more" if below_a_cent(found.left) else more
        refused = f"what may cost {more} is refused"
    else:
        refused = f"requests of {found.view.scope} are refused"
    head = f" {closed} CAP REACHED {dollars(found.used)} of {dollars(found.limit)}"
    finish = ""
    if view.store.in_flight:
        number = view.store.in_flight
        finish = f" {number} running request{'s' * (number != 1)} may finish."
    texts = (
        f"{head}: {refused} {until}.{finish}",
        f"{head}: {refused} {until}.",
        f"{head}: {refused}",
        f"{head}",
        f" {closed} CAP REACHED",
    )
    chosen = first_that_fits([(span(text, Tone.ALERT),) for text in texts], cells)
    return (span(chosen[0].text.ljust(cells), Tone.ALERT),)


def _closed(found: Gauge, view: View, cells: int) -> Line:
    """Tell that a bill closed the cap: its figures alone would not say why."""
    name = cap_name(found.view, view.clock)
    head = f" {view.ink.glyphs.closed} {name.upper()} CLOSED"
    why = "a request came in dearer than its hold"
    spent = f"{dollars(found.used)} of {dollars(found.limit)} spent"
    texts = (
        f"{head}: {why} ({spent}). Nothing goes out until you raise the cap (b).",
        f"{head}: {why} ({spent}). Raise the cap to open it (b).",
        f"{head}: {why}. Raise the cap to open it (b).",
        f"{head}: {why}",
        head,
    )
    chosen = first_that_fits([(span(text, Tone.ALERT),) for text in texts], cells)
    return (span(chosen[0].text.ljust(cells), Tone.ALERT),)


def _figures(found: Gauge, view: View, cells: int) -> Line:
    left = time_left(found.view, view.clock)
    right = (span(left, Tone.MUTED),) if left else ()
    return spread(_used_of(found, view), right, cells)


def _used_of(found: Gauge, view: View) -> Line:
    tone, glyphs = _TONES[found.level], view.ink.glyphs
    sign = {Level.HIGH: f"{glyphs.alert} ", Level.REACHED: f"{glyphs.closed} "}
    return line(
        span(dollars(found.used), Tone.SPEND),
        span(f" of {dollars(found.limit)}  "),
        span(f"{sign.get(found.level, '')}{found.percent}", tone),
    )


def _aside(found: Gauge, view: View, cells: int) -> Line:
    glyphs = view.ink.glyphs
    left = span(f"left {room(found.left)}")
    held = span(f"{glyphs.held} held {dollars(found.held)}", Tone.HELD)
    unknown = span(f"{glyphs.unknown} unknown {dollars(found.unknown)}", Tone.UNKNOWN)
    aside = [
        part
        for part, amount in ((held, found.held), (unknown, found.unknown))
        if amount
    ]
    candidates = [[left, *aside], aside, aside[:1]] if aside else [[left]]
    return first_that_fits([_spaced(each) for each in candidates], cells)


def _spaced(parts: list[Span]) -> Line:
    gap = Span("  ", Tone.TEXT)
    return tuple(each for part in parts for each in (part, gap))[:-1]


def _other(found: Gauge, view: View, cells: int) -> Line:
    told = f"{dollars(found.used)} of {dollars(found.limit)} "
    room = max(cells - len(told) - len(found.percent) - 1, 1)
    name = fit_middle(cap_name(found.view, view.clock), room, cut=view.ink.glyphs.cut)
    return line(
        span(f"{name} ", Tone.MUTED),
        told,
        span(found.percent, _TONES[found.level]),
    )


def _no_cap(store: Store, replay: str) -> list[Line]:
    told = (span("a replay: no cap holds here", Tone.MUTED),)
    lines: list[Line] = [told if replay else (span("no cap is set", Tone.WARN),)]
    lines += [
        line(span(dollars(money(view.spent)), Tone.SPEND), f" spent, {view.window}")
        for view in list(store.budgets.values())[:2]
    ]
    if not replay:
        lines.append((span(spelled("faregate budget set monthly 20"), Tone.ACCENT),))
    return lines


def _uptime(store: Store) -> float:
    return store.proxy.uptime_s if store.proxy else 0.0
