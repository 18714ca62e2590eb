"""What the gate is doing, in words that are the same on every line. Pure."""

from __future__ import annotations


def work_words(in_flight: int, waiting: int, approvals: int) -> list[str]:
    """Return what runs and what waits for what; nothing for a gate at rest.

    `waiting` counts all that wait, `approvals` those that wait for a person.
    """
    approvals = min(approvals, waiting)
    counted = (
        (in_flight - waiting, "running"),
        (waiting - approvals, "waiting for room"),
        (approvals, "waiting for approval"),
    )
    return [f"{number} {what}" for number, what in counted if number > 0]
