"""A stream that goes on in another dialect is noticed; noise is not."""

from __future__ import annotations

import pytest

from faregate.protocols.codec import StreamBrokenError
from faregate.protocols.foreign import refuse_foreign, refuse_unreadable

EVENTS = {
    "anthropic_messages": b'{"type":"content_block_delta","index":0}',
    "openai_responses": b'{"type":"response.output_text.delta","delta":"a"}',
    "openai_chat": b'{"choices":[]}',
    "gemini": b'{"candidates":[]}',
}
WORDS = {
    "anthropic_messages": "Messages",
    "openai_responses": "Responses",
    "openai_chat": "Chat Completions",
    "gemini": "generateContent",
}


@pytest.mark.parametrize("spoken", EVENTS)
@pytest.mark.parametrize("other", EVENTS)
def test_only_another_dialects_event_is_refused(spoken: str, other: str) -> None:
    if spoken == other:
        refuse_foreign(EVENTS[other], spoken)
        return
    with pytest.raises(StreamBrokenError, match=f"goes on as {WORDS[other]}"):
        refuse_foreign(EVENTS[other], spoken)


@pytest.mark.parametrize("noise", [b"{}", b'{"type":"ping"}', b"[1]", b"no json"])
def test_noise_is_left_alone(noise: bytes) -> None:
    refuse_foreign(noise, "openai_chat")


def test_what_cannot_be_read_is_shown_in_part() -> None:
    with pytest.raises(StreamBrokenError, match="<html"):
        refuse_unreadable(b"<html>" + b"x" * 1000)


def test_what_says_nothing_is_left_alone() -> None:
    refuse_unreadable(b"null")
    refuse_unreadable(b" {} ")
