"""The aiohttp side: the door, the proxy handler, the control routes.

Two planes: agents on loopback TCP, control on a Unix socket.
"""
