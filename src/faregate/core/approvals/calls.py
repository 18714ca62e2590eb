"""Patterns of tool calls: `Bash(git push*)`, `@write`, `mcp__*`.

Owns what a pattern means and which commands a call runs. A pattern keeps an honest
agent from a mistake; words can be written in more ways than any pattern knows.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding
from faregate.core.approvals.verdicts import Verdict, fits, strictest
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.core.transcript import ToolCall

GROUPS: dict[str, frozenset[str]] = {
    "@write": frozenset(
        {
            "write",
            "edit",
            "multiedit",
            "notebookedit",
            "patch",
            "apply_patch",
            "write_file",
            "write_to_file",
            "create_file",
            "edit_file",
            "edit_notebook",
            "editor",
            "delete_file",
            "insert_content",
            "search_and_replace",
            "replace",
            "replace_in_file",
            "str_replace_editor",
            "str_replace_based_edit_tool",
            "str_replace_based_edit",
        }
    ),
    "@shell": frozenset(
        {
            "bash",
            "shell",
            "local_shell",
            "local_shell_call",
            "shell_call",
            "exec_command",
            "execute_command",
            "container.exec",
            "run_command",
            "run_commands",
            "run_shell_command",
            "run_terminal_cmd",
            "run_in_terminal",
            "terminal",
        }
    ),
    "@web": frozenset(
        {
            "webfetch",
            "websearch",
            "web_fetch",
            "web_search",
            "fetch",
            "fetch_url",
            "google_web_search",
            "browser",
        }
    ),
}
"""Names by which agents know the same thing, in lower case."""

LONGEST_ARGUMENTS = 256 * 1024
"""Characters of arguments that are taken apart; longer ones are matched as they are."""
_DEEPEST = 20
_COMMANDS = ("command", "cmd", "commands", "script", "action")
"""Arguments by which agents name what a shell is to run."""
_PATTERN = re.compile(r"(?P<name>[^()\s][^()]*?)(?:\((?P<words>.*)\))?", re.DOTALL)
_BETWEEN = re.compile(r"&&|\|\||\$\(|[;|&\n`()]")
_BEFORE = re.compile(
    r"(?:(?:sudo|env|command|exec|nohup|time|nice|then|do|else|!)\s+|[A-Za-z_]\w*=\S*\s+)+"
)
_SHELL = re.compile(r"(?:\S*/)?(?:ba|z|da|k)?sh\s+-\w*c\s+(['\"]?)(?P<inner>.*)\1")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CallRule:
    """One pattern of calls and what becomes of those that fit; see `read_rule`."""

    pattern: str
    verdict: Verdict
    name: str
    words: str | None = None
    """A pattern for one of the call's commands or arguments; None fits any."""

    def names(self, tool: str) -> bool:
        """Tell whether the rule is about a tool of this name."""
        group = GROUPS.get(self.name)
        return fits(self.name, tool) if group is None else tool.lower() in group


def read_rule(pattern: str, verdict: Verdict) -> CallRule:
    """Return the rule that a pattern writes; raise ValueError where it writes none."""
    found = _PATTERN.fullmatch(pattern.strip())
    if found is None:
        raise ValueError(f"{pattern!r} is no pattern of tool calls")
    name, words = found["name"].strip(), found["words"]
    if name.startswith("@") and name not in GROUPS:
        raise ValueError(f"{name} is none of {', '.join(GROUPS)}")
    return CallRule(
        pattern, verdict, name, None if words in {None, "*"} else words.strip()
    )


def may_concern(rules: Sequence[CallRule], tool: str) -> bool:
    """Tell whether a call of this tool can be anything but allowed."""
    return any(r.verdict is not Verdict.ALLOW and r.names(tool) for r in rules)


def judge_call(rules: Sequence[CallRule], call: ToolCall) -> Finding | None:
    """Return what stands against a call, None when it may simply pass.

    Every command of a call is judged by the first rule that fits it, and the
    strictest judgement counts; a call that runs no command, by the first rule that
    fits one of its arguments.
    """
    mine = [rule for rule in rules if rule.names(call.name)]
    if not any(rule.verdict is not Verdict.ALLOW for rule in mine):
        return None
    hits = list(_hits(mine, call))
    verdict = strictest(rule.verdict for rule in hits)
    if verdict is Verdict.ALLOW:
        return None
    rule = next(rule for rule in hits if rule.verdict is verdict)
    return Finding(
        rule="tools",
        verdict=verdict,
        what=rule.pattern,
        why=f"the model calls {call.name}, which fits {rule.pattern}",
    )


def _hits(rules: Sequence[CallRule], call: ToolCall) -> Iterator[CallRule]:
    arguments = _arguments(call.arguments)
    lines = _command_lines(call, arguments)
    if not lines:
        texts = [_plain(text) for text in _leaves(arguments, _DEEPEST)]
        yield from _fitting(rules, texts or [""])
        return
    worded = [rule for rule in rules if rule.words is not None]
    for line in lines:
        yield from _fitting(worded, [_plain(line)])
        for command in commands_in(line):
            yield from _fitting(rules, [command])


def _fitting(rules: Sequence[CallRule], texts: Sequence[str]) -> Iterator[CallRule]:
    """Yield the first rule that fits any of these texts, if one does."""
    for rule in rules:
        if rule.words is None or any(fits(rule.words, text) for text in texts):
            yield rule
            return


def _arguments(text: str) -> object:
    """Return decoded arguments; the text itself where it is no JSON, or too much."""
    if len(text) > LONGEST_ARGUMENTS:
        return text
    try:
        return json.loads(text) if text else ""
    except (ValueError, RecursionError):
        return text


def _command_lines(call: ToolCall, arguments: object) -> list[str]:
    """Return the command lines that a call runs, as far as it says so."""
    if isinstance(arguments, str):
        return [arguments] if call.name.lower() in GROUPS["@shell"] else []
    if not isinstance(arguments, dict):
        return []
    lines: list[str] = []
    for key in _COMMANDS:
        value = arguments.get(key)
        if isinstance(value, str):
            lines.append(value)
        elif isinstance(value, list):
            words = [item for item in value if isinstance(item, str)]
            lines += words if key == "commands" else [" ".join(words)]
        elif isinstance(value, dict):
            # The provider's own shell tools nest what they run.
            lines += _command_lines(call, value)
    return lines


def _leaves(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, list | dict):
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            yield from _leaves(item, depth - 1)
    else:
        yield json.dumps(value)


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def commands_in(line: str, *, nested: int = 3) -> list[str]:
    """Return the commands of a shell line, each without what only precedes it."""
    inner = _SHELL.fullmatch(line.strip())
    if inner is not None and nested:
        return commands_in(inner["inner"], nested=nested - 1)
    found: list[str] = []
    for piece in _BETWEEN.split(line):
        command = _plain(piece)
        if before := _BEFORE.match(command):
            command = command[before.end() :]
        command = command.strip("'\" ")
        inner = _SHELL.fullmatch(command)
        if inner is not None and nested:
            found += commands_in(inner["inner"], nested=nested - 1)
        elif command:
            found.append(command)
    return found
