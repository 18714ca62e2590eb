"""A provider of our own on loopback, with faults on demand and its own bill.

Words of this package: a *step* says how one request is answered; an *ask* is what
a request wants; an *answer* is the generated reply before it takes a protocol's
shape; a *dialect* gives it that shape; a *frame* is one event of a stream; a
*fault* bends an answer, its frames or the connection; the *bill* is what a real
provider would charge.

The provider is an oracle for the gate, so it computes usage and money by its own
arithmetic and imports nothing of the gate but the money type.
"""
