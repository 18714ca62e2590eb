"""The themes there are, read again when their files change.

Owns when a file is looked at; how one is read is in `faregate.tui.themes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.themes import ThemeError, ThemeFile, read_theme, read_themes

if TYPE_CHECKING:
    from pathlib import Path


class ThemeShelf:
    """Our themes and the person's own, whose files may change while we look."""

    def __init__(self, folder: Path, user_folder: Path | None) -> None:
        """Read all; raises ThemeError when there is not one."""
        self._folders = [each for each in (folder, user_folder) if each is not None]
        self.themes, self.told = read_themes(folder, user_folder)
        self._seen = self._times()

    def refresh(self) -> tuple[list[ThemeFile], list[str]]:
        """Return the themes that are new or changed since the last look, and problems.

        A file that cannot be used leaves the theme of before as it was.
        """
        before, self._seen = self._seen, self._times()
        changed: list[ThemeFile] = []
        problems: list[str] = []
        for path, at in self._seen.items():
            if before.get(path) == at:
                continue
            try:
                theme = read_theme(path)
            except ThemeError as error:
                problems.append(str(error))
            else:
                self.themes[theme.name] = theme
                changed.append(theme)
        return changed, problems

    def _times(self) -> dict[Path, tuple[int, int]]:
        times: dict[Path, tuple[int, int]] = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*.toml")):
                try:
                    told = path.stat()
                except OSError:
                    continue
                times[path] = (told.st_mtime_ns, told.st_size)
        return times
