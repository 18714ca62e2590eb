"""Limits of requests and sessions, one file a limit."""
