"""The only SQL: holds, settlements and reports."""
