"""The terminal application: a client of the control API."""
