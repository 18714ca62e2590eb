"""The protocols the simulated provider speaks, one file each.

A dialect reads a request into an ask and gives an answer its protocol's shape. The
shapes are written out here a second time, apart from the gate's codecs, so that the
simulator can catch a mistake in them.
"""
