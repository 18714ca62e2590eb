"""The gate with everything on, as a process: `python gate.py HOME UPSTREAM_URL`.

Prints its port on stdout, then serves until its stdin closes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
import threading
from pathlib import Path

from faregate import daemon
from faregate.config.load import load
from faregate.config.paths import find_paths

CONFIG = """
[budget]
monthly = 100000
daily = 50000
session = 20000
[providers.openai]
base_url = "{url}/v1"
protocols = ["openai_chat", "openai_responses"]
key_env = "FAREGATE_BENCH_KEY"
[providers.anthropic]
base_url = "{url}"
key_env = "FAREGATE_BENCH_KEY"
"""


async def main(home: Path, url: str) -> None:
    os.environ["FAREGATE_BENCH_KEY"] = "sk-bench"
    (home / "config.toml").write_text(CONFIG.format(url=url))
    paths = find_paths({"FAREGATE_HOME": str(home)})
    settings = load(paths)
    settings = dataclasses.replace(
        settings, server=dataclasses.replace(settings.server, port=0)
    )
    running = daemon.Daemon(settings, paths, asyncio.Event())
    await running.start()
    token = paths.token.read_text().strip()
    print(running.url.rpartition(":")[2], token, flush=True)  # noqa: T201
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=wait, daemon=True).start()
    await closed.wait()
    await running.stop()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(Path(sys.argv[1]), sys.argv[2]))
