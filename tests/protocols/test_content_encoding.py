from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols.content_encoding import (
    DecodingError,
    TooLargeError,
    UnknownEncodingError,
    decode,
    decoder_for,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEGABYTE = 1024 * 1024
TEXT = b'{"model": "m", "messages": []}' * 50


def bare_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return encoder.compress(data) + encoder.flush()


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zstandard(data: bytes) -> bytes:
    return zstd.compress(data)


def wide_zstandard(data: bytes) -> bytes:
    encoder = zstd.ZstdCompressor(
        options={int(zstd.CompressionParameter.window_log): 27}
    )
    return encoder.compress(data) + encoder.flush()


def brotlied(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=5))


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", zipped),
    "x-gzip": ("X-GZIP", zipped),
    "deflate": ("deflate", zlib.compress),
    "bare_deflate": ("deflate", bare_deflate),
    "zstd": ("zstd", zstandard),
    "brotli": (" br ", brotlied),
}
each = pytest.mark.parametrize(
    ("name", "encode"), ENCODERS.values(), ids=list(ENCODERS)
)


@each
def test_decodes_what_was_encoded(name: str, encode: Callable[[bytes], bytes]) -> None:
    assert decode(encode(TEXT), name, len(TEXT)) == TEXT
    assert decode(encode(b""), name, 0) == b""


@each
@settings(max_examples=15)
@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_any_split_decodes_alike(
    name: str, encode: Callable[[bytes], bytes], data: bytes, cuts: list[int]
) -> None:
    encoded = encode(data)
    decoder = decoder_for(name, 3000)
    assert decoder is not None
    edges = [0, *sorted(cut for cut in cuts if cut < len(encoded)), len(encoded)]
    parts = [
        part
        for start, end in pairwise(edges)
        for part in decoder.pieces(encoded[start:end])
    ]
    decoder.finish()
    assert b"".join(parts) == data


@each
def test_one_byte_over_the_limit_is_too_large(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(TooLargeError, match="more than 1499 bytes"):
        decode(encode(TEXT), name, len(TEXT) - 1)


@each
def test_a_bomb_costs_no_more_memory_than_its_limit(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    bomb = encode(bytes(24 * MEGABYTE))
    assert len(bomb) < MEGABYTE / 8
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            decode(bomb, name, 2 * MEGABYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE


@each
def test_a_bomb_passes_in_pieces_of_about_a_megabyte(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    decoder = decoder_for(name, 64 * MEGABYTE)
    assert decoder is not None
    sizes = [len(part) for part in decoder.pieces(encode(bytes(20 * MEGABYTE)))]
    assert sum(sizes) == 20 * MEGABYTE
    assert max(sizes) <= 2 * MEGABYTE


@each
def test_a_body_cut_short_is_an_error(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(DecodingError, match="cut short"):
        decode(encode(TEXT)[:-1], name, MEGABYTE)


@each
def test_a_body_that_only_carries_the_flag_is_an_error(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(DecodingError, match=r"not valid|cut short"):
        decode(b'{"model": "m"}', name, MEGABYTE)


@each
def test_bytes_after_the_end_are_an_error(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(DecodingError):
        decode(encode(TEXT) + b"more of it", name, MEGABYTE)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_in_a_row_are_one_body(name: str) -> None:
    encode = ENCODERS[name][1]
    two = encode(b"one ") + encode(b"two")
    assert decode(two, name, 7) == b"one two"
    with pytest.raises(TooLargeError):
        decode(two, name, 6)
    decoder = decoder_for(name, 100)
    assert decoder is not None
    parts = [part for byte in two for part in decoder.pieces(bytes([byte]))]
    decoder.finish()
    assert b"".join(parts) == b"one two"


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_flood_of_empty_members_ends(name: str) -> None:
    with pytest.raises(DecodingError, match="bytes follow"):
        decode(ENCODERS[name][1](b"") * 5000, name, MEGABYTE)


def test_a_zstd_frame_cannot_ask_for_a_huge_window() -> None:
    with pytest.raises(DecodingError, match="not valid zstd"):
        decode(wide_zstandard(TEXT), "zstd", MEGABYTE)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_an_answer_without_a_body_may_carry_the_header(name: str) -> None:
    assert decode(b"", name, 10) == b""


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_identity_passes_as_it_is(name: str) -> None:
    assert decoder_for(name, 1) is None
    assert decode(b"longer than one", name, 1) == b"longer than one"


@pytest.mark.parametrize(
    "name", ["gzip, gzip", "gzip,br", "gzip, identity", "compress", "snappy", "\x1b[2J"]
)
def test_nested_and_unknown_encodings_are_refused(name: str) -> None:
    with pytest.raises(UnknownEncodingError, match="cannot be decoded") as caught:
        decode(zipped(TEXT), name, MEGABYTE)
    assert "\x1b" not in str(caught.value)


def test_a_long_encoding_name_is_not_repeated_in_full() -> None:
    with pytest.raises(UnknownEncodingError) as caught:
        decoder_for("x" * 5000, 1)
    assert len(str(caught.value)) < 200
