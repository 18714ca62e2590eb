"""The names of losses, as a client reads them."""

from __future__ import annotations

from faregate.protocols.losses import Loss, listed


def test_losses_are_listed_in_order() -> None:
    assert listed(frozenset({Loss.USER, Loss.CACHE_KEY})) == "cache_key, user"
    assert listed(frozenset()) == ""


def test_names_are_plain_words() -> None:
    assert all(loss == loss.name.lower() for loss in Loss)
