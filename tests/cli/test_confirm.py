"""Who counts as a person, and what runs inside a run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from faregate.cli.confirm import RUN_VARIABLE, inside_run, require_person
from faregate.cli.output import CliError
from faregate.config.paths import Paths

ASK = "from faregate.cli.confirm import inside_run; print(inside_run())"


def test_this_test_runs_outside() -> None:
    assert not inside_run()


def test_the_marker_means_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN_VARIABLE, "s1")
    assert inside_run()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_taking_the_marker_off_does_not_help_below_a_run() -> None:
    script = f"env -u {RUN_VARIABLE} {sys.executable} -c '{ASK}'; true"
    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, RUN_VARIABLE: "s1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_without_a_terminal_nobody_is_a_person(paths: Paths) -> None:
    script = (
        "from faregate.cli.confirm import typed\n"
        "from faregate.cli.output import CliError\n"
        "try: typed('raise?', answer='50')\n"
        "except CliError as error: print(error.exit_code, error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        input="50\n",
    )
    assert done.stdout.startswith("4 this needs a person")


def test_a_secret_without_a_stored_one_is_worth_nothing(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "anything")
    with pytest.raises(CliError, match="not the admin secret"):
        require_person(paths, "raise?", answer="50")
