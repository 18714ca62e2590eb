"""One smoke test put together: whom to ask, with which key, and who books it.

Owns the way from names on a command line to a finished report. With a proxy running
every hold is the proxy's, without one the ledger is opened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from faregate import __version__
from faregate.config.files import make_private_dir
from faregate.config.keys import find_keys
from faregate.config.problems import did_you_mean
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.core.money import ZERO, Money
from faregate.core.policy import Unpriced
from faregate.core.pricing import ONE, zero_row
from faregate.core.routing import NoTarget, Target, resolve
from faregate.offline import side_ledger
from faregate.providers.spec import AuthScheme, Billing
from faregate.server.clock import SystemClock
from faregate.server.tables import price_table, routing_table
from faregate.smoke.asking.prices import Prices
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.asking.through_proxy import ProxySpender
from faregate.smoke.context import Profile
from faregate.smoke.dialects.registry import dialect_of
from faregate.smoke.runner import RunPlan, chosen, estimate, run_smoke
from faregate.upstream.session import HttpUpstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from faregate.config.keys import Keys
    from faregate.config.paths import Paths
    from faregate.config.settings import ProviderChoice, Settings
    from faregate.core.pricing import PriceRow
    from faregate.core.routing import RoutingTable
    from faregate.providers.price_table import PriceTable
    from faregate.smoke.asking.spending import Spender
    from faregate.smoke.report.model import ProbeResult, RunReport

_WORDS = ("ZEBRA", "MAPLE", "COBALT", "HARBOR", "PEPPER", "VIOLET")


class SmokeConfigError(Exception):
    """A target cannot be asked as things are configured; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeAsk:
    """What the person wants to know, as written on the command line."""

    names: tuple[str, ...] = ()
    profile: Profile = Profile.QUICK
    max_cost: Money
    protocol: str | None = None
    reference: str | None = None


class SmokeTest:
    """One run, prepared; nothing is sent before `run`."""

    def __init__(self, settings: Settings, paths: Paths, ask: SmokeAsk) -> None:
        """Find the targets; raises SmokeConfigError where one cannot be asked."""
        self.settings = settings
        self.paths = paths
        finder = _Finder(settings)
        targets = tuple(finder.targets(ask.names, ask.protocol))
        reference = None
        if ask.reference is not None:
            reference = next(iter(finder.targets((ask.reference,), ask.protocol)))
        self.warnings = finder.keys.warnings
        self.plan = RunPlan(
            targets=targets,
            profile=ask.profile,
            max_cost=ask.max_cost,
            version=__version__,
            nonce=_nonce,
            reference=reference,
        )

    @property
    def estimate(self) -> Money:
        """Return the most that the run is expected to cost."""
        probes = chosen(self.plan)
        everyone = {t.name: t for t in self.plan.targets}
        if self.plan.reference is not None:
            everyone.setdefault(self.plan.reference.name, self.plan.reference)
        return sum((estimate(t, probes) or ZERO for t in everyone.values()), ZERO)

    def run(
        self, watch: Callable[[SmokeTarget, ProbeResult], None] | None = None
    ) -> RunReport:
        """Ask, book and report; an interrupted run reports what it found.

        Raises LedgerError or ControlError when nothing can be booked.
        """
        clock = SystemClock()

        async def work(spender: Spender) -> RunReport:
            upstream = HttpUpstream()
            try:
                return await run_smoke(self.plan, upstream, spender, clock, watch=watch)
            finally:
                await upstream.close()

        with self._spender(clock) as spender, asyncio.Runner() as runner:
            return runner.run(work(spender))

    @contextlib.contextmanager
    def _spender(self, clock: SystemClock) -> Iterator[Spender]:
        """Yield the proxy's books where one runs, else the ledger itself."""
        client = ControlClient(self.paths.socket)
        try:
            client.version()
        except ProxyNotRunning:
            make_private_dir(self.paths.data_dir)
            with side_ledger(self.settings, clock) as spending:
                yield spending
            return
        yield ProxySpender(client)


class _Finder:
    """From names to targets."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.keys: Keys = find_keys(settings)
        self._prices: PriceTable = price_table(settings)
        self._table: RoutingTable = routing_table(settings)
        self._today: date = datetime.now(UTC).date()  # noqa: TID251 - prices of today

    def targets(
        self, names: Sequence[str], protocol: str | None
    ) -> Iterator[SmokeTarget]:
        """Yield the named targets, or all that the configuration names."""
        found = (
            [self._named(name) for name in names] if names else list(self._configured())
        )
        if not found:
            raise SmokeConfigError(
                "no target is configured: name one, as in faregate smoke-test "
                "deepseek/deepseek-flash (faregate providers lists who has a key)"
            )
        for target in dict.fromkeys(found):
            yield self._target(target, protocol)

    def _named(self, name: str) -> Target:
        if name in self._settings.providers:
            return Target(provider=name, model=self._model_of(name))
        found = resolve(name, self._table)
        if isinstance(found, NoTarget):
            head = name.partition("/")[0]
            guess = did_you_mean(head, self._settings.providers)
            raise SmokeConfigError(
                f"{name!r} names no target: write provider/model. {guess}".rstrip()
            )
        return Target(provider=found.provider, model=found.model)

    def _model_of(self, provider: str) -> str:
        """Return the model to ask where only a provider is named."""
        own = [t.model for t in self._own() if t.provider == provider]
        if own:
            return own[0]
        if self._settings.providers[provider].spec.local:
            return ""
        listed = ", ".join(
            f"{provider}/{model}" for model in self._prices.models(provider)[:3]
        )
        raise SmokeConfigError(
            f"{provider} serves many models: name one"
            + (f", such as {listed}" if listed else f" as {provider}/MODEL")
        )

    def _own(self) -> Iterator[Target]:
        """Yield every target that the person's own configuration names."""
        for route in self._settings.routes:
            for target in route.targets:
                yield Target(provider=target.provider, model=target.model)
        for target in self._settings.model_facts:
            yield Target(provider=target.provider, model=target.model)
        for row in self._settings.price_overrides:
            yield Target(provider=row.provider, model=row.model)

    def _configured(self) -> Iterator[Target]:
        """Yield what is configured and can be asked: a key is there, or none needed."""
        for target in dict.fromkeys(self._own()):
            choice = self._settings.providers.get(target.provider)
            if choice is None or any(mark in target.model for mark in "*?"):
                continue
            if self._has_key(target.provider, choice):
                yield target

    def _has_key(self, provider: str, choice: ProviderChoice) -> bool:
        spec = choice.spec
        needs = bool(spec.key_env) and not spec.local
        return provider in self.keys.found or not needs

    def _target(self, target: Target, protocol: str | None) -> SmokeTarget:
        choice = self._settings.providers[target.provider]
        spec = choice.spec
        if not self._has_key(target.provider, choice):
            where = " or ".join(spec.key_env)
            raise SmokeConfigError(
                f"no key for {spec.name}: set {where} in this shell, or key_command "
                f"under [providers.{spec.name}]"
            )
        spoken = list(spec.base_urls)
        wanted = protocol or next(iter(spoken), "")
        dialect = dialect_of(wanted) if wanted in spoken else None
        if dialect is None:
            raise SmokeConfigError(
                f"{spec.name} does not speak {wanted or 'any protocol'}; it speaks "
                f"{', '.join(spoken) or 'none'}"
            )
        found = self.keys.found.get(target.provider)
        anonymous = spec.auth_scheme(wanted) is AuthScheme.NONE
        factors = spec.region_multipliers
        return SmokeTarget(
            spec=spec,
            model=target.model,
            dialect=dialect,
            prices=Prices(
                row=self._row(target, spec.billing),
                facts=self._prices.facts(target.provider, target.model),
                multiplier=factors.get(choice.region, ONE),
                usage_flags=spec.usage_flags,
            ),
            key=None if found is None or anonymous else found.secret,
        )

    def _row(self, target: Target, billing: Billing) -> PriceRow | None:
        if billing is not Billing.METERED:
            return zero_row(target.provider, target.model, billing.value)
        row = self._prices.row(target.provider, target.model, self._today)
        if row is not None or self._settings.budget.unpriced is Unpriced.ALLOW:
            return row
        if self._settings.budget.unpriced is Unpriced.DEAREST:
            return self._prices.dearest(target.provider, self._today)
        raise SmokeConfigError(
            f"no price is known for {target}, so the cap cannot be kept. Add to "
            f'config.toml a table [prices."{target}"] with the lines input = and '
            "output = from its price list, in USD per million tokens"
        )


def _nonce() -> str:
    """Return a code that no model says by chance."""
    return f"{secrets.choice(_WORDS)}-{1000 + secrets.randbelow(9000)}"
