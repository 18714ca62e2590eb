"""The smoke test's requests in each protocol, and what their answers say."""
