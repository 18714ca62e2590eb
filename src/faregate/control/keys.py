"""Models of the control API for the keys of workspaces. Additive only."""

from __future__ import annotations

import msgspec

from faregate.control.asking import Ask


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """One key that was made for a workspace; the key itself is shown once."""

    id: str
    workspace: str
    made_at: str
    revoked_at: str | None


class NewKey(Ask, frozen=True, kw_only=True):
    """Ask for a key of a workspace."""

    workspace: str


class MadeKey(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh key; nobody can show it again."""

    id: str
    workspace: str
    token: str


class RevokeKey(Ask, frozen=True, kw_only=True):
    """Ask to refuse a key from now on."""

    id: str
