"""Real proxy processes for tests: started, signalled, and always reaped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from faregate.config.paths import find_paths
from tests.running import CONFIG, KEY

ROOT = Path(__file__).parents[2]


def make_home(
    folder: Path, url: str, *, monthly: str = "1.0", drain: str = "1s"
) -> Path:
    """Return a home whose configuration leads to the provider at `url`."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(
        CONFIG.format(
            url=url, monthly=monthly, budget="", provider="", more="", drain=drain
        )
    )
    return home


def bearer(home: Path) -> dict[str, str]:
    """Return headers with the local token of a home that served once."""
    token = find_paths({"FAREGATE_HOME": str(home)}).token.read_text().strip()
    return {"authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def child(
    home: Path, step: str = "never", count: int = 1, *, descriptors: int | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a proxy that kills itself at a step; yields it and its URL once it serves."""

    def limit() -> None:
        if descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.money.runner",
        str(home),
        step,
        str(count),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "FAREGATE_TEST_KEY": KEY},
        preexec_fn=limit,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, line.decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
