"""How the next requests are answered: a queue of steps, then a matcher.

Owns the choice of a step; a model name may carry a fault as well: `sim-small#429x2`
answers the first two requests for it with fault "429" of the fault table.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.smoke.simulated.reply import Reply
from faregate.smoke.simulated.seen import SeenRequest

if TYPE_CHECKING:
    from faregate.smoke.simulated.fault import Fault

SUFFIX = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Reply):
    """How one request is answered; delays in seconds, None takes the settings'.

    `headers` are added to the answer.
    """

    fault: Fault | None = None
    first_byte: float | None = None
    gap: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Matcher = Callable[[SeenRequest], Step | None]


class Script:
    """Steps for the requests to come.

    A queued step outranks the matcher, the matcher a fault in the model name.
    """

    def __init__(self, faults: Mapping[str, Fault]) -> None:
        self._faults = faults
        self._queue: deque[Step] = deque()
        self._served: Counter[str] = Counter()
        self.matcher: Matcher | None = None

    def add(self, *steps: Step) -> None:
        """Queue steps behind those waiting."""
        self._queue.extend(steps)

    @property
    def waiting(self) -> int:
        """Return how many queued steps are left."""
        return len(self._queue)

    def next(self, seen: SeenRequest) -> Step:
        """Return the step for a request and use it up."""
        if self._queue:
            return self._queue.popleft()
        matched = None if self.matcher is None else self.matcher(seen)
        return matched or self._suffixed(seen.model) or Step()

    def clear(self) -> None:
        """Forget queue, matcher and counts."""
        self._queue.clear()
        self._served.clear()
        self.matcher = None

    def _suffixed(self, model: str) -> Step | None:
        _, found, suffix = model.partition(SUFFIX)
        if not found:
            return None
        name, times = _times(suffix)
        fault = self._faults.get(name)
        if fault is None:
            return None
        self._served[model] += 1
        exhausted = times is not None and self._served[model] > times
        return None if exhausted else Step(fault=fault)


def bare_model(model: str) -> str:
    """Return a model name without its fault suffix."""
    return model.partition(SUFFIX)[0]


def _times(suffix: str) -> tuple[str, int | None]:
    """Split "429x2" into the fault's name and how often it strikes."""
    name, _, times = suffix.rpartition("x")
    if name and times.isdigit():
        return name, int(times)
    return suffix, None
