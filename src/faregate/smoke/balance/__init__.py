"""What is left at a provider: money or a plan's quota, each in its own unit."""
