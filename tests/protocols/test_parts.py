"""Media in messages: whatever is not known to be text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.part_memory import ANYWHERE, PartMemory, Parts
from faregate.protocols.parts import read_message
from tests.protocols.requests import inspect

TEXT = frozenset({"text", "tool_result"})


def media(content: Any, **more: Any) -> bool:
    return reach([{"role": "user", "content": content, **more}]) > 0


def reach(messages: list[Any]) -> int:
    found = read(messages)
    return ANYWHERE if found is None else found.media_reach


def read(messages: list[Any]) -> Parts | None:
    raw = json.dumps(messages).encode()
    return PartMemory(lambda piece: read_message(piece, TEXT)).parts(raw, "messages")


@pytest.mark.parametrize(
    "content",
    [
        'text that says "type":"image"',
        None,
        [],
        [{"type": "text", "text": "x"}],
        [{"type": "tool_result", "content": "x"}],
        [{"type": "tool_result", "content": [{"type": "text", "text": "x"}]}],
        [{"type": "tool_result", "content": {"type": "text"}}],
    ],
)
def test_text(content: Any) -> None:
    assert media(content) is False


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "x"}, {"type": "image", "source": {}}],
        [{"type": "hologram"}],
        [{"image_url": {"url": "x"}}],
        [{"type": "tool_result", "content": [{"type": "image"}]}],
        [{"type": "tool_result", "content": {"type": "image"}}],
        [{"type": 1}],
        [1],
        {"type": "image"},
    ],
)
def test_everything_else_counts_as_media(content: Any) -> None:
    assert media(content) is True


def test_media_reach_to_the_last_message_that_has_some() -> None:
    text = {"role": "user", "content": "x"}
    image = {"role": "user", "content": [{"type": "image", "data": "AAAA"}]}
    assert reach([text, text]) == 0
    assert reach([image, text]) == 1
    assert reach([text, image, image, text, text]) == 3


def test_what_is_fetched_may_be_anywhere() -> None:
    remote = {"role": "user", "content": [{"type": "image", "url": "https://x/y"}]}
    assert reach([remote, {"role": "user", "content": "x"}]) == ANYWHERE


def test_an_earlier_spoken_answer() -> None:
    assert media("x", audio={"id": "audio_1"}) is True
    assert media("x", audio=None) is False


def test_what_is_no_message_could_be_anything() -> None:
    assert read([{"role": "user", "content": "x"}, 1]) is None
    assert read([{"role": 1}]) is None


def test_messages_up_to_the_first_user() -> None:
    def count(*roles: str) -> int:
        found = read([{"role": role} for role in roles])
        assert found is not None
        return found.until_user

    assert count("system", "user", "assistant", "user") == 2
    assert count("system", "assistant") == 2
    assert count() == 0


def test_sound_is_found_at_any_depth() -> None:
    def audio(content: object) -> bool:
        found = read([{"role": "user", "content": content}])
        assert found is not None
        return found.audio

    sound = {"type": "input_audio"}
    assert audio([{"type": "text"}, sound])
    assert audio([{"type": "tool_result", "content": [sound]}])
    assert audio([7])
    assert not audio([{"type": "image"}, {"type": "text", "text": "audio"}])
    assert not audio("audio")


PICTURE = "data:image/png;base64,AAAA"
CONVERSATIONS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": PICTURE}}],
            },
            {"role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ]
    },
    "/v1/messages": {
        "messages": [
            {"role": "user", "content": [{"type": "image", "source": {"data": "AA"}}]},
            {"role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ]
    },
    "/v1/responses": {
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_image", "image_url": PICTURE}],
            },
            {"role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ]
    },
    "/v1beta/models/m:generateContent": {
        "contents": [
            {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png"}}]},
            {"role": "model", "parts": [{"text": "A cat."}]},
            {"role": "user", "parts": [{"text": "Sure?"}]},
        ]
    },
}


@pytest.mark.parametrize("path", CONVERSATIONS)
def test_each_dialect_says_how_far_its_media_reach(path: str) -> None:
    facts = inspect(path, {"model": "m", **CONVERSATIONS[path]})
    assert (facts.media, facts.media_reach) == (True, 1)
    assert len(facts.conversation.parts) == 3
