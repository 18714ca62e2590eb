"""TokenCounter: one load, never on the loop, special tokens as plain text."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from faregate.tokens import counter as counter_module
from faregate.tokens.counter import TokenCounter
from faregate.tokens.vocabularies import Vocabulary, VocabularyError, load_encoding

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from tiktoken import Encoding


class WatchedLoads:
    """Which encodings were loaded, and by which thread."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.threads: list[int] = []

    def __call__(self, vocabulary: Vocabulary, folder: Traversable) -> Encoding:
        self.names.append(vocabulary.name)
        self.threads.append(threading.get_ident())
        return load_encoding(vocabulary, folder)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> WatchedLoads:
    watched = WatchedLoads()
    monkeypatch.setattr(counter_module, "load_encoding", watched)
    return watched


async def test_counts_at_once_share_one_load(loads: WatchedLoads) -> None:
    tokens = TokenCounter()
    assert loads.names == []
    counts = await asyncio.gather(*(tokens.count("hello world") for _ in range(8)))
    assert counts == [2] * 8
    assert loads.names == ["o200k_base"]


async def test_loading_and_counting_leave_the_loops_thread(
    loads: WatchedLoads, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted_in: list[int] = []
    count_now = TokenCounter.count_now

    def watched(self: TokenCounter, text: str, encoding: str) -> int:
        counted_in.append(threading.get_ident())
        return count_now(self, text, encoding)

    monkeypatch.setattr(TokenCounter, "count_now", watched)
    tokens = TokenCounter()
    await tokens.prepare("cl100k_base")
    assert await tokens.count("tiktoken is great!", "cl100k_base") == 6
    assert len(counted_in) == 1
    assert loads.names == ["cl100k_base"]
    assert threading.get_ident() not in {*counted_in, *loads.threads}


def test_any_text_counts() -> None:
    tokens = TokenCounter()
    assert tokens.count_now("") == 0
    assert tokens.count_now("a <|endoftext|> b") > 3
    assert tokens.count_now("half of a pair: \ud83d") > 0
    assert tokens.count_now("a" * 200_000) > 1_000


async def test_a_damaged_vocabulary_is_an_error_each_time(tmp_path: Path) -> None:
    tokens = TokenCounter(folder=tmp_path)
    for _ in range(2):
        with pytest.raises(VocabularyError):
            await tokens.count("hello")
    with pytest.raises(VocabularyError, match="p50k_base"):
        await tokens.count("hello", "p50k_base")


async def test_who_can_do_without_a_count_gets_none_and_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = TokenCounter(folder=tmp_path)
    for _ in range(3):
        assert await tokens.count_if_able("hello") is None
    assert len(caplog.records) == 1
    assert "bytes stand for them" in caplog.text
    assert await TokenCounter().count_if_able("hello") == 1


def test_an_endless_run_of_blanks_counts_its_bytes() -> None:
    blanks = " " * 1_000_000
    assert TokenCounter().count_now("é" + blanks) == 1_000_002
