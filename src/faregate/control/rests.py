"""Models of the control API for providers that rest. Additive only."""

from __future__ import annotations

import msgspec

from faregate.control.asking import Ask


class AskAgain(Ask, frozen=True, kw_only=True):
    """Ask to end the rest of these providers; of all that rest for none."""

    providers: tuple[str, ...] = ()


class AskedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rest was ended."""

    providers: list[str]
