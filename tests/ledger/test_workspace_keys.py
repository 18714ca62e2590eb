"""The list of workspaces' keys outlives the process."""

from __future__ import annotations

from pathlib import Path

from faregate.core.records import WorkspaceKey
from tests.ledger.building import NOW_MS, open_ledger

KEY = WorkspaceKey(id="key-1", workspace="web", made_at_ms=NOW_MS)


def test_keys_are_listed_and_revoked_once(folder: Path) -> None:
    opened = open_ledger(folder)
    opened.keys.add(KEY, who="uid 1")
    opened.close()
    opened = open_ledger(folder)
    try:
        assert opened.keys.all() == (KEY,)
        opened.keys.revoke("key-1", at_ms=NOW_MS + 1, who="uid 1")
        opened.keys.revoke("key-1", at_ms=NOW_MS + 9, who="uid 1")
        (over,) = opened.keys.all()
        assert over.revoked_at_ms == NOW_MS + 1
    finally:
        opened.close()
