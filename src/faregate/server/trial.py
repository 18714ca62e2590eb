"""One test request through the gate: the smallest there is, to a model with a key.

It goes over the agents' own port with a local token, so that what it proves is the way
that agents take: identity, limits, cap, provider, bill.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from aiohttp import web

from faregate.control.sanitise import sanitise
from faregate.control.trial import TrialAnswer, TrialAsk
from faregate.core.money import Money
from faregate.core.routing import Target
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.control_routes import json_answer, require_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faregate.config.keys import Keys
    from faregate.config.settings import Settings
    from faregate.core.pricing import PriceRow
    from faregate.gateway.gate import Gate
    from faregate.providers.price_table import PriceTable
    from faregate.server.control import Control

SAYS = "Say hello in one word."
OUTPUT = 16
"""Most output tokens; some models refuse less."""
_OVERHEAD = 16
_WITHIN_S = 60.0
_LONGEST = 300
_NO_CHAT = (
    "audio", "embed", "guard", "image", "moderation", "ocr", "realtime", "rerank",
    "research", "search", "speech", "transcribe", "tts", "video", "voice", "whisper",
)  # fmt: skip
"""Parts of names of models that do not chat, or not cheaply."""


class Trial:
    """Suggests what to ask, and asks it."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        prices: PriceTable,
        gate: Gate,
        *,
        url: str,
        token: Callable[[], str],
    ) -> None:
        """Ask at `url` with a local token; `keys` are those that were found."""
        self._settings = settings
        self._keys = keys
        self._prices = prices
        self._gate = gate
        self._url = url
        self._token = token

    def offer(self, name: str | None) -> TrialAnswer:
        """Return what would be asked and what it costs at most."""
        target = self._suggested() if name is None else _target(name)
        if target is None:
            raise _bad(
                "no provider has a key here, or none of its models has a price: name "
                "one as provider/model, and see faregate providers"
            )
        if target.provider not in self._settings.providers:
            raise _bad(f"there is no provider {target.provider[:80]!r}")
        row = self._row(target)
        if row is None:
            raise _bad(f"no price is known for {target}")
        return TrialAnswer(target=str(target), at_most=_at_most(row).exact())

    async def ask(self, offer: TrialAnswer) -> TrialAnswer:
        """Send it and return what came of it; an error of the provider is told too."""
        session = f"test-{secrets.token_hex(3)}"
        timeout = aiohttp.ClientTimeout(total=_WITHIN_S)
        headers = {"authorization": f"Bearer {self._token()}"}
        path = f"{self._url}/a/faregate/s/{session}/v1/chat/completions"
        status, text = 0, ""
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as client,
                client.post(path, json=_body(offer.target), headers=headers) as answer,
            ):
                status = answer.status
                text = _said(await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            text = f"no answer: {str(error) or 'it took too long'}"
        return msgspec.structs.replace(
            offer,
            session=session,
            status=status,
            text=sanitise(" ".join(text.split()), limit=_LONGEST),
        )

    def _suggested(self) -> Target | None:
        """Return the first configured target with a key, else the cheapest model."""
        for target in self._configured():
            if self._has_key(target.provider) and self._row(target) is not None:
                return target
        priced = [
            (row.base.input + row.base.output, target)
            for target in self._listed()
            if (row := self._row(target)) is not None
            and row.base.input
            and row.base.output
        ]
        return min(priced, key=lambda each: each[0])[1] if priced else None

    def _configured(self) -> Iterator[Target]:
        for route in self._settings.routes:
            for target in route.targets:
                yield Target(provider=target.provider, model=target.model)
        for row in self._settings.price_overrides:
            if not any(mark in row.model for mark in "*?"):
                yield Target(provider=row.provider, model=row.model)

    def _listed(self) -> Iterator[Target]:
        for provider in self._keys.found:
            for model in self._prices.models(provider):
                if not any(part in model.lower() for part in _NO_CHAT):
                    yield Target(provider=provider, model=model)

    def _has_key(self, provider: str) -> bool:
        choice = self._settings.providers[provider]
        return provider in self._keys.found or choice.keyless

    def _row(self, target: Target) -> PriceRow | None:
        return self._gate.planner.price(target, None, self._gate.clock.now_ms())


def add_trial_route(
    app: web.Application, control: Control, trial: Trial
) -> web.Application:
    """Add the route to the control plane's application and return it.

    To ask spends money, so that it needs a person; to look does not.
    """

    async def asked(request: web.Request) -> web.Response:
        ask = msgspec.json.decode(await request.read(), type=TrialAsk)
        offer = trial.offer(ask.target)
        if not ask.preview:
            require_person(request, control)
            offer = await trial.ask(offer)
        return json_answer(offer)

    app.router.add_post("/v1/trial", asked)
    return app


def _body(target: str) -> dict[str, Any]:
    said = [{"role": "user", "content": SAYS}]
    return {"model": target, "max_tokens": OUTPUT, "messages": said}


def _at_most(row: PriceRow) -> Money:
    """Return the most that the answer can cost, as its hold reckons: by bytes."""
    octets = len(msgspec.json.encode(_body(f"{row.provider}/{row.model}")))
    return Money(row.base.input * (octets + _OVERHEAD) + row.base.output * OUTPUT)


def _said(body: bytes) -> str:
    """Return what a model said, or the message of an error."""
    try:
        found = msgspec.json.decode(body)
        if "error" in found:
            return str(found["error"]["message"])
        return str(found["choices"][0]["message"]["content"] or "")
    except (msgspec.DecodeError, LookupError, TypeError):
        return "an answer that nobody can read"


def _target(name: str) -> Target:
    provider, slash, model = name.partition("/")
    if not (slash and provider and model) or not name.isprintable():
        raise _bad(f"{name[:80]!r} is not provider/model")
    return Target(provider=provider, model=model)


def _bad(message: str) -> ControlRefusedError:
    return bad_request(sanitise(message))
