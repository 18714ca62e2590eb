"""Looks at all addresses of a provider, side by side.

Owns which cause is told when several could be. The key goes to the configured
address; to another region of the same vendor only after that one rejected it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import UpstreamError
from faregate.core.values import dataclass
from faregate.gateway.endpoints import with_key
from faregate.smoke.causes import Cause
from faregate.smoke.diagnosis import Diagnosis, bound_elsewhere, diagnose
from faregate.smoke.reach.connecting import STEP_S, Step, Trouble, connect
from faregate.smoke.reach.places import own_place, region_of, region_places
from faregate.smoke.scrub import scrub

if TYPE_CHECKING:
    import ssl

    from faregate.core.secret import Secret
    from faregate.gateway.ports import Upstream
    from faregate.providers.spec import ProviderSpec
    from faregate.smoke.dialects.dialect import Dialect
    from faregate.smoke.reach.connecting import Resolve, Way
    from faregate.smoke.reach.places import Place

ANSWER_S = 10.0
MOST_BYTES = 256 * 1024
_KEY_CAUSES = frozenset({Cause.KEY_REJECTED, Cause.NO_PERMISSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far one address was reached; times in seconds."""

    place: Place
    way: Way
    http_s: float | None = None
    """From the request to the answer's headers."""
    status: int | None = None
    trouble: Trouble | None = None
    diagnosis: Diagnosis | None = None
    """What its error says about key, wallet or country."""

    @property
    def ok(self) -> bool:
        """Tell whether any HTTP answer came."""
        return self.status is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The configured address and the other regions'."""

    own: Reached
    region: str
    others: tuple[Reached, ...] = ()
    diagnosis: Diagnosis | None = None
    """Why the key does not work at the configured address, if that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """What a survey needs; the bounds are seconds a step."""

    http: Upstream
    tls: ssl.SSLContext | None = None
    resolve: Resolve | None = None
    step_s: float = STEP_S
    answer_s: float = ANSWER_S

    async def survey(
        self, spec: ProviderSpec, dialect: Dialect, key: Secret | None
    ) -> Survey:
        """Look at every address; raises nothing.

        Takes at most three steps and two answers, whatever the servers do.
        """
        own, others = await asyncio.gather(
            self._look(spec, dialect, own_place(spec, dialect.protocol), key),
            self.look_around(spec, dialect),
        )
        return await self.explain(spec, dialect, key, own, others)

    async def look_around(
        self, spec: ProviderSpec, dialect: Dialect
    ) -> tuple[Reached, ...]:
        """Look at the other regions' addresses, without a key."""
        places = region_places(spec, dialect.protocol)
        looks = [self._look(spec, dialect, place, None) for place in places]
        return tuple(await asyncio.gather(*looks))

    async def way_to(self, place: Place) -> Way:
        """Return how the way to an address goes; nothing is asked there."""
        return await connect(
            place, tls=self.tls, resolve=self.resolve, step_s=self.step_s
        )

    async def explain(
        self,
        spec: ProviderSpec,
        dialect: Dialect,
        key: Secret | None,
        own: Reached,
        others: tuple[Reached, ...],
    ) -> Survey:
        """Return what was seen, with the reason why a key was rejected."""
        here = region_of(spec, dialect.protocol)
        diagnosis = own.diagnosis
        if diagnosis is not None and diagnosis.cause in _KEY_CAUSES and key is not None:
            taken = await self._where_taken(spec, dialect, others, key)
            if taken is not None:
                diagnosis = bound_elsewhere(spec, here=here, there=taken)
        return Survey(own=own, region=here, others=others, diagnosis=diagnosis)

    async def _look(
        self, spec: ProviderSpec, dialect: Dialect, place: Place, key: Secret | None
    ) -> Reached:
        way = await self.way_to(place)
        if way.trouble is not None:
            return Reached(place=place, way=way, trouble=way.trouble)
        return await self._ask(spec, dialect, place, way, key)

    async def _where_taken(
        self,
        spec: ProviderSpec,
        dialect: Dialect,
        others: tuple[Reached, ...],
        key: Secret,
    ) -> str | None:
        """Return the region that takes a key which the configured one rejected."""
        asked = await asyncio.gather(
            *(
                self._ask(spec, dialect, one.place, one.way, key)
                for one in others
                if one.ok
            )
        )
        return next((one.place.region for one in asked if one.status == 200), None)

    async def _ask(
        self,
        spec: ProviderSpec,
        dialect: Dialect,
        place: Place,
        way: Way,
        key: Secret | None,
    ) -> Reached:
        secret = None if key is None else key.reveal()
        now = asyncio.get_running_loop().time
        began = now()
        request = UpstreamRequest(
            url=place.url + dialect.models_path,
            method="GET",
            headers=_headers(spec, dialect, secret),
            body=b"",
        )
        try:
            async with asyncio.timeout(self.answer_s):
                answer = await self.http.send(request)
                http_s = now() - began
                try:
                    body = await answer.read(MOST_BYTES)
                except UpstreamError:
                    # Headers are proof enough that somebody answers.
                    body = b""
                except BaseException:
                    answer.abort()
                    raise
        except TimeoutError:
            words = f"{place.host} gave no whole answer within {self.answer_s:g} s"
            return Reached(place=place, way=way, trouble=_no_http(words))
        except UpstreamError as error:
            words = f"{place.host}: {scrub(error.message, secret)}"
            return Reached(place=place, way=way, trouble=_no_http(words))
        return Reached(
            place=place,
            way=way,
            http_s=http_s,
            status=answer.status,
            diagnosis=diagnose(
                spec, answer.status, body, secret=secret, keyless=key is None
            ),
        )


def _headers(
    spec: ProviderSpec, dialect: Dialect, secret: str | None
) -> dict[str, str]:
    headers = {
        **spec.headers,
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "faregate-smoke",
    }
    if spec.anthropic_version is not None:
        headers["anthropic-version"] = spec.anthropic_version
    return with_key(headers, spec, dialect.protocol, secret)


def _no_http(words: str) -> Trouble:
    return Trouble(
        step=Step.HTTP,
        sentence=words,
        fix="Check that base_url leads to the provider's API and nothing cuts in.",
    )
