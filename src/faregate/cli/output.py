"""All printing: results on stdout, diagnostics on stderr, no colour, text alone.

With --json stdout holds exactly one JSON document, also when a command fails.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from faregate.control.calling import spelled
from faregate.control.sanitise import escaped, harmless, sanitise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.cli.exit_codes import ExitCode

LEFT, RIGHT = "<", ">"


class CliError(Exception):
    """A command cannot do what it was asked to; the message says what to do."""

    def __init__(self, message: str, *, exit_code: ExitCode, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.code = code


def result(text: str) -> None:
    """Print one line of a result."""
    print(harmless(text))


def verbatim(text: str) -> None:
    """Print one line as it is; only for what no terminal reads."""
    print(text)


def note(text: str) -> None:
    """Print one diagnostic line; commands in it as they are called here."""
    print(harmless(spelled(text)), file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print one warning."""
    note(f"faregate: warning: {sanitise(text, limit=2000)}")


def error(text: str) -> None:
    """Print why a command failed; each line on its own."""
    for line in text.splitlines():
        note(f"faregate: {sanitise(line, limit=2000)}")


def document(value: object) -> None:
    """Print one JSON document."""
    import msgspec

    encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
    print(escaped(encoded.decode()))


def failure(code: str, message: str) -> None:
    """Print a failure as the one JSON document."""
    document({"error": {"code": code, "message": message}})


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str = ""
) -> list[str]:
    """Return lines of aligned columns; `align` has one `<` or `>` a column.

    Cells are sanitised, so nothing in them reaches the terminal as a control.
    """
    clean = [[sanitise(cell, limit=60) for cell in row] for row in rows]
    widths = [
        max(len(row[index]) for row in [list(header), *clean])
        for index in range(len(header))
    ]
    align = align or LEFT * len(header)
    return [
        "  ".join(
            f"{cell:{side}{width}}"
            for cell, side, width in zip(row, align, widths, strict=True)
        ).rstrip()
        for row in [list(header), *clean]
    ]
