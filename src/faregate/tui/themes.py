"""Themes: one TOML file each, read, checked and handed to Textual.

A file names every colour once; there are no defaults, so a theme is never half of
one and half of another. A bad file is a problem to tell, never a crash.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEFAULT_THEME = "ledger"
NO_COLOR_THEME = "mono"

_SHAPE: Mapping[str, tuple[str, ...]] = {
    "": (
        "background",
        "surface",
        "panel",
        "foreground",
        "muted",
        "border",
        "accent",
        "spend",
        "cursor",
        "cursor_text",
    ),
    "gauge": ("ok", "warn", "crit", "held", "unknown", "track"),
    "state": ("active", "waiting", "idle", "retry", "down", "capped"),
}
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_BYTES = 64 * 1024


class ThemeError(Exception):
    """A theme file is not usable; the message names file, key and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFile:
    """A checked theme: its colours by name, `#rrggbb`."""

    name: str
    dark: bool
    colors: Mapping[str, str]
    path: Path

    def textual(self) -> Theme:
        """Return the theme that Textual's style sheets read."""
        colors = self.colors
        return Theme(
            name=self.name,
            primary=colors["accent"],
            secondary=colors["muted"],
            accent=colors["accent"],
            warning=colors["warn"],
            error=colors["crit"],
            success=colors["ok"],
            foreground=colors["foreground"],
            background=colors["background"],
            surface=colors["surface"],
            panel=colors["panel"],
            dark=self.dark,
            variables={
                "fg-border": colors["border"],
                "fg-muted": colors["muted"],
                "fg-cursor": colors["cursor"],
                "fg-cursor-text": colors["cursor_text"],
                "block-cursor-background": colors["cursor"],
                "block-cursor-foreground": colors["cursor_text"],
                "scrollbar": colors["border"],
                "scrollbar-hover": colors["muted"],
                "scrollbar-active": colors["accent"],
                "scrollbar-background": colors["background"],
                "input-selection-background": colors["cursor"],
                "input-selection-foreground": colors["cursor_text"],
            },
        )


def css_variable_defaults() -> dict[str, str]:
    """Return fallbacks for our own style variables, for themes that lack them."""
    return {
        "fg-border": "#808080",
        "fg-muted": "#808080",
        "fg-cursor": "#ffffff",
        "fg-cursor-text": "#000000",
    }


def read_theme(path: Path) -> ThemeFile:
    """Read one theme file; raises ThemeError."""
    table = _load(path)
    name = table.pop("name", path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ThemeError(f"{path.name}: name must be letters, digits, - or _")
    dark = table.pop("dark", True)
    if not isinstance(dark, bool):
        raise ThemeError(f"{path.name}: dark must be true or false")
    colors = dict(_colors(path, table))
    return ThemeFile(name=name, dark=dark, colors=colors, path=path)


def read_themes(
    folder: Path, user_folder: Path | None
) -> tuple[dict[str, ThemeFile], list[str]]:
    """Return the themes by name, a person's own over ours, and what was wrong.

    Raises ThemeError when not one theme can be read.
    """
    themes: dict[str, ThemeFile] = {}
    problems: list[str] = []
    for place in (folder, user_folder):
        for path in _files(place):
            try:
                theme = read_theme(path)
            except ThemeError as error:
                problems.append(str(error))
            else:
                themes[theme.name] = theme
    if not themes:
        raise ThemeError(f"no theme can be read in {folder}: is the install complete?")
    return themes, problems


def choose(
    themes: Mapping[str, ThemeFile], wanted: str | None, *, no_color: bool
) -> tuple[ThemeFile, str | None]:
    """Return the theme to start with, and a sentence when it is not the wanted one."""
    if no_color and NO_COLOR_THEME in themes:
        return themes[NO_COLOR_THEME], None
    if wanted is None or wanted in themes:
        fallback = themes.get(DEFAULT_THEME, next(iter(themes.values())))
        return themes.get(wanted or DEFAULT_THEME, fallback), None
    told = f"no theme is called {wanted!r}; there are {', '.join(sorted(themes))}"
    return themes.get(DEFAULT_THEME, next(iter(themes.values()))), told


def _files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.toml") if path.is_file())


def _load(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ThemeError(f"{path.name}: too long for a theme")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ThemeError(f"{path.name}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(f"{path.name}: {error}") from error


def _colors(path: Path, table: dict[str, object]) -> Iterator[tuple[str, str]]:
    for section, keys in _SHAPE.items():
        part = table.pop(section, None) if section else table
        if not isinstance(part, dict):
            raise ThemeError(f"{path.name}: [{section}] is missing")
        for key in keys:
            yield key, _color(path, f"{section}.{key}".lstrip("."), part.pop(key, None))
        if section and part:
            raise ThemeError(f"{path.name}: {section}.{next(iter(part))} is unknown")
    if table:
        raise ThemeError(f"{path.name}: {next(iter(table))} is unknown")


def _color(path: Path, key: str, value: object) -> str:
    if value is None:
        raise ThemeError(f"{path.name}: {key} is missing")
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise ThemeError(f"{path.name}: {key} = {value!r} is no colour like '#14171c'")
    return value.lower()
