"""Requests for a provider that speaks another dialect than the client.

Owns what is sent in place of the client's own request, and how the provider's answer
becomes one that the client reads. Bounds, prices and meters all work on what is sent:
the money is counted in the provider's own dialect.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from faregate.core.estimate import UNKNOWN_MAXIMUM
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.policy import Unpriced
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.values import dataclass
from faregate.gateway import messages
from faregate.gateway.inbound import Inbound, Whole
from faregate.protocols.codec import (
    BadRequestError,
    RequestHead,
    StreamBrokenError,
    StreamTooLargeError,
)
from faregate.protocols.dialects import AnswerForm, WriteOptions
from faregate.protocols.losses import HEADER, listed
from faregate.protocols.registry import by_name
from faregate.protocols.translation.error_shapes import TOO_LONG
from faregate.protocols.translation.foreign_seals import without_foreign_seals
from faregate.protocols.translation.table import DIALECTS, PREFERRED
from faregate.providers.error_classes import classify, stated_in
from faregate.providers.spec import ANTHROPIC_MESSAGES, Billing, ErrorClass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from faregate.core.facts import RequestFacts
    from faregate.core.routing import Target
    from faregate.gateway.settings import GateSettings
    from faregate.protocols.codec import StreamMeter
    from faregate.protocols.translation.translator import Translation
    from faregate.providers.spec import ProviderSpec

ESTIMATE_HEADER = "x-faregate-estimate"
"""The response header that says which figure of an answer is only an estimate."""

_LONG_BASE64 = re.compile(rb'"[A-Za-z0-9+/=_-]{2048,}"')
_BYTES_PER_TOKEN = 4
_MOST_AHEAD = 64
_TOKENS_PER_IMAGE = 1600
_ENCODING = "o200k_base"
_PASSED = ("content-type", "user-agent")
"""Headers that mean the same in every dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What is sent in place of the client's request."""

    inbound: Inbound
    facts: RequestFacts
    """Facts of what is sent, in the provider's dialect."""
    asked: RequestFacts
    """Facts of what the client sent."""
    translation: Translation | None = None
    """None where the dialect stays the same."""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that tell the client what was lost."""
        if self.translation is None or not self.translation.losses:
            return {}
        return {HEADER: listed(self.translation.losses)}

    def stream_headers(self) -> dict[str, str]:
        """Return the headers of a streamed answer."""
        if self.translation is None:
            return {}
        return {"content-type": self.translation.content_type, **self.headers}

    def meter(self, meter: StreamMeter) -> StreamMeter:
        """Return a meter that passes on what the client reads."""
        return meter if self.translation is None else self.translation.meter(meter)

    @property
    def sends_events(self) -> bool | None:
        """Tell whether the client's stream is made of events; None for as it comes."""
        return None if self.translation is None else self.translation.form.sse

    def whole(self, whole: Whole, spec: ProviderSpec) -> Whole:
        """Return a provider's whole answer as the client reads it.

        Raises UpstreamError where it cannot be read.
        """
        if self.translation is None:
            return whole
        status, body = whole.status, whole.body
        if status >= 400:
            body = self.translation.error(status, body, _code(spec, whole))
        else:
            try:
                body, failed = self.translation.whole(body)
            except (StreamBrokenError, StreamTooLargeError) as error:
                raise UpstreamError(
                    FaultKind.MALFORMED, str(error), sent=True
                ) from error
            status = 502 if failed else status
        kept = {n: v for n, v in whole.headers.items() if n != "content-type"}
        kept |= {"content-type": "application/json", **self.headers}
        return Whole(status=status, headers=kept, body=body)


def _code(spec: ProviderSpec, whole: Whole) -> str | None:
    """Return the code on which clients shorten their conversation, if that is it."""
    found = classify(spec, stated_in(whole.status, whole.body))
    return TOO_LONG if found is ErrorClass.CONTEXT_OVERFLOW else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputBounds:
    """What a translated request may ask for."""

    default: int | None = None
    """The bound of one that names none and gets none from the gate, as one that costs
    no money: some dialects want one."""
    most: int | None = None
    """What the model can write at most: a client's bound is meant for another one."""


def output_bounds(
    spec: ProviderSpec, settings: GateSettings, known: Iterable[int | None]
) -> OutputBounds:
    """Return the bounds for a target; `known` are the maxima that are known of it."""
    most = min((each for each in known if each), default=None)
    default = None
    if spec.billing is not Billing.METERED or settings.unpriced is Unpriced.ALLOW:
        default = min(settings.default_output, most or UNKNOWN_MAXIMUM)
    return OutputBounds(default=default, most=most)


def load() -> None:
    """Load what translates; blocks for about a tenth of a second, the first time."""
    import faregate.protocols.translation.translator  # noqa: F401 - to have it loaded

    for name in DIALECTS:
        DIALECTS[name]


def dialect_of(spec: ProviderSpec) -> str | None:
    """Return the dialect that requests for a provider are put into."""
    order = (spec.translated_to, *PREFERRED)
    return next((name for name in order if name in spec.base_urls), None)


def form_of(inbound: Inbound, facts: RequestFacts) -> AnswerForm:
    """Return how the client wants its answer."""
    return AnswerForm(
        request_id=inbound.id,
        model=facts.model,
        created=inbound.received_ms // 1000,
        wants_usage=facts.wants_usage,
        sse="alt=sse" in inbound.head.query or facts.protocol != "gemini",
    )


def carried(
    inbound: Inbound,
    facts: RequestFacts,
    target: Target,
    spec: ProviderSpec,
    bounds: OutputBounds,
) -> Carried | Refusal:
    """Return a request in a dialect that the provider speaks, or why there is none."""
    provider = dialect_of(spec)
    codec = None if provider is None else by_name(provider)
    if provider is None or codec is None or facts.protocol not in DIALECTS:
        return messages.wrong_protocol(target, spec, facts)
    if inbound.grant is None:
        return messages.own_key_untranslated(target, facts)
    # Loaded here, where `load` has not done it before: a start need not wait for it.
    from faregate.protocols.translation.translator import path_of, translate

    form = form_of(inbound, facts)
    try:
        translation = translate(
            client=facts.protocol,
            provider=provider,
            head=inbound.head,
            body=inbound.body,
            model=target.model,
            options=WriteOptions(
                quirks=spec.quirks, output_field=spec.output_fields.get(provider)
            ),
            form=form,
            flags=spec.usage_flags,
            default_bound=bounds.default if provider == ANTHROPIC_MESSAGES else None,
            most=bounds.most,
        )
        path, query = path_of(provider, target.model, stream=facts.stream)
        head = RequestHead(
            method="POST",
            path=path,
            query=query,
            headers=_headers(inbound.head.headers, spec, provider),
        )
        sent = codec.inspect(head, translation.body)
    except BadRequestError as error:
        return Refusal(
            code=RefusalCode.BAD_REQUEST, message=error.message, param=error.param
        )
    inbound.explanation.note(
        "translation",
        target=target,
        client=facts.protocol,
        provider=provider,
        losses=sorted(translation.losses),
        bytes_before=len(inbound.body),
        bytes_after=len(translation.body),
    )
    return Carried(
        inbound=structs.replace(inbound, head=head, body=translation.body, codec=codec),
        facts=replace(
            sent,
            hints=facts.hints,
            # The larger of both: a bound must hold however the provider counts.
            body_bytes=max(sent.body_bytes, facts.body_bytes),
        ),
        asked=facts,
        translation=translation,
    )


class Ahead:
    """Translations of large requests, made in a thread before they are asked for."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Target, Carried | Refusal | None]] = {}

    async def make(
        self,
        inbound: Inbound,
        target: Target,
        work: Callable[[], Carried | Refusal | None],
    ) -> None:
        """Do the work for one target of a request; `take` gives it out once."""
        self._made[inbound.id] = (target, await asyncio.to_thread(work))
        if len(self._made) > _MOST_AHEAD:
            # Its request was given up before anybody asked for this.
            del self._made[next(iter(self._made))]

    def take(
        self, inbound: Inbound, target: Target
    ) -> tuple[Carried | Refusal | None] | None:
        """Return what was made for a target, in a tuple; None where nothing was."""
        found = self._made.pop(inbound.id, None)
        return None if found is None or found[0] != target else (found[1],)


def cleaned(inbound: Inbound, facts: RequestFacts) -> Carried | None:
    """Return a request without what another dialect's provider sealed in it.

    None for nearly all, which pass as they are.
    """
    body = without_foreign_seals(inbound.body, facts.protocol)
    if body is inbound.body:
        return None
    return Carried(
        inbound=structs.replace(inbound, body=body), facts=facts, asked=facts
    )


def _headers(
    headers: Mapping[str, str], spec: ProviderSpec, provider: str
) -> dict[str, str]:
    """Return the headers that go along: another vendor's mean nothing here."""
    kept = {name: headers[name] for name in _PASSED if name in headers}
    kept["content-type"] = "application/json"
    kept.update({name.lower(): value for name, value in spec.headers.items()})
    if provider == ANTHROPIC_MESSAGES:
        kept["anthropic-version"] = spec.anthropic_version or "2023-06-01"
    return kept


async def estimated(
    inbound: Inbound,
    facts: RequestFacts,
    count: Callable[[str, str], Awaitable[int | None]] | None,
) -> Whole:
    """Answer how many tokens a request has where no provider is asked.

    An estimate, and labelled so: the encodings of vendors differ by a fifth and more.
    """
    text, media = _LONG_BASE64.subn(b'""', inbound.body)
    tokens = -(-len(text) // _BYTES_PER_TOKEN)
    if count is not None:
        counted = await count(text.decode("utf-8", "replace"), _ENCODING)
        tokens = tokens if counted is None else counted
    tokens += media * _TOKENS_PER_IMAGE
    name = "input_tokens" if facts.protocol == ANTHROPIC_MESSAGES else "totalTokens"
    headers = {"content-type": "application/json", ESTIMATE_HEADER: "tokens"}
    return Whole(status=200, headers=headers, body=msgspec.json.encode({name: tokens}))
