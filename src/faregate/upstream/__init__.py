"""Calls to providers over aiohttp, and the mapping of their faults."""
