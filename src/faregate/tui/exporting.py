"""What is on screen as a file: CSV, JSON, a receipt in Markdown. Pure text."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from faregate.control.retries import retries_of
from faregate.control.sanitise import sanitise
from faregate.control.work import asked_of
from faregate.tui.figures import count, dollars, duration, instant, money, percent
from faregate.tui.session_table import cost_text, session_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from faregate.control.models import SessionView
    from faregate.tui.table_layout import Column, Row

_NUMBER = re.compile(r"[-+]?[\d.,]+[%a-zA-Z]{0,2}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Return a table as CSV; a cell that a spreadsheet would run is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.title.strip().lower() for column in columns])
    for row in rows:
        writer.writerow([_harmless(cell.text.strip()) for cell in row.cells])
    return out.getvalue()


def as_json(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Return a table as a JSON list of objects; cells as they are shown."""
    names = [column.title.strip().lower() for column in columns]
    told = [
        {"id": sanitise(row.key)}
        | {name: cell.text.strip() for name, cell in zip(names, row.cells, strict=True)}
        for row in rows
    ]
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def receipt(session: SessionView, now: datetime) -> str:
    """Return what a session cost and how it went, as Markdown for a pull request."""
    started = instant(session.started_at)
    ran = "" if started is None else duration((now - started).total_seconds())
    cached = percent(session.cache_read_tokens, session.input_tokens)
    rows = [
        ("cost", f"${cost_text(session).strip()} ({session.cost_source})"),
        ("of it wasted", dollars(money(session.wasted))),
        ("unknown", dollars(money(session.unknown))),
        ("agent", session.agent or "-"),
        ("models", ", ".join(session.models) or "-"),
        ("requests", f"{asked_of(session)} in {session.attempts} attempts"),
        ("retries", f"{retries_of(session)}, by the agent {session.client_retries}"),
        ("refused", str(session.refusals)),
        ("tool calls", str(session.tool_calls)),
        ("input", f"{count(session.input_tokens)} tokens, {cached} from the cache"),
        ("output", f"{count(session.output_tokens)} tokens"),
        ("began", f"{session.started_at}, {ran} ago"),
        ("outcome", session.outcome or "not judged"),
    ]
    lines = [f"### {_plain(session_name(session))}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_plain(value)} |" for name, value in rows]
    return "\n".join([*lines, "", f"Session `{_plain(session.id)}`, by Faregate.", ""])


def file_name(what: str, at: datetime, ending: str) -> str:
    """Return a name for the file: letters, digits and dashes only."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", what).strip("-")[:40] or "screen"
    return f"faregate-{word}-{at:%Y%m%d-%H%M%S}.{ending}"


def _harmless(text: str) -> str:
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _plain(text: str) -> str:
    """Return text that Markdown takes for nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~])", r"\\\1", sanitise(text))
