"""The composition root: the file that wires the process.

Takes a checked configuration and turns it into a running proxy; holds no decision
of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from faregate import __version__
from faregate.config.files import make_private_dir, write_private
from faregate.config.keys import find_keys, note_keys
from faregate.config.made_secrets import admin_secret, signing_secret
from faregate.core.identity import Grant
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gate_parts import build_gate
from faregate.gateway import translating
from faregate.gateway.recording import Recording
from faregate.gateway.settings import Patience
from faregate.gateway.side_spending import beside
from faregate.gateway.steady_clock import SteadyClock
from faregate.gateway.tasks import Lasting, lasting, spawn
from faregate.gateway.watchdog import watch
from faregate.ledger.reports import Reports
from faregate.offline import log_answers, open_ledger
from faregate.server.alerts import Alerts, Delivery
from faregate.server.approval_routes import add_approval_routes
from faregate.server.auth import Tokens
from faregate.server.budget_desk import BudgetDesk
from faregate.server.capture_desk import CaptureDesk
from faregate.server.capture_routes import add_capture_routes
from faregate.server.clock import SystemClock
from faregate.server.control import Control
from faregate.server.control_routes import control_app
from faregate.server.cost_routes import add_cost_routes
from faregate.server.door import Door
from faregate.server.figures import Figures
from faregate.server.forgetting import forget_idle
from faregate.server.governing import Governing
from faregate.server.governing_routes import add_governing_routes
from faregate.server.key_routes import add_key_routes
from faregate.server.limit_desk import LimitDesk
from faregate.server.listen import agent_socket, hosts_of, serve_agents, serve_control
from faregate.server.live import Live
from faregate.server.model_list import ModelList
from faregate.server.outcomes import follow_outcomes, needs_outcomes
from faregate.server.price_desk import PriceDesk
from faregate.server.price_routes import add_price_routes
from faregate.server.proxy import Proxy
from faregate.server.setup import SetupState
from faregate.server.smoke_history import add_smoke_history, learn
from faregate.server.smoke_routes import add_smoke_routes
from faregate.server.statusline import write_statusline
from faregate.server.tables import listed_models, price_table
from faregate.server.trial import Trial, add_trial_route
from faregate.upstream.session import HttpUpstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from faregate.config.keys import Keys
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.gateway.ports import Clock
    from faregate.providers.price_table import PriceTable

_LAST_WORDS_S = 2.0
"""Seconds in which requests that are given up tell their clients and book."""


def serve(
    settings: Settings,
    paths: Paths,
    *,
    on_ready: Callable[[str], None] | None = None,
) -> int:
    """Run the proxy in the foreground until SIGTERM, SIGINT or SIGHUP; return an exit code.

    Raises LedgerError, ListenError or ConfigError when it cannot start: a cap that
    cannot be kept stops the start.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, paths, on_ready))
    return 0


async def _serve(
    settings: Settings, paths: Paths, on_ready: Callable[[str], None] | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    daemon = Daemon(settings, paths, stop)
    await daemon.start()
    for number in _ending_signals():
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, daemon.asked_to_stop)
    if on_ready is not None:
        on_ready(daemon.url)
    try:
        # Agents need not wait for what only translated requests need.
        await asyncio.to_thread(translating.load)
        await stop.wait()
    finally:
        await daemon.stop()


def _ending_signals() -> list[signal.Signals]:
    """Return the signals that end it in good order.

    A closed terminal is one, unless whoever started this wants it to be outlived.
    """
    found = [signal.SIGTERM, signal.SIGINT]
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        found.append(hang_up)
    return found


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class Daemon:
    """One running proxy: everything it is made of, its start and its end."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        stopped: asyncio.Event,
        *,
        clock: Clock | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._stopped = stopped
        self._clock = SteadyClock(clock or SystemClock())
        self._patience = patience or Patience()
        self._hurry = asyncio.Event()
        self._opened = contextlib.AsyncExitStack()
        self.url = ""

    async def start(self) -> None:
        """Open the ledger, then the control socket, then the agents' port.

        What was opened is closed again when a later step fails.
        """
        try:
            await self._open()
        except BaseException:
            await self._opened.aclose()
            raise

    async def _open(self) -> None:
        settings, paths = self._settings, self._paths
        for folder in (paths.data_dir, paths.state_dir, paths.socket.parent):
            make_private_dir(folder)
        self.ledger = open_ledger(settings, self._clock)
        self._opened.callback(self.ledger.close)
        self.ledger.set_alert_marks(settings.budget.alerts)
        self.reports = Reports.open(settings.ledger_dir, before=self.ledger.catch_up)
        self._opened.callback(self.reports.close)
        listening = agent_socket(settings.server.host, settings.server.port)
        self._opened.callback(listening.close)
        port = listening.getsockname()[1]
        host = settings.server.host
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        keys = find_keys(settings)
        warnings = [*settings.warnings, *keys.warnings, *note_keys(paths, keys)]
        self.upstream = HttpUpstream(self._clock.elapsed)
        self._opened.push_async_callback(self.upstream.close)
        prices = price_table(settings)
        self.gate = build_gate(
            settings,
            keys,
            prices,
            self.ledger,
            self.upstream,
            self._clock,
            self._patience,
            governing=self.ledger.governing,
            audit=self.ledger.note_approval,
            high_water_s=self.ledger.high_water_s(),
        )
        self.gate.recording = recording = Recording(self.ledger.log_requests)
        # After everything that serves is closed, and before the ledger is.
        self._opened.callback(recording.flush)
        warnings += [*learn(self.reports, self.gate), *self._capture(keys)]
        self._open_desks(keys, prices)
        self._tell_of_the_dead()
        secret = signing_secret(paths.state_dir / "signing-secret")
        self.tokens = Tokens(secret, self._was_ended)
        write_private(paths.token, self.tokens.issue(Grant()).encode() + b"\n")
        self.proxy = proxy = Proxy(
            gate=self.gate,
            door=Door(hosts=hosts_of(host, port)),
            tokens=self.tokens,
            models=self._models.answer,
            first_request_seen=self.reports.any_request(),
        )
        setup = SetupState(
            url=self.url,
            keys_found=tuple(keys.found),
            cap_is_default=settings.budget.monthly_is_default,
            warnings=tuple(warnings),
            first_request_seen=lambda: proxy.first_request_seen,
            capture=self.captures.words,
        )
        figures = Figures(Reports.open(settings.ledger_dir), self.gate)
        self._opened.push_async_callback(figures.close)
        self.live = Live(
            gate=self.gate,
            reports=self.reports,
            figures=figures,
            version=__version__,
            url=self.url,
            pid=os.getpid(),
            setup=setup.setup,
            window_of=self.gate.planner.window_of,
            raised=lambda: self.budgets.raised,
        )
        socket = await serve_control(paths.socket, self._control_app())
        self._opened.callback(paths.socket.unlink, missing_ok=True)
        self._opened.push_async_callback(socket.cleanup)
        self._agents = await serve_agents(listening, proxy)
        self._opened.push_async_callback(self._agents.cleanup)
        write_private(paths.pid, f"{os.getpid()}\n".encode())
        self._opened.callback(paths.pid.unlink, missing_ok=True)
        self._keep(recording.run, "requests")
        self._watch()

    def _capture(self, keys: Keys) -> list[str]:
        """Make the switch of capture; return what a start has to say of it."""
        self.captures = desk = CaptureDesk(
            self._settings.capture,
            self._paths.captures,
            self.gate,
            secrets=lambda: [key.secret.reveal() for key in keys.found.values()],
            loop=asyncio.get_running_loop(),
        )
        # What was captured until the end is written once everything is closed.
        self._opened.callback(desk.close)
        return [desk.warning] if desk.warning else []

    def _open_desks(self, keys: Keys, prices: PriceTable) -> None:
        """Make what changes caps, limits and prices, and what tries the way through."""
        settings, paths, gate = self._settings, self._paths, self.gate
        governing = self.ledger.governing
        self.budgets = BudgetDesk(settings, paths, gate, self.ledger)
        self.limits = LimitDesk(settings, paths, gate, governing)
        models = self._models = ModelList(listed_models(settings, keys, prices))
        self.prices = PriceDesk(
            settings,
            paths,
            gate,
            governing,
            lambda now, table: models.now(listed_models(now, keys, table)),
        )
        self.trial = Trial(
            settings,
            keys,
            prices,
            gate,
            url=self.url,
            token=lambda: self.tokens.issue(Grant()),
        )

    def _control_app(self) -> web.Application:
        control = self._control()
        app = control_app(control)
        add_smoke_routes(app, beside(self.gate), control.runs)
        answers = log_answers(self._settings, self._clock)
        add_cost_routes(app, control, answers, self.ledger, self.gate)
        add_approval_routes(app, control, self.gate)
        governing = Governing(
            self.gate, self.ledger.governing, control, self.reports, self.limits
        )
        add_governing_routes(app, control, governing)
        add_capture_routes(app, control, self.captures)
        add_price_routes(app, control, self.prices)
        add_trial_route(app, control, self.trial)
        add_key_routes(app, control, self.ledger.keys, self.tokens, self._clock)
        keep = self.ledger.record_smoke
        return add_smoke_history(app, keep, self.reports, self.gate, control.runs)

    def _control(self) -> Control:
        return Control(
            version=__version__,
            url=self.url,
            gate=self.gate,
            live=self.live,
            reports=self.reports,
            admin=self.ledger,
            tokens=self.tokens,
            admin_secret=admin_secret(self._paths.admin_secret),
            budgets=self.budgets,
            stop=self.asked_to_stop,
        )

    def _watch(self) -> None:
        """Look after what runs, and tell a person."""
        self.ledger.group.on_trouble = self._alert
        chosen = self._settings.alerts
        where = Delivery(command=chosen.command, webhook=chosen.webhook)
        self._keep(lambda: watch(self.gate), "watchdog")
        if needs_outcomes(self._settings.routes):
            at = self._settings.ledger_dir
            self._keep(lambda: follow_outcomes(Reports.open(at), self.gate), "outcomes")
        self._keep(Alerts(self.gate.events, where, self._clock).run, "alerts")
        line = self._paths.statusline
        self._keep(lambda: write_statusline(line, self.live), "statusline")
        self._keep(self.budgets.run, "budgets")
        self._keep(self.limits.run, "limits")
        self._keep(forget_idle, "forgetting")

    def _keep(self, work: Lasting, name: str) -> None:
        """Run something in the background until the end."""
        task = spawn(lasting(work, name, lambda text: self._alert(text, "fault")), name)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._opened.push_async_callback(end)

    def _tell_of_the_dead(self) -> None:
        """Put what an earlier process left behind where a person sees it."""
        swept = len(self.ledger.swept)
        texts = []
        if swept:
            texts.append(
                f"{swept} request{'s were' if swept > 1 else ' was'} running when the "
                "proxy last died; the cost is unknown and counts in full. See: "
                "faregate holds"
            )
        if self.ledger.lost is not None:
            texts.append(
                "the machine went down without warning; what may have been lost "
                "counts as unknown. See: faregate holds"
            )
        for text in texts:
            self._alert(text, "unknown")

    def _alert(self, text: str, kind: str = "ledger") -> None:
        """Put trouble of the ledger where a person sees it."""
        now = self._clock.now_ms()
        self.gate.events.publish(kind, text, at_ms=now, severity="alert")

    async def stop(self) -> None:
        """Take no more, let what runs finish for a while, then close the books.

        A second request to stop ends the patience at once.
        """
        gate = self.gate
        leaving = Refusal(
            code=RefusalCode.SHUTTING_DOWN,
            message="Faregate is stopping; start it again with: faregate up",
        )
        self.proxy.close(leaving)
        self._agents.stop()
        gate.admission.close(leaving)
        if gate.approvals is not None:
            gate.approvals.close(leaving)
        landed = spawn(gate.flights.landed(), "landed")
        hurry = spawn(self._hurry.wait(), "hurry")
        await asyncio.wait(
            {landed, hurry},
            timeout=self._settings.server.drain_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for flight in gate.flights.all():
            flight.give_up(leaving)
        await asyncio.wait({landed}, timeout=_LAST_WORDS_S)
        for task in (landed, hurry):
            task.cancel()
        await self._opened.aclose()

    def asked_to_stop(self) -> None:
        """Begin to stop; asked twice, stop waiting for what runs."""
        if self._stopped.is_set():
            self._hurry.set()
        self._stopped.set()

    def _was_ended(self, session: str) -> bool:
        """Tell whether an earlier process, or this one, ended a session."""
        found = self.reports.session(session)
        return found is not None and found.ended_at_ms is not None
