"""How real coding agents look on the wire: one file an agent.

Headers, body structure, sizes and identity fields follow requests captured from the
real programs; the words in them are filler.
"""
