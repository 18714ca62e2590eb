"""The control routes of workspaces' keys: made by a person, listed, revoked."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

import msgspec

from faregate.control.keys import KeyView, MadeKey, NewKey, RevokeKey
from faregate.control.sanitise import sanitise
from faregate.core.identity import Grant, is_name
from faregate.core.labels import Labels
from faregate.core.records import WorkspaceKey
from faregate.server.control import ControlRefusedError
from faregate.server.control_routes import json_answer, peer_in, require_person, who_in
from faregate.server.peer import INSIDE
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from faregate.gateway.ports import Clock
    from faregate.server.auth import Tokens
    from faregate.server.control import Control


class KeysPort(Protocol):
    """What the ledger knows of keys."""

    def all(self) -> Sequence[WorkspaceKey]:
        """Return every key, the oldest first."""
        ...

    def add(self, key: WorkspaceKey, *, who: str) -> None:
        """Note a new key."""
        ...

    def revoke(self, key_id: str, *, at_ms: int, who: str) -> None:
        """Note that a key is over."""
        ...


def add_key_routes(
    app: web.Application, control: Control, keys: KeysPort, tokens: Tokens, clock: Clock
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    A key spends without the limits of a run, so only a person makes one.
    """

    async def listed(_request: web.Request) -> web.Response:
        return json_answer([_view(key) for key in keys.all()])

    async def make(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=NewKey)
        require_person(request, control)
        if not is_name(asked.workspace):
            raise ControlRefusedError(
                400,
                "bad_request",
                f"{sanitise(asked.workspace, limit=80)!r} is no name of a workspace",
            )
        key = WorkspaceKey(
            id=f"key-{secrets.token_hex(4)}",
            workspace=asked.workspace,
            made_at_ms=clock.now_ms(),
        )
        keys.add(key, who=who_in(request))
        grant = Grant(labels=Labels(workspace=key.workspace), key=key.id)
        made = MadeKey(id=key.id, workspace=key.workspace, token=tokens.issue(grant))
        return json_answer(made)

    async def revoke(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=RevokeKey)
        if control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        if asked.id not in {key.id for key in keys.all()}:
            raise ControlRefusedError(
                404, "not_found", f"there is no key {sanitise(asked.id, limit=80)!r}"
            )
        keys.revoke(asked.id, at_ms=clock.now_ms(), who=who_in(request))
        tokens.revoke(asked.id)
        return json_answer({"ok": True})

    tokens.revoke(*(key.id for key in keys.all() if key.revoked_at_ms is not None))
    app.router.add_get("/v1/keys", listed)
    app.router.add_post("/v1/keys", make)
    app.router.add_post("/v1/keys/revoke", revoke)
    return app


def _view(key: WorkspaceKey) -> KeyView:
    over = key.revoked_at_ms
    return KeyView(
        id=key.id,
        workspace=sanitise(key.workspace),
        made_at=rfc3339(key.made_at_ms),
        revoked_at=None if over is None else rfc3339(over),
    )
