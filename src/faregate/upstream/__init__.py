"""The HTTP client side: sends one attempt to a provider and maps what can break."""
