"""What the screen says before there is anything to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.calling import command, spelled
from faregate.tui.agents import KNOWN
from faregate.tui.caps import gauges
from faregate.tui.figures import dollars, elapsed
from faregate.tui.lines import (
    EMPTY,
    Line,
    Span,
    cell,
    first_that_fits,
    line,
    span,
    wrap,
)
from faregate.tui.store import LinkState
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import Setup
    from faregate.tui.view import View

_INDENT = 3
_GIVE_A_KEY = (
    "export OPENAI_API_KEY=... (or another's)",
    "faregate down",
    "faregate up",
)
_NO_KEY = "no provider key found: an agent needs a key or login of its own"
_BY_HAND = (
    "by hand, for SDKs, with a key: yours or the gate's, from faregate env "
    "(Codex ignores these)",
    "for SDKs, with a key: yours or from faregate env (Codex ignores them)",
    "for SDKs, with a key (Codex ignores these)",
)
_MOST_AGENTS = 5


def is_needed(view: View) -> bool:
    """Whether there is nothing to show but this notice."""
    store = view.shown
    if not store.told:
        return True
    seen = store.setup is not None and store.setup.first_request_seen
    # A session is no request: an agent that was started may go around the gate.
    return not seen and not store.flights


def notice_title(view: View) -> str:
    """Return the title of the panel."""
    return "first run" if view.shown.told else "faregate"


def notice_lines(view: View, cells: int, height: int) -> list[Line]:
    """Return the lines for this state, indented, at most `height`."""
    room = cells - 2 * _INDENT
    if view.shown.told and view.shown.setup is not None:
        lines = _first_run(view, view.shown.setup, room, height)
    else:
        lines = _no_proxy(view, room)
    indent = Span(" " * _INDENT, Tone.TEXT)
    return [(indent, *each) for each in lines][:height]


def _first_run(view: View, setup: Setup, cells: int, height: int) -> list[Line]:
    proxy = view.shown.proxy
    address = proxy.url.rpartition("//")[2] if proxy else "the proxy"
    ways = [
        line(span("or set up the shell that starts it", Tone.MUTED)),
        _command('eval "$(faregate env AGENT)"'),
        _known(view, cells),
    ]
    addresses = [
        first_that_fits(
            [line(span(spelled(each), Tone.MUTED)) for each in _BY_HAND], cells
        ),
        _command(f"export OPENAI_BASE_URL={setup.openai_base_url}"),
        _command(f"export ANTHROPIC_BASE_URL={setup.anthropic_base_url}"),
    ]
    head = [line(span(_waiting(view, address), Tone.STRONG))]
    checks = _checks(view, setup, address, cells)
    full = [
        EMPTY,
        *head,
        EMPTY,
        *_agents(view, _MOST_AGENTS),
        EMPTY,
        *ways,
        EMPTY,
        *addresses,
        EMPTY,
        *checks,
    ]
    if len(full) <= height:
        return full
    for most in range(_MOST_AGENTS, 0, -1):
        lines = [*_agents(view, most), *ways, *addresses]
        tight = [*head, EMPTY, *lines, EMPTY, *checks]
        dense = [*head, *lines, *checks]
        for each in (tight, dense):
            if len(each) <= height:
                return each
    start = [*head, *_agents(view, 2)]
    short = [*start, *ways, *checks]
    return short if len(short) <= height else [*start, ways[1], *checks]


def _waiting(view: View, address: str) -> str:
    begun = len(view.shown.sessions)
    if not begun:
        return f"Waiting for the first request on {address}"
    whose = "1 session has begun" if begun == 1 else f"{begun} sessions have begun"
    return f"{whose}; waiting for a first request on {address}"


def _agents(view: View, most: int) -> list[Line]:
    lines = [
        line(span("start any agent through the gate, in another terminal", Tone.MUTED))
    ]
    agents = view.agents[:most] or ("AGENT",)
    return lines + [_command(f"faregate run -- {agent}") for agent in agents]


def _known(view: View, cells: int) -> Line:
    """Return the names that AGENT may be, those on this machine first."""
    names = dict.fromkeys((*view.agents, *KNOWN))
    told = wrap(f"AGENT: {', '.join(names)}", max(cells - 8, 10))
    more = " ..." if len(told) > 1 else ""
    return (Span("    ", Tone.TEXT), span(told[0] + more, Tone.MUTED))


def _command(text: str) -> Line:
    return (Span("  ", Tone.TEXT), span(spelled(text), Tone.ACCENT))


def _checks(view: View, setup: Setup, address: str, cells: int) -> list[Line]:
    lines = [_check(True, f"proxy up on {address}")]
    keys = ", ".join(setup.keys_found[:8])
    if keys:
        lines.append(_check(True, f"provider keys found: {keys}"))
    else:
        lines.append(_check(False, _NO_KEY))
        lines += _give_a_key(cells)
    lines.append(_cap_check(view, setup, cells))
    lines.append(_check(setup.first_request_seen, "first request seen"))
    for warning in [*_turned_away(view), *setup.warnings[:4]]:
        pieces = wrap(span(spelled(warning)).text, max(cells - 4, 10))
        lines.append(
            (span(f"{view.ink.glyphs.warning}   ", Tone.WARN), span(pieces[0]))
        )
        lines += [(Span("    ", Tone.TEXT), span(piece)) for piece in pieces[1:3]]
    return lines


def _give_a_key(cells: int) -> list[Line]:
    """Return what gives the proxy a key; on more lines where one would be cut."""
    steps = [spelled(each) for each in _GIVE_A_KEY]
    ways = (["; ".join(steps)], [steps[0], "; ".join(steps[1:])], steps)
    fits = (way for way in ways if max(map(len, way)) <= cells - 4)
    indent = Span("    ", Tone.TEXT)
    return [(indent, span(each, Tone.ACCENT)) for each in next(fits, steps)]


def _turned_away(view: View) -> list[str]:
    """Return the latest request that was refused before it was one of a session."""
    for event in reversed(view.shown.events):
        if event.kind == "refused" and event.session is None:
            return [f"a request was refused: {event.text}"]
    return []


def _cap_check(view: View, setup: Setup, cells: int) -> Line:
    found = gauges(view.shown.budgets.values())
    if not found:
        return _check(
            False, spelled("cap: none; faregate budget set monthly 20 sets one")
        )
    amount = f"cap {dollars(found[0].limit)} a {found[0].view.window}"
    if not setup.cap_is_default:
        return _check(True, amount)
    how = spelled("faregate budget set monthly 50 changes it")
    return first_that_fits(
        [
            _check(True, f"{amount}, the default; {how}"),
            _check(True, f"{amount}; {how}"),
            _check(True, f"{amount}, the default"),
        ],
        cells,
    )


def _check(done: bool, text: str) -> Line:
    if done:
        return (span("[x] ", Tone.OK), span(text))
    return (span("[ ] ", Tone.MUTED), span(text, Tone.MUTED))


def _no_proxy(view: View, cells: int) -> list[Line]:
    link = view.store.link
    if link.state is LinkState.CONNECTING:
        return [EMPTY, line(span("Connecting to the proxy", Tone.MUTED))]
    if link.state is not LinkState.ABSENT:
        why = wrap(link.why or "the connection broke", cells)
        return [
            EMPTY,
            line(span("The proxy cannot be reached", Tone.STRONG)),
            EMPTY,
            *[line(span(piece)) for piece in why],
            EMPTY,
            _again(view),
        ]
    return [
        EMPTY,
        line(span("No proxy is running here", Tone.STRONG)),
        EMPTY,
        line(span("u starts it here", Tone.STRONG)),
        EMPTY,
        (
            span(cell("or in a shell", 31), Tone.MUTED),
            span(f"{command()} up", Tone.ACCENT),
        ),
        (
            span(cell("or start it with this screen", 31), Tone.MUTED),
            span(command(), Tone.ACCENT),
        ),
        EMPTY,
        line(span("looked for it at", Tone.MUTED)),
        line(span(f"  {view.socket}", Tone.MUTED)),
        EMPTY,
        _again(view),
    ]


def _again(view: View) -> Line:
    retry = view.store.link.retry_at
    if retry is None:
        return line(span("trying again", Tone.MUTED))
    left = retry - view.clock.monotonic()
    when = f"in {elapsed(left)}" if left >= 1 else "now"
    return line(span(f"This screen connects by itself; next try {when}", Tone.MUTED))
