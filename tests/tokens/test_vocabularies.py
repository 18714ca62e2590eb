"""The shipped vocabularies are OpenAI's, and nothing else is ever taken for them."""

from __future__ import annotations

import gzip
import shutil
import socket
from pathlib import Path

import pytest

from faregate.tokens.vocabularies import (
    VOCABULARIES,
    Vocabulary,
    VocabularyError,
    load_encoding,
    packaged_files,
    vocabulary_named,
)

O200K = vocabulary_named("o200k_base")
CL100K = vocabulary_named("cl100k_base")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every try to reach a host, each of which is refused."""
    tries: list[str] = []

    def refuse(*args: object, **kwargs: object) -> None:
        tries.append(f"{args} {kwargs}")
        raise OSError("the network is closed in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tries


@pytest.mark.parametrize(
    ("vocabulary", "text", "ids"),
    [
        (O200K, "hello world", [24912, 2375]),
        (CL100K, "hello world", [15339, 1917]),
        (CL100K, "tiktoken is great!", [83, 1609, 5963, 374, 2294, 0]),
        (O200K, "Привет, мир! 你好 🙂\n\n  def f(x):\n",
         [23881, 131903, 11, 37934, 0, 220, 177519, 41937, 220, 1056, 285, 4061, 1883]),
        (O200K, "<|endoftext|>", [27, 91, 419, 1440, 919, 91, 29]),
        (O200K, "", []),
    ],
)  # fmt: skip
def test_ids_are_openais(
    vocabulary: Vocabulary, text: str, ids: list[int], network: list[str]
) -> None:
    assert load_encoding(vocabulary, packaged_files()).encode_ordinary(text) == ids
    assert network == []


def test_every_vocabulary_is_a_file_and_every_file_a_vocabulary() -> None:
    shipped = {file.name for file in packaged_files().iterdir()}
    assert shipped == {f"{entry.name}.tiktoken.gz" for entry in VOCABULARIES}


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(VocabularyError, match=r"'p50k_base'.*o200k_base, cl100k_base"):
        vocabulary_named("p50k_base")


def test_another_vocabulary_under_the_name_is_refused(
    tmp_path: Path, network: list[str]
) -> None:
    with gzip.open(tmp_path / "o200k_base.tiktoken.gz", "wb") as file:
        file.write(b"IQ== 0\nIg== 1\n")
    with pytest.raises(VocabularyError, match=r"damaged: its sha256 is [0-9a-f]{64}"):
        load_encoding(O200K, tmp_path)
    assert network == []
    assert (tmp_path / "o200k_base.tiktoken.gz").exists()


@pytest.mark.parametrize("keep", [0, 11, 500_000])
def test_a_cut_file_is_refused(tmp_path: Path, network: list[str], keep: int) -> None:
    with (packaged_files() / "cl100k_base.tiktoken.gz").open("rb") as whole:
        (tmp_path / "cl100k_base.tiktoken.gz").write_bytes(whole.read()[:keep])
    with pytest.raises(VocabularyError, match=r"cl100k_base\.tiktoken\.gz"):
        load_encoding(CL100K, tmp_path)
    assert network == []


def test_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "cl100k_base.tiktoken.gz"
    with (
        (packaged_files() / target.name).open("rb") as source,
        target.open("wb") as out,
    ):
        shutil.copyfileobj(source, out)
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 0x40
    target.write_bytes(data)
    with pytest.raises(VocabularyError):
        load_encoding(CL100K, tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path, network: list[str]) -> None:
    with pytest.raises(VocabularyError, match="cannot be read"):
        load_encoding(O200K, tmp_path)
    assert network == []
