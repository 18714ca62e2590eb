"""One request from admission to settlement, over ports that the daemon plugs in.

Words: a request has attempts; each attempt has a hold; a hold is settled, voided
or becomes unknown. Nothing here imports the ledger, the HTTP client or config.
"""
