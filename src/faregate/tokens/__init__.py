"""Token counts from a vocabulary that ships with the package."""
