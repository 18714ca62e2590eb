"""The table of requests: what each cost, how it ended, and why it was dear."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.control.retries import retries_of_request
from faregate.control.work import only_counted
from faregate.tui.approval_table import whose
from faregate.tui.figures import (
    NOT_KNOWN,
    bare,
    count,
    fine_column,
    instant,
    milliseconds,
    money,
    percent,
)
from faregate.tui.lines import Span, span
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_log import RequestView
    from faregate.tui.view import View

_COLUMNS = (
    Column(
        id="cost",
        title="COST ",
        about="USD; ~ an estimate, ? unknown or unpriced, () held while it runs",
        right=True,
    ),
    Column(id="time", title="TIME", about="when it came"),
    Column(id="session", title="SESSION", about="whose it is", drop=7, least=12),
    Column(id="model", title="MODEL", about="what served it", drop=8, least=12),
    Column(id="provider", title="PROVIDER", about="who served it", drop=6, least=8),
    Column(
        id="result", title="RESULT", about="how it ended; counted: only its tokens were"
    ),
    Column(
        id="tries", title="TRY", about="attempts after the first", right=True, drop=5
    ),
    Column(
        id="ttft", title="TTFT", about="time to the first token", right=True, drop=2
    ),
    Column(id="took", title="TOOK", about="how long it took", right=True, drop=1),
    Column(id="input", title="IN", about="input tokens", right=True, drop=9),
    Column(
        id="cache",
        title="CACHE",
        about="share of the input that was read from the provider's cache",
        right=True,
        drop=4,
    ),
    Column(id="output", title="OUT", about="output tokens", right=True, drop=3),
    Column(
        id="why",
        title="WHY",
        about="what made it dear, or kept it from an answer",
        optional=True,
        drop=10,
        least=15,
    ),
)
COLUMNS = _COLUMNS
OF_ONE_SESSION = tuple(column for column in _COLUMNS if column.id != "session")


def request_rows(
    view: View, found: Sequence[RequestView], *, with_session: bool = True
) -> list[Row]:
    """Return a row for each request, in the order given: the newest first."""
    fine = fine_column(_amount(each) for each in found)
    before = _before(found)
    return [
        Row(
            each.id,
            partial(_cells, view, each, before.get(each.id), fine, with_session),
        )
        for each in found
    ]


def request_cost(each: RequestView, *, fine: bool = False) -> str:
    """Return "0.13 ", "~0.13 ", "0.40?" or "(0.21)" with its sign's cell kept."""
    if money(each.held):
        return f"({bare(money(each.held), fine=fine)})"
    if money(each.unknown):
        return f"{bare(money(each.unknown), fine=fine)}?"
    if each.cost_source == "unpriced":
        return "?"
    sign = "~" if each.cost_source in {"estimated", "mixed"} else ""
    return f"{sign}{bare(money(each.cost), fine=fine)} "


def _amount(each: RequestView) -> str:
    """Return the amount that `request_cost` shows."""
    return next((a for a in (each.held, each.unknown) if money(a)), each.cost)


def result_span(each: RequestView, view: View) -> Span:
    """Return how a request ended, as sign and word."""
    glyphs = view.ink.glyphs
    flight = next((f for f in view.shown.flights if f.id == each.id), None)
    match each.result:
        case "answered":
            word = "counted" if only_counted(each) else each.status or "ok"
            return span(f"{glyphs.ended} {word}", Tone.OK)
        case "refused":
            return span(f"{glyphs.stopped} refused", Tone.CAPPED)
        case "client_gone":
            return span(f"{glyphs.lost} hung up", Tone.MUTED)
        case "running" if flight is not None and flight.state == "waiting":
            return span(f"{glyphs.waiting} waiting", Tone.WAITING)
        case "running" | None:
            return span(f"{glyphs.running} running", Tone.ACTIVE)
        case _:
            return span(f"{glyphs.down} {each.status or 'failed'}", Tone.DOWN)


def why(each: RequestView, before: RequestView | None) -> str:
    """Return what a person would ask about: refused, escalated, retried, cache lost."""
    if each.result == "refused":
        return (each.code or "refused").replace("_", " ")
    parts: list[str] = []
    if each.escalation:
        parts.append(f"escalated: {each.escalation}")
    if each.verdict and each.verdict != "ok":
        parts.append(each.verdict)
    if money(each.wasted):
        parts.append(f"${bare(money(each.wasted))} wasted")
    if before is not None and lost_cache(each, before):
        moved = (each.provider, each.model) != (before.provider, before.model)
        parts.append("other target: cache lost" if moved else "cache lost")
    if each.client_retry:
        parts.append("the agent asked again")
    if not parts and each.result not in {"answered", "running", None}:
        parts.append((each.code or each.message or "").replace("_", " "))
    return "; ".join(parts)


def lost_cache(each: RequestView, before: RequestView) -> bool:
    """Whether the cache served the request before and hardly this one."""
    if each.input_tokens < 1000 or before.input_tokens < 1000:
        return False
    was = before.cache_read_tokens * 100 // before.input_tokens
    now = each.cache_read_tokens * 100 // each.input_tokens
    return was >= 50 and now < was // 2


def answered_before(
    found: Sequence[RequestView], each: RequestView
) -> RequestView | None:
    """Return the answered request of the same session before this one."""
    return _before(found).get(each.id)


def _before(found: Sequence[RequestView]) -> dict[str, RequestView]:
    """Return, by id, the answered request before; `found` has the newest first."""
    before: dict[str, RequestView] = {}
    latest: dict[str, RequestView] = {}
    for each in reversed(found):
        if each.session in latest:
            before[each.id] = latest[each.session]
        if each.result == "answered" and not only_counted(each):
            latest[each.session] = each
    return before


def _cells(
    view: View,
    each: RequestView,
    before: RequestView | None,
    fine: bool,
    with_session: bool,
) -> tuple[Span, ...]:
    at = instant(each.at)
    first = each.first_token_ms if each.first_token_ms is not None else each.ttfb_ms
    tone = Tone.HELD if money(each.held) else Tone.SPEND
    tone = Tone.UNKNOWN if money(each.unknown) else tone
    retries = retries_of_request(each)
    named = (span(whose(view, each.session)),) if with_session else ()
    return (
        span(request_cost(each, fine=fine), tone),
        span(f"{view.clock.local(at):%H:%M:%S}" if at else NOT_KNOWN, Tone.MUTED),
        *named,
        span((each.model or each.asked or NOT_KNOWN).rpartition("/")[2]),
        span(each.provider or NOT_KNOWN),
        result_span(each, view),
        span(str(retries), Tone.RETRY if retries else Tone.MUTED),
        span(milliseconds(first)),
        span(milliseconds(each.duration_ms)),
        span(count(each.input_tokens)),
        span(percent(each.cache_read_tokens, each.input_tokens)),
        span(count(each.output_tokens)),
        span(why(each, before), Tone.MUTED),
    )
