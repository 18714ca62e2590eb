"""A secret has no way into a text but being asked for."""

from __future__ import annotations

import copy
import traceback

import pytest

from faregate.core.secret import Secret


def test_no_text_form_shows_it() -> None:
    secret = Secret("canary")
    assert secret.reveal() == "canary"
    for text in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>30}",
        f"{[secret]}",
    ):
        assert "canary" not in text


def test_equality_is_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_it_is_never_copied_out_by_pickle() -> None:
    with pytest.raises(TypeError, match="not serialised"):
        copy.copy(Secret("a"))


def test_a_traceback_with_locals_does_not_show_it() -> None:
    def fails(secret: Secret) -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:  # noqa: PT011 - raised right above
        fails(Secret("canary"))
    told = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    (frame,) = [frame for frame in told.stack if frame.name == "fails"]
    assert frame.locals == {"secret": "Secret(...)"}
