"""What is kept of one request, as sentences and figures for a person. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.cli import figures
from faregate.cli.requests import cost_of, ended, ms
from faregate.control.explained_steps import dialect, steps
from faregate.control.retries import retries_of_request, retries_words
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.control.cost_log import (
        AttemptView,
        CorrectionView,
        ExplainView,
        RequestView,
    )

_FOUND_BY = {
    "token": "known by its token",
    "url": "known by the URL",
    "header": "known by a header",
    "agent": "known by what the agent sent",
    "fingerprint": "known by how its conversation began",
}
_TOLD_ELSEWHERE = frozenset({"identity", "hold", "cost"})
"""Steps that stand with the request or its attempts."""
_PRICES = {
    "table": "by the bundled prices",
    "config": "by your [prices]",
    "reported": "as the provider reported it",
    "estimated": "estimated",
    "person": "as a person said",
    "unpriced": "no price is known",
}
_CAUSES = {
    "retry": "asked again after",
    "fallback": "asked in place of another after",
    "escalation": "asked for a better answer, because of",
}
_PICO_PER_MTOK = Decimal(10) ** 6
_WIDTH = 14

Note = dict[str, Any]


def lines(told: ExplainView) -> list[str]:
    """Return the explanation, a decision a line."""
    notes = told.notes or []
    found = [*_request(told.request)]
    if told.notes is None:
        found.append(
            _line(
                "decisions",
                "not kept yet, or no more: it ended less than a second ago, still runs, "
                "or is old",
            )
        )
    decided = [note for note in notes if note["step"] not in _TOLD_ELSEWHERE]
    found += [_line(name, sentence) for name, sentence in steps(decided)]
    for number, attempt in enumerate(told.attempts, 1):
        own = [note for note in notes if note.get("attempt") == attempt.attempt]
        found += ["", *_attempt(number, attempt, own)]
        found += [
            _correction(each)
            for each in told.corrections
            if each.attempt == attempt.attempt
        ]
    return found


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"


def _request(request: RequestView) -> Iterator[str]:
    took = "" if request.duration_ms is None else f" in {ms(request.duration_ms)}"
    yield f"{request.id}  {request.at}"
    yield _line("ended", f"{ended(request)}{took}, {cost_of(request)}")
    if request.message:
        yield _line("", request.message)
    found = _FOUND_BY.get(request.identified_by or "", "")
    part = "" if request.root == request.session else f", part of {request.root}"
    yield _line("session", f"{request.session}{part}" + (f", {found}" if found else ""))
    labels = {
        name: value
        for name in request.labels.__struct_fields__
        if (value := getattr(request.labels, name))
    }
    if labels:
        shown = ", ".join(f"{name} {value}" for name, value in labels.items())
        yield _line("booked to", shown)
    yield _line("asked", _asked(request))
    if request.route or request.provider:
        target = f"{request.provider}/{request.model}"
        yield _line("served by", f"{target}, by {_by(request)}")
    if retries := retries_of_request(request):
        yield _line("retries", retries_words(retries, int(request.client_retry)))
    times = {
        "waited": request.waited_ms,
        "first byte after": request.ttfb_ms,
        "first token after": request.first_token_ms,
    }
    told = [f"{name} {ms(value)}" for name, value in times.items() if value is not None]
    if told:
        yield _line("times", ", ".join(told))
    for name, value in (
        ("verdict", request.verdict),
        ("escalated", request.escalation),
        ("outcome", request.outcome),
    ):
        if value:
            yield _line(name, value)


def _by(request: RequestView) -> str:
    return f"route {request.route}" if request.route else "its model's name"


def _asked(request: RequestView) -> str:
    how = [dialect(request.protocol)]
    if request.stream:
        how.append("streamed")
    if request.body_bytes is not None:
        how.append(f"{figures.count(request.body_bytes)} bytes")
    if request.client_retry:
        how.append("the same request again")
    return f"{request.asked or 'unknown'} ({', '.join(how)})"


def _attempt(number: int, attempt: AttemptView, notes: list[Note]) -> Iterator[str]:
    target = f"{attempt.provider}/{attempt.model}"
    yield _line(f"attempt {number}", f"{target}, {_state(attempt)}")
    if attempt.cause:
        kind, _, why = attempt.cause.partition(":")
        because = f"{_CAUSES.get(kind, kind)} {why.replace('_', ' ')}".strip()
        yield _line("  because", f"{kind}: {because}")
    hold = next((note for note in notes if note["step"] == "hold"), None)
    yield _line(
        "  held",
        f"{figures.usd(attempt.held)} for at most {attempt.input_bound:,} tokens in, "
        f"{attempt.output_bound:,} out",
    )
    if hold is not None:
        yield from _budgets(hold)
        since = hold.get("price_since")
        price = hold.get("price") or "unpriced"
        name = _PRICES.get(price, price)
        yield _line("  price", f"{name}, since {since}" if since else str(name))
    yield from _cost(attempt, notes)
    if attempt.wasted or attempt.waste:
        yield _line("  wasted", attempt.waste or "yes")
    if attempt.verdict:
        yield _line("  verdict", attempt.verdict)
    if attempt.note:
        yield _line("  note", attempt.note)


def _state(attempt: AttemptView) -> str:
    parts = [attempt.state]
    if attempt.status is not None:
        parts.append(f"status {attempt.status}")
    if attempt.fault:
        parts.append(f"fault {attempt.fault}")
    if attempt.served_model and attempt.served_model != attempt.model:
        parts.append(f"served as {attempt.served_model}")
    for name, value in (
        ("first byte", attempt.ttfb_ms),
        ("first token", attempt.first_token_ms),
        ("took", attempt.duration_ms),
    ):
        if value is not None:
            parts.append(f"{name} {ms(value)}")
    return ", ".join(parts)


def _budgets(hold: Note) -> Iterator[str]:
    """Tell each budget before and after the hold."""
    held = hold.get("budgets")
    states = held.get("states", []) if isinstance(held, dict) else []
    amount = Money.usd(str(hold.get("held") or 0))
    for state in states:
        budget = state["budget"]
        after = Money.usd(state["held"])
        limit = budget["limit"]
        name = figures.budget_name(budget["scope"], budget["window"])
        kept = Money.usd(state["unknown"])
        yield _line(
            "  budget",
            f"{name}: {figures.usd(state['spent'])} spent"
            + (f", {kept} unknown" if kept else "")
            + f", held {after - amount} before and {after} after, "
            + ("no limit" if limit is None else f"of {figures.usd(limit)}"),
        )


def _cost(attempt: AttemptView, notes: list[Note]) -> Iterator[str]:
    told = next((note for note in reversed(notes) if note["step"] == "cost"), None)
    if attempt.state != "settled":
        return
    source = attempt.cost_source or "unknown"
    yield _line("  cost", f"{figures.usd(attempt.cost)}, {_PRICES.get(source, source)}")
    if told is None:
        tokens = (
            f"{attempt.prompt_tokens} uncached, {attempt.cached_tokens} cached, "
            f"{attempt.completion_tokens} out"
        )
        yield _line("", tokens)
        return
    for line in told.get("lines", []):
        each = Decimal(line["rate"]) / _PICO_PER_MTOK
        yield _line(
            "",
            f"{line['what']}: {line['count']} at {each.normalize():f} USD per million "
            f"= {figures.usd(line['amount'])}"
            if line["what"] not in _NOT_TOKENS
            else f"{line['what']}: {line['count']} = {figures.usd(line['amount'])}",
        )
    if attempt.reasoning_tokens:
        yield _line("", f"{attempt.reasoning_tokens} of the output were reasoning")


_NOT_TOKENS = frozenset({"server tool calls", "reported by the provider"})


def _correction(each: CorrectionView) -> str:
    note = f": {each.note}" if each.note else ""
    return _line(
        "  corrected",
        f"{each.at} from {figures.usd(each.before)} to {figures.usd(each.after)} "
        f"by {each.who}{note}",
    )
