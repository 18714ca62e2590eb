"""Translation between dialects: one request model and one union of events."""
