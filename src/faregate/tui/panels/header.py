"""The top line: is the proxy there, who is at work, what needs a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.calling import spelled
from faregate.tui.arrangement import PROVIDERS_FROM
from faregate.tui.caps import Level, cap_name, gauges, worst
from faregate.tui.figures import duration, elapsed
from faregate.tui.lines import Line, Span, first_that_fits, span, spread, width
from faregate.tui.store import LinkState
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.tui.store import Store
    from faregate.tui.view import View

_TONES = {
    Level.HALF: Tone.TEXT,
    Level.HIGH: Tone.WARN,
    Level.REACHED: Tone.CRIT,
}


def header_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return the line, with what matters least left out where it does not fit."""
    right = _right(view)
    room = cells - width(right) - 3
    chosen = first_that_fits(_candidates(view, cells < PROVIDERS_FROM), room)
    return [
        spread((Span(" ", Tone.TEXT), *chosen), (*right, Span(" ", Tone.TEXT)), cells)
    ]


def _candidates(view: View, narrow: bool) -> Iterator[Line]:
    link, up, alert = _link(view), _uptime(view), _alert(view)
    down = _down(view) if narrow else ()
    work, held, kept = _work(view), _held(view), _capture(view)
    bar = span(f" {view.ink.glyphs.bar} ", Tone.TRACK)
    if not view.store.live:
        # How long it is gone matters more than what was at work.
        yield _join(bar, link, _start_hint(view), work, down, alert)
        yield _join(bar, link, _start_hint(view), alert)
        yield _join(bar, link, _start_hint(view, "u starts it"), alert)
    yield _join(bar, (*link, *up), held, kept, work, down, alert)
    yield _join(bar, link, held, kept, work, down, alert)
    short_link, short_work = _short_link(view), _short_work(view)
    if not view.store.live:
        yield _join(bar, link, held, kept, short_work, down, alert)
        yield _join(bar, link, alert)
        yield link
        yield short_link
        return
    yield _join(bar, short_link, held, kept, work, down, alert)
    yield _join(bar, link, held, kept, short_work, down, alert)
    yield _join(bar, short_link, held, kept, short_work, down, alert)
    yield _join(bar, short_link, held, kept, short_work, alert)
    short_kept = _capture(view, short=True)
    yield _join(bar, short_link, held, short_kept, short_work, alert)
    yield _join(bar, short_link, held, short_work, alert)
    yield _join(bar, short_link, held, alert)
    yield _join(bar, short_link, held)
    yield held or short_link
    yield _join(bar, short_link)


def _join(bar: Span, *parts: Line) -> Line:
    joined: list[Span] = []
    for part in parts:
        if part:
            joined += [bar, *part] if joined else part
    return tuple(joined)


def _link(view: View) -> Line:
    store, glyphs = view.store, view.ink.glyphs
    link, now = store.link, view.clock.monotonic()
    retry = ""
    if link.retry_at is not None:
        left = link.retry_at - now
        retry = f", retrying in {elapsed(left)}" if left >= 1 else ", retrying now"
    match link.state:
        case LinkState.LIVE:
            address = store.proxy.url.rpartition("//")[2] if store.proxy else ""
            if view.apart:
                address += ", another version"
            return (span(f"{glyphs.live} ", Tone.OK), span(f"proxy {address}"))
        case LinkState.CONNECTING:
            return (span(f"{glyphs.lost} connecting", Tone.MUTED),)
        case LinkState.LOST | LinkState.ABSENT if store.told:
            text = f"{glyphs.lost} proxy lost {elapsed(now - link.since)}{retry}"
            return (span(text, Tone.NOTICE),)
        case LinkState.LOST | LinkState.ABSENT:
            return (span(f"{glyphs.lost} no proxy{retry}", Tone.WARN),)
        case LinkState.REFUSED:
            return (span(f"{glyphs.down} {link.why or 'refused'}", Tone.CRIT),)


def _start_hint(view: View, how: str = "u or faregate up starts it") -> Line:
    """Tell what brings it back: while it is away nobody starts it by itself."""
    away = view.store.link.state in (LinkState.LOST, LinkState.ABSENT)
    return (span(spelled(how)),) if away else ()


def _short_link(view: View) -> Line:
    glyphs = view.ink.glyphs
    match view.store.link.state:
        case LinkState.LIVE:
            return (span(f"{glyphs.live} ", Tone.OK), span("proxy"))
        case LinkState.LOST | LinkState.ABSENT if view.store.told:
            return (span(f"{glyphs.lost} proxy lost", Tone.NOTICE),)
        case _:
            return _link(view)


def _held(view: View) -> Line:
    """Tell what a person paused or stopped; of now, even on a frozen screen."""
    latched = view.store.latched if view.store.live else ""
    return (
        (span(f"{view.ink.glyphs.closed} {latched}", Tone.CAPPED),) if latched else ()
    )


def _capture(view: View, *, short: bool = False) -> Line:
    """Tell that prompts and answers go to the disk."""
    setup = view.store.setup if view.store.live else None
    if setup is None or not setup.capture:
        return ()
    how = "" if short else f" {setup.capture}"
    return (span(f"{view.ink.glyphs.partial} capture{how}", Tone.WARN),)


def _uptime(view: View) -> Line:
    store = view.store
    if not store.live or store.proxy is None:
        return ()
    up = store.proxy.uptime_s + max(view.clock.monotonic() - store.received, 0.0)
    # Minutes are enough here, and seconds would repaint an idle screen.
    minutes = f"{int(up) // 60}m" if up >= 60 else "<1m"
    shown = duration(up) if up >= 3600 else minutes
    return (span(f" up {shown}", Tone.MUTED),)


def _work(view: View) -> Line:
    store = view.shown
    if not store.told:
        return ()
    dot = view.ink.glyphs.dot
    number = len(store.sessions)
    parts = [span(f"{number} session{'s' * (number != 1)}")]
    running = store.in_flight - store.waiting
    if running > 0:
        parts.append(span(f" {dot} {running} in flight"))
    parts += [span(f" {dot} {word}", Tone.WAITING) for word in _waits(store)]
    capped = [view.state for view in store.sessions.values()].count("capped")
    if capped:
        parts.append(span(f" {dot} {capped} CAPPED", Tone.CAPPED))
    return tuple(parts)


def _down(view: View) -> Line:
    """Name providers that are down, where there is no panel that shows it."""
    down = [each for each in view.shown.providers.values() if each.breaker == "open"]
    if not down:
        return ()
    what = down[0].name if len(down) == 1 else f"{len(down)} providers"
    return (span(f"{view.ink.glyphs.down} {what} down", Tone.DOWN),)


def _short_work(view: View) -> Line:
    store = view.shown
    if not store.told:
        return ()
    return (span(", ".join(_waits(store)), Tone.WAITING),) if store.waiting else ()


def _waits(store: Store) -> list[str]:
    """Return how many wait for room, and how many for a person."""
    approvals = min(store.waiting_approval, store.waiting)
    counted = ((store.waiting - approvals, "for room"), (approvals, "for you"))
    return [
        f"{number} wait{'s' * (number == 1)} {what}"
        for number, what in counted
        if number
    ]


def _alert(view: View) -> Line:
    """Name the most urgent budget; of the live figures, even on a frozen screen."""
    found = worst(gauges(view.store.budgets.values()))
    if found is None or found.level is Level.CALM:
        return ()
    glyphs, name = view.ink.glyphs, cap_name(found.view, view.clock)
    if found.level is Level.REACHED:
        word = "closed" if found.view.closed else "reached"
        return (span(f"{glyphs.closed} {name} {word}", Tone.CRIT),)
    used = f"{glyphs.alert} {found.permille // 10}% of {name}"
    return (span(used, _TONES[found.level]),)


def _right(view: View) -> Line:
    clock = view.clock
    if view.replay and view.frozen is None:
        at = f"{clock.local(clock.now()):%a %d %b %H:%M:%S}"
        return (span(f" REPLAY {view.replay} {at} ", Tone.NOTICE),)
    if view.frozen is None or view.frozen_at is None:
        return (span(f"{clock.local(clock.now()):%H:%M}", Tone.MUTED),)
    more = view.store.requests() - view.frozen.requests()
    since = f"FROZEN {clock.local(view.frozen_at):%H:%M:%S}"
    told = f" {since}, +{more} requests " if more > 0 else f" {since} "
    return (span(told, Tone.NOTICE),)
