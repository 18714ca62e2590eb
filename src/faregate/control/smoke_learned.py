"""From kept results of smoke tests to what planning may rely on.

What is kept came over a socket once: only values of the right type count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.capabilities import Capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.smoke_runs import Figure, SmokeRunView

_FIELDS = frozenset(
    {"max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"}
)


def capabilities_of(
    runs: Iterable[SmokeRunView],
) -> dict[tuple[str, str], Capabilities]:
    """Return what is known by "provider/model" and protocol; runs come newest first.

    A run does not try everything: what it left out, an older one may tell.
    """
    known: dict[tuple[str, str], dict[str, Figure]] = {}
    for run in runs:
        facts = known.setdefault((run.target, run.protocol), {})
        if "tools" in run.learned:
            facts.setdefault("tested_on", run.at[:10])
        for name, value in run.learned.items():
            facts.setdefault(name, value)
    return {key: _capabilities(facts) for key, facts in known.items()}


def _capabilities(facts: dict[str, Figure]) -> Capabilities:
    field = facts.get("output_field")
    kept = _flag(facts, "output_bound_kept")
    return Capabilities(
        tools=_flag(facts, "tools"),
        # A field that does not stop the answer is none.
        output_field=str(field) if field in _FIELDS and kept is not False else None,
        keeps_bound=kept,
        include_usage=_flag(facts, "include_usage"),
        bursts=_flag(facts, "bursts"),
        tested_on=str(facts.get("tested_on", "")),
    )


def _flag(facts: dict[str, Figure], name: str) -> bool | None:
    value = facts.get(name)
    return value if isinstance(value, bool) else None
