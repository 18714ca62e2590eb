"""`faregate capture`: keep what requests and answers say, and read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.captured_parts import PARTS, print_part, summary, whole
from faregate.cli.confirm import inside_run, require_person
from faregate.cli.exit_codes import ExitCode
from faregate.config.kinds import NotThisKind, duration
from faregate.config.paths import find_paths
from faregate.control.capture import NOT_CAPTURED, CaptureOn, CaptureStatus
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.capture_shelf import CaptureShelf
    from faregate.config.paths import Paths
    from faregate.control.capture import CaptureHeadView

_FOR = duration(1, 30 * 86_400)
_DETAILS = (
    "Everything that agents send and get is then written to this disk: prompts, code,",
    "files that they read, answers. Keys, cookies and tokens are taken out of it.",
)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def capture(ctx: click.Context, as_json: bool) -> int:
    """Keep what requests and answers say, to read it later: off by default.

    Alone it tells whether requests are captured. Prompts and code go to disk while
    they are; credentials never do.
    """
    return 0 if ctx.invoked_subcommand is not None else _status(as_json)


@capture.command()
@click.option("--for", "for_", help="For a while, as in 30m or 2h; then it ends.")
@click.option("--session", help="Only one session and its sub-agents.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def on(for_: str | None, session: str | None, as_json: bool) -> int:
    """Capture from now on, until it is turned off or the proxy stops.

    For good: [capture] enabled = true in the configuration.
    """
    for_s = None if for_ is None else _seconds(for_)
    paths = find_paths()
    client = CaptureClient(paths.socket)
    named = None if session is None else _session(paths, session)
    whose = "every agent" if named is None else f"session {named}"
    long = "until it is turned off" if for_ is None else f"for {for_}"
    confirmed = require_person(
        paths,
        f"Capture the requests of {whose} {long}?",
        answer="yes",
        details=_DETAILS,
    )
    asked = CaptureOn(for_s=for_s, session=named)
    return _tell(client.capture_on(asked, confirmed=confirmed), as_json)


@capture.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def off(as_json: bool) -> int:
    """Capture nothing more; what was captured stays until it is too old."""
    return _tell(CaptureClient(find_paths().socket).capture_off(), as_json)


@capture.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(as_json: bool) -> int:
    """Tell whether requests are captured, and how much is kept of them."""
    return _status(as_json)


@capture.command("list")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many at most, the newest first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def listed(limit: int, as_json: bool) -> int:
    """List captured requests, the newest first."""
    found = _shelf(find_paths()).heads(limit)
    if as_json:
        output.document({"captures": found})
        return 0
    for line in lines(found):
        output.result(line)
    return 0


@capture.command()
@click.argument("request")
@click.option(
    "--part",
    type=click.Choice(PARTS),
    help="request: the agent's body. sent: what an attempt sent. response: what it "
    "got, put together. raw: the same as it came. reply: what the agent was given. "
    "headers: all of them.",
)
@click.option(
    "--attempt",
    type=click.IntRange(1),
    help="Of which attempt (the last).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(request: str, part: str | None, attempt: int | None, as_json: bool) -> int:
    """Show one captured request: what was asked, sent, answered.

    REQUEST is an id of `faregate capture list` or `faregate requests`, or "last".
    Where the output is no terminal, raw is the exact bytes.
    """
    shelf = _shelf(find_paths())
    try:
        view = shelf.read(_last(shelf) if request == "last" else request)
        if as_json:
            output.document(whole(shelf, view))
        elif part is None:
            for line in summary(view):
                output.result(line)
        else:
            print_part(shelf, view, part, attempt or len(view.attempts))
    except ControlError as error:
        if error.code not in {NOT_CAPTURED, "no_such_part"}:
            raise
        raise output.CliError(
            error.message, exit_code=ExitCode.FAILED, code=error.code
        ) from error
    return 0


@capture.command()
@click.argument("request", required=False)
@click.option("--all", "everything", is_flag=True, help="Every capture.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def clear(request: str | None, everything: bool, as_json: bool) -> int:
    """Delete one captured request, or with --all every one."""
    if (request is None) is not everything:
        raise click.UsageError("name a REQUEST, or give --all")
    gone = _shelf(find_paths()).clear(request)
    if as_json:
        output.document({"deleted": gone})
    else:
        output.result(f"{gone} capture{'' if gone == 1 else 's'} deleted")
    return 0 if gone or everything else ExitCode.FAILED


def lines(found: Sequence[CaptureHeadView]) -> list[str]:
    """Return captured requests as a table."""
    if not found:
        return ["nothing is captured"]
    return output.table(
        ("AT", "SESSION", "PATH", "STATUS", "TRIES", "SENT", "GOT", "ID"),
        [
            (
                f"{each.at[:19]}Z".replace("T", " "),
                each.session,
                each.path,
                "-" if each.status is None else str(each.status),
                str(each.attempts),
                size(each.body_bytes),
                size(each.answer_bytes),
                each.request,
            )
            for each in found
        ],
        align="<<<>>>><",
    )


def told(found: CaptureStatus) -> list[str]:
    """Return in a few lines whether requests are captured, and what is kept."""
    whose = f" for session {found.session}" if found.session else ""
    if found.on and not whose and found.workspaces:
        whose = f" for workspace {', '.join(found.workspaces)}"
    until = f" until {found.until[:19]}Z" if found.until else ""
    said = "by command" if found.source == "command" else "by the configuration"
    first = f"capture: {'on' if found.on else 'off'}{whose}{until} ({said})"
    if not found.on and found.source == "config":
        first = "capture: off; turn it on with: faregate capture on"
    number = figures.count(found.captures)
    kept = (
        f"{number} request{'' if found.captures == 1 else 's'}, {size(found.bytes)} of "
        f"at most {size(found.max_size)}, for {figures.seconds(found.max_age_s)}; "
        f"{size(found.max_body)} of a body"
    )
    told = [first, f"kept: {kept}", f"folder: {found.folder}"]
    if found.dropped:
        told.append(
            f"not kept: {figures.count(found.dropped)} ({found.trouble or '-'})"
        )
    return told


def size(number: int) -> str:
    """Return bytes as 512 B, 1.2 kB, 3.4 MB."""
    if number < 1000:
        return f"{number} B"
    for unit, one in (("kB", 1000), ("MB", 10**6)):
        if number < one * 1000:
            return f"{number / one:.1f} {unit}"
    return f"{number / 10**9:.1f} GB"


def _status(as_json: bool) -> int:
    return _tell(CaptureClient(find_paths().socket).capture_status(), as_json)


def _tell(found: CaptureStatus, as_json: bool) -> int:
    if as_json:
        output.document(found)
        return 0
    for line in told(found):
        output.result(line)
    return 0


def _seconds(text: str) -> float:
    try:
        return _FOR.read(text)
    except NotThisKind as error:
        raise click.UsageError(
            f"--for {text!r}: {error.hint or error.message}"
        ) from error


def _session(paths: Paths, wanted: str) -> str:
    from faregate.cli.latching import session_named
    from faregate.control.client import ControlClient

    return session_named(ControlClient(paths.socket), wanted)


def _shelf(paths: Paths) -> CaptureShelf:
    from faregate.capture_shelf import CaptureShelf

    if inside_run():
        # With no proxy that tells runs apart, nothing is shown to any of them.
        _ = CaptureClient(paths.socket).version()
    return CaptureShelf(paths)


def _last(shelf: CaptureShelf) -> str:
    latest = shelf.heads(1)
    if not latest:
        raise ControlError(NOT_CAPTURED, "nothing is captured yet")
    return latest[0].request
