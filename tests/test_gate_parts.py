"""The gate as its parts are wired: what a configuration leads to."""

from __future__ import annotations

from pathlib import Path

from tests.running import running_gate


async def test_the_gate_follows_its_configuration(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        built = gate.daemon.gate
        assert built.settings.default_output == gate.daemon._settings.budget.output
        assert built.matcher.rules == gate.daemon._settings.budget_rules
        assert built.ledger is gate.daemon.ledger
        assert built.books.ledger is gate.daemon.ledger
