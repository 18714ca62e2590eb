"""A real proxy process that kills itself at one step of a request, for tests.

    python -m tests.money.runner HOME STEP COUNT

`STEP` names where SIGKILL strikes, at the COUNT-th request that comes there; "never"
serves until it is told to stop. It prints its URL once it serves.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.daemon import Daemon, _loop_factory
from faregate.gateway.settings import Patience
from tests.money import deadly_disk

STEPS = (
    "before hold",
    "after place",
    "after hold",
    "after send",
    "mid-stream",
    "after usage",
    "after settle",
    "after flush",
)


def main(home: str, step: str, count: int) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(home, step, count))


async def _serve(home: str, step: str, count: int) -> None:
    paths = find_paths({"FAREGATE_HOME": home})
    stop = asyncio.Event()
    patience = Patience(look=0.05, drain=0.5)
    settings = load(paths)
    settings = replace(settings, server=replace(settings.server, port=0))
    daemon = Daemon(settings, paths, stop, patience=patience)
    if step in deadly_disk.STEPS:
        disk = deadly_disk.under_the_ledger(step, count)
        await daemon.start()
        disk.arm(daemon.ledger)
    else:
        await daemon.start()
        _arm(daemon, step, count)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, daemon.asked_to_stop)
    sys.stdout.write(f"{daemon.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await daemon.stop()


def _arm(daemon: Daemon, step: str, count: int) -> None:
    left = [count]

    def strike() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    ledger: Any = daemon.ledger
    upstream: Any = daemon.upstream
    if step in AT_LEDGER:
        around, names = AT_LEDGER[step]
        for name in names:
            setattr(ledger, name, around(getattr(ledger, name), strike))
    elif step == "after send":
        send = upstream.send

        async def sent(*args: Any, **named: Any) -> Any:
            answer = await send(*args, **named)
            strike()
            return answer

        upstream.send = sent
    elif step == "mid-stream":
        _at_chunk(upstream, 3, strike)


def _before(call: Callable[..., Any], strike: Callable[[], None]) -> Any:
    def struck(*asked: Any) -> Any:
        strike()
        return call(*asked)

    return struck


def _after(call: Callable[..., Any], strike: Callable[[], None]) -> Any:
    def struck(*asked: Any) -> Any:
        done = call(*asked)
        strike()
        return done

    return struck


AT_LEDGER = {
    "before hold": (_before, ("hold", "place")),
    # Nothing is written, and so nothing was sent.
    "after place": (_after, ("place",)),
    "after hold": (_after, ("confirm",)),
    "after usage": (_before, ("settle_soon",)),
    # It is decided, and nothing of it is written.
    "after settle": (_after, ("settle_soon",)),
    "after flush": (_after, ("flush",)),
}


def _at_chunk(upstream: Any, number: int, strike: Callable[[], None]) -> None:
    send = upstream.send

    async def sent(*args: Any, **named: Any) -> Any:
        answer = await send(*args, **named)
        pour, seen = answer.pour, [0]

        async def poured(into: Callable[[bytes], Any]) -> None:
            def counted(chunk: bytes) -> Any:
                seen[0] += 1
                if seen[0] == number:
                    strike()
                return into(chunk)

            await pour(counted)

        answer.pour, answer.arrived = poured, lambda: None
        return answer

    upstream.send = sent


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
