"""Kinds of values that only [approvals] has: verdicts, and patterns with verdicts.

Pure. A pattern that means nothing is refused here, with what it should look like.
"""

from __future__ import annotations

from faregate.config.kinds import Kind, NotThisKind, choice
from faregate.config.problems import shown
from faregate.core.approvals.calls import GROUPS, CallRule, read_rule
from faregate.core.approvals.verdicts import NameRule, Verdict

VERDICT = choice(Verdict)
_ANY = "*"
_LONGEST_PATTERN = 500
_ONE = {"enum": [verdict.value for verdict in Verdict]}
_TABLE = {"type": "object", "additionalProperties": _ONE}


def _pairs(value: object, example: str) -> list[tuple[str, Verdict]]:
    """Read one verdict for everything, or a table of patterns with verdicts."""
    if isinstance(value, str):
        return [(_ANY, VERDICT.read(value))]
    if not isinstance(value, dict):
        raise NotThisKind(
            f"{shown(value)} is neither a verdict nor a table of patterns",
            f"Write: {{key}} = {{ {example} }}",
        )
    for pattern in value:
        if not pattern.strip() or len(pattern) > _LONGEST_PATTERN:
            raise NotThisKind(
                f"{shown(pattern)} is no pattern", f"Write: {{key}} = {{ {example} }}"
            )
    return [(pattern, VERDICT.read(each)) for pattern, each in value.items()]


def _names(value: object) -> tuple[NameRule, ...]:
    return tuple(NameRule(p, v) for p, v in _pairs(value, '"web_search" = "ask"'))


def _calls(value: object) -> tuple[CallRule, ...]:
    example = '"Bash(git push*)" = "ask"'
    if isinstance(value, list):
        # A bare list says what to ask about.
        value = {_text(each): Verdict.ASK.value for each in value}
    try:
        return tuple(read_rule(p, v) for p, v in _pairs(value, example))
    except ValueError as error:
        if isinstance(error, NotThisKind):
            raise
        raise NotThisKind(
            str(error),
            f"Write: {{key}} = {{ {example} }}, or one of {', '.join(GROUPS)}.",
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise NotThisKind(f"{shown(value)} is not text", 'Text needs "quotes".')
    return value


def refused_work(what: str) -> Kind[Verdict]:
    """Return the kind of a verdict about work that is never passed on."""

    def read(value: object) -> Verdict:
        if VERDICT.read(value) is not Verdict.DENY:
            raise NotThisKind(
                f"{what} are not passed on: nothing bounds what they cost, so the cap "
                "could not be kept",
                "Leave the key out: they are denied as it is.",
            )
        return Verdict.DENY

    return Kind(read, {"enum": [Verdict.DENY.value]})


NAME_RULES: Kind[tuple[NameRule, ...]] = Kind(_names, {"anyOf": [_ONE, _TABLE]})
CALL_RULES: Kind[tuple[CallRule, ...]] = Kind(
    _calls,
    {"anyOf": [_ONE, _TABLE, {"type": "array", "items": {"type": "string"}}]},
)
