"""Secrets of Faregate's own: made once, kept, private."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.files import write_private
from faregate.config.made_secrets import admin_secret, signing_secret


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder / "secret"


def test_a_signing_secret_is_made_once(place: Path) -> None:
    first = signing_secret(place)
    assert len(first) == 32
    assert signing_secret(place) == first
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_signing_secret_that_is_too_short_is_made_again(place: Path) -> None:
    write_private(place, b"short")
    assert len(signing_secret(place)) == 32


def test_an_admin_secret_is_made_once(place: Path) -> None:
    first = admin_secret(place)
    assert len(first) >= 32
    assert admin_secret(place) == first
    assert place.stat().st_mode & 0o777 == 0o600
