"""Media in messages: whatever is not known to be text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.codec import BadRequestError
from faregate.protocols.parts import any_audio, any_media, decode_messages, first_user

TEXT = frozenset({"text", "tool_result"})


def media(content: Any, **more: Any) -> bool | None:
    raw = json.dumps([{"role": "user", "content": content, **more}]).encode()
    messages = decode_messages(raw)
    return None if messages is None else any_media(messages, TEXT)


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


def test_an_earlier_spoken_answer() -> None:
    assert media("x", audio={"id": "audio_1"}) is True
    assert media("x", audio=None) is False


@pytest.mark.parametrize("raw", [b"[1]", b'[{"role":1}]', b"[" * 9999])
def test_what_is_no_list_of_messages(raw: bytes) -> None:
    assert decode_messages(raw) is None


@pytest.mark.parametrize("raw", [b"{}", b'"x"', b"1"])
def test_what_is_no_list_at_all(raw: bytes) -> None:
    with pytest.raises(BadRequestError, match="must be a list"):
        decode_messages(raw)


def test_messages_up_to_the_first_user() -> None:
    def count(*roles: str) -> int:
        raw = json.dumps([{"role": role} for role in roles]).encode()
        return first_user(decode_messages(raw) or [])

    assert count("system", "user", "assistant", "user") == 2
    assert count("system", "assistant") == 2
    assert count() == 0


def test_sound_is_found_at_any_depth() -> None:
    def audio(content: object) -> bool:
        raw = json.dumps([{"role": "user", "content": content}]).encode()
        return any_audio(decode_messages(raw) or [])

    sound = {"type": "input_audio"}
    assert audio([{"type": "text"}, sound])
    assert audio([{"type": "tool_result", "content": [sound]}])
    assert audio([7])
    assert not audio([{"type": "image"}, {"type": "text", "text": "audio"}])
    assert not audio("audio")
