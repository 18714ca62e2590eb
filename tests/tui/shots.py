"""Every screen and every state, once: what brings it about, and what it must say.

A row of SHOTS is rendered in every ink and at every size; the structure test finds a
screen or a state that no row shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from faregate.tui.screens.amount import AmountScreen
from faregate.tui.screens.choice import ChoiceScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.find import FindScreen
from faregate.tui.screens.help import HelpScreen
from faregate.tui.screens.history import HistoryScreen
from faregate.tui.screens.holds import HoldsScreen
from faregate.tui.screens.limits import LimitsScreen
from faregate.tui.screens.month import MonthScreen
from faregate.tui.screens.overview import OverviewScreen
from faregate.tui.screens.providers import ProvidersScreen
from faregate.tui.screens.request import RequestScreen
from faregate.tui.screens.requests import RequestsScreen
from faregate.tui.screens.routes import RoutesScreen
from faregate.tui.screens.session import SessionScreen
from faregate.tui.screens.waiting import WaitingScreen
from tests.control import scenes
from tests.tui.waiting_scene import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from faregate.control.models import Snapshot

STATES = (
    "first run", "key missing", "proxy not running", "connection lost", "50%", "80%",
    "cap reached", "upstream down", "loop stopped", "unpriced model", "frozen",
    "new month",
)  # fmt: skip
"""The states that a person must be able to tell apart on sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One thing to look at; `says` must be on screen, `money` too, and never cut."""

    name: str
    screen: type[Screen[Any]]
    says: tuple[str, ...]
    scene: Callable[[], Snapshot | None] = scenes.busy
    steps: tuple[tuple[str, str], ...] = ()
    """Keys, separated by blanks, and words that show that they were taken."""
    money: tuple[str, ...] = ()
    state: str = ""
    link: str = "live"
    """What becomes of the connection then: live, lost or absent."""
    wide: tuple[str, ...] = ()
    """What it says where there is room for it, beside `says`."""
    steady: bool = True
    """Whether its rows are compared with the kept ones; not where all keys are told."""


def key_missing() -> Snapshot:
    """Return a first run for which the shell had no key."""
    told = scenes.setup(first_request_seen=False, cap_is_default=True, keys_found=[])
    return replace(scenes.first_run(), setup=told)


def turned_away() -> Snapshot:
    """Return a first run whose first request lacked the version in its path."""
    said = (
        "/messages is not served: the base URL lacks /v1. Set it to "
        "http://127.0.0.1:4747/v1, as `faregate env AGENT` prints it"
    )
    event = scenes.event(1, said, kind="refused", severity="warn")
    return replace(key_missing(), events=[event])


def used(spent: str, *events: tuple[str, str, str]) -> Snapshot:
    """Return the busy scene with this much gone, and these events."""
    was = scenes.busy()
    told = [
        scenes.event(15 + number, text, kind=kind, severity=severity)
        for number, (kind, severity, text) in enumerate(events)
    ]
    status = replace(was.status, budgets=[scenes.budget(spent)])
    return replace(was, status=status, events=told)


def half() -> Snapshot:
    """Return the moment after half the cap."""
    return used(
        "101.00", ("alert", "info", "50 % of the month cap: $101.00 of $200.00")
    )


def high() -> Snapshot:
    """Return the moment after 80 % of the cap."""
    return used(
        "164.20", ("alert", "warn", "80 % of the month cap: $164.20 of $200.00")
    )


def upstream_down() -> Snapshot:
    """Return what one sees when a provider refuses."""
    return used(
        "20.00",
        (
            "breaker",
            "warn",
            "vllm-local refuses connections; 12 requests went elsewhere",
        ),
        ("fallback", "info", "vllm-local to openrouter, +$0.41"),
    )


def loop_stopped() -> Snapshot:
    """Return what one sees when a loop was stopped."""
    return used(
        "20.00", ("loop", "alert", "the same tool call 12 times in 90s; stopped")
    )


def new_month() -> Snapshot:
    """Return the first moment of another month."""
    return used(
        "0",
        ("month", "info", "a new month: $164.20 of $200.00 were spent in the last"),
    )


_NAMES = ("proxy/main", "infra/tf-import", "webshop/feat-pay")
_SPENT = ("8.42", "~4.77", "3.11", "~1.90", "0.04?")
_REQUESTS = (("2", "requests 4"),)
_REQUEST = (*_REQUESTS, ("j enter", "changed since"))
_CAP = (("b", "Change the cap"),)

SHOTS = (
    Shot(
        name="no-proxy", screen=OverviewScreen, scene=lambda: None, link="absent",
        says=("No proxy is running here", "u starts it here", "faregate up",
              "This screen connects by itself"),
        state="proxy not running",
    ),
    Shot(
        name="overview", screen=OverviewScreen, money=(*_SPENT, "$164.20 of $200.00"),
        says=(*_NAMES, "▶ streaming", "‖ waiting", "✗ stopped", "idle"),
    ),
    Shot(
        name="first-run", screen=OverviewScreen, scene=scenes.first_run,
        says=("Waiting for the first request", "faregate run -- claude",
              "[ ] first request seen", "[x] provider keys found"),
        money=("$20.00",), state="first run",
    ),
    Shot(
        name="key-missing", screen=OverviewScreen, scene=key_missing,
        says=("[ ] no provider key found", "export OPENAI_API_KEY="),
        money=("$20.00",), state="key missing",
    ),
    Shot(
        name="turned-away", screen=OverviewScreen, scene=turned_away,
        says=("a request was refused: /messages is not served", "/v1, as `faregate"),
        money=("$20.00",),
    ),
    Shot(
        name="quiet", screen=OverviewScreen, scene=scenes.snapshot,
        says=("nothing in flight", "nothing yet"),
        wide=("no request in the last hour", "keys: anthropic, openrouter"),
    ),
    Shot(
        name="gone", screen=OverviewScreen, link="absent", money=_SPENT,
        says=("○ proxy lost", "retrying now", "stale"),
        wide=("u or faregate up starts it",),
        state="proxy not running",
    ),
    Shot(
        name="lost", screen=OverviewScreen, link="lost", money=_SPENT,
        says=("○ proxy lost", "retrying now", "stale", *_NAMES),
        state="connection lost",
    ),
    Shot(
        name="half", screen=OverviewScreen, scene=half, state="50%",
        says=("50.5%", "50 % of the month cap"), money=("$101.00 of $200.00",),
    ),
    Shot(
        name="high", screen=OverviewScreen, scene=high, state="80%",
        says=("▲ 82% of November cap", "80 % of the month cap"),
        money=("$164.20 of $200.00",),
    ),
    Shot(
        name="capped", screen=OverviewScreen, scene=scenes.capped, state="cap reached",
        says=("■ CAP REACHED $200.00 of $200.00", "new requests are refused",
              "■ CAPPED"),
        wide=("refused until 1 Dec or a new cap",),
        money=("8.42", "$200.00 of $200.00"),
    ),
    Shot(
        name="upstream-down", screen=OverviewScreen, scene=upstream_down,
        says=("vllm-local refuses connections", "vllm-local", "down"),
        money=("+$0.41", *_SPENT), state="upstream down",
    ),
    Shot(
        name="loop-stopped", screen=OverviewScreen, scene=loop_stopped,
        says=("the same tool call 12 times in 90s", "✗ stopped", "▲ loop"),
        money=_SPENT, state="loop stopped",
    ),
    Shot(
        name="unpriced", screen=OverviewScreen, says=("0.04?",), money=_SPENT,
        state="unpriced model",
    ),
    Shot(
        name="frozen", screen=OverviewScreen, steps=(("space", "FROZEN"),),
        says=("FROZEN 10:52:09",), money=_SPENT, state="frozen",
    ),
    Shot(
        name="new-month", screen=OverviewScreen, scene=new_month, state="new month",
        says=("0.0%", "a new month"), money=("$0.00 of $200.00", "$164.20 of $200.00"),
    ),
    Shot(
        name="session", screen=SessionScreen, steps=(("j enter", "requests 4"),),
        says=("sessions > infra/tf-import", "requests 4 · following", "spend"),
        money=("~$4.77", "$9.40/h", "(1.92)", "0.86"),
    ),
    Shot(
        name="requests", screen=RequestsScreen, steps=_REQUESTS,
        says=("requests 4 · following", "✗ refused", "▶ running", "budget exc"),
        money=("(1.92)", "0.86", "0.13", "$0.02 wasted"),
    ),
    Shot(
        name="request", screen=RequestScreen, steps=_REQUEST,
        says=("requests > req-17", "try 1 anthropic/claude-opus-4-6", "timeline"),
        money=("$0.86", "$0.85  uncached input", "$5.00/M"),
    ),
    Shot(
        name="captured", screen=RequestScreen,
        steps=(*_REQUEST, ("1", "max_tokens")),
        says=('"max_tokens": 8192', "requests > req-17"), money=("$0.86",),
    ),
    Shot(
        name="find", screen=FindScreen,
        steps=(*_REQUEST, ("1", "max_tokens"), ("slash", "Find a text")),
        says=("Find a text, in any case", "finds it, n the next one"),
        money=("$0.86",),
    ),
    Shot(
        name="waiting", screen=WaitingScreen, scene=waiting,
        steps=(("3", "WHY"),),
        says=("waiting 2", "‖ 2 WAIT FOR YOU", "over $1.00 a request", "CLIENT"),
        money=("~1.92", "session $4.77 to ~$6.69", "at most $2.40"),
    ),
    Shot(
        name="holds", screen=HoldsScreen, steps=(("7", "holds 3"),),
        says=("▓ unknown", "▒ held", "the provider cut the answer"),
        money=("0.4000", "0.2100", "0.0040", "$0.21 held, $0.40 unknown"),
    ),
    Shot(
        name="providers", screen=ProvidersScreen, steps=(("4", "zai/glm-5.3"),),
        says=("providers 3 tested · last 10:40", "FAIL", "means: it costs money"),
        wide=("ANTHROPIC_API_KEY",),
    ),
    Shot(
        name="month", screen=MonthScreen, steps=(("5", "by model"),),
        says=("by model · since 1 Nov · $160.50", "WASTED", "75.0%"),
        money=("120.40", "~40.10", "0.62", "$164.20 of $200.00"),
    ),
    Shot(
        name="routes", screen=RoutesScreen, steps=(("6", "tasks accepted"),),
        says=("by route · since 1 Nov · $160.50", "cheap-first", "fallbacks 3",
              "✖ resting now: vllm-local"),
        money=("20.00", "140.50", "0.41", "wasted $0.41"),
    ),
    Shot(
        name="history", screen=HistoryScreen, steps=(("8", "history 40"),),
        says=("w/t0", "✓ ended", "w/t9"), money=("0.25", "9.25", "6.10"),
    ),
    Shot(
        name="help", screen=HelpScreen, steps=(("question_mark", "edit the filter"),),
        says=("open the row under the cursor",), steady=False,
    ),
    Shot(
        name="limits", screen=LimitsScreen, steps=(("l", "limits of proxy/main"),),
        says=("41 of 1.0k", "faregate run", "▲ refused 3"), money=("$0.12 of $0.50",),
    ),
    Shot(
        name="stop", screen=ConfirmScreen, steps=(("x", "Stop proxy/main?"),),
        says=("next requests are refused", "y yes"), money=("spent $8.42.",),
    ),
    Shot(
        name="caps", screen=ChoiceScreen, steps=_CAP, says=("esc leaves",),
        money=("$200.00, $164.20 of it used",),
    ),
    Shot(
        name="amount", screen=AmountScreen,
        steps=(*_CAP, ("m", "The cap of a month"), ("m o r e enter", "is no amount")),
        says=("'more' is no amount in USD", "takes it"),
        money=("$200.00",),
    ),
    Shot(
        name="nothing-waits", screen=WaitingScreen,
        steps=(("3", "nothing waits for you"),), says=("waiting 0",),
    ),
)  # fmt: skip
"""Looked at in this order; each begins on the overview."""
