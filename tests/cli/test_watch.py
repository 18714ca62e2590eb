"""The live view attaches in a terminal and leaves the proxy running."""

from __future__ import annotations

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
