"""What a change of a limit does to the sessions that it concerns.

A change is a raise when any of them may use more after it than before, now or once
what holds for a while is over: an agent must not raise its own limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.limits.effective import EVERYONE, LimitRules
from faregate.core.limits.limit import Limits
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from faregate.core.limits.effective import Effective

_KINDS = ("session", "workspace", "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """The sessions that a change is looked at for."""

    agent: str | None = None
    workspace: str | None = None
    session: str = ""
    granted: Limits | None = None
    """What its run was given, for a change of one session."""
    grants: Iterable[Limits] = ()
    """What running sessions were given, for a change of more than one."""


def is_scope(text: str) -> bool:
    """Tell whether limits can be set for this: "all", "agent:codex", "session:X"."""
    kind, colon, name = text.partition(":")
    return text == EVERYONE or (kind in _KINDS and bool(colon and name))


def effective_for(rules: LimitRules, who: Concerned) -> Effective:
    """Return what holds for these sessions."""
    return rules.effective(
        who.agent, who.granted, workspace=who.workspace, session=who.session
    )


def loosens(
    before: LimitRules, after: LimitRules, name: str, concerned: Concerned
) -> bool:
    """Tell whether any session may use more of a limit after a change of rules."""
    pairs = [
        (before, after),
        (before.but(before.set_to, {}), after.but(after.set_to, {})),
    ]
    return any(
        _is_more(
            getattr(effective_for(old, who).limits, name),
            getattr(effective_for(new, who).limits, name),
        )
        for old, new in pairs
        for who in _each(before, concerned, name)
    )


def with_value(
    rules: Mapping[str, Mapping[str, Any]], scope: str, name: str, value: Any
) -> dict[str, Mapping[str, Any]]:
    """Return what was set, with one limit more."""
    return {**rules, scope: {**rules.get(scope, {}), name: value}}


def without(
    rules: Mapping[str, Mapping[str, Any]], scope: str, name: str
) -> dict[str, Mapping[str, Any]]:
    """Return what was set, with one limit less; a scope without any is left out."""
    left = {key: value for key, value in rules.get(scope, {}).items() if key != name}
    others = {key: each for key, each in rules.items() if key != scope}
    return {**others, scope: left} if left else others


def _each(rules: LimitRules, concerned: Concerned, name: str) -> Iterator[Concerned]:
    """Yield each kind of session that a change may matter to."""
    if concerned.session:
        yield concerned
        return
    agents = _names(rules, "agent", rules.by_agent, concerned.agent)
    workspaces = _names(rules, "workspace", rules.by_workspace, concerned.workspace)
    values = {getattr(each, name) for each in concerned.grants}
    grants = [None, *(Limits(**{name: value}) for value in values if value is not None)]
    for agent in agents:
        for workspace in workspaces:
            for granted in grants:
                yield Concerned(agent=agent, workspace=workspace, granted=granted)


def _names(
    rules: LimitRules, kind: str, written: Mapping[str, Any], own: str | None
) -> set[str | None]:
    """Return whose sessions differ; None stands for all that nobody has named."""
    if own is not None:
        return {own}
    begins = f"{kind}:"
    scopes = [*rules.set_to, *rules.timed]
    named = {each.removeprefix(begins) for each in scopes if each.startswith(begins)}
    return {None, *written, *named}


def _is_more(before: Any, after: Any) -> bool:
    if before is None:
        return False
    return after is None or bool(after > before)
