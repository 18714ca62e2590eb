"""Smoke tests that a proxy remembers, and a command that only seems to run one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from faregate.control.smoke_runs import SmokeProbe, SmokeRunView, VerdictText
from faregate.tui.smoke_desk import SmokeDesk

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import json, pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "asked").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if "broken" in sys.argv:
    print(json.dumps({{"error": {{"code": "config", "message": "no key for broken"}}}}))
    sys.exit(2)
targets = [name for name in sys.argv[3:] if not name.startswith("--")]
if "--dry-run" in sys.argv:
    told = {{"targets": targets, "estimate": "0.0004", "max_cost": "0.02"}}
else:
    while not (folder / "go").exists():
        time.sleep(0.01)
    told = {{"targets": [{{"target": t, "readiness": "READY"}} for t in targets]}}
print(json.dumps(told))
"""


def desk(socket: Path, folder: Path) -> SmokeDesk:
    """Return a desk whose tests end once a file called go is in `folder`."""
    script = folder / "faregate.py"
    script.write_text(SCRIPT.format(folder=str(folder)))
    return SmokeDesk(socket, command=(sys.executable, str(script)))


def asked(folder: Path) -> list[str]:
    """Return the arguments of each command so far."""
    log = folder / "asked"
    return log.read_text().splitlines() if log.exists() else []


def run(
    target: str,
    at: str = "2026-11-21T10:40:00Z",
    readiness: str = "READY",
    **groups: VerdictText,
) -> SmokeRunView:
    """Return a run with one probe a group."""
    return SmokeRunView(
        run=f"{target}-{at}",
        at=at,
        target=target,
        protocol="openai_chat",
        profile="quick",
        readiness=readiness,
        cost="0.0004",
        probes=[
            SmokeProbe(
                id=group,
                title=group.title(),
                group=group,
                verdict=verdict,
                seen=f"saw {group}",
                means="" if verdict == "PASS" else "it costs money",
                fix="" if verdict == "PASS" else "mend it",
            )
            for group, verdict in groups.items()
        ],
        metrics={"ttft_any_s": 0.412},
    )


ALL_WELL = run(
    "openrouter/a",
    reach="PASS",
    auth="PASS",
    chat="PASS",
    stream="PASS",
    tools="PASS",
    usage="PASS",
    errors="WARN",
    cache="UNSUPPORTED",
)
NO_USAGE = run(
    "zai/glm-5.3",
    "2026-11-21T09:00:00Z",
    "NOT READY",
    reach="PASS",
    auth="PASS",
    chat="PASS",
    stream="PASS",
    tools="PASS",
    usage="FAIL",
    errors="FAIL",
    cache="PASS",
)
GONE = run("vllm/local", "2026-11-20T09:00:00Z", "UNREACHABLE", reach="FAIL")
