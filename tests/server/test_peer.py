from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from faregate.core.identity import Grant
from faregate.core.money import Money
from faregate.server.auth import Tokens
from faregate.server.peer import INSIDE, UNKNOWN_UID, Peer, Runs, peer_of, why_no_person

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")

SECRET = "an-admin-secret"
TTY = {"x-faregate-confirmed": "tty"}
WAIT = "import sys; print('up', flush=True); sys.stdin.read()"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(b"s" * 32)


@pytest.fixture
def runs(tokens: Tokens) -> Runs:
    return Runs(tokens.grant_of)


@contextmanager
def child(code: str = WAIT, **environment: str) -> Iterator[int]:
    """Run a process until the context ends; yield its id."""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        yield int(line[1]) if len(line) > 1 else process.pid
        process.communicate()


def test_a_peer_is_who_connected() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = peer_of(ours)
    assert peer == Peer(pid=os.getpid(), uid=os.getuid())
    assert not peer.is_stranger


def test_another_user_is_a_stranger_and_root_is_none() -> None:
    assert Peer(pid=1, uid=os.getuid() + 12345).is_stranger
    assert not Peer(pid=1, uid=0).is_stranger
    assert not Peer(pid=0, uid=UNKNOWN_UID).is_stranger


def test_what_descends_from_a_run_is_inside(runs: Runs) -> None:
    with child() as pid:
        assert not runs.holds(pid)
        runs.begin("codex-1", os.getpid())
        assert runs.holds(pid)
        assert runs.holds(os.getpid())
        assert not runs.holds(os.getppid())
        runs.end("codex-1", by=os.getpid())
        assert not runs.holds(pid)
        runs.end("codex-1", by=os.getpid())


def test_what_runs_inside_cannot_end_its_way_out(runs: Runs) -> None:
    runs.begin("codex-1", os.getpid(), limited=True)
    with child() as pid:
        runs.end("codex-1", by=pid)
        assert runs.holds(pid)
        assert runs.limits(pid)
    with child() as pid:
        runs.begin("codex-2", pid)
    runs.end("codex-2", by=os.getpid())
    assert "codex-2" not in runs._by_session


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells an environment")
def test_a_run_with_a_limit_is_told_from_one_without(
    runs: Runs, tokens: Tokens
) -> None:
    free = tokens.issue(Grant(session="codex-1"))
    tight = tokens.issue(Grant(session="codex-1", max_cost=Money.usd(2)))
    for token, limited in ((free, False), (tight, True)):
        with child(OPENAI_API_KEY=token) as pid:
            assert runs.limits(pid) is limited
    runs.begin("codex-2", os.getpid())
    assert not runs.limits(os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells an environment")
def test_a_process_works_in_the_session_of_its_own_run(
    runs: Runs, tokens: Tokens
) -> None:
    with child() as pid:
        runs.begin("codex-1", pid)
        assert runs.works_in(pid, "codex-1")
        assert not runs.works_in(pid, "codex-2")
        assert not runs.works_in(os.getpid(), "codex-1")
    with child(OPENAI_API_KEY=tokens.issue(Grant(session="codex-2"))) as pid:
        assert runs.works_in(pid, "codex-2")
        assert not runs.works_in(pid, "codex-1")


def test_a_later_process_of_the_same_id_is_not_inside(runs: Runs) -> None:
    with child() as pid:
        runs.begin("codex-1", pid)
        assert runs.holds(pid)
        found = runs._by_session["codex-1"]
        runs._by_session["codex-1"] = type(found)(pid, found.started - 1)
        assert not runs.holds(pid)


def test_a_run_whose_process_is_gone_holds_nothing(runs: Runs) -> None:
    runs.begin("codex-1", 2**31 - 1)
    assert not runs.holds(os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells an environment")
def test_a_process_that_lost_its_parents_is_known_by_its_token(
    runs: Runs, tokens: Tokens
) -> None:
    orphan = (
        "import os, sys, time\n"
        "pid = os.fork()\n"
        "if pid:\n"
        "    print('up', pid, flush=True); sys.stdin.read(); os.kill(pid, 9)\n"
        "else:\n"
        "    os.setsid(); time.sleep(30)\n"
    )
    run = tokens.issue(Grant(session="codex-1"))
    with child(orphan, OPENAI_API_KEY=run) as pid:
        assert runs.holds(pid)
    # The workspace's token is in every shell that asked for it.
    with child(OPENAI_API_KEY=tokens.issue(Grant())) as pid:
        assert not runs.holds(pid)
    with child(OPENAI_API_KEY="fg-forged", OTHER="sk-own") as pid:
        assert not runs.holds(pid)


def test_a_person_needs_a_terminal_or_the_secret(runs: Runs) -> None:
    with child() as pid:
        peer = Peer(pid=pid, uid=os.getuid())
        refused = why_no_person(peer, {}, SECRET, runs)
        assert refused is not None
        assert "FAREGATE_ADMIN_SECRET" in refused
        # It says that a person confirmed, and has no terminal to do that on.
        assert why_no_person(peer, TTY, SECRET, runs) is not None
        given = {"x-faregate-admin": SECRET}
        assert why_no_person(peer, given, SECRET, runs) is None


def test_a_wrong_secret_is_not_made_good_by_a_terminal(runs: Runs) -> None:
    unknown = Peer(pid=0, uid=os.getuid())
    assert why_no_person(unknown, TTY, SECRET, runs) is None
    for wrong in ("", "x", SECRET + "x", "\u00e9"):
        headers = {**TTY, "x-faregate-admin": wrong}
        assert why_no_person(unknown, headers, SECRET, runs) is not None
    assert why_no_person(unknown, {"x-faregate-admin": ""}, "", runs) is not None


def test_inside_a_run_nothing_helps(runs: Runs) -> None:
    runs.begin("codex-1", os.getpid())
    peer = Peer(pid=os.getpid(), uid=os.getuid())
    for headers in ({}, TTY, {"x-faregate-admin": SECRET}):
        assert why_no_person(peer, headers, SECRET, runs) == INSIDE
