"""Makes the tables of docs/tui.md anew from the table of actions.

Run with the project's own Python: .venv/bin/python scripts/manual.py
"""

from __future__ import annotations

from pathlib import Path

from faregate.tui.manual import filled

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tui.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
