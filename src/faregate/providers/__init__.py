"""One ProviderSpec a file: what is known of each provider."""
