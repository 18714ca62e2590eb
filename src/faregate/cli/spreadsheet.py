"""Cells for a spreadsheet: text from outside must not become a formula there. Pure."""

from __future__ import annotations

_STARTS = "=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20"
"""What makes a spreadsheet take text for a formula, full-width forms too."""


def harmless(value: object) -> object:
    """Return a value for a cell; text that begins like a formula gets an apostrophe.

    Numbers stay numbers, None is an empty cell.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.lstrip(" ").startswith(tuple(_STARTS)):
        return f"'{value}"
    return value
