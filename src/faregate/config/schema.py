"""Every key of the configuration: its name, kind, default and meaning.

The only list of keys: reading, `faregate config schema` and suggestions use it.
"""

from __future__ import annotations

from enum import StrEnum

from faregate.config.kinds import (
    CAP,
    FLAG,
    USD,
    at_most,
    choice,
    duration,
    integer,
    list_of,
    text,
)
from faregate.config.tables import Field
from faregate.config.values import (
    ARGV,
    KEYRING,
    LOOPBACK_HOST,
    MINUTE,
    PERCENT,
    PRICE,
    PROTOCOL,
    QUIRK,
    SCOPE,
    URL,
    VARIABLE,
    WEBHOOK,
    WEEKDAY,
    WINDOW,
)
from faregate.config.verdicts import CALL_RULES, NAME_RULES, VERDICT, refused_work
from faregate.core.approvals.policy import Unattended
from faregate.core.approvals.verdicts import Verdict
from faregate.core.loops.finding import LoopAction
from faregate.core.policy import OnTight, Unpriced
from faregate.providers.spec import Billing, OnAbort

PROVIDER_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"


class ProviderKind(StrEnum):
    """The shape of a provider's API."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


class OutputField(StrEnum):
    """The fields by which protocols bound the output."""

    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    MAX_OUTPUT_TOKENS = "max_output_tokens"
    GEMINI = "maxOutputTokens"


class ServerKeys:
    """Keys of [server]."""

    HOST = Field(
        "host",
        LOOPBACK_HOST,
        "the address to listen on: this machine only",
        default="127.0.0.1",
    )
    PORT = Field("port", integer(1, 65535), "the port that agents use", default=4747)
    DRAIN = Field(
        "drain",
        duration(0, 3600),
        "how long a stop waits for running requests",
        default=10.0,
    )


class BudgetKeys:
    """Keys of [budget]."""

    MONTHLY = Field("monthly", CAP, 'the cap of a month in USD, or "none"')
    DAILY = Field("daily", CAP, 'the cap of a day in USD, or "none"')
    SESSION = Field("session", CAP, 'the cap of each session in USD, or "none"')
    ALERTS: Field[tuple[int, ...]] = Field(
        "alerts",
        list_of(PERCENT),
        "percentages of a cap at which to alert",
        default=(50, 80),
    )
    TIMEZONE = Field(
        "timezone",
        text(r"[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*", "the name of a time zone"),
        "the time zone in which days, weeks and months begin",
        default="UTC",
    )
    ON_TIGHT = Field(
        "on_tight",
        choice(OnTight),
        "what to do when a request does not fit: wait, clamp its output, or refuse",
        default=OnTight.WAIT,
    )
    OUTPUT = Field(
        "output",
        integer(1, 10_000_000, "a whole number of tokens"),
        "output tokens for a request that names no bound",
        default=32_000,
    )
    UNPRICED = Field(
        "unpriced",
        choice(Unpriced),
        "what to do with a model of unknown price: deny, dearest or allow",
        default=Unpriced.DENY,
    )


class BudgetsKeys:
    """Keys of one [[budgets]] entry."""

    SCOPE = Field("scope", SCOPE, "whose spending, as in agent:codex")
    WINDOW = Field(
        "window",
        WINDOW,
        "session, day, week, month or total",
    )
    LIMIT = Field("limit", CAP, 'the cap in USD, or "none"')


class AlertKeys:
    """Keys of [alerts]."""

    COMMAND: Field[tuple[str, ...]] = Field(
        "command",
        ARGV,
        "a command, as a list, that gets each alert as JSON on its standard input",
    )
    WEBHOOK = Field(
        "webhook",
        WEBHOOK,
        "a URL that gets each alert as JSON: https, or http to this machine",
        secret=True,
    )


_COUNT = at_most(integer(1, 10**12, "a whole number"))
_TOKENS = at_most(integer(1, 10**12, "a whole number of tokens"))


class LimitKeys:
    """Keys of [limits] and of one [limits.agent.NAME]."""

    REQUESTS = Field("requests", _COUNT, "requests of a session (1000)")
    WALL_CLOCK = Field(
        "wall_clock",
        at_most(duration(1, 366 * 86400)),
        "how long a session may last (4h)",
    )
    INPUT_TOKENS = Field("input_tokens", _TOKENS, "input tokens of a session")
    OUTPUT_TOKENS = Field("output_tokens", _TOKENS, "output tokens of a session")
    RETRIES = Field(
        "retries", at_most(integer(0, 10**6)), "repeated requests of a session (50)"
    )
    TOOL_CALLS = Field("tool_calls", _COUNT, "tool calls in a session's answers (2000)")
    CONCURRENCY = Field("concurrency", _COUNT, "requests of a session at once (64)")
    REQUEST_INPUT_TOKENS = Field(
        "request_input_tokens", _TOKENS, "input tokens of one request"
    )
    REQUEST_OUTPUT_TOKENS = Field(
        "request_output_tokens", _TOKENS, "output tokens of one request"
    )
    TOKENS_PER_MINUTE = Field(
        "tokens_per_minute", _TOKENS, "tokens of a session within any 60 seconds"
    )
    SPEND_PER_MINUTE = Field(
        "spend_per_minute", at_most(USD), "USD of a session within any 60 seconds"
    )


class LoopKeys:
    """Keys of [loops]."""

    REPEATS = Field(
        "repeats",
        integer(2, 1000, "a number of repeats"),
        "how often the same may come again before it is a loop",
        default=5,
    )
    WINDOW = Field(
        "window",
        duration(10, 86400),
        "within which time; what came before does not count",
        default=600.0,
    )
    ACTION = Field(
        "action",
        choice(LoopAction),
        "what to do with a loop: ask (stop when nobody watches), stop, or alert",
        default=LoopAction.ASK,
    )


class ApprovalKeys:
    """Keys of [approvals]."""

    SERVER_TOOLS = Field(
        "server_tools",
        NAME_RULES,
        "tools that the provider runs: allow, ask or deny, for all or by name "
        "(mcp and computer use are asked about)",
    )
    BATCHES = Field("batches", refused_work("batches"), "batch jobs: always denied")
    FINE_TUNES = Field(
        "fine_tunes", refused_work("fine-tunes"), "fine-tuning: always denied"
    )
    UPLOADS = Field(
        "uploads",
        VERDICT,
        "requests that carry pictures, sound or files; endpoints that only take files "
        "are always denied",
        default=Verdict.ALLOW,
    )
    MEDIA = Field(
        "media",
        VERDICT,
        "requests for sound or pictures; image, audio and video endpoints are always "
        "denied",
        default=Verdict.ALLOW,
    )
    OVER_USD = Field(
        "over_usd", USD, "ask when a request is estimated to cost more USD than this"
    )
    CONTEXT_TOKENS = Field(
        "context_tokens",
        integer(1, 100_000_000, "a whole number of tokens"),
        "ask when a request's input is estimated to be larger",
    )
    MODELS = Field("models", NAME_RULES, "models, by pattern: allow, ask or deny")
    TOOLS = Field(
        "tools",
        CALL_RULES,
        'tool calls in answers, by pattern, as in "Bash(git push*)" or "@write": '
        "allow, ask or deny; the first that fits counts",
    )
    TIMEOUT = Field(
        "timeout",
        duration(5, 86400),
        "how long to wait for a person; no answer is a no",
        default=300.0,
    )
    UNATTENDED = Field(
        "unattended",
        choice(Unattended),
        "what to do when nobody watches: deny, allow, or wait all the same",
        default=Unattended.DENY,
    )


class ProviderKeys:
    """Keys of one [providers.NAME]."""

    KIND = Field("kind", choice(ProviderKind), "openai, anthropic or gemini")
    BASE_URL = Field(
        "base_url",
        URL,
        "where its API is: with /v1 for kind openai, without for anthropic",
    )
    PROTOCOLS: Field[tuple[str, ...]] = Field(
        "protocols",
        list_of(PROTOCOL),
        "the protocols it speaks",
    )
    KEY_ENV: Field[tuple[str, ...]] = Field(
        "key_env",
        list_of(VARIABLE, or_one=True),
        "environment variables that may hold its key",
        secret=True,
    )
    KEY_COMMAND: Field[tuple[str, ...]] = Field(
        "key_command",
        ARGV,
        "a command, as a list, that prints its key",
        secret=True,
    )
    KEYRING: Field[tuple[str, str]] = Field(
        "keyring",
        KEYRING,
        "SERVICE/USER of its key in the system's keyring",
    )
    BILLING = Field(
        "billing", choice(Billing), "metered, subscription or free", Billing.METERED
    )
    REGION = Field("region", text(r"[A-Za-z0-9_-]+", "a region"), "one of its regions")
    ON_ABORT = Field(
        "on_abort",
        choice(OnAbort),
        "what a broken-off answer costs: observed output, or the whole hold",
    )
    UNBILLED = Field(
        "unbilled",
        list_of(integer(400, 599, "an error status")),
        "error statuses that it does not bill, beside those that are known",
    )
    TOOLS = Field(
        "tools",
        FLAG,
        "its tool calls work, or do not, whatever its smoke test says",
    )
    TAKES = Field("takes", list_of(QUIRK), "what it takes in translated requests")


class ModelKeys:
    """Keys of one [models."provider/model"]."""

    CONTEXT = Field(
        "context", integer(1, 100_000_000, "a number of tokens"), "tokens of its window"
    )
    MAX_OUTPUT = Field(
        "max_output",
        integer(1, 100_000_000, "a number of tokens"),
        "output tokens of one request at most",
    )
    OUTPUT_FIELD = Field(
        "output_field",
        choice(OutputField),
        "the request field that bounds its output",
    )


class PriceKeys:
    """Keys of one [prices."provider/model"], and of one of its tiers."""

    INPUT = Field("input", PRICE, "USD per million input tokens")
    CACHED_INPUT = Field("cached_input", PRICE, "USD per million cached input tokens")
    CACHE_WRITE = Field("cache_write", PRICE, "USD per million tokens written to cache")
    CACHE_WRITE_1H = Field(
        "cache_write_1h", PRICE, "USD per million tokens written to a one-hour cache"
    )
    OUTPUT = Field("output", PRICE, "USD per million output tokens")
    TOOL_FEE = Field(
        "tool_fee", PRICE, "USD per 1,000 calls of tools that the provider runs"
    )
    ABOVE_INPUT = Field(
        "above_input",
        integer(1, 100_000_000, "a number of tokens"),
        "input tokens of a request above which this tier counts",
    )


class PriceWindowKeys:
    """Keys of one entry of windows in [prices."provider/model"]; times are UTC."""

    DAYS: Field[tuple[int, ...]] = Field(
        "days",
        list_of(WEEKDAY),
        "weekdays, as in mon",
    )
    START = Field("start", MINUTE, "first minute, UTC")
    END = Field("end", MINUTE, "minute after the last, UTC")
    MULTIPLIER = Field("multiplier", PRICE, "the factor on every price")


class ThemeKeys:
    """Keys of [theme]."""

    NAME = Field(
        "name", text(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a theme's name"), "the theme"
    )
    ASCII = Field("ascii", FLAG, "draw with ASCII characters only", default=False)
    MOTION = Field("motion", FLAG, "scroll and show notices with motion", default=True)
    BELL = Field("bell", FLAG, "ring when something needs the person", default=True)
    NOTICES = Field(
        "notices",
        FLAG,
        "show a notice of the desktop, where terminals can",
        default=True,
    )
    TITLES = Field("titles", FLAG, "set the terminal's title", default=True)


class LedgerKeys:
    """Keys of [ledger]."""

    URL = Field(
        "url",
        text(r"sqlite:///[^\x00-\x1f?#]+", "a URL like sqlite:///folder"),
        "the folder of the ledger: sqlite:///absolute/folder",
    )


KEY_BINDING = text(r"[^\x00-\x1f\x7f]{1,64}", "a key")
