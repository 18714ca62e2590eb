"""Fill an agent's entry in: which variables and arguments one run needs.

Pure: address, token and command line are arguments.
"""

from __future__ import annotations

import json
from string import Template
from typing import TYPE_CHECKING

from faregate.core.agents import AGENTS, Agent
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS = "faregate/"
"""How an agent with providers of its own calls the models of the gate."""

_EXAMPLE = "deepseek/deepseek-v4-flash"
# What starts another program, and the words that come before that program's name.
_LAUNCHERS: Mapping[str, tuple[str, ...]] = {
    "env": (),
    "npx": (),
    "bunx": (),
    "pnpx": (),
    "uvx": (),
    "npm": ("exec",),
    "pnpm": ("dlx", "exec"),
    "yarn": ("dlx", "exec"),
    "uv": ("tool", "run"),
    "pipx": ("run",),
    "python": (),
    "python3": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSetup:
    """An agent's entry with address and token filled in."""

    env: Mapping[str, str]
    unset: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Where the gate is: `url` without a path, and the labels that go into the path."""

    url: str
    token: str
    session: str | None = None
    workspace: str | None = None
    models: tuple[str, ...] = ()
    """Names of models and routes, for an agent that wants them declared."""

    def root(self, agent: str | None = None) -> str:
        """Return the base URL with its prefixes; names are safe in a URL."""
        prefix = f"/w/{self.workspace}" if self.workspace else ""
        prefix += f"/s/{self.session}" if self.session else ""
        prefix += f"/a/{agent}" if agent else ""
        return self.url + prefix


def models_named(command: Sequence[str]) -> tuple[str, ...]:
    """Return the models that a command line names as "faregate/MODEL"."""
    words = (word.rpartition("=")[2] for word in command)
    found = (w.removeprefix(OURS) for w in words if w.startswith(OURS))
    return tuple(dict.fromkeys(name for name in found if name))


def agent_of_command(command: Sequence[str]) -> tuple[Agent | None, int]:
    """Return the agent that a command line starts, and the index after its name.

    Looks through launchers such as npx and uvx. The index is where arguments of our
    own belong.
    """
    at = 0
    while (
        at < len(command)
        and (before := _LAUNCHERS.get(_program(command[at]))) is not None
    ):
        at += 1
        while at < len(command) and _is_before(command[at], before):
            at += 1
    if at >= len(command):
        return None, len(command)
    program, package = _program(command[at]), _package(command[at])
    for agent in AGENTS:
        if program in agent.commands or (at and package in agent.packages):
            return agent, at + 1
    return None, at + 1


def _is_before(word: str, subcommands: tuple[str, ...]) -> bool:
    return word.startswith("-") or "=" in word.split("==")[0] or word in subcommands


def _program(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")


def _package(word: str) -> str:
    """Return a package's name without its version."""
    name = word.partition("==")[0]
    scope = "@" if name.startswith("@") else ""
    return scope + name.removeprefix("@").partition("@")[0]


def set_up(agent: Agent, gate: Gate) -> AgentSetup:
    """Return what sends this agent through the gate."""
    root = gate.root(agent.name if agent.nameless and not gate.session else None)
    values = {
        "ROOT": root,
        "V1": f"{root}/v1",
        "TOKEN": gate.token,
        "MODEL": gate.models[-1] if gate.models else _EXAMPLE,
        "MODELS": json.dumps({name: {} for name in gate.models}, separators=(",", ":")),
    }
    return AgentSetup(
        env={
            name: Template(text).substitute(values) for name, text in agent.env.items()
        },
        unset=agent.unset,
        args=tuple(Template(text).substitute(values) for text in agent.args),
        # What a shell is to replace stays as it is.
        notes=tuple(Template(text).safe_substitute(values) for text in agent.notes),
    )


def base_urls_only(setup: AgentSetup, token: str) -> AgentSetup:
    """Return the same without the token: the agent keeps its own key or login."""
    return AgentSetup(
        env={name: value for name, value in setup.env.items() if value != token},
        args=setup.args,
        notes=setup.notes,
    )
