"""The simulated provider: one port, every protocol, its own bill.

Owns the server's life, the choice of dialect and when a bill row is due. Shapes are
the dialects', misbehaviour the faults'.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

from aiohttp import web

from faregate.smoke.simulated import catalogue
from faregate.smoke.simulated.answer import Answer, compose
from faregate.smoke.simulated.ask import ApiError, Ask, BadAskError, Json
from faregate.smoke.simulated.bill import Bill, BilledBecause
from faregate.smoke.simulated.checks import check_limits, credential
from faregate.smoke.simulated.delivery import deliver
from faregate.smoke.simulated.endpoints import Endpoint, endpoint_of
from faregate.smoke.simulated.exchange import Exchange, HungUpError, Pace
from faregate.smoke.simulated.fault import Charge
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.frames import to_bytes, to_json
from faregate.smoke.simulated.prompt_cache import PromptCache
from faregate.smoke.simulated.rates import DEFAULT_RATES, BillRates, rates_for
from faregate.smoke.simulated.script import Matcher, Script, Step, bare_model
from faregate.smoke.simulated.seen import SeenRequest, parsed_object
from faregate.smoke.simulated.settings import SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.interception import Interceptor, RawAnswer

_SHUTDOWN_SECONDS = 0.2


class SimulatedProvider:
    """A provider on loopback that answers as told and keeps its own bill.

    `bill` holds what a real provider would charge, `requests` everything that reached
    it, `in_flight` and `peak_in_flight` the generations open at once.
    """

    def __init__(
        self,
        *,
        settings: SimulatorSettings | None = None,
        rates: Mapping[str, BillRates] | None = None,
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self.rates = rates or DEFAULT_RATES
        self.bill = Bill()
        self.requests: list[SeenRequest] = []
        self.in_flight = 0
        self.peak_in_flight = 0
        self._script = Script(TABLE)
        self._cache = PromptCache()
        self._serial = 0
        self._interceptor: Interceptor | None = None
        self._connections: WeakSet[object] = WeakSet()
        self._runner: web.AppRunner | None = None
        self._address: tuple[str, int] | None = None

    @property
    def url(self) -> str:
        """Return the root URL, without a version; raises RuntimeError before start."""
        if self._address is None:
            raise RuntimeError("the simulated provider is not running")
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def generations(self) -> list[SeenRequest]:
        """Return the requests that asked for a generation."""
        return [seen for seen in self.requests if seen.protocol]

    def script(self, *steps: Step) -> None:
        """Queue answers for the next generations, in order."""
        self._script.add(*steps)

    @property
    def unused_steps(self) -> int:
        """Return how many queued steps no request has used yet."""
        return self._script.waiting

    def match(self, matcher: Matcher | None) -> None:
        """Choose steps by request where no step is queued; None ends that.

        The matcher sees generations only, and answers None for the default.
        """
        self._script.matcher = matcher

    def intercept(self, before: Interceptor | None) -> None:
        """Answer some requests, of any kind, ahead of everything else; None ends that.

        The interceptor answers None where the request goes its usual way.
        """
        self._interceptor = before

    def clear(self) -> None:
        """Forget bill, requests, script and cache; open requests go on."""
        self.bill = Bill()
        self.requests = []
        self.peak_in_flight = self.in_flight
        self._script.clear()
        self._interceptor = None
        self._cache = PromptCache()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(client_max_size=self.settings.max_body)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        self._address = (host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the port and every connection; bill and requests stay readable."""
        runner, self._runner, self._address = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        endpoint = endpoint_of(request.method, request.path)
        seen = SeenRequest(
            method=request.method,
            path=request.path_qs,
            headers=request.headers,
            protocol=endpoint.dialect.name if endpoint.dialect else "",
            started=monotonic(),
        )
        self.requests.append(seen)
        try:
            seen.body = await request.read()
            raw = None if self._interceptor is None else self._interceptor(seen)
            if raw is not None:
                return await self._intercepted(seen, raw)
            if endpoint.dialect is None:
                return self._plain(seen, endpoint)
            return await self._counted(request, seen, endpoint, endpoint.dialect)
        finally:
            seen.ended = monotonic()

    async def _intercepted(self, seen: SeenRequest, raw: RawAnswer) -> web.Response:
        if raw.delay:
            await asyncio.sleep(raw.delay)
        seen.status = raw.status
        headers = {"Content-Type": raw.content_type, **raw.headers}
        return web.Response(status=raw.status, body=raw.body, headers=headers)

    def _plain(self, seen: SeenRequest, endpoint: Endpoint) -> web.StreamResponse:
        status, body = catalogue.answer(endpoint, seen, self.settings)
        return self._json(seen, status, body, {})

    async def _counted(
        self,
        request: web.Request,
        seen: SeenRequest,
        endpoint: Endpoint,
        dialect: Dialect,
    ) -> web.StreamResponse:
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            return await self._generate(request, seen, endpoint, dialect)
        finally:
            self.in_flight -= 1

    async def _generate(
        self,
        request: web.Request,
        seen: SeenRequest,
        endpoint: Endpoint,
        dialect: Dialect,
    ) -> web.StreamResponse:
        self._serial += 1
        serial = self._serial
        try:
            ask = self._ask(request, seen, endpoint, dialect)
            step = self._script.next(seen)
            fault = step.fault
            if fault is not None:
                seen.fault = fault.name
                ask = ask if fault.on_ask is None else fault.on_ask(ask)
        except BadAskError as refused:
            error = refused.error
            headers = dialect.headers(serial)
            return self._json(seen, error.status, dialect.error(error), headers)
        exchange = Exchange(
            request=request,
            seen=seen,
            dialect=dialect,
            ask=ask,
            answer=self._answer(step, ask, dialect, serial),
            pace=self._pace(step),
            reused=self._is_reused(request),
            headers={
                **dialect.headers(serial),
                **step.headers,
                **(fault.headers if fault else {}),
            },
        )
        return await self._deliver(exchange, step)

    async def _deliver(self, exchange: Exchange, step: Step) -> web.StreamResponse:
        fault = step.fault
        charge = Charge.ALL if fault is None else fault.charge
        because = BilledBecause.COMPLETED
        try:
            await deliver(exchange, fault)
            if fault is not None and fault.take_over is not None:
                because = BilledBecause.FAULT
        except HungUpError as hung_up:
            because = BilledBecause.FAULT
            charge = Charge.NOTHING if hung_up.unread else charge
        except (asyncio.CancelledError, ConnectionError) as gone:
            self._left(exchange, charge)
            if isinstance(gone, asyncio.CancelledError):
                raise
            return exchange.response or web.Response()
        self._book(exchange, charge, because)
        return exchange.response or web.Response()

    def _is_reused(self, request: web.Request) -> bool:
        """Return whether a generation came over the same connection before."""
        transport = request.transport
        known = transport in self._connections
        if transport is not None:
            self._connections.add(transport)
        return known

    def _left(self, exchange: Exchange, charge: Charge) -> None:
        """Book what a client that went away still owes."""
        if charge is Charge.NOTHING:
            return
        if exchange.complete:
            self._book(exchange, Charge.ALL, BilledBecause.COMPLETED)
        elif self.settings.on_disconnect == "finish":
            because = BilledBecause.CLIENT_LEFT_FINISHED
            self._book(exchange, Charge.ALL, because, aborted=True)
        else:
            because = BilledBecause.CLIENT_LEFT_STOPPED
            self._book(exchange, Charge.GENERATED, because, aborted=True)

    def _book(
        self,
        exchange: Exchange,
        charge: Charge,
        because: BilledBecause,
        *,
        aborted: bool = False,
    ) -> None:
        if charge is Charge.NOTHING:
            return
        row = exchange.row(
            exchange.counts(whole=charge is Charge.ALL),
            self._rates(exchange.answer.model, exchange.ask.model),
            because,
            aborted=aborted,
            ended=monotonic(),
        )
        exchange.seen.row = row
        self.bill.add(row)

    def _ask(
        self,
        request: web.Request,
        seen: SeenRequest,
        endpoint: Endpoint,
        dialect: Dialect,
    ) -> Ask:
        """Read and check a request; raises BadAskError with the error to answer."""
        keys = self.settings.keys
        if keys is not None and credential(request) not in keys:
            raise BadAskError(
                ApiError(status=401, message="Incorrect API key provided.")
            )
        body = parsed_object(seen.body)
        if body is None:
            raise BadAskError(
                ApiError(status=400, message="We could not parse the body.")
            )
        model = endpoint.model or body.get("model")
        if not isinstance(model, str) or not model:
            message = "you must provide a model parameter"
            raise BadAskError(ApiError(status=400, message=message, param="model"))
        ask = dialect.ask(body, bare_model(model), request.query)
        seen.model, seen.stream = model, ask.stream
        if rates_for(ask.model, self.rates) is None:
            message = f"The model '{ask.model}' does not exist."
            raise BadAskError(ApiError(status=404, message=message))
        check_limits(ask, dialect, self.settings)
        return ask

    def _answer(self, step: Step, ask: Ask, dialect: Dialect, serial: int) -> Answer:
        refused = step.fault is not None and step.fault.charge is Charge.NOTHING
        prompt = self._cache.count(
            ask.model,
            dialect.segments(ask.body),
            marked_only=dialect.caches_at_marks,
            enabled=self.settings.cache,
            remember=not refused,
        )
        answer = compose(step, ask, self.settings, prompt=prompt, serial=serial)
        if step.fault is not None and step.fault.on_answer is not None:
            answer = step.fault.on_answer(answer)
        return replace(answer, reported_cost=self._reported_cost(answer, ask.model))

    def _reported_cost(self, answer: Answer, asked: str) -> dict[str, object] | None:
        """Return the price as fields of a usage block, where the settings ask for it."""
        flavour = self.settings.report_cost
        if flavour is None:
            return None
        amount = self._rates(answer.model, asked).amount(answer.counts)
        if flavour == "xai":
            return {"cost_in_usd_ticks": amount.pico // 100}
        # A JSON number has no other type; its shortest form gives the digits back.
        return {"cost": float(amount.decimal())}

    def _rates(self, served: str, asked: str) -> BillRates:
        """Return the rates of the model served, or of the one asked for."""
        rates = self.rates.get(served) or rates_for(asked, self.rates)
        if rates is None:
            raise KeyError(f"the simulated provider has no rates for {asked!r}")
        return rates

    def _pace(self, step: Step) -> Pace:
        first = step.first_byte
        return Pace(
            first_byte=self.settings.first_byte if first is None else first,
            gap=self.settings.gap if step.gap is None else step.gap,
        )

    def _json(
        self, seen: SeenRequest, status: int, body: Json, headers: Mapping[str, str]
    ) -> web.Response:
        seen.status = status
        return web.Response(
            status=status,
            body=to_bytes(to_json(body)),
            content_type="application/json",
            headers=headers,
        )
