from __future__ import annotations

import os
import subprocess
import sys

import pytest

from faregate.server.processes import (
    Process,
    environment_of,
    has_terminal,
    lineage,
    process_of,
)

pytestmark = pytest.mark.skipif(
    sys.platform not in {"linux", "darwin"}, reason="the system tells nothing"
)

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"


def test_a_process_is_known_by_its_age_as_well() -> None:
    own = process_of(os.getpid())
    assert own is not None
    assert own.pid == os.getpid()
    assert own.started > 0
    assert own == process_of(os.getpid())
    assert own != Process(own.pid, own.started + 1)


def test_the_lineage_goes_up_to_the_first_process() -> None:
    pids = [process.pid for process in lineage(os.getpid())]
    assert pids[:2] == [os.getpid(), os.getppid()]
    assert 1 not in pids
    assert len(set(pids)) == len(pids)


def test_a_child_descends_from_us() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "CANARY": "in a coal mine"},
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()
        assert process_of(os.getpid()) in lineage(child.pid)
        # It leads a session of its own, so it has no terminal.
        assert not has_terminal(child.pid)
        if sys.platform == "linux":
            assert environment_of(child.pid)["CANARY"] == "in a coal mine"
        child.stdin.close()
        child.wait()
        gone = child.pid
    assert process_of(gone) is None
    assert lineage(gone) == []
    assert environment_of(gone) == {}
    # Nobody knows, so nobody is shut out for it.
    assert has_terminal(gone)


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1])
def test_no_process_has_an_impossible_id(pid: int) -> None:
    assert process_of(pid) is None
    assert lineage(pid) == []
    assert environment_of(pid) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="a name of one's own in /proc")
def test_a_name_with_parentheses_hides_nothing() -> None:
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b') R 1 (', 0, 0, 0);"
    with subprocess.Popen(
        [sys.executable, "-c", name + WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert [p.pid for p in lineage(child.pid)][:2] == [child.pid, os.getpid()]
        child.communicate()
