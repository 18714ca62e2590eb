"""The legacy Completions dialect."""
