"""overrides.toml: what commands have set, beside the file that a person writes.

Owns writing it, whole or not at all. Deciding who may raise a cap or a limit is not
done here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import tomli_w

from faregate.config.files import make_private_dir, write_private
from faregate.config.limit_values import limit_toml
from faregate.config.load import read_overrides
from faregate.config.problems import ConfigError
from faregate.config.sections.budgets import SHORT_SLOTS, Caps, Slot, unusable
from faregate.config.settings import LimitSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.kinds import Cap
    from faregate.config.paths import Paths
    from faregate.config.sections.overrides import Overrides
    from faregate.core.limits.effective import Chosen, ChosenByScope

_HEADER = (
    "# Written by `faregate budget set`, `faregate limits set` and `faregate prices\n"
    "# set`; it wins over config.toml. Delete a line to fall back to config.toml.\n\n"
)


def set_cap(paths: Paths, slot: Slot, cap: Cap) -> None:
    """Set one cap; everything else stays as it is.

    Raises ConfigError when the file as it stands cannot be trusted, and ValueError
    for a scope and window that no budget can have.
    """
    if wrong := unusable(slot):
        raise ValueError(wrong)
    found = _read(paths)
    found.caps[slot] = cap
    _write(paths, found)


def set_limits(paths: Paths, limits: ChosenByScope) -> None:
    """Let these limits stand there and no others; the rest stays as it is.

    Raises ConfigError when the file as it stands cannot be trusted.
    """
    found = _read(paths)
    found.limits = LimitSettings.of_scopes(limits)
    _write(paths, found)


def set_price(paths: Paths, target: str, section: Mapping[str, object] | None) -> None:
    """Set the price of "provider/model", or take it back; the rest stays as it is.

    Raises ConfigError when the file as it stands cannot be trusted.
    """
    found = _read(paths)
    sections = {name: e for name, e in found.price_sections.items() if name != target}
    if section is not None:
        sections[target] = dict(section)
    found.price_sections = sections
    _write(paths, found)


def overrides_toml(found: Overrides) -> str:
    """Return what commands have set as TOML, in the words of the configuration."""
    document: dict[str, object] = _caps(found.caps)
    limits = _limits(found.limits)
    if limits:
        document["limits"] = limits
    if found.price_sections:
        document["prices"] = dict(found.price_sections)
    return tomli_w.dumps(document)


def _read(paths: Paths) -> Overrides:
    found = read_overrides(paths.overrides)
    if found.source.problems:
        raise ConfigError(*found.source.problems)
    return found


def _write(paths: Paths, found: Overrides) -> None:
    if not paths.config_dir.exists():
        make_private_dir(paths.config_dir)
    write_private(paths.overrides, f"{_HEADER}{overrides_toml(found)}".encode())


def _caps(caps: Caps) -> dict[str, object]:
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
    return document


def _limits(limits: LimitSettings) -> dict[str, Any]:
    document = _chosen(limits.everyone)
    for kind, by_name in (
        ("agent", limits.by_agent),
        ("workspace", limits.by_workspace),
    ):
        sections = {name: _chosen(chosen) for name, chosen in by_name.items() if chosen}
        if sections:
            document[kind] = sections
    return document


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {name: limit_toml(name, value) for name, value in chosen.items()}


def _value(cap: Cap) -> str | Decimal:
    return "none" if cap.limit is None else Decimal(cap.limit.exact())
