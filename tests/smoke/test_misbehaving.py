"""A whole run against each server that misbehaves: the right probe says so, and it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.context import Profile
from faregate.smoke.report.model import Readiness
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults import bodies, streams
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import NONCE, target_of
from tests.smoke.test_runner import TINY, bench

FAIL, WARN = Verdict.FAIL, Verdict.WARN
HANGS_S = 60.0
"""Far beyond every bound of a run: whoever reaches it hangs."""


@dataclass(frozen=True)
class Server:
    """How a server misbehaves, and what a run has to say of it."""

    play: Callable[[SeenRequest], Step | None]
    probe: str
    verdict: Verdict
    seen: str
    before: Callable[[SeenRequest], RawAnswer | None] | None = None
    profile: Profile = Profile.QUICK
    bounded: bool = False
    """It never ends by itself."""


def one(fault: str | Fault) -> Obedient:
    return Obedient(fault=TABLE[fault] if isinstance(fault, str) else fault)


def bursting(seen: SeenRequest) -> Step | None:
    return replace(one(streams.burst())(seen), first_byte=0.5)


def error_with_200(seen: SeenRequest) -> RawAnswer | None:
    error = {"error": {"message": "model is overloaded", "code": "overloaded"}}
    return json_answer(200, error) if seen.method == "POST" else None


SERVERS = {
    "bursting gateway": Server(bursting, "cadence", WARN, "a burst"),
    "missing usage": Server(one("usage_missing"), "usage", FAIL, "no usage at all"),
    "inflated usage": Server(
        one("usage_inflated"), "usage_count", FAIL, "against", profile=Profile.FULL
    ),
    "no [DONE]": Server(one("no_done"), "termination", WARN, "[DONE]"),
    "tool call as text": Server(one("tools_as_text"), "tool", FAIL, "printed as text"),
    "200 with an error": Server(
        Obedient(), "basic", FAIL, "model is overloaded", before=error_with_200
    ),
    "silent model swap": Server(
        one("swapped_model"), "served_model", WARN, "sim-cheap"
    ),
    "redirect": Server(one("redirect"), "basic", FAIL, "redirect"),
    "web page": Server(one("html_page"), "basic", FAIL, "HTML"),
    "slow drip": Server(one("slow_drip"), "basic", FAIL, "", bounded=True),
    "endless stream": Server(
        one(bodies.endless()), "termination", FAIL, "never ended", bounded=True
    ),
}


def known(target: SmokeTarget) -> SmokeTarget:
    """Name the tokenizer, so that inflated usage can be told from another one's."""
    return replace(target, spec=replace(target.spec, tokenizer="o200k_base"))


@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_that_misbehaves_gets_its_verdict_and_ends_no_run(
    name: str,
) -> None:
    server = SERVERS[name]
    async with bench() as on:
        on.provider.match(server.play)
        on.provider.intercept(server.before)
        plan = on.plan(known(target_of(on.provider.url)), profile=server.profile)
        if server.bounded:
            plan = replace(plan, patience=TINY, most_bytes=1024 * 1024)
        async with asyncio.timeout(HANGS_S):
            report = await on.run(plan)
        followed = [r.path for r in on.provider.requests if "elsewhere" in r.path]
    (target,) = report.targets
    assert target.complete
    assert not followed
    found = next(p for p in target.probes if p.id == server.probe)
    assert (found.verdict, server.seen in found.finding.seen) == (
        server.verdict,
        True,
    ), found.finding
    fine = server.verdict is WARN
    assert target.readiness is (Readiness.LIMITED if fine else Readiness.NOT_READY)
    assert NONCE in plan.nonce()
