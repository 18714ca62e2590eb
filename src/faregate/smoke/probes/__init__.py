"""The probes of the smoke test, one file each, listed in `order`."""
