"""The blocking client of the control API, for commands that start fast.

Owns one short connection per call over the Unix socket. It must load neither
textual, aiohttp nor asyncio; the live feed is in `faregate.control.feed`.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, TypeVar

import msgspec

from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.models import (
    HoldView,
    NewSession,
    ResolveHold,
    SessionGrant,
    SetBudget,
    Snapshot,
    Status,
    VersionInfo,
)
from faregate.control.wire import (
    MAX_BODY,
    check_version,
    decoded,
    problem,
    request_bytes,
    split_answer,
)

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.control.approvals import ApprovalList, Approve, Deny
    from faregate.control.governing import (
        LatchAnswer,
        LatchView,
        LimitChanged,
        LimitsView,
        LoopView,
        SetLimit,
        Standing,
    )
    from faregate.control.keys import KeyView, MadeKey
    from faregate.control.prices import PriceChanged, PriceView, SetPrice
    from faregate.control.side_spending import SideAnswer, SideEnd, SideHold
    from faregate.control.smoke_runs import SmokeRuns, SmokeRunView
    from faregate.control.trial import TrialAnswer, TrialAsk

ADMIN_SECRET_VARIABLE = "FAREGATE_ADMIN_SECRET"

_T = TypeVar("_T")


class ControlClient:
    """Asks the proxy one thing at a time.

    Every method raises ProxyNotRunning when nobody listens, and ControlError when
    the proxy refuses or does not answer within `timeout` seconds.
    """

    def __init__(
        self,
        socket_path: Path,
        *,
        timeout: float = 5.0,
        admin_secret: str | None = None,
    ) -> None:
        self._path = socket_path
        self._timeout = timeout
        self._secret = admin_secret or os.environ.get(ADMIN_SECRET_VARIABLE) or None

    def version(self) -> VersionInfo:
        """Return what runs, after checking that it speaks our control version."""
        info = self._get("/v1/version", VersionInfo)
        check_version(info)
        return info

    def status(self) -> Status:
        """Return the document of `faregate status --json`."""
        return self._get("/v1/status", Status)

    def snapshot(self) -> Snapshot:
        """Return everything that the overview shows."""
        return self._get("/v1/snapshot", Snapshot)

    def holds(self) -> list[HoldView]:
        """Return open and unknown holds, oldest first."""
        return self._get("/v1/holds", list[HoldView])

    def resolve(self, request: ResolveHold, *, confirmed: bool = False) -> None:
        """Resolve an unknown hold; `confirmed` says that a person said yes on a TTY."""
        self._post("/v1/holds/resolve", request, headers=self._proof(confirmed))

    def set_budget(self, request: SetBudget, *, confirmed: bool = False) -> None:
        """Set a budget; raising needs `confirmed`, or the admin secret."""
        self._post("/v1/budgets", request, headers=self._proof(confirmed))

    def new_session(self, request: NewSession) -> SessionGrant:
        """Open a session with a token of its own."""
        return decoded(self._post("/v1/sessions", request), SessionGrant)

    def end_session(self, session: str) -> None:
        """Mark a session as ended; its token stops working."""
        from urllib.parse import quote

        self._post(f"/v1/sessions/{quote(session, safe='')}/end", {})

    def side_hold(self, ask: SideHold) -> SideAnswer:
        """Set money aside for a request of the smoke test."""
        # Loaded here: a status bar has no use for it.
        from faregate.control.side_spending import SideAnswer

        return decoded(self._post("/v1/smoke/hold", ask), SideAnswer)

    def side_end(self, end: SideEnd) -> None:
        """Say how a hold of the smoke test ends."""
        self._post("/v1/smoke/settle", end)

    def keep_smoke(self, runs: SmokeRuns) -> None:
        """Keep the results of a smoke test; what is kept already stays as it is."""
        self._post("/v1/smoke/runs", runs)

    def smoke_runs(
        self, target: str | None = None, *, limit: int = 20
    ) -> list[SmokeRunView]:
        """Return a target's smoke tests, newest first; the latest of each for None."""
        from urllib.parse import quote

        # Loaded here: a status bar has no use for it.
        from faregate.control.smoke_runs import SmokeRunView

        path = "/v1/smoke/runs"
        if target is not None:
            path += f"?target={quote(target, safe='')}&limit={limit}"
        return self._get(path, list[SmokeRunView])

    def ask_again(self, *providers: str) -> list[str]:
        """End the rest of these providers, of all for none; return whose did."""
        from faregate.control.rests import AskAgain, AskedAgain

        asked = AskAgain(providers=providers)
        return decoded(self._post("/v1/providers/again", asked), AskedAgain).providers

    def keys(self) -> list[KeyView]:
        """Return the keys that were made for workspaces, without the keys."""
        from faregate.control.keys import KeyView

        return self._get("/v1/keys", list[KeyView])

    def new_key(self, workspace: str, *, confirmed: bool = False) -> MadeKey:
        """Make a key for a workspace; needs `confirmed`, or the admin secret."""
        from faregate.control.keys import MadeKey, NewKey

        asked, proof = NewKey(workspace=workspace), self._proof(confirmed)
        return decoded(self._post("/v1/keys", asked, headers=proof), MadeKey)

    def revoke_key(self, key: str) -> None:
        """Refuse a workspace's key from now on."""
        from faregate.control.keys import RevokeKey

        self._post("/v1/keys/revoke", RevokeKey(id=key))

    def latches(self) -> list[LatchView]:
        """Return everything that is paused or stopped."""
        from faregate.control.governing import LatchView

        return self._get("/v1/latches", list[LatchView])

    def pause(self, scope: str) -> LatchAnswer:
        """Pause "all", "workspace:X" or "session:X"."""
        return self._latch("/v1/pause", scope, {})

    def stop(self, scope: str) -> LatchAnswer:
        """Stop a scope: what runs there is ended, what comes is refused."""
        return self._latch("/v1/stop", scope, {})

    def resume(self, scope: str, *, confirmed: bool = False) -> LatchAnswer:
        """Let a scope go on; needs `confirmed`, or the admin secret."""
        return self._latch("/v1/resume", scope, self._proof(confirmed))

    def loops(self) -> list[LoopView]:
        """Return the conversations that were stopped because they went in circles."""
        from faregate.control.governing import LoopView

        return self._get("/v1/loops", list[LoopView])

    def limits(
        self,
        session: str | None = None,
        *,
        agent: str | None = None,
        workspace: str | None = None,
    ) -> LimitsView:
        """Return what limits a session, or any session of an agent or workspace."""
        from urllib.parse import urlencode

        from faregate.control.governing import LimitsView

        named = {"session": session, "agent": agent, "workspace": workspace}
        query = urlencode({k: v for k, v in named.items() if v is not None})
        return self._get(f"/v1/limits?{query}", LimitsView)

    def set_limit(self, asked: SetLimit, *, confirmed: bool = False) -> LimitChanged:
        """Set a limit or take it back; one that loosens needs `confirmed`.

        The admin secret stands in for that. A preview needs neither.
        """
        from faregate.control.governing import LimitChanged

        proof = self._proof(confirmed)
        return decoded(self._post("/v1/limits", asked, headers=proof), LimitChanged)

    def price(self, target: str) -> PriceView:
        """Return what a model, "provider/model", costs now."""
        from urllib.parse import urlencode

        from faregate.control.prices import PriceView

        return self._get(f"/v1/prices?{urlencode({'target': target})}", PriceView)

    def set_price(self, asked: SetPrice, *, confirmed: bool = False) -> PriceChanged:
        """Set a model's price; needs `confirmed`, or the admin secret."""
        from faregate.control.prices import PriceChanged

        proof = self._proof(confirmed)
        return decoded(self._post("/v1/prices", asked, headers=proof), PriceChanged)

    def trial(self, ask: TrialAsk, *, confirmed: bool = False) -> TrialAnswer:
        """Send one small request through the gate; needs `confirmed`, or the secret.

        A preview needs neither. The answer may take a minute.
        """
        from faregate.control.trial import TrialAnswer

        proof = self._proof(confirmed)
        return decoded(self._post("/v1/trial", ask, headers=proof), TrialAnswer)

    def standing(self, session: str) -> Standing:
        """Return whether a session may go on."""
        from urllib.parse import quote

        from faregate.control.governing import Standing

        return self._get(f"/v1/sessions/{quote(session, safe='')}/standing", Standing)

    def _latch(self, path: str, scope: str, proof: dict[str, str]) -> LatchAnswer:
        from faregate.control.governing import LatchAnswer, LatchAsk

        asked = LatchAsk(scope=scope)
        return decoded(self._post(path, asked, headers=proof), LatchAnswer)

    def approvals(self) -> ApprovalList:
        """Return what waits for a person, and what was decided lately."""
        # Loaded here, as below: a status bar has no use for it.
        from faregate.control.approvals import ApprovalList

        return self._get("/v1/approvals", ApprovalList)

    def approve(
        self, approval: str, asked: Approve, *, confirmed: bool = False
    ) -> None:
        """Let what waits pass; `confirmed` says that a person said yes on a TTY.

        Besides forbidden, the codes are not_found, already_decided, expired, gone and
        changed.
        """
        self._decide(approval, "approve", asked, self._proof(confirmed))

    def deny(self, approval: str, asked: Deny) -> None:
        """Refuse what waits; the codes are those of `approve`."""
        self._decide(approval, "deny", asked, {})

    def _decide(
        self, approval: str, verb: str, asked: object, headers: dict[str, str]
    ) -> None:
        from urllib.parse import quote

        path = f"/v1/approvals/{quote(approval, safe='')}/{verb}"
        self._post(path, asked, headers=headers)

    def shutdown(self, *, confirmed: bool = False) -> None:
        """Ask the proxy to drain and stop; returns once it has agreed."""
        self._post("/v1/shutdown", {}, headers=self._proof(confirmed))

    def _proof(self, confirmed: bool) -> dict[str, str]:
        if self._secret:
            return {"x-faregate-admin": self._secret}
        return {"x-faregate-confirmed": "tty"} if confirmed else {}

    def _get(self, path: str, shape: type[_T]) -> _T:
        return decoded(self._call(request_bytes("GET", path)), shape)

    def _post(
        self, path: str, body: object, *, headers: dict[str, str] | None = None
    ) -> bytes:
        encoded = msgspec.json.encode(body)
        return self._call(request_bytes("POST", path, body=encoded, headers=headers))

    def _call(self, request: bytes) -> bytes:
        try:
            head, body = split_answer(self._exchange(request))
        except TimeoutError as error:
            raise ControlError(
                "timeout", f"the proxy did not answer within {self._timeout:g} s"
            ) from error
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ProxyNotRunning from error
        except OSError as error:
            raise ControlError(
                "unreachable", f"{self._path}: {error.strerror or error}"
            ) from error
        if head.status >= 300:
            raise problem(head.status, body)
        return body

    def _exchange(self, request: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(self._timeout)
            connection.connect(str(self._path))
            connection.sendall(request)
            answer = bytearray()
            while chunk := connection.recv(256 * 1024):
                answer += chunk
                if len(answer) > MAX_BODY:
                    raise ControlError("too_long", "the proxy's answer is too long")
            return bytes(answer)
