"""Which codec serves which path."""

from __future__ import annotations

import pytest

from faregate.core.facts import Work
from faregate.protocols.codec import Codec
from faregate.protocols.registry import (
    CODECS,
    by_name,
    codec_for,
    dialect_of,
)

PATHS = [
    ("/v1/chat/completions", "openai_chat", Work.GENERATION),
    ("/v1/responses", "openai_responses", Work.GENERATION),
    ("/v1/messages", "anthropic_messages", Work.GENERATION),
    ("/v1/messages/count_tokens", "anthropic_messages", Work.TOKEN_COUNT),
    ("/v1/completions", "openai_completions", Work.GENERATION),
    ("/v1/embeddings", "openai_embeddings", Work.EMBEDDING),
    ("/v1beta/models/gemini-3:generateContent", "gemini", Work.GENERATION),
    ("/v1/models/gemini-3:streamGenerateContent", "gemini", Work.GENERATION),
    ("/v1beta/models/p/m:x:countTokens", "gemini", Work.TOKEN_COUNT),
]


@pytest.mark.parametrize(("path", "name", "work"), PATHS)
def test_paths(path: str, name: str, work: Work) -> None:
    found = codec_for("POST", path)
    assert found is not None
    assert (found[0].name, found[1]) == (name, work)
    assert found[0] is by_name(name)
    assert dialect_of(path) is found[0]


@pytest.mark.parametrize("path", [path for path, _, _ in PATHS])
@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "HEAD", "post"])
def test_only_posts_are_served(method: str, path: str) -> None:
    assert codec_for(method, path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "//v1/chat/completions",
        "/v1/../v1/chat/completions",
        "/V1/chat/completions",
        "/v1/Chat/Completions",
        "/v1/chat/completions;x",
        "/v1/chat%2fcompletions",
        "/v1/%2e%2e/chat/completions",
        "/v1/messages\x00",
        "/v1/messages/batches",
        "/v1/responses/resp_1",
        "/v1/responses/compact",
        "/v1/batches",
        "/v1/realtime",
        "/v1/images/generations",
        "/v1beta/chat/completions",
        "/v2/models/m:generateContent",
        "/v1beta/models/m:embedContent",
        "/v1beta/models/m:generatecontent",
        "/v1beta/models/m:generateContent/",
        "/v1beta/models/:generateContent",
        "/v1beta/models/m",
        "/v1beta/models/%2e%2e/m:generateContent",
        "/v1beta/models/m:generateContent\n",
        "/v1beta/tunedModels/m:generateContent",
    ],
)
def test_every_other_path_is_unknown(path: str) -> None:
    assert codec_for("POST", path) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1beta/models/m:embedContent", "gemini"),
        ("/v1beta/models", "gemini"),
        ("/v1/models/m:embedContent", "gemini"),
        ("/v1/messages/batches", "anthropic_messages"),
        ("/v1/models", "openai_chat"),
        ("/", "openai_chat"),
    ],
)
def test_refusals_on_unknown_paths_have_a_dialect(path: str, name: str) -> None:
    assert dialect_of(path).name == name


def test_names_are_unique() -> None:
    assert len({codec.name for codec in CODECS}) == len(CODECS) == 6
    assert by_name("soap") is None


def test_every_codec_keeps_the_contract() -> None:
    codecs: tuple[Codec, ...] = CODECS
    for codec in codecs:
        meter = codec.meter(strip_usage=True, flags=frozenset())
        assert meter.ended is False
        assert codec.answer(b"", frozenset()).usage is None
