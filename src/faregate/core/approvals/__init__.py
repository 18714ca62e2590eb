"""What a person wants to be asked about: pure rules over what a request would do.

Each rule is one small module; `registry` has them in order. Waiting for a person is
the gateway's part.
"""
