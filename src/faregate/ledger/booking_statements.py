"""The statements by which a hold ends; `bookings` binds and runs them."""

from __future__ import annotations

from faregate.core.holds import HoldState

# A window's row sums what has ended, so that what was held leaves no row.
SPEND_WINDOW = "UPDATE budget_window SET spent=spent+? WHERE id=?"
SPEND_UNKNOWN = (
    "UPDATE budget_window SET spent = spent + ?, unknown = unknown - ? WHERE id = ?"
)
KEEP_WINDOW = "UPDATE budget_window SET unknown = unknown + ? WHERE id = ?"
SETTLE_ATTEMPT = (
    "UPDATE attempt SET state = 'settled', ended_at_ms = ?3, cost = ?4, "
    "cost_source = ?5, price_source = ?6, overrun = ?7, uncached_input = ?8, "
    "cache_read = ?9, cache_write_5m = ?10, cache_write_1h = ?11, output = ?12, "
    "reasoning = ?13, server_tool_calls = ?14, usage_source = ?15, "
    "reported_cost = ?16, served_model = ?17, "
    "status = coalesce(nullif(?18, 0), status), tool_calls = ?19, "
    "wasted = ?20 OR waste IS NOT NULL, ttfb_ms = coalesce(?21, ttfb_ms), "
    "duration_ms = coalesce(?22, duration_ms), note = ?23, "
    "first_token_ms = coalesce(?24, first_token_ms), fault = coalesce(?25, fault), "
    "waste = coalesce(?26, waste), verdict = coalesce(?27, verdict) "
    "WHERE id = ?1 AND state = ?2"
)
RELEASE_ATTEMPT = (
    "UPDATE attempt SET state = ?3, ended_at_ms = ?4, uncached_input = ?5, "
    "cache_read = ?6, cache_write_5m = ?7, cache_write_1h = ?8, output = ?9, "
    "reasoning = ?10, server_tool_calls = ?11, usage_source = ?12, "
    "status = coalesce(?13, status), duration_ms = coalesce(?14, duration_ms), "
    "note = ?15, fault = coalesce(?16, fault), waste = coalesce(?17, waste), "
    "verdict = coalesce(?18, verdict), ttfb_ms = coalesce(?19, ttfb_ms), "
    "first_token_ms = coalesce(?20, first_token_ms) WHERE id = ?1 AND state = ?2"
)
_SETTLE_SESSION = (
    "UPDATE session SET cost = cost + ?2, input_tokens = input_tokens + ?3, "
    "output_tokens = output_tokens + ?4, cache_read_tokens = cache_read_tokens + ?5, "
    "cache_write_tokens = cache_write_tokens + ?6, tool_calls = tool_calls + ?7, "
    "wasted = wasted + ?8, settled = settled + 1, estimated = estimated + ?9, "
    "unpriced = unpriced + ?10, last_status = coalesce(nullif(?11, 0), last_status), "
    "last_error = ?12, last_at_ms = max(last_at_ms, ?13), "
)
# What ran is only now counted for its session; what was unknown is already.
SETTLE_SESSION_FROM = {
    HoldState.HELD: _SETTLE_SESSION + "attempts = attempts + 1, "
    "requests = requests + ?14, retries = retries + (NOT ?14), "
    "client_retries = client_retries + ?15, context_tokens = ?3 WHERE id = ?1",
    HoldState.UNKNOWN: _SETTLE_SESSION + "unknown = unknown - ?14 WHERE id = ?1",
}
RELEASE_SESSION = (
    "UPDATE session SET attempts = attempts + ?2, unknown = unknown + ?3, "
    "input_tokens = input_tokens + ?4, output_tokens = output_tokens + ?5, "
    "cache_read_tokens = cache_read_tokens + ?6, "
    "cache_write_tokens = cache_write_tokens + ?7, "
    "last_status = coalesce(?8, last_status), last_error = ?9, "
    "last_at_ms = max(last_at_ms, ?10), requests = requests + ?11, "
    "retries = retries + ?12, client_retries = client_retries + ?13 WHERE id = ?1"
)
FIND = (
    "SELECT id, amount, windows, session, state, uncached_input, cache_read, "
    "cache_write_5m, cache_write_1h, output, usage_source, first_attempt, client_retry, "
    "waste IS NOT NULL FROM attempt WHERE attempt = ?1"
)
# An answer that is judged after its settlement; ?2 says why it was thrown away.
WASTE_ATTEMPT = (
    "UPDATE attempt SET wasted = 1, waste = ?2, verdict = coalesce(?3, verdict) "
    "WHERE attempt = ?1 AND wasted = 0 AND waste IS NULL AND state <> 'held' "
    "RETURNING session, cost, id"
)
WASTE_SESSION = "UPDATE session SET wasted = wasted + ?2 WHERE id = ?1"
