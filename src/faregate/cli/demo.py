"""`faregate demo`: scripted agents through the real gate, at no cost."""

from __future__ import annotations

import click


@click.command()
@click.option("--headless", is_flag=True, help="No screen: print a summary and end.")
@click.option("--seed", default=7, show_default=True, help="Another seed, other runs.")
def demo(headless: bool, seed: int) -> int:
    """Watch scripted agents run through the gate; costs nothing.

    Uses a simulated provider, free ports and a home that is thrown away afterwards.
    """
    # Loaded here: everything else starts without the engine.
    from faregate.daemon import demo as run_demo

    return run_demo(headless=headless, seed=seed)
