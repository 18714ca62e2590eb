"""Faregate: a fare gate for coding agents.

request: one HTTP call from an agent; attempt: one call to a provider on its behalf.
session: one agent run. target: `provider/model`. budget: a money limit over a scope
and a window. limit: a count, token or time limit of a session. hold, settle, void,
unknown: money set aside before an attempt, replaced by the true cost, given back on
proof, kept in full because nobody can tell. fault: something broke (an exception);
refusal: the gate said no (a value).

This module imports nothing at import time, so that every entry point starts fast.
"""

from __future__ import annotations

__version__ = "0.1.0"
