"""overrides.toml: what commands have set, in the words of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.config.limit_values import limit_text
from faregate.config.sections.budgets import Caps, read_caps
from faregate.config.sections.limits import read_limits
from faregate.config.settings import Hidden, LimitSettings
from faregate.config.tables import Source, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from faregate.core.limits.effective import Chosen


@dataclass(slots=True, kw_only=True)
class Overrides:
    """What commands have set, and what is wrong with the file they wrote."""

    source: Source
    caps: Caps = field(default_factory=dict)
    limits: LimitSettings = field(default_factory=LimitSettings)
    prices: Table | None = None
    """Read once the providers are known."""
    price_sections: Mapping[str, object] = field(default_factory=dict)
    """The same, as they are written."""


def read_sections(values: Mapping[str, object], source: Source) -> Overrides:
    """Return what a decoded overrides.toml says."""
    top = Table(values, source=source)
    budget = top.table("budget")
    caps = read_caps(budget, top.tables("budgets"))
    budget.finish()
    limits = read_limits(top.table("limits"))
    prices = top.table("prices")
    top.finish()
    sections = values.get("prices", {})
    return Overrides(
        source=source,
        caps=caps,
        limits=limits,
        prices=prices,
        price_sections=sections if isinstance(sections, dict) else {},
    )


def hidden_limits(
    configured: LimitSettings, overridden: LimitSettings
) -> Iterator[Hidden]:
    """Yield each configured limit that an override hides."""
    written = configured.by_scope
    for scope, chosen in overridden.by_scope.items():
        yield from _hidden(_key(scope), written.get(scope, {}), chosen)


def _hidden(key: str, written: Chosen, chosen: Chosen) -> Iterator[Hidden]:
    for name, value in chosen.items():
        if name in written and written[name] != value:
            yield Hidden(
                key=f"{key}.{name}",
                configured=limit_text(name, written[name]),
                override=limit_text(name, value),
            )


def _key(scope: str) -> str:
    kind, colon, name = scope.partition(":")
    return f"limits.{kind}.{name}" if colon else "limits"
