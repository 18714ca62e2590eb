"""How a provider meters, as far as a run showed it. Pure.

Only what was tried and is certain gets a value; what nobody asked stays out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.verdict import Verdict

if TYPE_CHECKING:
    from faregate.smoke.report.model import ProbeResult, TargetResult
    from faregate.smoke.verdict import Fact

_DONE = (Verdict.PASS, Verdict.WARN)
_TOOL_PROBES = ("tool", "tool_stream", "tool_result")


def learned_of(target: TargetResult) -> dict[str, Fact]:
    """Return what was learned of a target, by stable names."""
    by_id = {probe.id: probe for probe in target.probes}
    found: dict[str, Fact] = {
        "usage_in_streams": _works(by_id.get("usage")),
        "usage_place": _fact(by_id.get("usage"), "places"),
        "usage_blocks": _fact(by_id.get("usage"), "blocks"),
        "include_usage": _fact(by_id.get("usage"), "include_usage", though_failed=True),
        "usage_unasked": _fact(by_id.get("usage_unasked"), "usage_unasked"),
        "usage_adds_up": _works(by_id.get("usage_sums")),
        "bursts": _bursts(by_id.get("cadence")),
        "cancel_works": _works(by_id.get("cancel")),
        "output_field": _fact(by_id.get("max_tokens"), "field"),
        "output_bound_kept": _works(by_id.get("max_tokens")),
        "tools": tools_work(target),
    }
    return {name: value for name, value in found.items() if value is not None}


def tools_work(target: TargetResult) -> bool | None:
    """Tell whether tool calls can be relied on; None where that was not tried.

    A request that brought no answer, as while a provider is overloaded, tells nothing.
    """
    tried = [
        probe.verdict in _DONE
        for probe in target.probes
        if probe.id in _TOOL_PROBES
        and probe.verdict is not Verdict.SKIP
        and _answered(probe)
    ]
    return all(tried) if tried else None


def consequence(target: TargetResult) -> str | None:
    """Return what the gate does from now on because of a result; None for nothing."""
    if not target.complete or tools_work(target) is not False:
        return None
    return (
        f"requests with tools are refused for {target.name} until it passes; "
        f"tools = true under [providers.{target.provider}] lets them through"
    )


def _answered(probe: ProbeResult) -> bool:
    """Tell whether there was an answer to judge at all."""
    return probe.finding.facts.get("answered") is not False


def _works(probe: ProbeResult | None) -> bool | None:
    if probe is None or probe.verdict in (Verdict.SKIP, Verdict.UNSUPPORTED):
        return None
    if not _answered(probe):
        return None
    return probe.verdict in _DONE


def _bursts(probe: ProbeResult | None) -> bool | None:
    return (
        None
        if probe is None or _works(probe) is None
        else (probe.verdict is Verdict.WARN)
    )


def _fact(probe: ProbeResult | None, name: str, *, though_failed: bool = False) -> Fact:
    """Return a figure of a probe; of one that failed only where it holds even so."""
    if probe is None or not (probe.verdict in _DONE or though_failed):
        return None
    if probe.verdict is Verdict.SKIP:
        return None
    return probe.finding.facts.get(name)
