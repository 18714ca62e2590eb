"""[limits] and [limits.agent.NAME]: what a session may use besides money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.json_schema import fields_of
from faregate.config.kinds import AtMost
from faregate.config.schema import LimitKeys
from faregate.config.settings import LimitSettings
from faregate.core.identity import is_name

if TYPE_CHECKING:
    from faregate.config.tables import Table
    from faregate.core.limits.effective import Chosen


def read_limits(table: Table) -> LimitSettings:
    """Return the limits that were written down, for everyone and by agent."""
    everyone = _chosen(table)
    by_agent: dict[str, Chosen] = {}
    agents = table.table("agent")
    for name, section in agents.named():
        if not is_name(name):
            agents.problem(name, "is no name of an agent")
        by_agent[name] = _chosen(section)
        section.finish()
    table.finish()
    return LimitSettings(everyone=everyone, by_agent=by_agent)


def _chosen(table: Table) -> Chosen:
    found: dict[str, object] = {}
    for field in fields_of(LimitKeys):
        most = table.optional(field)
        if isinstance(most, AtMost):
            found[field.name] = most.value
    return found
