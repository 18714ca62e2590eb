"""What reaches a real terminal, byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from faregate.control.cost_log import ExplainView
from tests.control import scenes
from tests.control.approvals import decided, waits
from tests.tui.cost_scene import attempt, report, request, total
from tests.tui.terminal import Terminal
from tests.tui.test_hold_table import hold

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

CLIPBOARD = "\x1b]52;c;RVZJTA==\x07"
CLEAR = "\x1b[2JGONE"
C1_CLEAR = "\x9b2JGONE"
TITLE = "\x1b]0;OWNED\x07"
LINK = "\x1b]8;;http://evil.example\x1b\\click"
BIDI = "gpj\u202eexe"
_COLOR = re.compile(rb"(3|4|9|10)\d")


def colors(sent: bytes) -> set[bytes]:
    """Return the colours of all styles that were sent, as their SGR parameters."""
    found: set[bytes] = set()
    for style in re.findall(rb"\x1b\[([\d;:]*)m", sent):
        found |= set(re.findall(rb"[34]8[;:][25][;:][\d;:]+", style))
        rest = re.sub(rb"[34]8[;:][25][;:][\d;:]+", b"", style)
        found |= {part for part in rest.split(b";") if _COLOR.fullmatch(part)}
    return found


def is_grey(color: bytes) -> bool:
    """Whether a colour is given as red, green and blue that are all the same."""
    return len(set(color.split(b";")[2:])) == 1


@pytest.fixture
def hostile(proxy: FakeProxy) -> FakeProxy:
    """A proxy whose server forgot to sanitise anything."""
    evil = CLIPBOARD + CLEAR + C1_CLEAR + TITLE + LINK + BIDI
    told = scenes.setup(warnings=[evil])
    proxy.snapshot = scenes.snapshot(
        sessions=[
            scenes.session("a", workspace=CLIPBOARD, task=CLEAR, cost="9.11"),
            scenes.session("b", workspace=TITLE, agent=C1_CLEAR, models=[CLIPBOARD]),
            scenes.session(LINK, workspace=None, models=[CLEAR, BIDI]),
        ],
        flights=[scenes.flight("f", "a", model=CLEAR, provider=TITLE, why=CLIPBOARD)],
        events=[scenes.event(1, evil, kind=CLEAR, session="a")],
        providers=[scenes.provider(CLIPBOARD), scenes.provider(C1_CLEAR)],
        budgets=[scenes.budget(), scenes.budget(scope=CLEAR)],
        told=told,
    )
    return proxy


def test_nothing_from_outside_reaches_the_terminal_as_a_command(
    hostile: FakeProxy,
) -> None:
    terminal = Terminal(hostile.socket)
    terminal.read_until(b"9.11")
    terminal.read_until(b"RVZJTA")
    terminal.press(b"\r")
    terminal.read_until(b"not judged")
    terminal.press(b"q")
    assert terminal.close() == 0
    sent = terminal.output
    assert "\ufffd]52;c;RVZJTA==\ufffd".encode() in sent
    assert b"\x1b]52" not in sent
    assert b"\x1b[2JGONE" not in sent
    assert "\x9b".encode() not in sent
    assert b"\x1b]0;OWNED" not in sent
    assert b"\x1b]8;;http://evil" not in sent
    assert "\u202e".encode() not in sent
    assert b"proxy still running: faregate down stops it" in sent


def test_no_screen_lets_a_command_through(hostile: FakeProxy) -> None:
    evil = CLIPBOARD + CLEAR + TITLE
    hostile.snapshot = replace(
        hostile.snapshot,
        approvals=[
            waits("w", title=evil, session=CLEAR, calls=[CLIPBOARD], for_session=TITLE)
        ],
        decided=[decided("d", title=CLEAR, reason=TITLE)],
    )
    hostile.holds = [hold("h", "7.77", "unknown", why=evil, model=CLEAR, session=TITLE)]
    asked = request("q", session=CLEAR, model=evil, provider=TITLE, message=evil)
    hostile.answers["GET /v1/requests"] = [asked]
    tried = attempt("t", "q", 5, fault=CLEAR, waste=TITLE, model=evil, note=CLIPBOARD)
    note = {"step": CLEAR, "why": evil}
    hostile.answers["GET /v1/requests/q"] = ExplainView(
        request=asked, attempts=[tried], corrections=[], notes=[note]
    )
    sums = report("model", total(CLEAR, "3.33"), whole="3.33")
    hostile.answers["GET /v1/report"] = sums
    terminal = Terminal(hostile.socket)
    terminal.read_until(b"9.11")
    for keys, words in (
        (b"3", b"also covers"),
        (b"2", b"requests 1"),
        (b"\r", b"changed since"),
        (b"5", b"3.33"),
        (b"7", b"7.77"),
    ):
        terminal.press(keys)
        terminal.read_until(words)
    terminal.press(b"q")
    assert terminal.close() == 0
    sent = terminal.output
    assert b"\x1b]52" not in sent
    assert b"\x1b[2JGONE" not in sent
    assert b"OWNED" in sent
    titles = re.findall(rb"\x1b\]0;([^\x07]*)\x07", sent)
    assert titles
    assert all(re.fullmatch("[‖▲■○\\d%$./h ]*faregate", t.decode()) for t in titles)
    notices = re.findall(rb"\x1b\]9;([^\x07]*)\x07", sent)
    assert [each.decode() for each in notices] == [
        "faregate: a request waits for your yes or no, about $1.92"
    ]


def test_no_color_sends_no_colour_at_all(proxy: FakeProxy) -> None:
    proxy.snapshot = scenes.capped()
    terminal = Terminal(proxy.socket, NO_COLOR="1", COLORTERM="truecolor")
    terminal.read_until(b"CAP REACHED")
    terminal.press(b"?")
    terminal.read_until(b"edit the filter")
    terminal.press(b"q:")
    terminal.read_until(b"Search for commands")
    terminal.press(b"quit")
    terminal.read_until(b"close this screen")
    terminal.press(b"\r")
    assert terminal.close() == 0
    assert colors(terminal.output) == set()
    # The row under the cursor is told by its sign, and by reverse.
    assert re.search(rb"\x1b\[1;7m[^\x1b]*> ", terminal.output)


def test_an_empty_no_color_is_none(proxy: FakeProxy) -> None:
    terminal = Terminal(proxy.socket, NO_COLOR="", COLORTERM="truecolor")
    terminal.read_until(b"8.42")
    terminal.press(b"q")
    assert terminal.close() == 0
    assert any(not is_grey(color) for color in colors(terminal.output))


def test_quitting_without_a_proxy_claims_nothing(proxy: FakeProxy) -> None:
    proxy.stop()
    terminal = Terminal(proxy.socket)
    terminal.read_until(b"No proxy is running here")
    terminal.press(b"q")
    assert terminal.close() == 0
    assert b"still running" not in terminal.output
