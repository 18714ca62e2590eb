"""The coding agents and SDKs that are known, and what sends each through the gate.

Pure. Every entry was tried against the agent itself: which variables it obeys, which
it silently ignores, whether its base URL ends in /v1. Templates: $ROOT is the gate's
address with any path prefix, $V1 the same with /v1, $TOKEN the local token, $MODEL a
model that was named, else an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENAI = frozenset({"openai_chat", "openai_responses"})
CHAT = frozenset({"openai_chat"})
RESPONSES = frozenset({"openai_responses"})
ANTHROPIC = frozenset({"anthropic_messages"})
GEMINI = frozenset({"gemini"})

_OPENAI_ENV = {"OPENAI_BASE_URL": "$V1", "OPENAI_API_KEY": "$TOKEN"}
_ANTHROPIC_ENV = {"ANTHROPIC_BASE_URL": "$ROOT", "ANTHROPIC_API_KEY": "$TOKEN"}
_GEMINI_ENV = {"GOOGLE_GEMINI_BASE_URL": "$ROOT", "GEMINI_API_KEY": "$TOKEN"}
# What would lead a client of Google elsewhere, whatever its base URL says.
_GEMINI_UNSET = (
    "GOOGLE_API_KEY",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_VERTEX_BASE_URL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent program or SDK and what sends it through the gate."""

    name: str
    """What its traffic is labelled with."""
    title: str
    commands: tuple[str, ...] = ()
    """What it is started as."""
    packages: tuple[str, ...] = ()
    """What npx, uvx and their like call it."""
    env: Mapping[str, str]
    unset: tuple[str, ...] = ()
    """Variables that would outrank `env` and lead past the gate."""
    args: tuple[str, ...] = ()
    """Arguments that must come first, where variables are not enough."""
    protocols: frozenset[str]
    nameless: bool = False
    """Nothing in its requests tells who it is, so the URL must."""
    roams: bool = False
    """It calls any provider whose key it finds, beside the ones redirected here."""
    redirected: bool = True
    """False: neither variables nor arguments redirect it; the notes say what does."""
    notes: tuple[str, ...] = ()
    """What a person must do beside the variables."""


EVERYTHING = Agent(
    name="",
    title="any agent",
    env={**_OPENAI_ENV, **_ANTHROPIC_ENV, **_GEMINI_ENV},
    protocols=OPENAI | ANTHROPIC | GEMINI,
    roams=True,
)

CODEX_TABLE = (
    'model_providers.faregate={name="Faregate",base_url="$V1",'
    'env_key="OPENAI_API_KEY",wire_api="responses"}'
)

AGENTS: tuple[Agent, ...] = (
    Agent(
        name="claude-code",
        title="Claude Code",
        commands=("claude",),
        packages=("@anthropic-ai/claude-code",),
        # Not ANTHROPIC_API_KEY: it asks for leave to use each new one, and the
        # answer it offers is no.
        env={"ANTHROPIC_BASE_URL": "$ROOT", "ANTHROPIC_AUTH_TOKEN": "$TOKEN"},
        unset=(
            "ANTHROPIC_API_KEY",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_VERTEX",
            "CLAUDE_CODE_USE_FOUNDRY",
        ),
        protocols=ANTHROPIC,
    ),
    Agent(
        name="codex",
        title="Codex",
        commands=("codex",),
        packages=("@openai/codex",),
        env={
            "OPENAI_BASE_URL": "$V1",
            "OPENAI_API_KEY": "$TOKEN",
            "CODEX_API_KEY": "$TOKEN",
        },
        # It ignores OPENAI_BASE_URL. A provider table of our own needs no login and
        # outranks a model_provider in its configuration.
        args=(
            "-c",
            'openai_base_url="$V1"',
            "-c",
            'model_provider="faregate"',
            "-c",
            CODEX_TABLE,
        ),
        protocols=RESPONSES,
        notes=(
            "Codex ignores OPENAI_BASE_URL: it needs the -c arguments as well. "
            "`faregate run -- codex` adds them; here a shell function does.",
        ),
    ),
    Agent(
        name="opencode",
        title="opencode",
        commands=("opencode",),
        packages=("opencode-ai",),
        # Here the Anthropic base URL ends in /v1; elsewhere it must not. The last
        # one outranks what a repository's own configuration says.
        env={
            "OPENAI_BASE_URL": "$V1",
            "OPENAI_API_KEY": "$TOKEN",
            "ANTHROPIC_BASE_URL": "$V1",
            "ANTHROPIC_API_KEY": "$TOKEN",
            "GOOGLE_GENERATIVE_AI_API_KEY": "$TOKEN",
            "OPENCODE_CONFIG_CONTENT": (
                '{"provider":{'
                '"openai":{"options":{"baseURL":"$V1",'
                '"apiKey":"{env:OPENAI_API_KEY}"}},'
                '"anthropic":{"options":{"baseURL":"$V1",'
                '"apiKey":"{env:ANTHROPIC_API_KEY}"}},'
                '"google":{"options":{"baseURL":"$ROOT/v1beta",'
                '"apiKey":"{env:GOOGLE_GENERATIVE_AI_API_KEY}"}},'
                '"faregate":{"npm":"@ai-sdk/openai-compatible","name":"Faregate",'
                '"options":{"baseURL":"$V1","apiKey":"{env:OPENAI_API_KEY}"},'
                '"models":$MODELS}}}'
            ),
        },
        protocols=OPENAI | ANTHROPIC | GEMINI,
        roams=True,
        notes=(
            "opencode takes a model of the gate only if that was declared when it "
            "started. Declare it here: faregate env opencode --model $MODEL; then "
            "start: opencode -m faregate/$MODEL",
            "Or both at once: faregate run -- opencode -m faregate/$MODEL. Routes of "
            "yours are declared already: opencode -m faregate/auto",
            "opencode's own openai, anthropic and google go through the gate, its other "
            "providers do not.",
        ),
    ),
    Agent(
        name="gemini-cli",
        title="Gemini CLI",
        commands=("gemini",),
        packages=("@google/gemini-cli",),
        env=_GEMINI_ENV,
        unset=_GEMINI_UNSET,
        protocols=GEMINI,
        notes=(
            "Gemini CLI also needs this in ~/.gemini/settings.json: "
            '{"security":{"auth":{"selectedType":"gemini-api-key"}}} '
            "(`faregate run -- gemini` does it for the run)",
        ),
    ),
    Agent(
        name="qwen-code",
        title="Qwen Code",
        commands=("qwen",),
        packages=("@qwen-code/qwen-code",),
        env=_OPENAI_ENV,
        args=("--auth-type", "openai"),
        protocols=CHAT,
        notes=(
            "Start it as: qwen --auth-type openai, with OPENAI_MODEL set to a model.",
        ),
    ),
    Agent(
        name="cline",
        title="Cline",
        commands=("cline",),
        packages=("cline",),
        env=_OPENAI_ENV,
        protocols=CHAT,
        roams=True,
        nameless=True,
        redirected=False,
        notes=(
            "Cline reads no variable. Once: cline auth -p openai-compatible "
            '-k "$OPENAI_API_KEY" -m MODEL -b "$OPENAI_BASE_URL"; then start it as: '
            "cline -P openai-compatible",
        ),
    ),
    Agent(
        name="continue",
        title="Continue",
        commands=("cn",),
        packages=("@continuedev/cli",),
        env=_OPENAI_ENV,
        protocols=CHAT,
        roams=True,
        nameless=True,
        redirected=False,
        notes=(
            "Continue reads no variable. In its config.yaml, for each model: "
            "provider: openai, apiBase: the URL in OPENAI_BASE_URL, apiKey: the token "
            "in OPENAI_API_KEY",
        ),
    ),
    Agent(
        name="aider",
        title="aider",
        commands=("aider",),
        packages=("aider-chat", "aider"),
        env={
            **_OPENAI_ENV,
            "OPENAI_API_BASE": "$V1",
            **_ANTHROPIC_ENV,
            "ANTHROPIC_API_BASE": "$ROOT",
        },
        protocols=CHAT | ANTHROPIC,
        roams=True,
        nameless=True,
        notes=("Name the model as openai/NAME or anthropic/NAME.",),
    ),
    Agent(
        name="mini-swe-agent",
        title="mini-swe-agent",
        commands=("mini", "mini-swe-agent"),
        packages=("mini-swe-agent",),
        env={
            **_OPENAI_ENV,
            "OPENAI_API_BASE": "$V1",
            **_ANTHROPIC_ENV,
            "ANTHROPIC_API_BASE": "$ROOT",
            "MSWEA_COST_TRACKING": "ignore_errors",
        },
        protocols=CHAT | ANTHROPIC,
        roams=True,
        nameless=True,
        notes=("Name the model as openai/NAME or anthropic/NAME.",),
    ),
    Agent(
        name="llm",
        title="llm",
        commands=("llm",),
        packages=("llm",),
        env=_OPENAI_ENV,
        protocols=CHAT,
        roams=True,
        nameless=True,
        notes=(
            "A key stored with `llm keys set` outranks OPENAI_API_KEY: the call still "
            "goes through the gate, with that key.",
        ),
    ),
    Agent(
        name="openai-sdk",
        title="OpenAI SDK",
        env=_OPENAI_ENV,
        protocols=OPENAI,
    ),
    Agent(
        name="anthropic-sdk",
        title="Anthropic SDK",
        env=_ANTHROPIC_ENV,
        unset=("ANTHROPIC_AUTH_TOKEN",),
        protocols=ANTHROPIC,
    ),
    Agent(
        name="google-genai",
        title="Google GenAI SDK",
        env=_GEMINI_ENV,
        unset=_GEMINI_UNSET,
        protocols=GEMINI,
    ),
    Agent(
        name="openai-agents",
        title="OpenAI Agents SDK",
        # Its traces would go to OpenAI directly, with the local token as the key.
        env={**_OPENAI_ENV, "OPENAI_AGENTS_DISABLE_TRACING": "1"},
        protocols=OPENAI,
    ),
    Agent(
        name="pydantic-ai",
        title="Pydantic AI",
        env={**_OPENAI_ENV, **_ANTHROPIC_ENV},
        protocols=OPENAI | ANTHROPIC,
        roams=True,
    ),
    Agent(
        name="langchain",
        title="LangChain",
        env={**_OPENAI_ENV, "OPENAI_API_BASE": "$V1", **_ANTHROPIC_ENV},
        protocols=OPENAI | ANTHROPIC,
        roams=True,
        nameless=True,
    ),
    Agent(
        name="litellm",
        title="LiteLLM SDK",
        env={
            **_OPENAI_ENV,
            "OPENAI_API_BASE": "$V1",
            **_ANTHROPIC_ENV,
            "ANTHROPIC_API_BASE": "$ROOT",
        },
        protocols=OPENAI | ANTHROPIC,
        roams=True,
    ),
    Agent(
        name="smolagents",
        title="smolagents",
        commands=("smolagent",),
        packages=("smolagents",),
        env={**_OPENAI_ENV, "OPENAI_API_BASE": "$V1"},
        protocols=CHAT,
        roams=True,
        nameless=True,
        notes=(
            'Pass api_base=os.environ["OPENAI_BASE_URL"], or --api-base '
            '"$OPENAI_BASE_URL" --model-type OpenAIModel.',
        ),
    ),
)

_ALIASES = {
    "openai": "openai-sdk",
    "anthropic": "anthropic-sdk",
    "genai": "google-genai",
    "continue-cli": "continue",
    "agents": "openai-agents",
}


def agent_named(name: str) -> Agent | None:
    """Return the agent that a person calls so: its name or its command."""
    word = _ALIASES.get(name.lower(), name.lower())
    for agent in AGENTS:
        if word == agent.name or word in agent.commands or word in agent.packages:
            return agent
    return None


def names() -> tuple[str, ...]:
    """Return every word that `agent_named` knows, for suggestions."""
    known = dict.fromkeys(agent.name for agent in AGENTS)
    known |= dict.fromkeys(each for agent in AGENTS for each in agent.commands)
    return (*known, *_ALIASES)
