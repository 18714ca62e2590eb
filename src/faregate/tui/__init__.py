"""The terminal application: a client of the control API.

`store` holds what the proxy told, `feed` brings it, `panels` turn it into lines,
`widgets` paint lines, `screens` arrange widgets, `app` wires them.
"""
