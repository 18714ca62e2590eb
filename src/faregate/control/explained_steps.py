"""The notes of one request as sentences: route, translation, limits, refusal. Pure.

Owns a sentence for each step that the gate notes; a step that it does not know is
listed as it was noted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.control import figures
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Note = dict[str, Any]

DIALECTS = {
    "openai_chat": "Chat Completions",
    "openai_completions": "legacy Completions",
    "openai_embeddings": "Embeddings",
    "openai_responses": "Responses",
    "anthropic_messages": "Messages",
    "gemini": "Gemini",
}
_ORDERS = {
    "direct": "by its name",
    "ordered": "in the order of the route",
    "weights": "drawn by weight",
    "sticky": "the one that served this session comes first",
    "switch": "another one is cheaper now, cold cache counted",
    "escalated": "from the dearer level on",
    "cheapest": "the cheapest first",
    "cheapest-accepted": "the cheapest for each accepted task first",
}
_LIMITS = {
    "requests": "requests",
    "wall_clock": "",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "retries": "retries",
    "tool_calls": "tool calls",
    "concurrency": "at once",
    "request_input_tokens": "input tokens in this request",
    "request_output_tokens": "output tokens in this request",
    "tokens_per_minute": "tokens a minute",
    "spend_per_minute": "a minute",
}
_BUDGET = ("spent", "held", "unknown")


def steps(notes: Sequence[Note]) -> list[tuple[str, str]]:
    """Return a name and a sentence for each note, each once."""
    told = [_told(note) for note in notes]
    return list(dict.fromkeys(told))


def order_words(why: str) -> str:
    """Return why targets are asked in this order."""
    return _ORDERS.get(why, why)


def dialect(protocol: str) -> str:
    """Return a dialect by the name that its vendor gave it."""
    return DIALECTS.get(protocol, protocol)


def _told(note: Note) -> tuple[str, str]:
    step = str(note["step"])
    figures_of = {name: value for name, value in note.items() if name != "step"}
    name, sentence = _NAMES.get(step, step), _SENTENCES.get(step, _pairs)
    try:
        return name, sentence(figures_of)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Written by another version, which noted something else.
        return name, _pairs(figures_of)


def _route(note: Note) -> str:
    why = order_words(str(note["why"]))
    told = f"{note['route']}: {', then '.join(map(str, note['targets']))} ({why})"
    if note.get("level"):
        cause = note.get("escalated_by")
        told += f"; {note['level']} up" + (
            f", because of {_words(cause)}" if cause else ""
        )
    if note.get("complex_by"):
        told += f"; complex by its {_words(note['complex_by'])}"
    return told


def _translation(note: Note) -> str:
    losses = ", ".join(map(_words, note["losses"]))
    return (
        f"{dialect(note['client'])} became {dialect(note['provider'])} for "
        f"{note['target']}; lost: {losses or 'nothing'}"
    )


def _limits(note: Note) -> str:
    told = [
        _limit(name, most, note.get(name))
        for name, most in note["limits"].items()
        if most is not None
    ]
    return ", ".join(told) or "none"


def _limit(name: str, most: Any, used: Any) -> str:
    if name == "wall_clock":
        after = "" if used is None else f"{figures.seconds(float(used))} of "
        return f"{after}{figures.seconds(float(most))} since it began"
    shown = figures.usd(str(most)) if name == "spend_per_minute" else _number(most)
    before = "" if used is None else f"{_number(used)} of "
    return f"{before}{shown} {_LIMITS.get(name, name)}"


def _number(value: Any) -> str:
    return f"{round(value):,}" if isinstance(value, int | float) else str(value)


def _loop(note: Note) -> str:
    tools = note.get("tools") or []
    of = f" ({', '.join(map(str, tools))})" if tools else ""
    rule = _words(note.get("rule") or note["found"])
    told = f"{rule}, {note['times']} times{of}"
    return f"{told}: {note['decision']}" if note.get("decision") else told


def _attempt(note: Note) -> str:
    wait = f" after {note['wait_s']:g} s" if note.get("wait_s") else ""
    status = f" (status {note['status']})" if note.get("status") else ""
    then = "asked again" if note["target"] == note["target_next"] else "asked instead"
    return (
        f"{note['target']} failed: {_words(note['failed'])}{status}; "
        f"{note['target_next']} was {then}{wait}"
    )


def _refused(note: Note) -> str:
    refusal = note["refusal"]
    parts = [_words(refusal["code"])]
    if refusal.get("scope"):
        name = figures.budget_name(refusal["scope"], refusal.get("window") or "")
        parts.append(f"the budget {name}")
    sums = [
        f"{figures.usd(str(refusal[name]))} {name}"
        for name in _BUDGET
        if refusal.get(name) and Decimal(str(refusal[name]))
    ]
    if refusal.get("limit") is not None and sums:
        parts.append(f"{', '.join(sums)} of {figures.usd(str(refusal['limit']))}")
    if refusal.get("needed"):
        parts.append(f"this may cost {Money.usd(str(refusal['needed']))}")
    return ", ".join(parts)


def _approval(note: Note) -> str:
    rules = ", ".join(map(str, note.get("rules") or []))
    asked = f" (asked because of {rules})" if rules else ""
    return f"{_words(note['decision'])}{asked}"


_SENTENCES: dict[str, Callable[[Note], str]] = {
    "route": _route,
    "translation": _translation,
    "limits": _limits,
    "loop": _loop,
    "attempt": _attempt,
    "refused": _refused,
    "approval": _approval,
}
_NAMES = {"attempt": "went on"}


def _words(value: Any) -> str:
    return str(value).replace("_", " ")


def _pairs(values: Note) -> str:
    shown = (
        f"{_words(name)} {_shown(value)}"
        for name, value in values.items()
        if value not in (None, [], {}, "")
    )
    return ", ".join(shown)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"({_pairs(value)})"
    if isinstance(value, list):
        return " | ".join(_shown(item) for item in value)
    return str(value)
