"""Media as URLs, both ways."""

from __future__ import annotations

import pytest

from faregate.protocols.data_urls import source_of, url_of
from faregate.protocols.dialogue import Inline, Remote


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,AA==", Inline(media_type="image/png", data="AA==")),
        ("https://x.test/a.png", Remote(url="https://x.test/a.png")),
    ],
)
def test_a_url_and_back(url: str, source: Inline | Remote) -> None:
    assert source_of(url) == source
    assert url_of(source) == url


def test_a_data_url_with_parameters_or_without_a_type() -> None:
    named = source_of("data:application/pdf;name=a.pdf;base64,AA")
    assert named == Inline(media_type="application/pdf", data="AA")
    bare = source_of("data:;base64,AA")
    assert bare == Inline(media_type="application/octet-stream", data="AA")
