"""The control API: its models and its client. The only way TUI and CLI see the gate."""
