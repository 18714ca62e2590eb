"""Pure decisions: money, usage, prices, identity, limits.

Standard library only. Nothing here reads a clock, a file or the network: `now`
and ids are arguments.
"""
