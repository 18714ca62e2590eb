"""Read the configuration: files in, checked settings or every problem out."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from faregate.config.capture_keys import CaptureKeys
from faregate.config.files import read_owned
from faregate.config.problems import ConfigError, Problem
from faregate.config.schema import (
    ApprovalKeys,
    BudgetKeys,
    LimitKeys,
    LoopKeys,
    ServerKeys,
)
from faregate.config.sections.alerts import read_alerts
from faregate.config.sections.approvals import read_approvals
from faregate.config.sections.budgets import (
    MONTHLY,
    merge_caps,
    read_budget,
    read_caps,
    rules,
)
from faregate.config.sections.capture import read_capture
from faregate.config.sections.limits import read_limits
from faregate.config.sections.loops import read_loops
from faregate.config.sections.overrides import (
    Overrides,
    hidden_limits,
    read_sections,
)
from faregate.config.sections.prices import read_models, read_prices
from faregate.config.sections.providers import read_providers
from faregate.config.sections.routes import (
    read_retries,
    read_routes,
    retired_targets,
)
from faregate.config.sections.small import (
    read_keys,
    read_ledger,
    read_server,
    read_theme,
)
from faregate.config.settings import Settings
from faregate.config.tables import Field, Source, Table, exact_number
from faregate.config.toml_lines import key_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from faregate.config.paths import Paths
    from faregate.config.settings import ProviderChoice
    from faregate.core.pricing import PriceRow

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_KEY = re.compile(r"[\w.\"/-]{1,100}")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]{1,100})\]")
_BARE_MODEL = re.compile(r"\s*\[(prices|models)\.([^\[\]\"'\s]{1,100})\]\s*(?:#.*)?")
_PLAIN = {
    "Cannot overwrite a value": "this key was given before",
    "Invalid value": "this is no TOML value",
    "Expected '=' after a key in a key/value pair": "there is no = after the key",
    "Invalid statement": "this is no TOML",
}


def load(paths: Paths) -> Settings:
    """Return the settings; a missing or empty file means defaults.

    Raises ConfigError with every problem found, each with file, line and key.
    """
    source = Source(file=paths.config)
    top, overridden = _tables(paths, source)
    server = read_server(top.table("server"))
    budget = top.table("budget")
    configured = read_caps(budget, top.tables("budgets"))
    caps, hidden = merge_caps(configured, overridden.caps)
    chosen = MONTHLY in configured or MONTHLY in overridden.caps
    providers = read_providers(top.table("providers"), server)
    routes = read_routes(top.table("routes"), providers)
    keys = top.table("keys")
    limits = read_limits(top.table("limits"))
    hidden = (*hidden, *hidden_limits(limits, overridden.limits))
    prices = read_prices(top.table("prices"), providers)
    settings = Settings(
        server=server,
        budget=read_budget(budget, caps, chosen=chosen),
        budget_rules=rules(caps),
        providers=providers,
        model_facts=read_models(top.table("models"), providers),
        price_overrides=_with_set(prices, overridden, providers),
        configured_prices=prices,
        routes=routes,
        retries=read_retries(top.table("retries")),
        theme=read_theme(top.table("theme")),
        keys=read_keys(keys),
        limits=limits,
        limits_set=overridden.limits,
        alerts=read_alerts(top.table("alerts")),
        approvals=read_approvals(top.table("approvals")),
        loops=read_loops(top.table("loops")),
        capture=read_capture(top.table("capture")),
        ledger_dir=read_ledger(top.table("ledger"), paths.ledger_dir),
        hidden=hidden,
        warnings=(*(f"{each}" for each in hidden), *retired_targets(routes, providers)),
    )
    top.finish(homes=_homes())
    problems = [*source.problems, *overridden.source.problems]
    if problems:
        raise ConfigError(*sorted(problems, key=_by_place))
    return settings


def read_overrides(path: Path) -> Overrides:
    """Return what commands have set, and what is wrong with the file."""
    source = Source(file=path)
    return read_sections(parse(path, source), source)


def _with_set(
    configured: tuple[PriceRow, ...],
    overridden: Overrides,
    providers: Mapping[str, ProviderChoice],
) -> tuple[PriceRow, ...]:
    """Return the person's own prices; those that a command has set win."""
    if overridden.prices is None:
        return configured
    rows = read_prices(overridden.prices, providers)
    known = {(row.provider, row.model) for row in rows}
    left = [row for row in configured if (row.provider, row.model) not in known]
    return (*left, *rows)


def parse(path: Path, source: Source) -> Mapping[str, object]:
    """Return the decoded file, {} when missing; raises ConfigError for bad TOML."""
    content = read_owned(path)
    if not content:
        return {}
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            Problem(file=path, line=line, message="this is not UTF-8 text")
        ) from error
    try:
        values = tomllib.loads(text, parse_float=exact_number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(_syntax_problem(path, text, str(error))) from error
    source.lines = key_lines(text)
    return values


def _homes() -> dict[str, str]:
    """Return the section of each key that people write without one."""
    return {
        field.name: section
        for section, keys in (
            ("server", ServerKeys),
            ("limits", LimitKeys),
            ("approvals", ApprovalKeys),
            ("loops", LoopKeys),
            ("capture", CaptureKeys),
            ("budget", BudgetKeys),
        )
        for field in vars(keys).values()
        if isinstance(field, Field)
    }


def _tables(paths: Paths, source: Source) -> tuple[Table, Overrides]:
    """Parse both files; a file that is no TOML does not hide the other's problems."""
    wrong: list[Problem] = []
    top = Table({}, source=source)
    overridden = Overrides(source=Source(file=paths.overrides))
    try:
        top = Table(parse(paths.config, source), source=source)
    except ConfigError as error:
        wrong += error.problems
    try:
        overridden = read_overrides(paths.overrides)
    except ConfigError as error:
        wrong += error.problems
    if wrong:
        raise ConfigError(*wrong)
    return top, overridden


def _syntax_problem(path: Path, text: str, message: str) -> Problem:
    found = _AT.search(message)
    lines = text.splitlines()
    line = int(found[1]) if found and found[1] else len(lines)
    what = message[: found.start()] if found else message
    what = "lists are nested too deeply" if "recursion" in what else what
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    return Problem(
        file=path,
        line=line,
        key=_key_near(lines, line),
        message=_PLAIN.get(what, what[:1].lower() + what[1:]),
        hint=_header_hint(written)
        or _syntax_hint(written.partition("=")[2].strip(), what),
    )


def _key_near(lines: list[str], line: int) -> str:
    """Return the key on a line that does not parse, with its table, or nothing."""
    key = lines[line - 1].partition("=")[0].strip() if 0 < line <= len(lines) else ""
    if not _KEY.fullmatch(key):
        return ""
    for above in reversed(lines[: line - 1]):
        if header := _HEADER.match(above):
            return f"{header[1].strip()}.{key}"
    return key


def _syntax_hint(value: str, what: str) -> str:
    if what != "Invalid value":
        return ""
    if "$" in value:
        return "Money is a bare number of USD, as in monthly = 20."
    if value.lower() in ("yes", "no", "on", "off", "true", "false"):
        return "Write true or false."
    return 'Text needs "quotes".' if re.match(r"[A-Za-z]", value) else ""


def _header_hint(written: str) -> str:
    """Tell how a table is named after a model: only quotes let it have a slash."""
    found = _BARE_MODEL.fullmatch(written)
    return f'Write: [{found[1]}."{found[2]}"]' if found else ""


def _by_place(problem: Problem) -> tuple[str, int]:
    return str(problem.file or ""), problem.line or 0
