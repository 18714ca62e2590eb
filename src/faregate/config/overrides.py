"""overrides.toml: what commands have set, beside the file that a person writes.

Owns writing it, whole or not at all. Deciding who may raise a cap is not done here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import tomli_w

from faregate.config.files import make_private_dir, write_private
from faregate.config.load import read_overrides
from faregate.config.problems import ConfigError
from faregate.config.sections.budgets import SHORT_SLOTS, Caps, Slot, unusable

if TYPE_CHECKING:
    from faregate.config.kinds import Cap
    from faregate.config.paths import Paths

_HEADER = (
    "# Written by `faregate budget set`; it wins over config.toml.\n"
    "# Delete a line to fall back to config.toml.\n\n"
)


def set_cap(paths: Paths, slot: Slot, cap: Cap) -> None:
    """Set one cap; the others stay as they are.

    Raises ConfigError when the file as it stands cannot be trusted, and ValueError
    for a scope and window that no budget can have.
    """
    if wrong := unusable(slot):
        raise ValueError(wrong)
    caps, source = read_overrides(paths.overrides)
    if source.problems:
        raise ConfigError(*source.problems)
    caps[slot] = cap
    if not paths.config_dir.exists():
        make_private_dir(paths.config_dir)
    write_private(paths.overrides, _HEADER.encode() + overrides_toml(caps).encode())


def overrides_toml(caps: Caps) -> str:
    """Return caps as TOML, in the same words as the configuration."""
    words = {slot: word for word, slot in SHORT_SLOTS.items()}
    document: dict[str, object] = {}
    budget = {words[slot]: _value(cap) for slot, cap in caps.items() if slot in words}
    entries = [
        {"scope": slot.scope, "window": slot.window, "limit": _value(cap)}
        for slot, cap in caps.items()
        if slot not in words
    ]
    if budget:
        document["budget"] = budget
    if entries:
        document["budgets"] = entries
    return tomli_w.dumps(document)


def _value(cap: Cap) -> str | Decimal:
    return "none" if cap.limit is None else Decimal(cap.limit.exact())
