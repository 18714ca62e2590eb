"""Taking things away from the screen: into a file, or to the terminal's clipboard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from faregate.control.calling import command
from faregate.control.errors import ControlError
from faregate.control.sanitise import sanitise
from faregate.tui.curl import LONGEST_BODY, captured_curl, curl_line
from faregate.tui.exporting import as_csv, as_json, file_name, receipt
from faregate.tui.screens.choice import Choice, ChoiceScreen
from faregate.tui.session_table import session_name
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.text_pager import TextPager
from faregate.tui.workers import tell_trouble

if TYPE_CHECKING:
    from textual.app import App

    from faregate.control.cost_log import RequestView
    from faregate.control.models import SessionView, Setup
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_MOST_AGENTS = 4
"""Two lines each, and one without any, are as many as there are digits to choose by."""
_Form = Literal["csv", "json", "md", "svg", "txt"]


async def export(
    app: App[None], view: View, session: SessionView | None, folder: Path
) -> None:
    """Ask for a form and write what is shown to a file of the person's own."""
    tables = [each for each in app.screen.query(LineTable) if each.display]
    table = next((each for each in tables if each.can_focus), None)
    picture = app.export_screenshot(title="faregate")
    choices: list[Choice[_Form]] = []
    if table is not None:
        choices += [
            Choice(key="c", label="CSV", value="csv", note="the table that is shown"),
            Choice(key="j", label="JSON", value="json", note="the table that is shown"),
        ]
    text_shown = next((p for p in app.screen.query(TextPager) if p.display), None)
    if text_shown is not None:
        note = "the part that is shown"
        choices.append(Choice(key="t", label="text", value="txt", note=note))
    if session is not None:
        note = f"of {session_name(session)}"
        choices.append(Choice(key="m", label="receipt", value="md", note=note))
    choices.append(
        Choice(key="s", label="SVG", value="svg", note="a picture of this screen")
    )
    form = await app.push_screen_wait(ChoiceScreen(view, "Export as a file", choices))
    if form is None:
        return
    what, text = "screen", picture
    if form == "md" and session is not None:
        what, text = session_name(session), receipt(session, view.clock.now())
    elif text_shown is not None and form == "txt":
        what, text = "captured", text_shown.text + "\n"
    elif table is not None and form in {"csv", "json"}:
        make = as_csv if form == "csv" else as_json
        what, text = table.id or "table", make(table.columns, table.rows)
    path = folder / file_name(what, view.clock.local(view.clock.now()), form)
    try:
        _write(path, text)
    except OSError as error:
        told = f"{error.strerror}: {path}"
        tell_trouble(app, told)
        return
    app.notify(f"written: {path}", timeout=10, markup=False)


def _first_lines(view: View) -> list[Choice[str]]:
    """Return the lines of the first screen, to be pasted into another terminal."""
    setup = view.store.setup
    if setup is None or setup.first_request_seen:
        return []
    agents = view.agents[:_MOST_AGENTS]
    for_any = f'eval "$({command()} env)"'
    lines = [f"{command()} run -- {each}" for each in agents]
    lines += [f'eval "$({command()} env {each})"' for each in agents]
    numbered = enumerate([*lines, for_any], start=1)
    return [
        Choice(
            key=str(key), label=text, value=text, note="for SDKs" * (text == for_any)
        )
        for key, text in numbered
    ]


async def copy(
    app: App[None],
    view: View,
    desk: ControlDesk,
    session: SessionView | None,
    request: str | None,
) -> None:
    """Ask what to copy, and hand it to the terminal."""
    setup = view.store.setup
    choices: list[Choice[str]] = []
    if session is not None:
        choices.append(Choice(key="i", label="session id", value=sanitise(session.id)))
    if request is not None:
        choices.append(Choice(key="r", label="request id", value=sanitise(request)))
        asked = (await desk.explain(request)).request
        if setup is not None:
            line, note = await _curl(view, setup, asked)
            choices.append(Choice(key="c", label="curl", value=line, note=note))
    if setup is not None:
        url = f"export OPENAI_BASE_URL={setup.openai_base_url}"
        choices.append(Choice(key="u", label="address", value=url, note=url))
    choices += _first_lines(view)
    text = await app.push_screen_wait(ChoiceScreen(view, "Copy", choices))
    if text is not None:
        app.copy_to_clipboard(text)
        # Terminals do not tell whether they took it.
        app.notify(f"sent to the terminal's clipboard: {text[:60]}", markup=False)


async def _curl(view: View, setup: Setup, asked: RequestView) -> tuple[str, str]:
    """Return a request as curl, and what is in it."""
    # Loaded here: it reads what was captured, and its readers take long to load.
    from faregate.tui.capture_desk import CaptureDesk

    desk = CaptureDesk(Path(view.socket), read_only=view.read_only)
    try:
        found = await desk.view(asked.id)
        whole = found.body.kept == found.body.length
        body = None
        if whole and found.body.length <= LONGEST_BODY:
            body = await desk.body(asked.id, "request", 0)
    except ControlError:
        return curl_line(setup, asked), "its shape; the key stays a variable"
    line = captured_curl(setup, found, body)
    return line, "as it was captured; the key stays a variable"


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
