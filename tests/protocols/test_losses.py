"""The names of losses, as a client reads them."""

from __future__ import annotations

from pathlib import Path

from faregate.protocols.losses import HEADER, Loss, listed

PAGE = Path(__file__).parents[2] / "docs" / "translation.md"


def test_losses_are_listed_in_order() -> None:
    assert listed(frozenset({Loss.USER, Loss.CACHE_KEY})) == "cache_key, user"
    assert listed(frozenset()) == ""


def test_names_are_plain_words() -> None:
    assert all(loss == loss.name.lower() for loss in Loss)


def test_every_loss_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert HEADER in page
    assert [loss for loss in Loss if f"\n| `{loss}` |" not in page] == []
