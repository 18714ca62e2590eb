from __future__ import annotations

import os
import pty
import threading
from typing import TYPE_CHECKING

from faregate.tui.hang_up import EXIT_CODE, told_of_hang_up
from tests.tui.terminal import Terminal

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy


def test_a_hang_up_is_told_once_and_typing_is_none() -> None:
    master, slave = pty.openpty()
    calls: list[int] = []
    gone = threading.Event()

    def then() -> None:
        calls.append(1)
        gone.set()

    with told_of_hang_up(slave, then):
        os.write(master, b"typed")
        assert not gone.wait(0.05)
        os.close(master)
        assert gone.wait(30)
    os.close(slave)
    assert calls == [1]


def test_who_leaves_first_is_told_nothing() -> None:
    master, slave = pty.openpty()
    calls: list[int] = []
    with told_of_hang_up(slave, lambda: calls.append(1)):
        pass
    os.close(master)
    os.close(slave)
    assert not calls


def test_a_screen_whose_terminal_vanished_ends(proxy: FakeProxy) -> None:
    # No controlling terminal, so no signal: as under nohup.
    with Terminal(proxy.socket) as terminal:
        terminal.read_until(b"\x1b[?1049h")
        assert terminal.vanish() == EXIT_CODE
