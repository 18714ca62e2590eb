"""The providers table: what each smoke test found, from cause to effect.

Pure: runs and figures in, rows out. Columns stop at the first failure, so that the
first FAIL is the cause.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.providers.registry import by_name
from faregate.tui.figures import NOT_KNOWN, milliseconds
from faregate.tui.lines import Span, span
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.models import ProviderView
    from faregate.control.smoke_runs import SmokeRunView
    from faregate.tui.store import Store

GROUPS = ("reach", "auth", "chat", "stream", "tools", "usage", "errors", "cache")
_ABOUT = {
    "reach": "name, connection and TLS stand, and somebody answers",
    "auth": "the key is taken, and a wrong one is refused clearly",
    "chat": "an ordinary answer comes as it was asked for",
    "stream": "answers come live and end as they should",
    "tools": "tool calls are whole, and fit their schema",
    "usage": "what was used is said, and adds up",
    "errors": "mistakes are refused in a way that agents understand",
    "cache": "a repeated prompt is read from the provider's cache",
}
_DROPS = {"errors": 2, "cache": 3}
COLUMNS = (
    Column(
        id="provider",
        title="PROVIDER",
        about="the target that was tested last, or the provider",
        least=14,
    ),
    Column(
        id="key",
        title="KEY",
        about="where the proxy found a key; none needed on this machine",
        drop=1,
        least=10,
    ),
    *(
        Column(
            id=group, title=group.upper(), about=_ABOUT[group], drop=_DROPS.get(group)
        )
        for group in GROUPS
    ),
    Column(
        id="ttft",
        title="TTFT",
        about="first token of the smoke test",
        right=True,
        drop=5,
    ),
    Column(
        id="failed",
        title="ERR 1H",
        about="share of failed requests in the last hour",
        right=True,
        drop=4,
    ),
)
_WORST = ("FAIL", "WARN", "PASS", "UNSUPPORTED")
_SHOWN = {
    "FAIL": span("FAIL", Tone.DOWN),
    "WARN": span("warn", Tone.WARN),
    "PASS": span("ok", Tone.OK),
    "UNSUPPORTED": span("n/a", Tone.MUTED),
}
_DASH = span(NOT_KNOWN, Tone.MUTED)


def provider_rows(
    store: Store, runs: Iterable[SmokeRunView], running: frozenset[str]
) -> list[Row]:
    """Return a row for each tested target, then one for each provider without a test.

    `running` names the targets that are tested now.
    """
    tested = sorted(runs, key=lambda run: run.target)
    named = {run.provider for run in tested}
    keys = set() if store.setup is None else set(store.setup.keys_found)
    rows = [
        Row(
            run.target,
            partial(
                _cells,
                run.target,
                run.provider in keys,
                run,
                store.providers.get(run.provider),
                run.target in running,
            ),
        )
        for run in tested
    ]
    for name in sorted((keys | set(store.providers)) - named):
        make = partial(
            _cells, name, name in keys, None, store.providers.get(name), name in running
        )
        rows.append(Row(name, make))
    return rows


def _cells(
    name: str,
    has_key: bool,
    run: SmokeRunView | None,
    figures: ProviderView | None,
    running: bool,
) -> tuple[Span, ...]:
    failed = NOT_KNOWN
    if figures is not None and figures.requests_1h:
        failed = f"{figures.error_rate_1h * 100:.1f}%"
    return (
        span(name),
        key_span(name.partition("/")[0], has_key),
        *_verdicts(run, running),
        span(milliseconds(_ttft_ms(run))),
        span(failed),
    )


def key_span(provider: str, has_key: bool) -> Span:
    """Return where a provider's key is, never the key."""
    spec = by_name(provider)
    names = () if spec is None else spec.key_env
    if has_key:
        return span(f"{names[0]} set" if names else "set", Tone.MUTED)
    if spec is not None and spec.local:
        return span("none needed", Tone.MUTED)
    return span("none", Tone.WARN)


def _verdicts(run: SmokeRunView | None, running: bool) -> list[Span]:
    if running:
        return [span("runs", Tone.ACTIVE), *[_DASH] * (len(GROUPS) - 1)]
    if run is None:
        return [_DASH] * len(GROUPS)
    cells: list[Span] = []
    broken = False
    for group in GROUPS:
        verdict = None if broken else _worst(run, group)
        cells.append(_DASH if verdict is None else _SHOWN[verdict])
        broken = broken or verdict == "FAIL"
    return cells


def _worst(run: SmokeRunView, group: str) -> str | None:
    found = {probe.verdict for probe in run.probes if probe.group == group}
    return next((verdict for verdict in _WORST if verdict in found), None)


def _ttft_ms(run: SmokeRunView | None) -> float | None:
    value = None if run is None else run.metrics.get("ttft_any_s")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value * 1000
