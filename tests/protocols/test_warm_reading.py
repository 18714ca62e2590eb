"""A turn is read as if it were the first, whatever was read and remembered before it.

Facts mean money: none may depend on which bodies, parts or tools are still known.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols import conversation, json_object, part_memory, transcripts
from faregate.protocols.anthropic_messages import request as messages
from faregate.protocols.body_memory import BodyMemory
from faregate.protocols.codec import BadRequestError, RequestHead, Splice
from faregate.protocols.gemini import request as gemini
from faregate.protocols.json_object import read_again
from faregate.protocols.openai_chat import request as chat
from faregate.protocols.openai_responses import request as responses
from faregate.protocols.registry import messages_of
from tests.protocols.requests import codec_at
from tests.protocols.turns import LISTS, PATHS, after, compact, forget, request

MEMORIES: tuple[Any, ...] = (
    chat._MESSAGES,
    responses._ITEMS,
    messages._MESSAGES,
    gemini._CONTENTS,
    part_memory._TEXTS,
    chat._FRAMES,
    messages._FRAMES,
)
CHANGES = Splice(model="other", output_bound=7)


@contextmanager
def remembering(bodies: BodyMemory, parts: list[dict[int, Any]]) -> Iterator[None]:
    """Read by these memories alone, the shortest of bodies too."""
    openings: dict[int, str] = {}
    with (
        mock.patch.object(json_object, "BODIES", bodies),
        mock.patch.object(transcripts, "BODIES", bodies),
        mock.patch.object(json_object, "SMALLEST", 0),
        mock.patch.object(json_object, "_latest", [None]),
        mock.patch.object(conversation, "_openings", openings),
    ):
        before = [memory._known for memory in MEMORIES]
        for memory, known in zip(MEMORIES, parts, strict=True):
            memory._known = known
        try:
            yield
        finally:
            for memory, known in zip(MEMORIES, before, strict=True):
                memory._known = known


def read(path: str, body: bytes) -> Any:
    """Everything that is known of a body, or why it is refused."""
    codec = codec_at(path)
    try:
        facts = codec.inspect(RequestHead(method="POST", path=path), body)
    except BadRequestError as error:
        return error.message, error.param
    values = dict(read_again(body).values)
    return facts, values, messages_of(codec.name, body), codec.splice(body, CHANGES)


ODD: tuple[Any, ...] = (None, 7, {"x": {}}, {"ttl": "1w"})
marks = st.sampled_from(
    [
        *[{}] * 3,
        *[{"cache_control": {"type": "ephemeral"}}] * 4,
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        *[{"cache_control": odd} for odd in ODD],
    ]
)
kinds = st.sampled_from(
    [
        *[{"type": "text"}] * 20,
        {"type": "image", "source": {"type": "url", "url": "https://x"}},
        {"type": "input_audio", "input_audio": {"data": "A"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "A"}},
        {"type": "tool_result", "content": [{"type": "image"}]},
    ]
)
texts = st.sampled_from(["a", "b", '"}],\\', "\u00e9", "fileid://x", "cache_control"])
contents = st.lists(
    st.builds(
        lambda kind, text, mark: {**kind, "text": text, **mark}, kinds, texts, marks
    ),
    min_size=1,
    max_size=3,
)
items = st.builds(
    lambda role, said, kind: {"role": role, "content": said, "parts": said, **kind},
    st.sampled_from(["user", "assistant"]),
    contents,
    st.sampled_from([{}, {}, {}, {"type": "item_reference"}, {"type": "message"}]),
)
members = st.dictionaries(
    st.sampled_from(
        ["max_tokens", "n", "stream", "service_tier", "system", "tools", "metadata"]
    ),
    st.sampled_from([1, 12, None, True, "flex", "s", [], [{"type": "web_search"}]]),
    max_size=3,
)
# How much of the conversation stays, what is new, and what else it says.
turns = st.tuples(st.integers(0, 6), st.lists(items, max_size=2), members)
damages = st.sampled_from([b",", b"]", b"}", b'"', b"", b"0", *[None] * 24])


def unmarked(value: Any) -> Any:
    """The markers of all but the last message moved away, as agents have it."""
    if isinstance(value, list):
        return [unmarked(each) for each in value]
    if not isinstance(value, dict):
        return value
    marker = value.get("cache_control")
    known = isinstance(marker, dict) and "type" in marker
    return {
        k: unmarked(v) for k, v in value.items() if k != "cache_control" or not known
    }


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(list(LISTS)),
    course=st.lists(
        st.tuples(turns, st.booleans(), damages, st.floats(0, 1)),
        min_size=2,
        max_size=8,
    ),
    spaced=st.booleans(),
)
def test_every_turn_is_read_as_if_it_were_the_first(
    path: str, course: list[Any], spaced: bool
) -> None:
    bodies = BodyMemory()
    parts: list[dict[int, Any]] = [{} for _ in MEMORIES]
    said: list[Any] = []
    for (kept, new, more), moves, damage, where in course:
        said = [*(unmarked(said) if moves else said)[: kept + 2], *new]
        document = {"model": "m", LISTS[path]: said, **more}
        separators = (", ", ": ") if spaced else (",", ":")
        body = json.dumps(document, separators=separators, ensure_ascii=spaced).encode()
        if damage is not None:
            at = int(where * len(body))
            body = body[:at] + damage + body[at + 1 :]
        with remembering(bodies, parts):
            warm = read(path, body)
        with remembering(BodyMemory(0), [{} for _ in MEMORIES]):
            assert warm == read(path, body)


@pytest.mark.parametrize("path", PATHS)
def test_what_was_read_is_let_go_of_at_once(path: str) -> None:
    """The garbage collector looks seldom, and not at all while nothing is asked."""
    bodies = [compact(request(path, ["a", "b", "c"][:count])) for count in (2, 3)]
    gc.disable()
    try:
        found, known = after(path, *bodies)
        assert known is not None
        del found, known
        forget()
        holders = [sys.getrefcount(bodies[number]) for number in range(2)]
    finally:
        gc.enable()
    # The list and the question.
    assert holders == [2, 2]
