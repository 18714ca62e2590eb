"""One request on its way into another dialect, and its answer on the way back.

Owns the sequence: read, flatten tools, write; decode, restore tools, encode. Sans-io,
as everything here.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.protocols.anthropic_messages.request import PROTOCOL as MESSAGES
from faregate.protocols.codec import BadRequestError
from faregate.protocols.error_bodies import read_error
from faregate.protocols.events import Failed
from faregate.protocols.gemini.paths import STREAMING
from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT
from faregate.protocols.losses import Loss
from faregate.protocols.openai_responses.request import PROTOCOL as RESPONSES
from faregate.protocols.translation.caching import marked_for_cache
from faregate.protocols.translation.error_shapes import error_body
from faregate.protocols.translation.flattening import (
    Original,
    Restorer,
    flattened,
)
from faregate.protocols.translation.stream import Payloads, TranslatingMeter
from faregate.protocols.translation.table import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.protocols.codec import RequestHead, StreamMeter
    from faregate.protocols.dialects import AnswerForm, Dialect, WriteOptions
    from faregate.protocols.dialogue import Dialogue
    from faregate.protocols.events import StreamEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A translated request, and the way back for its answer."""

    client: Dialect
    provider: Dialect
    body: bytes
    losses: frozenset[Loss]
    form: AnswerForm
    flags: frozenset[str] = frozenset()
    originals: Mapping[str, Original] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """Return the media type of a streamed answer."""
        return self.client.content_type(self.form)

    def meter(self, meter: StreamMeter) -> TranslatingMeter:
        """Return a meter that passes the client's dialect on."""
        return TranslatingMeter(
            meter,
            self.provider.decoder(self.flags, self.form.request_id),
            Restorer(self.originals),
            self.client.encoder(self.form),
            sse=self.form.sse,
        )

    def whole(self, body: bytes) -> tuple[bytes, bool]:
        """Return a whole answer in the client's dialect, and whether it is an error.

        Raises StreamBrokenError and StreamTooLargeError.
        """
        payloads = Payloads(self.provider.decoder(self.flags, self.form.request_id))
        events: Sequence[StreamEvent] = [*payloads.feed(body), *payloads.finish()]
        error = next((each for each in events if isinstance(each, Failed)), None)
        if error is not None:
            return self._error(502, error.message, error.code), True
        events = Restorer(self.originals).restored(events)
        return self.client.encoder(self.form).whole(events), False

    def error(self, status: int, body: bytes, code: str | None = None) -> bytes:
        """Return a provider's error body in the client's dialect."""
        found = read_error(body)
        message = f"the provider answered {status}" if found is None else found.message
        stated = None if found is None else found.code
        return self._error(status, message, code or stated)

    def _error(self, status: int, message: str, code: str | None) -> bytes:
        request_id = self.form.request_id
        return error_body(self.client.name, status, message, code, request_id)


def translate(
    *,
    client: str,
    provider: str,
    head: RequestHead,
    body: bytes,
    model: str,
    options: WriteOptions,
    form: AnswerForm,
    flags: frozenset[str] = frozenset(),
    default_bound: int | None = None,
    most: int | None = None,
) -> Translation:
    """Return a request in the provider's dialect.

    `default_bound` is the output bound of a request that names none, where the
    provider's dialect wants one; `most` is what none may pass. Raises BadRequestError for what cannot be said.
    """
    source, target = DIALECTS[client], DIALECTS[provider]
    try:
        read = source.read(head, body)
    except RecursionError:
        raise BadRequestError("The body is nested too deeply.") from None
    dialogue: Dialogue = replace(read.dialogue, model=model)
    if dialogue.output_bound is None and default_bound is not None:
        dialogue = replace(dialogue, output_bound=default_bound)
    lost = set(read.losses)
    if most is not None and (dialogue.output_bound or 0) > most:
        lost.add(Loss.OUTPUT_BOUND)
        dialogue = replace(dialogue, output_bound=most)
    flat = flattened(dialogue, names_alone=provider == RESPONSES)
    sent = flat.dialogue
    if provider == MESSAGES:
        sent = marked_for_cache(sent)
    written = target.write(sent, options)
    return Translation(
        client=source,
        provider=target,
        body=written.body,
        losses=frozenset(lost) | flat.losses | written.losses,
        form=form,
        flags=flags,
        originals=flat.originals,
    )


def path_of(provider: str, model: str, *, stream: bool) -> tuple[str, str]:
    """Return the path and query of a request in the provider's dialect."""
    if provider == GENERATE_CONTENT:
        verb = STREAMING if stream else "generateContent"
        return f"/v1beta/models/{model}:{verb}", "alt=sse" if stream else ""
    return _PATHS[provider], ""


_PATHS: Mapping[str, str] = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
}
