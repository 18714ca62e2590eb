"""Takes what a person should know to where he is: the log, a command, a webhook.

Reads the event log behind the requests; nothing here is waited for by one of them.
What cannot be delivered in time is dropped and counted, never queued without end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
import msgspec

from faregate.control.sanitise import sanitise
from faregate.core.values import dataclass
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.gateway.events import Event, EventLog
    from faregate.gateway.ports import Clock

EVERY_S = 0.5
DELIVERY_S = 10.0
"""For a command to end, and for a webhook to answer."""
AGAIN_MS = 60_000
"""The same kind of trouble of the same budget or session is told once a minute at
most: what came meanwhile is counted."""
MOST_TROUBLES = 1024
MOST_AT_ONCE = 20
"""Alerts of one look that are delivered; the rest is only in the event log."""
_log = logging.getLogger("faregate.alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where alerts go besides the log; `command` is run without a shell."""

    command: tuple[str, ...] = ()
    webhook: str | None = None


@dataclass(slots=True)
class _Trouble:
    """One kind of trouble of one budget or session."""

    latest: Event
    told_ms: int
    untold: int = 0
    """How often it came since it was told."""

    def summary(self, at_ms: int) -> Event:
        """Tell the latest for all that came since it was told last."""
        count, latest = self.untold, self.latest
        self.told_ms, self.untold = at_ms, 0
        if count == 1:
            return latest
        return replace(latest, text=f"{latest.text} ({count} times in the last minute)")


class Alerts:
    """Delivers the alerts of one event log: each once, the same trouble counted."""

    def __init__(
        self,
        events: EventLog,
        delivery: Delivery,
        clock: Clock,
        *,
        patience_s: float = DELIVERY_S,
    ) -> None:
        """Deliver all that the log has and gets; give each way `patience_s`."""
        self._events = events
        self._delivery = delivery
        self._clock = clock
        self._patience = patience_s
        self._seen = 0
        self._troubles: dict[tuple[str, str | None], _Trouble] = {}
        self.failed = 0
        """Deliveries that did not get through."""

    async def run(self, every_s: float = EVERY_S) -> None:
        """Deliver until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.look()

    async def look(self) -> None:
        """Deliver what came since the last look."""
        events = self._events.since(self._seen)
        self._seen = self._events.seq
        wanted = [told for event in events if (told := self._told(event)) is not None]
        wanted += self._summaries()
        for event in wanted:
            _log.warning("%s", sanitise(event.text))
        await asyncio.gather(*(self._deliver(e) for e in wanted[:MOST_AT_ONCE]))

    def _told(self, event: Event) -> Event | None:
        """Return what is told now because of an event: it, a summary, or nothing."""
        if event.kind == "alert":
            # Each crossing of a mark comes once in its window.
            return event
        if event.severity != "alert":
            return None
        key = (event.kind, event.about or event.session)
        trouble = self._troubles.get(key)
        if trouble is None:
            if len(self._troubles) >= MOST_TROUBLES:
                del self._troubles[next(iter(self._troubles))]
            self._troubles[key] = _Trouble(event, event.at_ms)
            return event
        trouble.latest = event
        trouble.untold += 1
        if event.at_ms - trouble.told_ms < AGAIN_MS:
            return None
        return trouble.summary(event.at_ms)

    def _summaries(self) -> list[Event]:
        """Return what a minute of trouble came to; forget the trouble that is over."""
        now = self._clock.now_ms()
        due = [(k, t) for k, t in self._troubles.items() if now - t.told_ms >= AGAIN_MS]
        for key, trouble in due:
            if not trouble.untold:
                del self._troubles[key]
        return [trouble.summary(now) for _, trouble in due if trouble.untold]

    async def _deliver(self, event: Event) -> None:
        told = _document(event)
        ways = []
        if self._delivery.command:
            ways.append(self._run(told))
        if self._delivery.webhook is not None:
            ways.append(self._post(self._delivery.webhook, told))
        for problem in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(problem, Exception):
                self.failed += 1
                _log.warning("an alert was not delivered: %s", sanitise(str(problem)))

    async def _run(self, told: Mapping[str, str | None]) -> None:
        """Run the command: the alert is its standard input and its environment."""
        environ = {name: v for name, v in os.environ.items() if not _is_secret(name)}
        environ |= {f"FAREGATE_ALERT_{k.upper()}": v or "" for k, v in told.items()}
        child = await asyncio.create_subprocess_exec(
            *self._delivery.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environ,
        )
        try:
            async with asyncio.timeout(self._patience):
                await child.communicate(msgspec.json.encode(told))
        except TimeoutError:
            raise TimeoutError(
                f"{self._delivery.command[0]} did not end in {self._patience:g} s"
            ) from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode:
            raise OSError(f"{self._delivery.command[0]} ended with {child.returncode}")

    async def _post(self, url: str, told: Mapping[str, str | None]) -> None:
        timeout = aiohttp.ClientTimeout(total=self._patience)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.post(
                url,
                data=msgspec.json.encode(told),
                headers={"content-type": "application/json"},
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status >= 300:
                raise OSError(f"the webhook answered {answer.status}")


def _document(event: Event) -> dict[str, str | None]:
    return {
        "kind": event.kind,
        "severity": event.severity,
        "at": rfc3339(event.at_ms),
        "session": None if event.session is None else sanitise(event.session),
        "text": sanitise(event.text),
    }


def _is_secret(name: str) -> bool:
    """Tell whether a command for alerts has no business with a variable."""
    return name.endswith(("_KEY", "_TOKEN", "_SECRET"))
