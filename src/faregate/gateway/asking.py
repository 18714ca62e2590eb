"""The hold of one attempt: how it is asked for, and how it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import HoldRequest, LedgerError
from faregate.gateway.counting import tightened, worth_counting
from faregate.gateway.settlement import OpenHold

if TYPE_CHECKING:
    from faregate.core.estimate import Bounds
    from faregate.core.identity import Identity
    from faregate.core.money import Money
    from faregate.gateway.admission import Admitted
    from faregate.gateway.gate import Gate
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan


class Asker:
    """Asks for the holds of one request's attempts, one after another; see `Ask`."""

    __slots__ = (
        "_cause",
        "_gate",
        "_inbound",
        "_number",
        "_plan",
        "bounds",
        "client_retry",
        "identity",
    )

    def __init__(
        self, gate: Gate, inbound: Inbound, identity: Identity, plan: Plan
    ) -> None:
        """Ask for `plan` first."""
        self._gate = gate
        self._inbound = inbound
        self._plan = plan
        self.bounds = plan.bounds
        self.identity = identity
        self._number = 1
        self._cause: str | None = None
        self.client_retry = gate.failures.is_retry(identity.session, inbound.body)

    def because(self, cause: str | None) -> None:
        """Say why the first attempt is made there; None for no special reason."""
        self._cause = cause

    def again(self, cause: str) -> Asker:
        """Turn to the next attempt of the same request, and say why there is one."""
        self._number += 1
        self._cause = cause
        return self

    async def fitted(self, plan: Plan) -> Plan:
        """Count tokens where the byte bound alone would make a request wait."""
        gate = self._gate
        count = gate.count_tokens
        if count is None or plan.spec.tokenizer is None:
            return plan
        budgets = gate.budgets(self.identity, plan.target, gate.clock.now_ms())
        try:
            if gate.ledger.has_room(budgets, plan.amount(plan.bounds)):
                return plan
            states = gate.ledger.states(budgets)
        except LedgerError:
            return plan
        if not worth_counting(plan, states):
            return plan
        return await tightened(plan, plan.sent(self._inbound).body, count)

    def ask(self, plan: Plan) -> Asker:
        """Return what the attempt of this plan wants to hold."""
        self._plan, self.bounds = plan, plan.bounds
        return self

    @property
    def boundable(self) -> bool:
        """Tell whether a lower output bound can be put into the body."""
        return self._plan.metered and self._plan.output_field is not None

    @property
    def tokenless(self) -> bool:
        """Tell whether the caller brought its own key and no local token."""
        return self._inbound.grant is None

    def price(self, bounds: Bounds) -> Money:
        """Return the money that covers these bounds."""
        return self._plan.amount(bounds)

    def request(self, amount: Money, bounds: Bounds) -> HoldRequest:
        """Return the hold, in the budgets as they are now."""
        inbound, identity, plan = self._inbound, self.identity, self._plan
        target = plan.target
        first = self._number == 1
        at_ms = self._gate.clock.now_ms()
        return HoldRequest(
            inbound.id if first else f"{inbound.id}.{self._number}",
            inbound.id,
            identity.session,
            identity.root_session,
            # A limit may change while the request stands in line.
            self._gate.budgets(identity, target, at_ms),
            amount,
            target.provider,
            target.model,
            plan.facts.protocol,
            at_ms,
            identity.labels,
            identity.parent,
            bounds.input,
            bounds.output,
            first,
            first and self.client_retry,
            inbound.grant is None,
            target.route,
            self._cause,
        )

    def open(self, plan: Plan, admitted: Admitted) -> OpenHold:
        """Return the open hold of an admitted attempt."""
        story = self._inbound.explanation
        held = admitted.held
        hold = OpenHold(
            self._gate.books,
            plan,
            admitted.bounds,
            held.attempt,
            held.amount,
            held.amount,
            self.identity.session,
            self._gate.clock.monotonic(),
            story,
            self.client_retry,
        )
        story.opened(hold, plan.target, plan.row, admitted.held, self._cause)
        return hold
