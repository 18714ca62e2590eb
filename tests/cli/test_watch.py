"""The live view attaches in a terminal and leaves the proxy running."""

from __future__ import annotations

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.terminal import in_terminal


def test_it_attaches_and_q_leaves_the_proxy_alone(
    paths: Paths, proxy: AskedProxy
) -> None:
    ended = in_terminal(answer="q", when="164.20", environ={"TERM": "xterm-256color"})
    assert ended.code == 0
    assert "proxy still running" in ended.screen
    assert not [each for each in proxy.seen if each.method == "POST"]


def test_an_unknown_theme_is_one_sentence(paths: Paths, proxy: AskedProxy) -> None:
    paths.config.write_text('[theme]\nname = "no-such-theme"\n')
    ended = in_terminal(answer="q", when="164.20", environ={"TERM": "xterm-256color"})
    assert "Traceback" not in ended.screen
    assert "no-such-theme" in ended.screen


def test_a_terminal_that_cannot_draw_is_told_so(
    paths: Paths, proxy: AskedProxy
) -> None:
    ended = in_terminal(environ={"TERM": "dumb"})
    assert ended.code == ExitCode.USAGE
    assert "faregate status" in ended.screen
    assert "\x1b" not in ended.screen
