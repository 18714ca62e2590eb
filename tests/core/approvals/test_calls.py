"""Patterns of tool calls, and the commands they are held against."""

from __future__ import annotations

import json

import pytest

from faregate.core.approvals.calls import (
    CallRule,
    commands_in,
    judge_call,
    may_concern,
    read_rule,
)
from faregate.core.approvals.verdicts import Verdict
from faregate.core.transcript import ToolCall

ALLOW, ASK, DENY = Verdict.ALLOW, Verdict.ASK, Verdict.DENY


def rules(**patterns: Verdict) -> list[CallRule]:
    return [read_rule(pattern, verdict) for pattern, verdict in patterns.items()]


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(id="1", name=name, arguments=json.dumps(arguments))


def verdict(written: dict[str, Verdict], made: ToolCall) -> Verdict:
    found = judge_call(rules(**written), made)
    return ALLOW if found is None else found.verdict


PUSH = {"Bash(git push*)": ASK}


@pytest.mark.parametrize(
    "command",
    [
        "git push",
        "git  push   origin main",
        "cd web && git push --force",
        "git add . ; git push",
        "true || git push",
        "GIT_SSH=x git push",
        "sudo git push",
        "env A=1 B=2 git push",
        "bash -lc 'git push'",
        'sh -c "cd x && git push"',
        "echo $(git push)",
        "echo `git push`",
        "(git push)",
        "make test\ngit push",
        "git push | tee log",
        "sleep 1 & git push",
        "cd a && /bin/bash -c 'git push'",
    ],
)
def test_a_command_is_found_wherever_it_stands(command: str) -> None:
    assert verdict(PUSH, call("Bash", command=command)) is ASK


@pytest.mark.parametrize(
    "command", ["git status", "echo git push", "git pushed", "ls 'git push'", ""]
)
def test_another_command_passes(command: str) -> None:
    expected = ASK if command == "git pushed" else ALLOW
    assert verdict(PUSH, call("Bash", command=command)) is expected


def test_a_list_of_words_is_a_command() -> None:
    made = call("shell", command=["bash", "-lc", "cd x && git push"])
    assert verdict({"shell(git push*)": DENY}, made) is DENY
    assert verdict({"@shell(git push*)": DENY}, call("sh", command=["git"])) is ALLOW


def test_several_commands_in_one_call() -> None:
    made = call("run_commands", commands=["ls", "git push"])
    assert verdict({"@shell(git push*)": DENY}, made) is DENY


def test_a_command_inside_an_action() -> None:
    made = call("local_shell_call", action={"command": ["git", "push"]})
    assert verdict({"@shell(git push*)": ASK}, made) is ASK


def test_a_shell_call_in_plain_words() -> None:
    made = ToolCall(id="1", name="bash", arguments="git push")
    assert verdict({"@shell(git push*)": ASK}, made) is ASK


def test_the_first_rule_that_fits_a_command_counts() -> None:
    written = {"Bash(git push origin dev*)": ALLOW, "Bash(git push*)": ASK}
    assert verdict(written, call("Bash", command="git push origin dev")) is ALLOW
    assert verdict(written, call("Bash", command="git push origin main")) is ASK


def test_a_list_of_what_may_pass_is_not_passed_by_what_follows() -> None:
    written = {"Bash(ls*)": ALLOW, "Bash": ASK}
    listing = call("Bash", command="ls -la", description="List files", timeout=5)
    assert verdict(written, listing) is ALLOW
    assert verdict(written, call("Bash", command="FOO=1 ls")) is ALLOW
    assert verdict(written, call("Bash", command="ls; rm -rf /")) is ASK
    assert verdict(written, call("Bash", command="ls $(rm x)")) is ASK


def test_the_strictest_judgement_of_a_call_counts() -> None:
    written = {"Bash(rm*)": DENY, "Bash(git*)": ASK}
    found = judge_call(rules(**written), call("Bash", command="git add . && rm x"))
    assert found is not None
    assert (found.verdict, found.what) == (DENY, "Bash(rm*)")
    assert "Bash(rm*)" in found.why


def test_arguments_that_are_no_commands() -> None:
    written = {"Write(src/*)": ALLOW, "@write": ASK}
    assert verdict(written, call("Write", file_path="src/a.py", content="x")) is ALLOW
    assert verdict(written, call("Write", file_path="/etc/passwd")) is ASK
    assert verdict(written, call("NotebookEdit", path="a")) is ASK
    assert verdict(written, call("Read", path="a")) is ALLOW


def test_a_call_without_arguments_is_a_call() -> None:
    assert (
        verdict({"deploy": DENY}, ToolCall(id="", name="deploy", arguments="")) is DENY
    )
    assert verdict({"deploy": DENY}, call("deploy")) is DENY


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "git push", "\ud800", "NaN"])
def test_arguments_that_are_no_json_are_matched_as_they_are(text: str) -> None:
    made = ToolCall(id="", name="x", arguments=text)
    assert verdict({"x(*)": ASK}, made) is ASK
    assert verdict({f"x({text.replace('*', '')}*)": ASK}, made) is ASK


def test_long_arguments_take_no_time_to_speak_of() -> None:
    made = call("Bash", command="a" * 200_000 + "b")
    assert verdict({"Bash(*a*a*a*a*a*a*c)": ASK}, made) is ALLOW
    made = call("Bash", command="x=" * 100_000)
    assert verdict({"Bash(git*)": ASK}, made) is ALLOW


def test_names_with_stars() -> None:
    written = {"mcp__*": ASK}
    assert verdict(written, call("mcp__github__create_issue")) is ASK
    assert verdict(written, call("Read")) is ALLOW


def test_only_tools_that_a_strict_rule_names_are_of_concern() -> None:
    written = rules(**{"Read": ALLOW, "Bash(git push*)": ASK})
    assert may_concern(written, "Bash")
    assert not may_concern(written, "Read")
    assert not may_concern(written, "Write")


@pytest.mark.parametrize("pattern", ["", " ", "(x)", "Bash(git", "a)b", "@wrote"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|none of"):
        read_rule(pattern, ASK)


@pytest.mark.parametrize("pattern", ["Bash(*)", "Bash()", "Bash( * )", "Bash"])
def test_patterns_of_any_words(pattern: str) -> None:
    if pattern == "Bash()":
        # Nothing is a word, too: the call that says nothing.
        assert verdict({pattern: ASK}, call("Bash", command="ls")) is ALLOW
        return
    assert verdict({pattern: ASK}, call("Bash", command="ls")) is ASK


def test_commands_of_a_line() -> None:
    assert commands_in("a && b; c | d") == ["a", "b", "c", "d"]
    assert commands_in("bash -c 'bash -c \"x; y\"'") == ["x", "y"]
    assert commands_in("") == []
