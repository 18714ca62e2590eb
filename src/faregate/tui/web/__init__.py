"""The screen in a browser on this machine: a door, a server, the screen's own start.

`door` decides who comes in and may act, `serving` runs textual-serve behind it,
`screen` is the process that each browser window gets.
"""
