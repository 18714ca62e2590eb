"""The tables of the ledger, version 1.

Money is INTEGER pico-USD, instants are Unix milliseconds where a name ends in _ms
and Unix seconds in windows. An attempt's row is immutable but for its one-way state
and what comes with it; corrections are rows of the audit table.
"""

from __future__ import annotations

VERSION_1 = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE budget_window (
        id INTEGER PRIMARY KEY,
        scope TEXT NOT NULL,
        window TEXT NOT NULL,
        starts_at INTEGER NOT NULL,
        ends_at INTEGER,
        "limit" INTEGER,
        spent INTEGER NOT NULL DEFAULT 0,
        held INTEGER NOT NULL DEFAULT 0,
        unknown INTEGER NOT NULL DEFAULT 0,
        alerted INTEGER NOT NULL DEFAULT 0,
        closed INTEGER NOT NULL DEFAULT 0,
        UNIQUE (scope, window, starts_at)
    ) STRICT
    """,
    """
    CREATE TABLE label_set (
        id INTEGER PRIMARY KEY,
        workspace TEXT NOT NULL,
        agent TEXT NOT NULL,
        user TEXT NOT NULL,
        task TEXT NOT NULL,
        customer TEXT NOT NULL,
        feature TEXT NOT NULL,
        UNIQUE (workspace, agent, user, task, customer, feature)
    ) STRICT
    """,
    # The sums are those of attempts that have ended: the few that still run are added
    # when someone reads, which spares each hold a page.
    """
    CREATE TABLE session (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL UNIQUE,
        root TEXT NOT NULL,
        parent TEXT,
        workspace TEXT,
        agent TEXT,
        user TEXT,
        task TEXT,
        customer TEXT,
        feature TEXT,
        started_at_ms INTEGER NOT NULL,
        last_at_ms INTEGER NOT NULL,
        requests INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        retries INTEGER NOT NULL DEFAULT 0,
        client_retries INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        cache_read_tokens INTEGER NOT NULL DEFAULT 0,
        cache_write_tokens INTEGER NOT NULL DEFAULT 0,
        tool_calls INTEGER NOT NULL DEFAULT 0,
        context_tokens INTEGER,
        cost INTEGER NOT NULL DEFAULT 0,
        unknown INTEGER NOT NULL DEFAULT 0,
        wasted INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0,
        estimated INTEGER NOT NULL DEFAULT 0,
        unpriced INTEGER NOT NULL DEFAULT 0,
        refusals INTEGER NOT NULL DEFAULT 0,
        last_status INTEGER,
        last_error TEXT,
        ended_at_ms INTEGER,
        outcome TEXT
    ) STRICT
    """,
    """
    CREATE TABLE session_model (
        session INTEGER NOT NULL,
        target TEXT NOT NULL,
        PRIMARY KEY (session, target)
    ) STRICT, WITHOUT ROWID
    """,
    # `id` begins with the instant of the hold, so that time ranges need no index;
    # `placed` is the sum of every hold so far in micro-USD, each rounded up;
    # `oldest` is the id of the oldest hold that was open when this one was made.
    # The check names each state: a list would be made a table for every write.
    """
    CREATE TABLE attempt (
        id INTEGER PRIMARY KEY,
        attempt TEXT NOT NULL UNIQUE,
        request TEXT NOT NULL,
        session INTEGER,
        labels INTEGER,
        windows TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        protocol TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        input_bound INTEGER NOT NULL,
        output_bound INTEGER NOT NULL,
        first_attempt INTEGER NOT NULL,
        client_retry INTEGER NOT NULL,
        tokenless INTEGER NOT NULL,
        placed INTEGER NOT NULL,
        oldest INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'held' CHECK (
            state = 'held' OR state = 'settled' OR state = 'voided'
            OR state = 'unknown'
        ),
        ended_at_ms INTEGER,
        cost INTEGER NOT NULL DEFAULT 0,
        cost_source TEXT,
        price_source TEXT,
        overrun INTEGER NOT NULL DEFAULT 0,
        uncached_input INTEGER NOT NULL DEFAULT 0,
        cache_read INTEGER NOT NULL DEFAULT 0,
        cache_write_5m INTEGER NOT NULL DEFAULT 0,
        cache_write_1h INTEGER NOT NULL DEFAULT 0,
        output INTEGER NOT NULL DEFAULT 0,
        reasoning INTEGER NOT NULL DEFAULT 0,
        server_tool_calls INTEGER NOT NULL DEFAULT 0,
        usage_source TEXT,
        reported_cost INTEGER,
        served_model TEXT,
        status INTEGER,
        tool_calls INTEGER NOT NULL DEFAULT 0,
        wasted INTEGER NOT NULL DEFAULT 0,
        ttfb_ms INTEGER,
        duration_ms INTEGER,
        note TEXT
    ) STRICT
    """,
    # Both indexes are partial: an ordinary hold and settlement touch neither.
    "CREATE INDEX attempt_unknown ON attempt (id) WHERE state = 'unknown'",
    "CREATE INDEX attempt_wasted ON attempt (at_ms, cost) WHERE wasted = 1",
    """
    CREATE TRIGGER attempt_row_is_immutable
    BEFORE UPDATE OF id, attempt, request, session, labels, windows, provider, model,
        protocol, at_ms, amount, input_bound, output_bound, first_attempt,
        client_retry, tokenless, placed, oldest ON attempt
    BEGIN SELECT RAISE(ABORT, 'a hold is never changed'); END
    """,
    """
    CREATE TRIGGER attempt_row_is_kept BEFORE DELETE ON attempt
    BEGIN SELECT RAISE(ABORT, 'a hold is never deleted'); END
    """,
    """
    CREATE TRIGGER attempt_state_goes_one_way BEFORE UPDATE OF state ON attempt
    WHEN OLD.state IN ('settled', 'voided') OR NEW.state = 'held'
    BEGIN SELECT RAISE(ABORT, 'a resolved hold stays resolved'); END
    """,
    # Counted by quarter hour, so that a client that hammers cannot fill the disk.
    """
    CREATE TABLE refusal (
        quarter INTEGER NOT NULL,
        session INTEGER NOT NULL,
        code TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (quarter, session, code)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        before TEXT,
        after TEXT,
        note TEXT
    ) STRICT
    """,
    """
    CREATE TRIGGER audit_row_is_immutable BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'an audit row is never changed'); END
    """,
    """
    CREATE TRIGGER audit_row_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'an audit row is never deleted'); END
    """,
)
# What is held in a window is the sum of the holds that are open: they are few, and
# a hold that writes to its windows too would cost three more rows and a page.
VERSION_7 = ("ALTER TABLE budget_window DROP COLUMN held",)
