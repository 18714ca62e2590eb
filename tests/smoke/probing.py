"""A target over a simulated provider, its probes, and a purse that remembers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from faregate.core.holds import HoldState
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.pricing import PriceRow, Rates, zero_row
from faregate.core.secret import Secret
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    AuthScheme,
    OnAbort,
    ProviderSpec,
    max_tokens,
)
from faregate.server.clock import SystemClock
from faregate.smoke.asking.asker import MOST_BYTES, Asker
from faregate.smoke.asking.prices import Prices
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.context import ProbeContext, Profile
from faregate.smoke.dialects.registry import dialect_of
from faregate.smoke.patience import Patience
from faregate.smoke.probe import Probe
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.rates import BillRates
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from faregate.smoke.verdict import Finding, Verdict
from faregate.upstream.session import HttpUpstream

KEY = "sk-smoke-canary-0001"
MODEL = "sim-small"
NONCE = "ZEBRA-4821"
CHAT, RESPONSES, MESSAGES = OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES
EVERY = (CHAT, RESPONSES, MESSAGES, GEMINI)
SHORT = Patience(request_s=1.0, error_s=1.0, probe_s=6.0, slow_s=0.4, first_token_s=1.0)
"""For a provider that stalls on purpose."""
PATIENT = Patience(request_s=30.0, error_s=30.0, probe_s=90.0, first_token_s=30.0)
"""For every other one: a busy machine decides no verdict."""
RATES = {
    name: BillRates(input="1", output="10", cached="0.1", cache_write="1.25")
    for name in ("sim-small", "sim-large", "sim-cheap")
}
ROW = PriceRow(
    provider="sim",
    model=MODEL,
    base=Rates.per_mtok(
        input=Decimal(1),
        output=Decimal(10),
        cache_read=Decimal("0.1"),
        cache_write_5m=Decimal("1.25"),
        cache_write_1h=Decimal("1.25"),
    ),
    source="config",
)


@dataclass(slots=True)
class MemorySpender:
    """Holds in memory; a hold ends at most once, or the test fails."""

    room: Money = field(default_factory=lambda: Money.usd(5))
    open: dict[str, SpendAsk] = field(default_factory=dict)
    ends: list[SpendEnd] = field(default_factory=list)
    made: int = 0

    def hold(self, ask: SpendAsk) -> SpendHeld | SpendRefused:
        if ask.amount > self.room:
            return SpendRefused(why="the month's budget has no room")
        self.made += 1
        attempt = f"a{self.made}"
        self.open[attempt] = ask
        return SpendHeld(attempt=attempt, amount=ask.amount)

    def end(self, end: SpendEnd) -> None:
        del self.open[end.attempt]
        self.ends.append(end)

    @property
    def spent(self) -> Money:
        settled = (e.cost for e in self.ends if e.state is HoldState.SETTLED)
        return sum(settled, ZERO)


def spec_of(
    url: str, *, local: bool = False, usage_flags: frozenset[str] = frozenset()
) -> ProviderSpec:
    return ProviderSpec(
        name="sim",
        title="Simulated",
        base_urls={
            CHAT: f"{url}/v1",
            RESPONSES: f"{url}/v1",
            MESSAGES: url,
            GEMINI: url,
        },
        auth=AuthScheme.BEARER,
        auth_for={MESSAGES: AuthScheme.X_API_KEY, GEMINI: AuthScheme.X_GOOG_API_KEY},
        key_env=("SIM_API_KEY",),
        output_fields=max_tokens(*EVERY),
        on_abort=OnAbort.OBSERVED,
        local=local,
        usage_flags=usage_flags,
    )


def target_of(
    url: str,
    protocol: str = CHAT,
    *,
    free: bool = False,
    key: str | None = KEY,
    facts: ModelFacts | None = None,
    model: str = MODEL,
    spec: ProviderSpec | None = None,
) -> SmokeTarget:
    dialect = dialect_of(protocol)
    assert dialect is not None
    row = zero_row("sim", model, "free") if free else ROW
    chosen = spec or spec_of(url)
    return SmokeTarget(
        spec=chosen,
        model=model,
        dialect=dialect,
        prices=Prices(row=row, facts=facts or ModelFacts()),
        key=None if key is None else Secret(key),
    )


@dataclass(slots=True, kw_only=True)
class Stage:
    """A running provider and a context to probe it with."""

    provider: SimulatedProvider
    ctx: ProbeContext
    spender: MemorySpender

    async def verdict(self, probe: Probe) -> Finding:
        """Run one probe; its holds must all have ended."""
        finding = await probe.run(self.ctx)
        assert not self.spender.open
        assert KEY not in finding.seen + finding.means + finding.fix
        if finding.verdict in {Verdict.FAIL, Verdict.WARN}:
            assert finding.means
            assert finding.fix
        return finding


@contextlib.asynccontextmanager
async def stage(
    protocol: str = CHAT,
    *,
    fault: str | Fault | None = None,
    only: frozenset[str] = frozenset(),
    gap: float = 0.0,
    settings: SimulatorSettings | None = None,
    profile: Profile = Profile.FULL,
    patience: Patience | None = None,
    change: Callable[[SmokeTarget], SmokeTarget] = lambda target: target,
    matcher: Obedient | None = None,
    key: str | None = KEY,
    most_bytes: int = MOST_BYTES,
) -> AsyncIterator[Stage]:
    """Run an obedient provider, bent by a fault, and a context for it."""
    settings = settings or SimulatorSettings(keys=frozenset({KEY}))
    provider = SimulatedProvider(settings=settings, rates=RATES)
    await provider.start()
    if patience is None:
        patience = SHORT if _stalls(fault) else PATIENT
    bent = TABLE[fault] if isinstance(fault, str) else fault
    provider.match(matcher or Obedient(fault=bent, only=only, gap=gap))
    upstream = HttpUpstream()
    spender = MemorySpender()
    clock = SystemClock()
    target = change(target_of(provider.url, protocol, key=key))
    ctx = ProbeContext(
        asker=Asker(target, upstream, spender, clock, most_bytes=most_bytes),
        clock=clock,
        profile=profile,
        nonce=NONCE,
        patience=patience,
    )
    try:
        yield Stage(provider=provider, ctx=ctx, spender=spender)
    finally:
        await upstream.close()
        await provider.stop()


def _stalls(fault: str | Fault | None) -> bool:
    name = fault.name if isinstance(fault, Fault) else fault or ""
    return name.startswith(("stall", "drip", "slow"))


async def probed(
    probe: Probe,
    protocol: str = CHAT,
    *,
    fault: str | Fault | None = None,
    only: frozenset[str] = frozenset(),
    gap: float = 0.0,
    settings: SimulatorSettings | None = None,
    matcher: Obedient | None = None,
    most_bytes: int = MOST_BYTES,
) -> Finding:
    """Run one probe on its own against an obedient provider with a fault."""
    async with stage(
        protocol,
        fault=fault,
        only=only,
        gap=gap,
        settings=settings,
        matcher=matcher,
        most_bytes=most_bytes,
    ) as on:
        return await on.verdict(probe)


def locally(target: SmokeTarget) -> SmokeTarget:
    """Return the same target as a server on this machine."""
    return replace(target, spec=replace(target.spec, local=True))
