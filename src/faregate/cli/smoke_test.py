"""`faregate smoke-test`: know a provider before you rely on it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.smoke_history import (
    LAST,
    change_lines,
    remember,
    since_of,
    since_problem,
)
from faregate.cli.smoke_progress import announce, done, terminal_width, watcher
from faregate.cli.smoke_watch import every_of, every_problem, watch_again
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.smoke.report.compare import Change
    from faregate.smoke.report.model import RunReport, TargetResult
    from faregate.smoke_run import SmokeTest

PROTOCOLS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
DEFAULT_MAX_COST = "0.02"


@click.command("smoke-test")
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option(
    "--profile",
    type=click.Choice(["quick", "full", "costly"]),
    default="quick",
    show_default=True,
    help="How much to ask: at most 10 requests, all probes, or those that cost.",
)
@click.option(
    "--max-cost",
    default=DEFAULT_MAX_COST,
    show_default=True,
    metavar="USD",
    help="What the whole run may cost; probes beyond it are skipped.",
)
@click.option(
    "--protocol", type=click.Choice(PROTOCOLS), help="Ask over this one of several."
)
@click.option(
    "--reference", metavar="TARGET", help="Compare tool calls with this target's."
)
@click.option(
    "--since",
    is_flag=False,
    flag_value=LAST,
    metavar="[AGO]",
    help="Say what changed since the last run, or since those older than AGO (7d).",
)
@click.option(
    "--watch",
    metavar="EVERY",
    help="Run quick probes again EVERY so often (6h) and alert on what got worse.",
)
@click.option(
    "--dry-run", is_flag=True, help="Say what it would cost at most; send nothing."
)
@click.option("--strict", is_flag=True, help="A WARN fails too.")
@click.option("--all", "every", is_flag=True, help="List what passed too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def smoke_test(
    targets: tuple[str, ...],
    profile: str,
    max_cost: str,
    protocol: str | None,
    reference: str | None,
    since: str | None,
    watch: str | None,
    dry_run: bool,
    strict: bool,
    every: bool,
    as_json: bool,
    markdown: bool,
) -> int:
    """Ask a provider what agents will ask, and say what does not work.

    TARGET is provider/model, a route, or a local provider. Without one: everything
    that the configuration names and has a key. The requests are real: each is held
    for under your caps and booked to session smoke.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown exclude each other")
    _check_times(since, watch, profile)
    prepare = partial(
        _prepared, targets, profile, _limit(max_cost), protocol, reference
    )
    test = prepare()
    if dry_run:
        return _priced(test, as_json=as_json)
    announce(_offer(test))
    if watch is not None:
        return _watched(prepare, watch, strict=strict)
    report = test.run(watcher(test.plan.targets))
    done()
    told = None if since is None else since_of(since)
    changes = remember(report, test.settings, test.paths, since=told)
    _show(
        report,
        changes,
        compared=since is not None,
        every=every,
        as_json=as_json,
        markdown=markdown,
    )
    asked = {target.name for target in test.plan.targets}
    return _code(report, asked, strict=strict)


def _check_times(since: str | None, watch: str | None, profile: str) -> None:
    problem = None if since is None else since_problem(since)
    if problem is None and watch is not None:
        problem = every_problem(watch)
        if profile != "quick":
            problem = "--watch runs the quick profile"
    if problem is not None:
        raise click.UsageError(problem)


def _watched(prepare: Callable[[], SmokeTest], every: str, *, strict: bool) -> int:
    def once() -> tuple[RunReport, list[Change]]:
        # Prepared anew: keys, prices and the configuration may have changed.
        test = prepare()
        report = test.run()
        return report, remember(report, test.settings, test.paths, alert=True) or []

    report = watch_again(once, every_of(every))
    return _code(report, {target.name for target in report.targets}, strict=strict)


def _prepared(
    names: tuple[str, ...],
    profile: str,
    max_cost: Money,
    protocol: str | None,
    reference: str | None,
) -> SmokeTest:
    # Loaded here: everything else starts without the engine.
    from faregate.smoke.context import Profile
    from faregate.smoke_run import SmokeAsk, SmokeConfigError, SmokeTest

    paths = find_paths()
    ask = SmokeAsk(
        names=names,
        profile=Profile[profile.upper()],
        max_cost=max_cost,
        protocol=protocol,
        reference=reference,
    )
    try:
        return SmokeTest(load(paths), paths, ask)
    except SmokeConfigError as error:
        raise output.CliError(
            str(error), exit_code=ExitCode.USAGE, code="config"
        ) from error


def _limit(text: str) -> Money:
    try:
        limit = Money.usd(Decimal(text))
    except (ValueError, ArithmeticError):
        raise click.UsageError(f"--max-cost {text!r} is no amount in USD") from None
    if limit < Money(0):
        raise click.UsageError("--max-cost is below zero")
    return limit


def _offer(test: SmokeTest) -> str:
    plan = test.plan
    count = len(plan.targets)
    return (
        f"smoke test of {count} target{'' if count == 1 else 's'}, profile "
        f"{plan.profile.name.lower()}: about {test.estimate} at most, --max-cost "
        f"{plan.max_cost}; booked to session smoke"
    )


def _priced(test: SmokeTest, *, as_json: bool) -> int:
    """Say what it would cost; nothing is sent."""
    if not as_json:
        output.result(_offer(test))
        return ExitCode.OK
    plan = test.plan
    output.document(
        {
            "targets": [target.name for target in plan.targets],
            "profile": plan.profile.name.lower(),
            "estimate": test.estimate.exact(),
            "max_cost": plan.max_cost.exact(),
        }
    )
    return ExitCode.OK


def _show(
    report: RunReport,
    changes: list[Change] | None,
    *,
    compared: bool,
    every: bool,
    as_json: bool,
    markdown: bool,
) -> None:
    """Print a run, and what changed where that was asked for."""
    from faregate.smoke.report.document import document_of
    from faregate.smoke.report.markdown import markdown_lines
    from faregate.smoke.report.table import WIDTH, table_lines

    if as_json:
        document = document_of(report)
        if compared:
            document["changes"] = [asdict(change) for change in changes or ()]
        output.document(document)
        return
    width = terminal_width() if sys.stdout.isatty() else WIDTH
    lines = (
        markdown_lines(report)
        if markdown
        else table_lines(report, width=max(60, min(width, 120)), every=every)
    )
    if compared:
        lines += ["", *change_lines(changes, markdown=markdown)]
    for line in lines:
        output.result(line)


def _code(report: RunReport, asked: set[str], *, strict: bool) -> int:
    """Return the exit code; a reference that nobody asked about does not count."""
    from faregate.smoke.report.model import Readiness

    if report.interrupted:
        return ExitCode.INTERRUPTED

    def counts(target: TargetResult) -> bool:
        return target.name != report.reference or target.name in asked

    found = {target.readiness for target in report.targets if counts(target)}
    fine = {Readiness.READY} if strict else {Readiness.READY, Readiness.LIMITED}
    bad = found - fine
    if not bad:
        return ExitCode.OK
    return ExitCode.REFUSED if bad == {Readiness.REFUSED} else ExitCode.FAILED
