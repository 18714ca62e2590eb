"""The garbage collector of a process that stays.

Owns how often it looks, and at what. Does not turn it on or off.
"""

from __future__ import annotations

import gc

OBJECTS_BETWEEN_COLLECTIONS = 20_000


def spare_the_collector() -> None:
    """Let garbage collection leave alone what is loaded, and look less often.

    What a request, or a message of the feed, leaves behind is freed by its references;
    a look for cycles among all that is there, every few hundred objects, finds nothing.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
