"""What a probe gets: a target to ask, and the answers that probes have in common.

Owns the requests that several probes read, so that each is sent once, and what was
learned of the target's parameters on the way.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

from faregate.smoke.asking.asker import Call
from faregate.smoke.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.gateway.ports import Clock
    from faregate.smoke.accuracy import ToolRun
    from faregate.smoke.asking.asker import Asker
    from faregate.smoke.asking.recorder import Recorder
    from faregate.smoke.asking.target import SmokeTarget
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.balance.values import Balance, NoBalance
    from faregate.smoke.dialects.dialect import Dialect
    from faregate.smoke.dialects.wanted import Wanted
    from faregate.smoke.verdict import Finding


class Profile(IntEnum):
    """How much a run asks; each includes what comes before it."""

    QUICK = 1
    FULL = 2
    COSTLY = 3


class ProbeContext:
    """One target under test; shared by its probes, which run one after the other.

    `nonce` is a word that no model says by chance. `found` holds the findings so far.
    """

    def __init__(
        self,
        *,
        asker: Asker,
        clock: Clock,
        profile: Profile,
        nonce: str,
        patience: Patience | None = None,
    ) -> None:
        """Ask through `asker`."""
        self.asker = asker
        self.clock = clock
        self.profile = profile
        self.nonce = nonce
        self.patience = patience or Patience()
        self.target: SmokeTarget = asker.target
        self.dialect: Dialect = asker.target.dialect
        self.model = asker.target.model
        self.window = asker.target.prices.facts.context
        self.output_field = (
            asker.target.prices.facts.output_field
            if len(self.dialect.output_fields) > 1
            else None
        ) or asker.target.spec.output_fields.get(self.dialect.protocol, "")
        self.ask_usage = True
        """Usage in streams is asked for; off once the target refused that."""
        self.found: dict[str, Finding] = {}
        self.tool_runs: list[ToolRun] = []
        self.balance: Balance | NoBalance | None = None
        """What was left before anything was spent; None before it was asked."""
        self._kept: dict[str, Transcript] = {}

    @property
    def transcripts(self) -> list[Transcript]:
        """Return every exchange so far, those that were cancelled too."""
        return self.asker.done

    @property
    def secret(self) -> str | None:
        """Return the key, to be hidden wherever something is shown."""
        return self.target.secret

    async def ask(
        self,
        wanted: Wanted,
        *,
        key: str | None = None,
        deadline_s: float | None = None,
        until: Callable[[Recorder], bool] | None = None,
    ) -> Transcript:
        """Send one request for a generation and return what came."""
        wanted = replace(
            wanted,
            output_field=wanted.output_field or self.output_field,
            ask_usage=wanted.ask_usage and self.ask_usage,
        )
        shaped = self.dialect.shape(wanted, self.model)
        return await self.call(
            Call(
                path=shaped.path,
                query=shaped.query,
                body=shaped.body,
                stream=wanted.stream,
                output=wanted.max_output,
                key=key,
                deadline_s=deadline_s or self.patience.request_s,
                until=until,
            )
        )

    async def call(self, call: Call) -> Transcript:
        """Send one HTTP request and return what came."""
        return await self.asker.ask(call, self.model)

    async def once(
        self, name: str, ask: Callable[[ProbeContext], Awaitable[Transcript]]
    ) -> Transcript:
        """Return the transcript of that name; it is asked for the first time only."""
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = await ask(self)
        return kept

    def kept(self, name: str) -> Transcript | None:
        """Return a transcript that was asked for before, if it was."""
        return self._kept.get(name)
