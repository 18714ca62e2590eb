"""Which session a request belongs to, and whom it is booked to.

A token outranks the URL, the URL outranks headers, headers outrank what the agent
says of itself, and a fingerprint of the conversation's opening comes last.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.core.labels import NO_LABELS, Labels
from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.facts import SessionHints
    from faregate.core.limits.limit import Limits
    from faregate.core.money import Money

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a valid local token entitles to; `session` fixes the session."""

    session: str | None = None
    labels: Labels = NO_LABELS
    max_cost: Money | None = None
    """What the session may cost in all."""
    key: str | None = None
    """Id of the workspace's key that this is, where it is one."""
    limits: Limits | None = None
    """Limits that a person gave this session alone; None in them is no choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a URL prefix or the gate's own headers say; every part may be absent."""

    session: str | None = None
    labels: Labels = NO_LABELS


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The session of one request and its labels."""

    session: str
    root_session: str
    """The session whose budgets and limits count this request."""
    parent: str | None
    labels: Labels
    max_cost: Money | None = None
    """What the root session may cost in all, where its token says so."""
    source: str
    """"token", "url", "header", "agent" or "fingerprint"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A prefix or header names another session than the token does."""

    claimed: str
    granted: str


def is_name(text: str) -> bool:
    """Tell whether `text` may name a session or label in a URL or header."""
    return _NAME.fullmatch(text) is not None


def clean_name(text: str) -> str:
    """Return `text` where it is a valid name, else a short stable digest of it."""
    if is_name(text):
        return text
    return "x-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def merge_labels(*layers: Labels) -> Labels:
    """Return labels where the first layer that sets one wins.

    The same layers give the same object again: whoever keeps labels can tell by
    identity that nothing changed.
    """
    return _merged(tuple([layer for layer in layers if layer is not NO_LABELS]))


@lru_cache(maxsize=2048)
def _merged(layers: tuple[Labels, ...]) -> Labels:
    return Labels(
        **{
            item.name: next(
                (v for layer in layers if (v := getattr(layer, item.name))), None
            )
            for item in fields(Labels)
        }
    )


@lru_cache(maxsize=2048)
def _said_by_agent(agent: str | None, workspace: str | None) -> Labels:
    if agent is None and not workspace:
        return NO_LABELS
    return Labels(agent=agent, workspace=clean_name(workspace) if workspace else None)


def identify(
    *,
    grant: Grant | None,
    url: Claim,
    headers: Claim,
    hints: SessionHints,
    opening: str,
) -> Identity | Mismatch:
    """Decide session and labels of one request; never fails for lack of facts."""
    labels = merge_labels(
        NO_LABELS if grant is None else grant.labels,
        url.labels,
        headers.labels,
        _said_by_agent(hints.agent, hints.workspace),
    )
    claimed = url.session or headers.session
    if grant is not None and grant.session is not None:
        if claimed is not None and claimed != grant.session:
            return Mismatch(claimed=claimed, granted=grant.session)
        identity = _with_subagent(grant.session, hints, labels, "token", owned=True)
        return replace(identity, max_cost=grant.max_cost)
    if claimed is not None:
        source = "url" if url.session else "header"
        return _with_subagent(claimed, hints, labels, source, owned=True)
    if hints.session:
        return _with_subagent(
            clean_name(hints.session), hints, labels, "agent", owned=False
        )
    name = f"{labels.agent or 'agent'}-{opening[:8] or 'unknown'}"
    return Identity(
        session=name,
        root_session=name,
        parent=None,
        labels=labels,
        source="fingerprint",
    )


def _with_subagent(
    session: str, hints: SessionHints, labels: Labels, source: str, *, owned: bool
) -> Identity:
    """Place a sub-agent under its session.

    `owned` sessions were named by a person or by `faregate run`: the agent's own
    session id is then only of use to tell sub-agents apart.
    """
    child = hints.subagent
    parent = hints.parent
    if child is None and parent is not None and owned:
        child = hints.session
    identity = Identity(
        session=session,
        root_session=session,
        parent=None,
        labels=labels,
        source=source,
    )
    if child is not None:
        return replace(
            identity, session=f"{session}/{clean_name(child)}", parent=session
        )
    if parent is not None and not owned:
        above = clean_name(parent)
        return replace(identity, root_session=above, parent=above)
    return identity
