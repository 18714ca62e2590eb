"""The list of probes is whole and in order."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from faregate.smoke import probes
from faregate.smoke.probe import Probe
from faregate.smoke.probes.order import PROBES


def test_every_file_of_the_package_is_listed_once() -> None:
    found = []
    for module in pkgutil.iter_modules(probes.__path__):
        if module.name != "order":
            loaded = importlib.import_module(f"faregate.smoke.probes.{module.name}")
            found.append(loaded.PROBE)
            assert module.name == loaded.PROBE.id
    assert len(PROBES) == len({probe.id for probe in PROBES})
    assert {probe.id for probe in found} == {probe.id for probe in PROBES}


def test_what_a_probe_needs_runs_before_it() -> None:
    seen: dict[str, Probe] = {}
    for probe in PROBES:
        for need in probe.needs:
            assert need in seen, f"{probe.id} needs {need}, which runs later"
            assert seen[need].profile <= probe.profile
            assert probe.protocols <= seen[need].protocols
        seen[probe.id] = probe


def test_no_probe_imports_another() -> None:
    for module in pkgutil.iter_modules(probes.__path__):
        if module.name == "order":
            continue
        loaded = importlib.import_module(f"faregate.smoke.probes.{module.name}")
        assert loaded.__file__ is not None
        text = Path(loaded.__file__).read_text(encoding="utf-8")
        assert "faregate.smoke.probes" not in text
