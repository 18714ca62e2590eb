"""Every fault by name, ready to use; a new fault is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.faults.fault import Fault

TABLE: Mapping[str, Fault] = {}
