"""The aiohttp application: what agents and the control client reach."""
