"""What changed between runs of one target: verdicts, and figures beyond noise. Pure.

One run is one sample: a figure changed only when it left the range in which the runs
before it lay, or, with few of them, when it doubled or halved.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.smoke_runs import Figure, SmokeProbe, SmokeRunView

ENOUGH = 4
"""Earlier runs from which noise can be told."""
_SIGMAS = 4 * 1.4826
"""Times the median deviation: four standard deviations of ordinary noise."""
_LEAST_SHARE = 0.3
_RANKS = {"PASS": 0, "UNSUPPORTED": 1, "WARN": 2, "FAIL": 3}
_READY = {
    "READY": 0,
    "READY WITH LIMITATIONS": 1,
    "NOT READY": 2,
    "UNREACHABLE": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A figure that is compared; a change below `least` is none."""

    name: str
    title: str
    unit: str
    least: float
    higher_is_worse: bool


WATCHED: tuple[Watched, ...] = (
    Watched(name="ttfb_s", title="TTFB", unit="s", least=0.25, higher_is_worse=True),
    Watched(
        name="ttft_any_s", title="TTFT", unit="s", least=0.25, higher_is_worse=True
    ),
    Watched(
        name="ttft_text_s", title="answer", unit="s", least=0.5, higher_is_worse=True
    ),
    Watched(
        name="gap_max_s", title="longest gap", unit="s", least=1.0, higher_is_worse=True
    ),
    Watched(
        name="decode_tps",
        title="decode rate",
        unit=" tok/s",
        least=5.0,
        higher_is_worse=False,
    ),
    Watched(
        name="tools_accuracy",
        title="tool-call accuracy",
        unit="",
        least=0.15,
        higher_is_worse=False,
    ),
    Watched(
        name="tools_streamed_accuracy",
        title="streamed tool-call accuracy",
        unit="",
        least=0.15,
        higher_is_worse=False,
    ),
    Watched(
        name="trigger_f1", title="trigger F1", unit="", least=0.1, higher_is_worse=False
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was; `worse` None says neither way."""

    target: str
    what: str
    """A probe's id, a metric's name, or "readiness" and the like."""
    before: str
    after: str
    worse: bool | None
    sentence: str


def compare(now: SmokeRunView, earlier: Sequence[SmokeRunView]) -> list[Change]:
    """Return what changed since `earlier`, newest first; worse things stand first."""
    before = [run for run in earlier if run.target == now.target and run.run != now.run]
    if not before:
        return []
    changes = [
        *_readiness(now, before),
        *_verdicts(now, before),
        *_learned(now, before),
        *_figures(now, before),
    ]
    return sorted(
        changes, key=lambda change: (change.worse is not True, not change.worse)
    )


def _readiness(now: SmokeRunView, before: list[SmokeRunView]) -> list[Change]:
    # A deeper profile finds more, which is no change of the provider.
    old = next((run for run in before if run.profile == now.profile), None)
    if old is None or old.readiness == now.readiness:
        return []
    known = old.readiness in _READY and now.readiness in _READY
    worse = _READY[now.readiness] > _READY[old.readiness] if known else None
    return [
        Change(
            target=now.target,
            what="readiness",
            before=old.readiness,
            after=now.readiness,
            worse=worse,
            sentence=f"{now.target} was {old.readiness} and is {now.readiness}",
        )
    ]


def _verdicts(now: SmokeRunView, before: list[SmokeRunView]) -> list[Change]:
    changes = []
    for probe in now.probes:
        old = _last_tried(before, probe.id)
        if old is None or probe.verdict == "SKIP" or old.verdict == probe.verdict:
            continue
        worse = _RANKS[probe.verdict] > _RANKS[old.verdict]
        changes.append(
            Change(
                target=now.target,
                what=probe.id,
                before=old.verdict,
                after=probe.verdict,
                worse=worse,
                sentence=(
                    f"{now.target} {probe.title}: {old.verdict} -> {probe.verdict}"
                    + (f" ({probe.seen})" if worse and probe.seen else "")
                ),
            )
        )
    return changes


def _last_tried(before: list[SmokeRunView], probe: str) -> SmokeProbe | None:
    for run in before:
        for old in run.probes:
            if old.id == probe and old.verdict != "SKIP":
                return old
    return None


def _learned(now: SmokeRunView, before: list[SmokeRunView]) -> list[Change]:
    """Return what the provider does in another way; verdicts tell what is wrong."""
    changes = []
    for name in ("usage_place", "usage_unasked", "output_field", "bursts"):
        new = now.learned.get(name)
        old = _known(before, name)
        if new is None or old is None or new == old:
            continue
        changes.append(
            Change(
                target=now.target,
                what=name,
                before=str(old),
                after=str(new),
                worse=None,
                sentence=f"{now.target} {name.replace('_', ' ')}: {old} -> {new}",
            )
        )
    return changes


def _known(before: list[SmokeRunView], name: str) -> Figure:
    return next(
        (run.learned[name] for run in before if run.learned.get(name) is not None), None
    )


def _figures(now: SmokeRunView, before: list[SmokeRunView]) -> list[Change]:
    changes = []
    for watched in WATCHED:
        new = _number(now, watched.name)
        old = [n for run in before if (n := _number(run, watched.name)) is not None]
        if new is None or not old:
            continue
        usual = median(old)
        if not _beyond_noise(new, old, watched.least):
            continue
        shown = (f"{usual:.3g}{watched.unit}", f"{new:.3g}{watched.unit}")
        changes.append(
            Change(
                target=now.target,
                what=watched.name,
                before=shown[0],
                after=shown[1],
                worse=(new > usual) is watched.higher_is_worse,
                sentence=f"{now.target} {watched.title}: {shown[0]} -> {shown[1]}",
            )
        )
    return changes


def _beyond_noise(new: float, old: list[float], least: float) -> bool:
    usual = median(old)
    if abs(new - usual) <= least:
        return False
    if len(old) < ENOUGH:
        # Doubled or halved: all that so few samples can tell.
        return new > 2 * usual or new < usual / 2
    deviation = median(abs(value - usual) for value in old)
    return abs(new - usual) > max(_SIGMAS * deviation, _LEAST_SHARE * abs(usual))


def _number(run: SmokeRunView, name: str) -> float | None:
    value = run.metrics.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
