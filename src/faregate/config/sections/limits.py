"""[limits], [limits.agent.NAME] and [limits.workspace.NAME]: what a session may use besides money."""

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
    """Return the limits that were written down, for everyone, by agent and workspace."""
    everyone = _chosen(table)
    by_agent = _named(table.table("agent"), "an agent")
    by_workspace = _named(table.table("workspace"), "a workspace")
    table.finish()
    return LimitSettings(
        everyone=everyone, by_agent=by_agent, by_workspace=by_workspace
    )


def _named(table: Table, what: str) -> dict[str, Chosen]:
    found: dict[str, Chosen] = {}
    for name, section in table.named():
        if not is_name(name):
            table.problem(name, f"is no name of {what}")
        found[name] = _chosen(section)
        section.finish()
    return found


def _chosen(table: Table) -> Chosen:
    found: dict[str, object] = {}
    for field in fields_of(LimitKeys):
        most = table.optional(field)
        if isinstance(most, AtMost):
            found[field.name] = most.value
    return found
