"""Whether somebody listens on a socket."""

from __future__ import annotations

import socket
from pathlib import Path

from faregate.cli.status_line import is_listening


def test_a_socket_without_a_listener_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "s"
    assert not is_listening(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert not is_listening(path)
        server.listen()
        assert is_listening(path)
    assert not is_listening(path)
