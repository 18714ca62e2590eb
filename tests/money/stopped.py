"""A real proxy with little patience, for tests that stop it for longer than that.

    python -m tests.money.stopped HOME

It prints its URL once it serves. A second of lateness counts as having been stopped.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.daemon import Daemon, _loop_factory
from faregate.gateway import patient, watchdog
from faregate.gateway.settings import Patience

ALLOWED_S = 3.0
"""What each wait may take; a stop lasts longer."""
PATIENCE = Patience(
    room=ALLOWED_S,
    first_byte_stream=ALLOWED_S,
    first_byte_whole=ALLOWED_S,
    idle=ALLOWED_S,
    quiet=ALLOWED_S,
    write_stall=ALLOWED_S,
    look=0.05,
)


async def _serve(home: str) -> None:
    paths = find_paths({"FAREGATE_HOME": home})
    settings = load(paths)
    settings = replace(settings, server=replace(settings.server, port=0))
    daemon = Daemon(settings, paths, asyncio.Event(), patience=PATIENCE)
    await daemon.start()
    sys.stdout.write(f"{daemon.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    for module in (patient, watchdog):
        vars(module)["SLEPT"] = 1.0
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(sys.argv[1]))
