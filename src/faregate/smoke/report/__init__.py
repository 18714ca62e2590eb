"""What a smoke run found, and how it is shown: table, JSON, Markdown."""
