"""The generateContent dialect."""
