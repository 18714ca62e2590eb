"""The hold of one attempt: how it is asked for, and how it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import HoldRequest, LedgerError
from faregate.gateway.admission import Admitted, Ask
from faregate.gateway.counting import tightened, worth_counting
from faregate.gateway.settlement import OpenHold

if TYPE_CHECKING:
    from faregate.core.estimate import Bounds
    from faregate.core.identity import Identity
    from faregate.core.money import Money
    from faregate.gateway.gate import Gate
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan


class Asker:
    """Asks for the holds of one request's attempts."""

    def __init__(self, gate: Gate, inbound: Inbound, identity: Identity) -> None:
        self._gate = gate
        self._inbound = inbound
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
        budgets = gate.budgets(self.identity, plan.target)
        try:
            if gate.ledger.has_room(budgets, plan.amount(plan.bounds)):
                return plan
            states = gate.ledger.states(budgets)
        except LedgerError:
            return plan
        if not worth_counting(plan, states):
            return plan
        return await tightened(plan, plan.sent(self._inbound).body, count)

    def ask(self, plan: Plan) -> Ask:
        """Return what this attempt wants to hold."""
        identity = self.identity
        inbound = self._inbound
        first = self._number == 1
        attempt = inbound.id if first else f"{inbound.id}.{self._number}"

        def request(amount: Money, bounds: Bounds) -> HoldRequest:
            return HoldRequest(
                attempt,
                inbound.id,
                identity.session,
                identity.root_session,
                # As they are when the hold is made: a limit may change in line.
                self._gate.budgets(identity, plan.target),
                amount,
                plan.target.provider,
                plan.target.model,
                plan.facts.protocol,
                self._gate.clock.now_ms(),
                identity.labels,
                identity.parent,
                bounds.input,
                bounds.output,
                first,
                first and self.client_retry,
                inbound.grant is None,
                plan.target.route,
                self._cause,
            )

        return Ask(
            plan.bounds,
            plan.amount,
            request,
            plan.metered and plan.output_field is not None,
            inbound.grant is None,
        )

    def open(self, plan: Plan, admitted: Admitted) -> OpenHold:
        """Return the open hold of an admitted attempt."""
        story = self._inbound.explanation
        hold = OpenHold(
            self._gate.books,
            plan,
            admitted.bounds,
            admitted.held.attempt,
            admitted.held.amount,
            self.identity.session,
            story,
        )
        hold.client_retry = self.client_retry
        story.opened(hold, plan.target, plan.row, admitted.held, self._cause)
        return hold
