"""From rows of the cost log to the models of the control API.

Everything that came from outside is sanitised here, on its way to a screen or file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from faregate.control.cost_log import (
    AttemptView,
    AuditView,
    CorrectionView,
    ExplainView,
    LabelsView,
    RequestView,
    SumView,
)
from faregate.control.retries import retries_of
from faregate.control.sanitise import sanitise, sanitise_optional
from faregate.core.money import Money
from faregate.core.refusal import RefusalCode
from faregate.gateway.explaining import read
from faregate.gateway.messages import lacking_price

if TYPE_CHECKING:
    from faregate.core.cost_log import AttemptEntry, Explained, RequestRow
    from faregate.core.labels import Labels
    from faregate.core.records import AuditRow, SpendRow

_LONGEST = 2000


def exact_instant(ms: int) -> str:
    """Return Unix milliseconds as RFC 3339 in UTC, milliseconds kept."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def request_view(row: RequestRow) -> RequestView:
    """Return one request."""
    return RequestView(
        id=sanitise(row.request),
        at=exact_instant(row.at_ms),
        session=sanitise(row.session),
        root=sanitise(row.root),
        parent=sanitise_optional(row.parent),
        labels=_labels(row.labels),
        identified_by=row.identified_by,
        protocol=row.protocol,
        asked=sanitise_optional(row.asked),
        route=sanitise_optional(row.route),
        provider=row.provider,
        model=sanitise_optional(row.model),
        stream=row.stream,
        body_bytes=row.body_bytes,
        attempts=row.attempts,
        retries=max(0, row.attempts - 1),
        client_retry=row.client_retry,
        waited_ms=row.waited_ms,
        ttfb_ms=row.ttfb_ms,
        first_token_ms=row.first_token_ms,
        duration_ms=row.duration_ms,
        result=row.result,
        status=row.status,
        code=sanitise_optional(row.code),
        message=sanitise_optional(row.message),
        verdict=sanitise_optional(row.verdict),
        escalation=sanitise_optional(row.escalation),
        outcome=row.outcome,
        input_tokens=row.input_tokens,
        cache_read_tokens=row.cache_read_tokens,
        cache_write_tokens=row.cache_write_tokens,
        output_tokens=row.output_tokens,
        reasoning_tokens=row.reasoning_tokens,
        cost=row.cost.exact(),
        cost_source=row.cost_source,
        held=row.held.exact(),
        unknown=row.unknown.exact(),
        wasted=row.wasted.exact(),
        lacks_price=sanitise_optional(_lacks_price(row)),
    )


def _lacks_price(row: RequestRow) -> str | None:
    if row.code == RefusalCode.UNPRICED_MODEL:
        return lacking_price(row.message or "")
    if row.cost_source == "unpriced" and row.provider and row.model:
        return f"{row.provider}/{row.model}"
    return None


def attempt_view(entry: AttemptEntry) -> AttemptView:
    """Return one attempt."""
    labels = _labels(entry.labels)
    return AttemptView(
        attempt=sanitise(entry.attempt),
        request=sanitise(entry.request),
        at=exact_instant(entry.at_ms),
        session=sanitise(entry.session),
        root_session=sanitise(entry.root),
        workspace=labels.workspace,
        agent=labels.agent,
        user=labels.user,
        task=labels.task,
        customer=labels.customer,
        feature=labels.feature,
        route=sanitise_optional(entry.route),
        cause=sanitise_optional(entry.cause),
        provider=entry.provider,
        model=sanitise(entry.model),
        served_model=sanitise_optional(entry.served_model),
        protocol=entry.protocol,
        state=entry.state,
        first_attempt=entry.first_attempt,
        client_retry=entry.client_retry,
        prompt_tokens=entry.uncached_input,
        cached_tokens=entry.cache_read,
        cache_write_5m_tokens=entry.cache_write_5m,
        cache_write_1h_tokens=entry.cache_write_1h,
        completion_tokens=entry.output,
        reasoning_tokens=entry.reasoning,
        server_tool_calls=entry.server_tool_calls,
        tool_calls=entry.tool_calls,
        usage_source=entry.usage_source,
        held=entry.held.exact(),
        cost=entry.cost.exact(),
        cost_source=entry.cost_source,
        price_source=sanitise_optional(entry.price_source),
        corrected=entry.corrected,
        overrun=entry.overrun.exact(),
        wasted=entry.wasted,
        waste=sanitise_optional(entry.waste),
        verdict=sanitise_optional(entry.verdict),
        fault=sanitise_optional(entry.fault),
        status=entry.status,
        ttfb_ms=entry.ttfb_ms,
        first_token_ms=entry.first_token_ms,
        duration_ms=entry.duration_ms,
        note=sanitise_optional(entry.note),
        outcome=entry.outcome,
        input_bound=entry.input_bound,
        output_bound=entry.output_bound,
    )


def explain_view(told: Explained) -> ExplainView:
    """Return everything that is kept of one request."""
    return ExplainView(
        request=request_view(told.row),
        attempts=[attempt_view(entry) for entry in told.attempts],
        corrections=[
            CorrectionView(
                attempt=sanitise(attempt),
                at=exact_instant(row.at_ms),
                who=sanitise(row.who),
                before=row.before.exact(),
                after=row.after.exact(),
                note=sanitise_optional(row.note),
            )
            for attempt, rows in told.corrections.items()
            for row in rows
        ],
        notes=None if told.notes is None else _notes(told.notes),
    )


def audit_view(row: AuditRow) -> AuditView:
    """Return one decision of a person."""
    approval = row.what == "approval"
    before = sanitise_optional(row.before)
    return AuditView(
        at=exact_instant(row.at_ms),
        who=sanitise(row.who),
        what=sanitise(row.what),
        subject=sanitise(row.subject),
        session=before if approval else None,
        before=None if approval else before,
        after=sanitise_optional(row.after),
        note=sanitise_optional(row.note) or None,
    )


def sum_view(row: SpendRow, *, key: str | None) -> SumView:
    """Return sums over attempts; `key` None where it is not set."""
    return SumView(
        key=sanitise_optional(key),
        requests=row.requests,
        attempts=row.attempts,
        retries=row.retries,
        client_retries=row.client_retries,
        fallbacks=row.fallbacks,
        escalations=row.escalations,
        failed=row.failed,
        input_tokens=row.input_tokens,
        cache_read_tokens=row.cache_read_tokens,
        cache_write_tokens=row.cache_write_tokens,
        output_tokens=row.output_tokens,
        reasoning_tokens=row.reasoning_tokens,
        cost=row.cost.exact(),
        held=row.held.exact(),
        unknown=row.unknown.exact(),
        wasted=row.wasted.exact(),
        estimated=row.estimated,
        unpriced=row.unpriced,
        retry_rate=_rate(retries_of(row), row.requests),
        escalation_rate=_rate(row.escalations, row.requests),
        error_rate=_rate(row.failed, row.attempts),
        ttfb_ms=row.ttfb_ms,
        first_token_ms=row.first_token_ms,
        judged=row.judged,
        accepted=row.accepted,
        judged_cost=row.judged_cost.exact(),
        cost_per_accepted=_per_accepted(row),
    )


def _per_accepted(row: SpendRow) -> str | None:
    if not row.accepted:
        return None
    return Money(-(-row.judged_cost.pico // row.accepted)).exact()


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _labels(labels: Labels) -> LabelsView:
    return LabelsView(
        workspace=sanitise_optional(labels.workspace),
        agent=sanitise_optional(labels.agent),
        user=sanitise_optional(labels.user),
        task=sanitise_optional(labels.task),
        customer=sanitise_optional(labels.customer),
        feature=sanitise_optional(labels.feature),
    )


def _notes(text: str) -> list[dict[str, Any]] | None:
    found = read(text)
    return None if found is None else [_harmless(note) for note in found]


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return sanitise(value, limit=_LONGEST)
    if isinstance(value, dict):
        return {sanitise(key, limit=60): _harmless(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    return value
