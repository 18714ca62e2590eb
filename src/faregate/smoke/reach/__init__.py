"""Whether a provider can be reached: name, connection, TLS, answer, key, region."""
