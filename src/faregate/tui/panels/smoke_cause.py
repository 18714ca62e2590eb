"""What is wrong with the chosen target, what that means, and one fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.calling import spelled
from faregate.providers.registry import by_name
from faregate.tui.lines import Line, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.smoke_runs import SmokeProbe, SmokeRunView

_TONES = {"FAIL": Tone.DOWN, "WARN": Tone.WARN}


def cause_lines(
    name: str | None, run: SmokeRunView | None, has_key: bool, cells: int, height: int
) -> list[Line]:
    """Return at most `height` lines about the row called `name`."""
    if name is None:
        return [(span("no provider yet: a key or a request brings one", Tone.MUTED),)]
    if run is None:
        return [_line(each) for each in wrap(spelled(_untested(name, has_key)), cells)][
            :height
        ]
    found = run.cause or _first(run, "WARN")
    if found is None:
        told = f"{run.target}: {run.readiness}, nothing to mend (profile {run.profile})"
        return [_line(each, Tone.OK) for each in wrap(told, cells)][:height]
    return _found_lines(run, found, cells)[:height]


def _found_lines(run: SmokeRunView, found: SmokeProbe, cells: int) -> list[Line]:
    seen = f"{run.target} {found.title} {found.verdict}: {found.seen}"
    lines = [_line(each, _TONES[found.verdict]) for each in wrap(seen, cells)]
    if found.means:
        lines += [_line(each) for each in wrap(f"means: {found.means}", cells)]
    if found.fix:
        lines += [
            _line(each, Tone.ACCENT)
            for each in wrap(spelled(f"fix: {found.fix}"), cells)
        ]
    return lines


def _first(run: SmokeRunView, verdict: str) -> SmokeProbe | None:
    return next((probe for probe in run.probes if probe.verdict == verdict), None)


def _untested(name: str, has_key: bool) -> str:
    spec = by_name(name.partition("/")[0])
    needs_one = spec is not None and not spec.local and bool(spec.key_env)
    if spec is not None and needs_one and not has_key:
        return (
            f"No key for {name}: set {spec.key_env[0]} where the proxy runs, then: "
            "faregate down; faregate up"
        )
    return f"{name} was not tested yet: r tests it, and says first what that costs"


def _line(text: str, tone: Tone = Tone.TEXT) -> Line:
    return (span(text, tone),)
