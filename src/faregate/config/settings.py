"""The checked configuration, as immutable values."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.limits.effective import EVERYONE
from faregate.core.loops.finding import LoopSettings
from faregate.core.retrying import RetryPolicy
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

    from faregate.core.limits.budget import BudgetRule
    from faregate.core.limits.effective import Chosen, ChosenByScope
    from faregate.core.model_facts import ModelFacts
    from faregate.core.money import Money
    from faregate.core.policy import OnTight, Unpriced
    from faregate.core.pricing import PriceRow
    from faregate.core.routing import RouteRule, Target
    from faregate.providers.spec import ProviderSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where agents connect; `drain_s` is how long a stop waits for them."""

    host: str = "127.0.0.1"
    port: int = 4747
    drain_s: float = 10.0

    @property
    def url(self) -> str:
        """The address that agents use, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """Caps and how they are applied; None means no cap."""

    monthly: Money | None
    daily: Money | None
    session: Money | None
    monthly_is_default: bool
    """Nobody has chosen the monthly cap."""
    alerts: tuple[int, ...]
    """Percent of a cap at which to alert, ascending."""
    timezone: tzinfo
    timezone_name: str
    on_tight: OnTight
    output: int
    """Output tokens given to a request that names no bound."""
    unpriced: Unpriced


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Where alerts go besides the log."""

    command: tuple[str, ...] = ()
    webhook: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """Whether requests and answers are kept for reading, and how much of them."""

    enabled: bool = False
    workspaces: tuple[str, ...] = ()
    """Whose requests; none means everybody's."""
    max_body: int = 4_000_000
    """Bytes of one body."""
    max_size: int = 512_000_000
    """Bytes on disk, all together."""
    max_age_s: float = 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Limits that were written down, for everyone, by agent and by workspace."""

    everyone: Chosen = field(default_factory=dict)
    by_agent: Mapping[str, Chosen] = field(default_factory=dict)
    by_workspace: Mapping[str, Chosen] = field(default_factory=dict)

    @property
    def by_scope(self) -> dict[str, Chosen]:
        """The same by "all", "agent:X" and "workspace:X"; empty ones are left out."""
        found = {EVERYONE: self.everyone}
        for kind, by_name in (
            ("agent", self.by_agent),
            ("workspace", self.by_workspace),
        ):
            found |= {f"{kind}:{name}": chosen for name, chosen in by_name.items()}
        return {scope: chosen for scope, chosen in found.items() if chosen}

    @staticmethod
    def of_scopes(by_scope: ChosenByScope) -> LimitSettings:
        """Return the limits of these scopes; those of one session have no place."""
        named: dict[str, dict[str, Chosen]] = {"agent": {}, "workspace": {}}
        for scope, chosen in by_scope.items():
            kind, _, name = scope.partition(":")
            if kind in named:
                named[kind][name] = chosen
        return LimitSettings(
            everyone=by_scope.get(EVERYONE, {}),
            by_agent=named["agent"],
            by_workspace=named["workspace"],
        )


@dataclass(frozen=True, slots=True)
class EnvKey:
    """A key in one of these environment variables; the first that is set counts."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A key that a command prints; run without a shell."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyringKey:
    """A key in the system's keyring."""

    service: str
    user: str


KeySource = EnvKey | CommandKey | KeyringKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChoice:
    """A provider that can be used: its spec, where its key is, which region."""

    spec: ProviderSpec
    key: KeySource
    region: str = ""
    configured: bool = False
    """It has a section of its own in the configuration."""

    @property
    def keyless(self) -> bool:
        """Whether it answers without a key, as a server on this machine does."""
        return self.spec.local or self.key == EnvKey(())


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeSettings:
    """How the screen looks; None leaves the choice to it."""

    name: str | None = None
    ascii: bool = False
    motion: bool = True
    bell: bool = True
    notices: bool = True
    titles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A value of the configuration that a command's override hides."""

    key: str
    configured: str
    override: str

    def __str__(self) -> str:
        return (
            f"{self.key} = {self.override} (overrides.toml) hides "
            f"{self.configured} (config.toml)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that was configured, with defaults filled in."""

    server: ServerSettings
    budget: BudgetSettings
    budget_rules: tuple[BudgetRule, ...]
    providers: Mapping[str, ProviderChoice]
    """The catalogue and the person's own providers, by name."""
    model_facts: Mapping[Target, ModelFacts]
    price_overrides: tuple[PriceRow, ...]
    """The person's own prices, those that commands have set on top."""
    routes: tuple[RouteRule, ...]
    theme: ThemeSettings
    keys: Mapping[str, str]
    """Key bindings of the screen: action to key."""
    ledger_dir: Path
    limits: LimitSettings = field(default_factory=LimitSettings)
    limits_set: LimitSettings = field(default_factory=LimitSettings)
    """Those that commands have set; they win over `limits`."""
    alerts: AlertSettings = field(default_factory=AlertSettings)
    approvals: ApprovalPolicy = field(default_factory=ApprovalPolicy)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    loops: LoopSettings = field(default_factory=LoopSettings)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    configured_prices: tuple[PriceRow, ...] = ()
    """The person's own prices as config.toml has them."""
    hidden: tuple[Hidden, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def provider_specs(self) -> tuple[ProviderSpec, ...]:
        """The specs of every provider, the person's own first."""
        ranked = sorted(
            self.providers.values(), key=lambda choice: not choice.configured
        )
        return tuple(choice.spec for choice in ranked)
