"""What a person decided about a request is on the disk before it counts."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.core.records import AuditRow
from faregate.ledger import audit
from faregate.ledger.ledger import Ledger
from tests.ledger.building import audited


def test_a_decision_is_written_at_full_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    write = audit.write

    def noting(connection: apsw.Connection, row: AuditRow) -> None:
        syncs.append(connection.pragma("synchronous"))
        write(connection, row)

    monkeypatch.setattr(audit, "write", noting)
    folder = tmp_path / "ledger"
    folder.mkdir(mode=0o700)
    ledger = Ledger.open(folder, clock_ms=lambda: 7, boot_id="boot")
    decided = {
        "subject": "apr_1 0123456789abcdef",
        "session": "s",
        "decision": "approved",
        "note": "models p/m",
        "who": "uid 0 pid 1",
    }
    ledger.note_approval(**decided)
    (row,) = audited(ledger._parts.connection)
    assert (row.what, row.after, row.before) == ("approval", "approved", "s")
    assert (row.at_ms, row.who, row.subject) == (7, "uid 0 pid 1", decided["subject"])
    full = 2
    assert syncs == [full]
    assert ledger._parts.connection.pragma("synchronous") != full
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.note_approval(**decided)
