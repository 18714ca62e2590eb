"""The composition root: the only file that wires every part of the proxy.

It must not hold behaviour of its own: it builds parts and hands them to each other.
"""
