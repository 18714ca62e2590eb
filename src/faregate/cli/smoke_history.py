"""What `smoke-test` remembers of a run, and what changed since earlier ones."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from faregate.cli import output
from faregate.config.kinds import NotThisKind, duration
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.smoke_runs import SmokeRunView
    from faregate.smoke.report.compare import Change
    from faregate.smoke.report.model import RunReport

LAST = "last"
_AGO = duration(1, 366 * 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Which earlier runs count: the last ones, or those older than `ago_s`."""

    ago_s: float = 0.0


def since_of(text: str) -> Since:
    """Read "last", or how long ago such as "7d"; raises NotThisKind."""
    return Since() if text == LAST else Since(ago_s=_AGO.read(text))


def since_problem(text: str) -> str | None:
    """Return why a text says no since; None when it does."""
    try:
        since_of(text)
    except NotThisKind as problem:
        return f"--since {problem}: write {LAST}, or how long ago, such as 7d"
    return None


def remember(
    report: RunReport,
    settings: Settings,
    paths: Paths,
    *,
    since: Since | None = None,
    alert: bool = False,
) -> list[Change] | None:
    """Keep a run and return what changed; None where there was nothing to compare.

    What cannot be kept is only warned of. `alert` also tells a running proxy's watchers what got worse.
    """
    # Loaded here: the commands start without the engine.
    from faregate.core.holds import LedgerError
    from faregate.smoke.report.compare import compare
    from faregate.smoke.report.history import runs_of
    from faregate.smoke_history import History

    history = History(settings, paths)
    run = f"{report.started_at_ms}-{secrets.token_hex(3)}"
    views = runs_of(report, run)
    try:
        pairs = [
            (view, _earlier(history.of(view.target), view, since)) for view in views
        ]
        changes = [change for pair in pairs for change in compare(*pair)]
        worse = [change.sentence for change in changes if change.worse]
        history.keep(views, alerts=worse if alert else [])
    except (ControlError, LedgerError) as error:
        output.warn(f"this run is not kept, and compared with nothing: {error}")
        return None
    return changes if any(earlier for _, earlier in pairs) else None


def _earlier(
    runs: Sequence[SmokeRunView], now: SmokeRunView, since: Since | None
) -> list[SmokeRunView]:
    ago = 0.0 if since is None else since.ago_s
    end = datetime.fromisoformat(now.at).timestamp() - ago
    return [
        run
        for run in runs
        if run.protocol == now.protocol
        and datetime.fromisoformat(run.at).timestamp() <= end
    ]


def change_lines(
    changes: Sequence[Change] | None, *, markdown: bool = False
) -> list[str]:
    """Return what changed, for a person; None says that nothing was compared."""
    title = "## Changed" if markdown else "changed:"
    if not changes:
        none = (
            "no earlier run to compare with" if changes is None else "nothing changed"
        )
        return [title, none] if markdown else [none]
    mark = "-" if markdown else " "
    words = {True: "worse: ", False: "better:", None: "other: "}
    return [title, *(f"{mark} {words[c.worse]} {c.sentence}" for c in changes)]
